"""Commands for people: look at templates, check them, try them on a record, compare what changes would do."""
