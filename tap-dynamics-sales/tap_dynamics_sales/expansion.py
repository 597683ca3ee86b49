"""Turns `expand` paths such as ``transactioncurrencyid.isocurrencycode`` into nested parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dynamics_odata.errors import SettingsError
from dynamics_singer.settings_check import nearest
from dynamics_singer.tap.shape import Copied, Related

from tap_dynamics_sales.schemas import column_schema, object_schema
from tap_dynamics_sales.shape import Branch, Tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_odata.metadata.model import Lookup, Table

__all__ = ["expanded"]


@dataclass(frozen=True, slots=True)
class _Step:
    """A table on a path, for messages: `path` is the whole path as the setting has it."""

    table: Table
    stream: str
    path: str

    def unknown(self, wrong: str, name: str, candidates: Iterable[str]) -> SettingsError:
        """An error that names setting, stream and path, and the names closest to the wrong one."""
        guesses = ", ".join(nearest(name, candidates, count=3))
        where = f"Setting `expand`, stream `{self.stream}`, path `{self.path}`"
        return SettingsError(
            f"{where}: {self.table.logical_name} has no {wrong} {name!r}",
            setting="expand",
            hint=f"Nearest: {guesses}." if guesses else "A path is lookup.column or lookup.lookup.column.",
        )


def expanded(metadata: Tables, table: Table, stream: str, paths: Iterable[str]) -> list[Branch]:
    """Give one branch for each lookup that `paths` start with.

    Raises:
        SettingsError: a path names no lookup or column of its table, or ends at a lookup.
    """
    trees: dict[str, dict[str, Any]] = {}
    for path in paths:
        head, *rest = path.split(".")
        if not rest:
            raise SettingsError(
                f"Setting `expand`, stream `{stream}`: path `{path}` names no column of the related row",
                setting="expand",
                hint=f"Write {path}. and the column.",
            )
        _plant(trees.setdefault(head, {}), rest, path)
    return [
        _branch(metadata, _Step(table, stream, _first_path(tree)), name, tree) for name, tree in trees.items()
    ]


def _plant(tree: dict[str, Any], rest: list[str], path: str) -> None:
    """Put the remaining steps of a path into the tree; a leaf holds its whole path, for messages."""
    if len(rest) == 1:
        tree.setdefault(rest[0], path)
        return
    inner = tree.setdefault(rest[0], {})
    if isinstance(inner, str):
        inner = tree[rest[0]] = {}
    _plant(inner, rest[1:], path)


def _branch(metadata: Tables, step: _Step, name: str, tree: dict[str, Any]) -> Branch:
    lookup = _lookup(step, name)
    target = metadata.table(lookup.target)
    inner = []
    for below, subtree in tree.items():
        path = subtree if isinstance(subtree, str) else _first_path(subtree)
        there = _Step(target, step.stream, path)
        inner.append(
            _leaf(there, below) if isinstance(subtree, str) else _branch(metadata, there, below, subtree)
        )
    part = Related(
        navigation=lookup.navigation,
        name=lookup.navigation,
        id_column=lookup.column,
        target_set=target.entity_set,
        target_id=target.primary_id,
        parts=tuple(branch.part for branch in inner),
    )
    properties = {branch.part.name: branch.schema for branch in inner}
    return Branch(part, object_schema(properties, [lookup.target]))


def _lookup(step: _Step, navigation: str) -> Lookup:
    by_name = {lookup.navigation: lookup for lookup in step.table.lookups}
    if navigation not in by_name:
        raise step.unknown("lookup", navigation, by_name)
    return by_name[navigation]


def _leaf(step: _Step, name: str) -> Branch:
    column = step.table.columns.get(name)
    if column is None or not column.readable:
        raise step.unknown("readable column", name, step.table.columns)
    return Branch(Copied(name, name), column_schema(column, is_key=name == step.table.primary_id))


def _first_path(tree: dict[str, Any]) -> str:
    below = next(iter(tree.values()))
    return below if isinstance(below, str) else _first_path(below)
