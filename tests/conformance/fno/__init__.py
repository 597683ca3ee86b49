"""F&O driven by python-odata, an OData 4 client from PyPI."""
