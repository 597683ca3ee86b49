"""What an operator is told when a command cannot do its work."""

from __future__ import annotations


class OperatorError(Exception):
    """One line: what is wrong, where, and what to do. Ends the command with exit code 1."""
