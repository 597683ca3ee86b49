"""Rows of an environment for the page: listed with a search, and changed as another client would.

Values travel as texts, digit for digit; null stays null. A change goes through the service itself, so its
rules hold and every protocol sees it at once.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dynamics_sandbox.control.exchange import UnknownNameError
from dynamics_sandbox.control.interludes import Interlude
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.webpage.sets import EntitySet, by_name, entity_sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.environments import Environments

_MOST_ROWS: Final = 200
_ROW: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RowsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Query of a list of rows: those that hold `search` in some value, `top` of them after `skip`."""

    search: str = ""
    skip: int = 0
    top: int = 20


class RowChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of a change: new values by column, as texts."""

    changes: dict[str, str | None]


class ShownRow(msgspec.Struct, frozen=True):
    """A row: its key as it stands in a URL, and its values as texts."""

    key: str
    values: dict[str, str | None]


class RowPage(msgspec.Struct, frozen=True):
    """Some rows of a set, and whether there are more behind them."""

    rows: list[ShownRow]
    more: bool


def find_set(environments: Environments, name: str, entity_set: str) -> EntitySet:
    """The entity set of this name.

    Raises:
        UnknownNameError: there is no such environment or set.
    """
    environment = by_name(environments).get(name)
    if environment is None:
        raise UnknownNameError(f"There is no environment '{name}'; there are sales, cds and fno.")
    found = entity_sets(environment).get(entity_set)
    if found is None:
        raise UnknownNameError(f"There is no entity set '{entity_set}' in {name}.")
    return found


def list_rows(environments: Environments, name: str, entity_set: str, query: RowsQuery) -> RowPage:
    """The rows a query asks for."""
    if not (0 <= query.top <= _MOST_ROWS and query.skip >= 0):
        raise SandboxError(f"'top' is 0 to {_MOST_ROWS}, 'skip' is not negative.")
    found = find_set(environments, name, entity_set)
    passing = _matching(by_name(environments)[name].rows(entity_set), query.search.casefold())
    wanted = islice(passing, query.skip, query.skip + query.top + 1)
    shown = [ShownRow(found.key(values), values) for values in wanted]
    return RowPage(shown[: query.top], more=len(shown) > query.top)


def read_row(environments: Environments, name: str, entity_set: str, key: str) -> ShownRow:
    """One row.

    Raises:
        UnknownNameError: there is none with this key.
    """
    find_set(environments, name, entity_set)
    for row in by_name(environments)[name].rows(entity_set, key):
        return ShownRow(key, _texts(row))
    raise UnknownNameError(f"There is no row ({key}) among the {entity_set} of {name}.")


def change(found: EntitySet, environment: str, key: str, order: RowChange) -> Interlude:
    """The request with which a client of the service would make the change.

    Raises:
        SandboxError: a value that is not of its column's kind, or a column there is not.
    """
    columns = {column.name: column for column in found.columns}
    content = {}
    for name, text in order.changes.items():
        if name not in columns:
            raise SandboxError(f"{found.name} has no column '{name}'.")
        content[name] = _json(name, columns[name].kind, text)
    body = msgspec.Raw(msgspec.json.encode(content))
    return Interlude(environment, "PATCH", found.path(key), body, {"If-Match": "*"})


def _json(name: str, kind: str, text: str | None) -> Any:
    if text is None or kind == "text":
        return text
    try:
        value = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        value = text
    if isinstance(value, (int, float)) and isinstance(value, bool) == (kind == "boolean"):
        return msgspec.Raw(text.encode())
    raise SandboxError(f"'{text}' is no {kind}, which '{name}' needs.")


def _matching(rows: Iterator[bytes], search: str) -> Iterator[dict[str, str | None]]:
    for row in rows:
        values = _texts(row)
        if not search or any(search in value.casefold() for value in values.values() if value is not None):
            yield values


def _texts(row: bytes) -> dict[str, str | None]:
    return {name: _text(bytes(raw)) for name, raw in _ROW.decode(row).items() if not name.startswith("@")}


def _text(raw: bytes) -> str | None:
    if raw == b"null":
        return None
    return msgspec.json.decode(raw, type=str) if raw.startswith(b'"') else raw.decode()
