"""The Dataverse Web API as the sandbox speaks it: serves the Sales and the CDS environment."""
