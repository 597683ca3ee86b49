"""Errors of the connectors themselves: what the command line prints as one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LockedError", "PluginError", "SettingsProblems"]


class PluginError(Exception):
    """A run that cannot go on, for a reason the person who started it can mend.

    ``str()`` gives one line: what is wrong, where, and what to do. It holds neither secrets nor row content.
    """


class SettingsProblems(PluginError):  # noqa: N818 - it holds several errors, not one
    """Settings that are missing, unknown or of the wrong kind; ``lines`` has one message for each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


class LockedError(PluginError):
    """Another run writes the same entity of the same company."""
