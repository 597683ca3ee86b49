"""Finished lines to standard output, whole: what taps and targets write is never cut by a short write."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["write_lines"]


def write_lines(lines: bytes) -> None:
    """Write finished lines (UTF-8, each with its line end) after everything written before, and flush."""
    binary = getattr(sys.stdout, "buffer", None)
    if binary is None:  # stdout replaced by a text stream, as test runners do
        sys.stdout.write(lines.decode())
        return
    sys.stdout.flush()
    _write_whole(binary, lines)
    binary.flush()


def _write_whole(binary: BinaryIO, lines: bytes) -> None:
    """Write all of `lines`: an unbuffered stdout (``PYTHONUNBUFFERED``) takes less when a signal arrives."""
    rest = memoryview(lines)
    while rest:
        written = binary.write(rest)
        if written is None:  # an unbuffered stdout that somebody made non-blocking
            raise BlockingIOError("standard output takes no more; give the program one that blocks")
        rest = rest[written:]
