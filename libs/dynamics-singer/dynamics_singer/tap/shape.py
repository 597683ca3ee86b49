"""The shape of a stream's records: columns that are copied, lookups that become objects, and names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Copied", "Part", "Related", "columns", "expand_option", "is_renamed", "relations", "selected"]


@dataclass(frozen=True, slots=True)
class Copied:
    """A column whose value is copied as it stands: `source` in the server's row, `name` in the record."""

    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Related:
    """A lookup given as an object: the row it points to, cut down to `parts`; null where it points nowhere.

    `navigation` is the property that ``$expand`` fills, `id_column` the one that holds the target's id
    (``_x_value``), `target_set` and `target_id` say where that row is found.
    """

    navigation: str
    name: str
    id_column: str
    target_set: str
    target_id: str
    parts: tuple[Copied | Related, ...]


Part = Copied | Related


def columns(parts: Iterable[Part]) -> list[str]:
    """Names of the columns that are copied, in order; an annotation, ``x@…``, comes with its column ``x``."""
    sources = (part.source.partition("@")[0] for part in parts if isinstance(part, Copied))
    return list(dict.fromkeys(sources))


def relations(parts: Iterable[Part]) -> list[Related]:
    """The lookups given as objects, in order."""
    return [part for part in parts if isinstance(part, Related)]


def is_renamed(parts: Iterable[Part]) -> bool:
    """Whether any part, however deep, bears another name in the record than in the server's row."""
    return any(
        part.source != part.name
        if isinstance(part, Copied)
        else part.navigation != part.name or is_renamed(part.parts)
        for part in parts
    )


def selected(parts: Sequence[Part], is_selected: Callable[[tuple[str, ...]], bool]) -> tuple[Part, ...]:
    """The parts a catalog selects; `is_selected` is asked with the path of names, outermost first.

    A lookup of which nothing is selected drops out.
    """
    return tuple(_selected(parts, is_selected, ()))


def _selected(
    parts: Sequence[Part], is_selected: Callable[[tuple[str, ...]], bool], path: tuple[str, ...]
) -> Iterable[Part]:
    for part in parts:
        here = (*path, part.name)
        if not is_selected(here):
            continue
        if isinstance(part, Copied):
            yield part
        elif inner := tuple(_selected(part.parts, is_selected, here)):
            yield replace(part, parts=inner)


def expand_option(parts: Iterable[Part]) -> str:
    """The value of ``$expand`` that brings the lookups among `parts`, empty when there are none.

    OData 4.0: options inside an expand are separated by semicolons, e.g.
    ``parentaccountid($select=name;$expand=transactioncurrencyid($select=isocurrencycode))``.
    """
    return ",".join(f"{relation.navigation}({_inner_options(relation)})" for relation in relations(parts))


def _inner_options(relation: Related) -> str:
    select = f"$select={','.join(columns(relation.parts) or [relation.target_id])}"
    inner = expand_option(relation.parts)
    return f"{select};$expand={inner}" if inner else select
