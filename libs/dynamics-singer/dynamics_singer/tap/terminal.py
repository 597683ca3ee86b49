"""Progress on a terminal: a live line for each stream, and a table at the end; log lines pass above."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_singer.tap.progress import StreamProgress

__all__ = ["TerminalDisplay"]


class TerminalDisplay:
    """Shows progress on standard error, which is a terminal."""

    wants_share = True

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._live = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[share]:>5}"),
            TextColumn("{task.fields[records]:>13} records"),
            TextColumn("{task.fields[rate]:>9}/s"),
            console=console,
            redirect_stdout=False,
        )
        self._tasks: dict[str, TaskID] = {}
        plain = sys.stderr
        self._live.start()
        console.show_cursor()  # a process that is killed leaves the terminal as it was
        self._handlers = [handler for handler in _handlers() if handler.stream is plain]
        for handler in self._handlers:
            handler.setStream(sys.stderr)

    def show(self, stream: StreamProgress) -> None:
        """Bring a stream's line up to date."""
        if stream.name not in self._tasks:
            self._tasks[stream.name] = self._live.add_task(
                stream.name, total=None, share="", records="", rate=""
            )
        share = stream.share
        self._live.update(
            self._tasks[stream.name],
            completed=0 if share is None else share,
            total=None if share is None else 1,
            share="" if share is None else f"{share:.0%}",
            records=f"{stream.sent + stream.deleted:,}",
            rate=f"{stream.rate(time.monotonic()):,.0f}",
        )

    def finish(self, streams: Iterable[StreamProgress]) -> None:
        """Take the lines away and leave a table."""
        self._live.stop()
        for handler in self._handlers:
            handler.setStream(sys.stderr)
        table = Table("stream", "records", "deletions", "seconds", "records/s", "")
        for column in table.columns[1:5]:
            column.justify = "right"
        now = time.monotonic()
        for stream in streams:
            seconds = (now if stream.ended is None else stream.ended) - stream.started
            numbers = (
                f"{stream.sent:,}",
                f"{stream.deleted:,}",
                f"{seconds:,.1f}",
                f"{stream.rate(now):,.0f}",
            )
            table.add_row(stream.name, *numbers, "" if stream.ended is not None else "broken off")
        self._live.console.print(table)


def _handlers() -> list[logging.StreamHandler[TextIO]]:
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    handlers = {
        handler for logger in loggers if isinstance(logger, logging.Logger) for handler in logger.handlers
    }
    return [handler for handler in handlers if isinstance(handler, logging.StreamHandler)]
