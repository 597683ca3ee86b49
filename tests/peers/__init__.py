"""Programs that are not ours and check or race us, each in a place of its own below `.proof/`."""
