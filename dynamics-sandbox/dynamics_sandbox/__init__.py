"""A local stand-in for Dynamics 365 Sales, CDS and Finance and Operations."""
