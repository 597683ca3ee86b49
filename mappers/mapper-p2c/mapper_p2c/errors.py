"""What can go wrong, by what the run does next.

MapperError             the run stops: one log line, exit code 1
 ├ SettingsError        a setting is missing, unknown or contradictory
 ├ TemplateError        a template or an override breaks the rules of templates
 ├ InputError           the incoming lines break the Singer rules or do not fit the template
 └ RejectLimitError     `on_reject` or `max_rejects` ends the run
RowError                one record cannot be mapped: it becomes a reject, the run goes on
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MapperError(Exception):
    """Ends the run; its text is one line that says what is wrong, where, and what to do."""


class SettingsError(MapperError):
    """A setting of the mapper is missing, unknown or contradictory."""


class TemplateError(MapperError):
    """A template file or an override is wrong; the text names file, line, row and the nearest known name."""


class InputError(MapperError):
    """The incoming lines are not Singer, or lack what the template needs."""


class RejectLimitError(MapperError):
    """Records were rejected and the settings say that this ends the run."""


class RowError(Exception):
    """One record cannot be mapped.

    Attributes:
        code: short stable name of the problem, such as `unknown_country`.
        problem: the problem in words, without any content of the record.
        value: the value that caused it; goes into the reject file, never into the log.
        row: the template row in words, `source -> destination`.
    """

    def __init__(self, code: str, problem: str, *, value: str | None = None, row: str = "") -> None:
        super().__init__(problem)
        self.code = code
        self.problem = problem
        self.value = value
        self.row = row

    @property
    def pattern(self) -> str:
        """The reason without the record's content: what the log may show."""
        return f"{self.row}: {self.problem}" if self.row else self.problem

    @property
    def reason(self) -> str:
        """The whole reason, for the reject file."""
        return self.pattern if self.value is None else f'{self.pattern}: "{self.value}"'


def nearest(name: str, known: Iterable[str], *, listed: bool = False) -> str:
    """The end of a sentence about an unknown name: the known name most like it.

    Args:
        name: the unknown name.
        known: all known names.
        listed: where nothing is like it, list them all.
    """
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if found:
        return f"; did you mean {by_lower[found[0]]!r}?"
    return f"; known: {', '.join(by_lower.values())}." if listed else "."
