"""What the sandbox's environments hold at the start, and how CSV folders become rows."""
