"""Singer tap for Dynamics 365 Sales and any other Dataverse environment."""
