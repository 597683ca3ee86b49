"""Singer mapper that applies the Prospect-to-cash templates: Singer lines in, Singer lines out."""
