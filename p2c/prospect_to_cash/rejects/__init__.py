"""The rows that were refused: where they are kept, what they are, and how they leave."""
