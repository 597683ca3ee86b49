"""What a check found: the result, what it means, and the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prospect_to_cash.checking.scope import Scope
    from prospect_to_cash.systems import Systems

#: `off` says that a part of Prospect-to-cash is not to be had in these systems, and that the rest works.
Result = Literal["ok", "warning", "error", "off"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check.

    Attributes:
        result: ok, warning, error (a run must fail), or off (a feature is missing).
        found: what is so in the system.
        remedy: what to do; empty where nothing need be done.
    """

    result: Result
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check: its number and title, and how it finds out.

    Attributes:
        number: the place in the list of checks, from 1.
        title: what is checked.
        system: the system that is asked, `sales`, `cds` or `fno`.
        find: asks the systems; nothing found means that the check says nothing about the scope.
    """

    number: int
    title: str
    system: str
    find: Callable[[Systems, Scope], Iterator[Finding]]


def ok(found: str) -> Finding:
    """All is well."""
    return Finding("ok", found)


def warning(found: str, remedy: str) -> Finding:
    """A run can succeed, with a loss that `found` tells."""
    return Finding("warning", found, remedy)


def error(found: str, remedy: str) -> Finding:
    """A run must fail, or write what is wrong."""
    return Finding("error", found, remedy)


def off(found: str, remedy: str) -> Finding:
    """A feature is not to be had."""
    return Finding("off", found, remedy)
