"""Singer target that upserts into any Dataverse environment: the CDS hub, Dynamics 365 Sales."""
