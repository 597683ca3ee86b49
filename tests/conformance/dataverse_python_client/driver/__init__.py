"""Calls of Microsoft's Dataverse client, made by the peer's own interpreter."""
