"""Creating, changing and deleting rows: payloads, validation, rules, references, bulk messages."""
