"""The Prospect-to-cash solution for Sales: columns, keys, numbers, flags and what happens by itself."""
