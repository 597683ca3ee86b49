"""The one thing a target has to bring: a writer that takes a stream's rows to their destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from .rows import Outcome, Row


class StreamWriter(Protocol):
    """Writes the rows of one stream; made anew when the stream's SCHEMA changes.

    Every other exception than the ones named below ends the run: the frame then emits no state for what
    the call was given, and the next run brings those rows again. A write must therefore stand repetition.
    """

    def key_of(self, record: dict[str, Any]) -> tuple[Hashable, ...]:
        """The row's identity at the destination, in a form in which equal keys are equal.

        Raises:
            RowError: a part of the key is blank or cannot be used; the row becomes a reject.
        """
        ...  # pragma: no cover

    def write(self, rows: Sequence[Row]) -> Sequence[Outcome]:
        """Write rows with distinct, usable keys in the given order; one verdict per row, in that order."""
        ...  # pragma: no cover
