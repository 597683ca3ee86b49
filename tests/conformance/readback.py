"""What a foreign client's call must give, and what another path must show afterwards.

A client's word about what it wrote or read proves nothing by itself. So each call has a read-back by another
path: rows as ``dynamics-sandbox show`` prints them from the database, or an answer over plain HTTPS.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_sandbox.testing import Sandbox

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class _AnyId:
    """Equals every id, for what only the server can choose."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and _GUID.fullmatch(other) is not None

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "<an id>"


AN_ID: Final = _AnyId()


@dataclass(frozen=True)
class Rows:
    """Rows of the database that pass a condition, in the order of their keys.

    Attributes:
        entity_set: whose rows.
        where: columns and the values that choose the rows, or a condition.
        values: columns and values each of these rows must have; an empty list says that there are none.
    """

    entity_set: str
    where: dict[str, Any] | Callable[[dict[str, Any]], Any]
    values: list[dict[str, Any]]


@dataclass(frozen=True)
class Answer:
    """What a GET of a path gives: these members, or 404 where `values` is None."""

    path: str
    values: dict[str, Any] | None


@dataclass(frozen=True)
class Case:
    """One call.

    Attributes:
        call: its name in the driver.
        result: what the client hands to its caller.
        read: the read-back.
    """

    call: str
    result: Any
    read: Rows | Answer

    def __str__(self) -> str:
        return self.call


def account(call: str, result: Any, number: str, **values: Any) -> Case:
    """The account of a number has these values after the call."""
    return Case(call, result, Rows("accounts", {"accountnumber": number}, [values]))


def names(call: str, result: Any, given: dict[str, str], *absent: str) -> Case:
    """Accounts by number have these names after the call, and others are not there."""
    numbers = {*given, *absent}
    values = [{"accountnumber": number, "name": name} for number, name in given.items()]
    return Case(call, result, Rows("accounts", lambda row: row["accountnumber"] in numbers, values))


def found(call: str, numbers: list[str], condition: Callable[[dict[str, Any]], Any]) -> Case:
    """The client finds these accounts, and so does the condition among the rows of the database."""
    values = [{"accountnumber": each} for each in sorted(numbers)]
    return Case(call, numbers, Rows("accounts", condition, values))


def definition(call: str, result: Any, path: str, **values: Any) -> Case:
    """A definition has these members after the call; none given: it is not there."""
    return Case(call, result, Answer(path, values or None))


@dataclass
class Readback:
    """What calls gave, and the paths that show what they did."""

    sandbox: Sandbox
    environment: str
    outcomes: dict[str, dict[str, Any]]
    _shown: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def check(self, case: Case) -> None:
        """Compares a call's result and its read-back with what the case says."""
        outcome = self.outcomes[case.call]
        assert "failure" not in outcome, outcome["failure"]
        assert outcome["result"] == case.result, outcome
        if isinstance(case.read, Answer):
            self._check_answer(case.read)
        else:
            self._check_rows(case.read)

    def _check_answer(self, expected: Answer) -> None:
        status, _, answer = self.sandbox.call("GET", self.environment, expected.path)
        if expected.values is None:
            assert status == 404, answer
            return
        assert status == 200, answer
        assert {name: answer.get(name) for name in expected.values} == expected.values

    def _check_rows(self, expected: Rows) -> None:
        where = expected.where
        found = [row for row in self._rows(expected.entity_set) if _passes(row, where)]
        names = list(expected.values[0]) if expected.values else []
        shown = [{name: row[name] for name in names} for row in found]
        shown.sort(key=lambda row: str(list(row.values())))
        assert shown == expected.values

    def _rows(self, entity_set: str) -> list[dict[str, Any]]:
        if entity_set not in self._shown:
            command = [sys.executable, "-m", "dynamics_sandbox", "show", "--data", str(self.sandbox.data_dir)]
            lines = subprocess.run(
                [*command, self.environment, entity_set], capture_output=True, check=True
            ).stdout
            self._shown[entity_set] = [json.loads(line) for line in lines.splitlines()]
        return self._shown[entity_set]


def _passes(row: dict[str, Any], where: dict[str, Any] | Callable[[dict[str, Any]], Any]) -> bool:
    if callable(where):
        return bool(where(row))
    return all(row[name] == value for name, value in where.items())
