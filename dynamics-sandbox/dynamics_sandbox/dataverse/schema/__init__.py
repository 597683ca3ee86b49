"""Tables, columns, keys and relationships: what they are, where they come from and how they are stored."""
