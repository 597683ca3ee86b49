"""What an environment says about its tables and entities, as values."""
