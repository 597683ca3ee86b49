"""Where messages leave the tap: the SDK's writer plus a way to put out many finished lines in one write."""

from __future__ import annotations

import sys

from singer_sdk.io_base import SingerWriter

__all__ = ["LineWriter"]


class LineWriter(SingerWriter):
    """Writes messages as the SDK does, and whole RECORD lines as the bytes they are."""

    def write_lines(self, lines: bytes) -> None:
        """Write finished lines (UTF-8, each with its line end) after everything written before."""
        binary = getattr(sys.stdout, "buffer", None)
        if binary is None:  # stdout replaced by a text stream, as test runners do
            sys.stdout.write(lines.decode())
            return
        sys.stdout.flush()
        binary.write(lines)
        binary.flush()
