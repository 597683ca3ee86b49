"""Where messages leave the tap: the SDK's writer plus a way to put out many finished lines in one write."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from singer_sdk.io_base import SingerWriter

from dynamics_singer.standard_output import write_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_sdk.singerlib import Message

__all__ = ["LineWriter"]


class LineWriter(SingerWriter):
    """Writes messages as the SDK does, and whole RECORD lines as the bytes they are; any thread may write.

    A signal that arrives in the middle of a write must not cut a line in two: its handler, which runs in the
    main thread, leaves with `afterwards` what it wants to do when that thread is writing itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._main_depth = 0
        self._afterwards: Callable[[], None] | None = None

    def write_message(self, message: Message) -> None:
        """Write one message as a line."""
        self.write_lines(f"{self.format_message(message)}\n".encode())

    def write_lines(self, lines: bytes) -> None:
        """Write finished lines (UTF-8, each with its line end) after everything written before."""
        with self.undivided():
            write_lines(lines)

    @property
    def is_writing(self) -> bool:
        """Whether the main thread is at something that must come to its end before anything else."""
        return self._main_depth > 0

    def afterwards(self, action: Callable[[], None]) -> bool:
        """Have `action` done when what is under way has ended; False when another waits for that already."""
        if self._afterwards is not None:
            return False
        self._afterwards = action
        return True

    def keep(self) -> None:
        """Let no other thread write from now on: the process is about to end."""
        self._lock.acquire()

    @contextmanager
    def undivided(self) -> Iterator[None]:
        """Let what is inside come to its end before another thread or the handler of a signal has its way."""
        is_main = threading.current_thread() is threading.main_thread()
        self._main_depth += is_main
        try:
            with self._lock:
                yield
        finally:
            self._main_depth -= is_main
        action = self._afterwards
        if action is not None and is_main and not self._main_depth:
            self._afterwards = None
            action()
