"""The one error the command line shows: what is wrong and what to do, in one message."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox cannot do what it was asked to; its text is shown as it is, without a traceback."""
