"""The loop between stdin and stdout: bytes in, bytes out, flushed with each STATE."""

from __future__ import annotations

import contextlib
import io
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from mapper_p2c.pipeline import Pipeline

#: Bytes collected before they are written.
_BUFFER = 1 << 16


class MessageLoop(GenericSingerReader[bytes]):
    """The SDK's message reader, replaced by one that keeps lines as bytes; the pipeline does the work."""

    def __init__(
        self, pipeline: Callable[[Callable[[bytes], object]], Pipeline], logger: logging.Logger
    ) -> None:
        """Prepare the loop.

        Args:
            pipeline: makes the pipeline, given where its lines go.
            logger: where the run's counts are logged.
        """
        super().__init__()
        self._make = pipeline
        self._logger = logger

    @property
    def default_input(self) -> IO[bytes]:
        """Standard input, as bytes."""
        return sys.stdin.buffer

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """One message as a dict."""
        message: dict[str, Any] = msgspec.json.decode(line)
        return message

    def process_lines(
        self,
        file_input: IO[Any] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],  # noqa: ARG002 - the pipeline handles every type
    ) -> Counter[str]:
        """Read to the end of the input; gives the number of messages by type."""
        source = getattr(file_input, "buffer", file_input) or self.default_input
        output = io.BufferedWriter(io.FileIO(sys.stdout.fileno(), "wb", closefd=False), _BUFFER)
        pipeline = self._make(lambda line: output.write(line + b"\n"))
        counter: Counter[str] = Counter()
        try:
            _run(source, pipeline, output, counter)
            output.flush()
        except BaseException:
            # A closed pipe must not hide what broke the run.
            with contextlib.suppress(BrokenPipeError):
                output.flush()
            pipeline.close(self._logger, broken=True)
            raise
        pipeline.close(self._logger, broken=False)
        return counter


def _run(source: IO[bytes], pipeline: Pipeline, output: IO[bytes], counter: Counter[str]) -> None:
    for line in source:
        if line.isspace():
            continue
        kind = pipeline.feed(line)
        counter[kind] += 1
        if kind == "STATE":
            output.flush()
    pipeline.finish()
