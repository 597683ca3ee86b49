"""Singer tap for the data entities of Dynamics 365 Finance and Operations."""
