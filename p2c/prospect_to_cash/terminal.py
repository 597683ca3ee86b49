"""Where tables go: standard output, as wide as needed where it is no terminal, for pipes want whole lines."""

from __future__ import annotations

import sys

from rich.console import Console


def console() -> Console:
    """A console on standard output."""
    return Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, emoji=False, markup=False)
