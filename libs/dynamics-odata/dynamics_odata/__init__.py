"""The OData v4 wire of Dynamics 365: sign-in, transport, paging, batch, metadata and EDM types."""
