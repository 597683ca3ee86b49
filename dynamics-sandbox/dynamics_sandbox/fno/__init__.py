"""The Finance and Operations service: OData with companies, driven by a model in data files."""
