"""Singer target that writes into Dynamics 365 Finance and Operations."""
