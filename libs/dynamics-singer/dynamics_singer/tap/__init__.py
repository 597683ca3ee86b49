"""What the taps share: a stream read page by page, fast emission, bookmarks and nested lookups."""
