"""Programs of others, each run by its own interpreter (`tests/peers/*.txt`), pointed at a local server."""
