"""The OData core: reads queries, keys and batches, turns filters into SQL; knows no service."""
