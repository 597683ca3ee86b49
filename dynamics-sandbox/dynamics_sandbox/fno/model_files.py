"""Reads the model from its data files, and finds at start what they name and nobody declares.

``tables/*.json`` holds business tables that several entities share, ``entities/*.json`` the entities. An
entity over such a table lists column names, or objects for what differs from the column; an entity that is
alone on its table declares its properties in full, and the table follows from them.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.fno.model import COMPANY, Entity, EnumType, Model, Navigation, Property, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.abc import Traversable
    from pathlib import Path


class _TableFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file under data/tables, as written; ``joined`` holds glob patterns of column names."""

    name: str
    label: str
    title: list[str]
    columns: list[Property]
    sources: int = 1
    joined: list[str] = []
    relations: list[Navigation] = []
    rules: list[dict[str, Any]] = []


class _EntityFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file under data/entities, as written."""

    name: str
    aot: str
    set: str
    label: str
    properties: list[str | dict[str, Any]]
    extends: str = ""
    without: list[str] = []
    table: str = ""
    table_label: str = ""
    category: str = ""
    sources: int = 1
    key: list[str] = []
    title: list[str] = []
    read_only: bool = False
    public: bool = True
    rules: list[dict[str, Any]] = []
    navigations: list[Navigation] = []
    only: dict[str, str] = {}


def load_model(further: Path | None = None) -> Model:
    """Reads the data files of the package, and those of a further folder laid out like it.

    Raises:
        msgspec.ValidationError: a file that does not follow its shape.
        KeyError: an entity, column, enum, relation or property that a file refers to and no file declares.
    """
    return _shipped() if further is None else _load(further)


@cache
def _shipped() -> Model:
    """The model of the package, read once: it never changes."""
    return _load(None)


def _load(further: Path | None) -> Model:
    enums: dict[str, dict[str, int]] = {}
    table_files: dict[str, _TableFile] = {}
    entity_files: dict[str, _EntityFile] = {}
    for folder in filter(None, (resources.files(__package__) / "data", further)):
        if (folder / "enums.json").is_file():
            enums |= msgspec.json.decode((folder / "enums.json").read_bytes(), type=dict[str, dict[str, int]])
        table_files |= {item.name: item for item in _read(folder / "tables", _TableFile)}
        entity_files |= {item.set: item for item in _read(folder / "entities", _EntityFile)}
    complete = {name: _complete(item, entity_files) for name, item in entity_files.items()}
    properties = {name: _properties(item, table_files) for name, item in complete.items()}
    tables = _tables(complete, properties, table_files)
    model = Model(
        entities={
            name: _entity(item, properties[name], tables[item.table]) for name, item in complete.items()
        },
        tables=tables,
        enums={name: EnumType(name, members) for name, members in enums.items()},
    )
    _check(model)
    return model


def _read(folder: Traversable, kind: type[Any]) -> Iterator[Any]:
    if folder.is_dir():
        for item in sorted(folder.iterdir(), key=lambda item: item.name):
            if item.name.endswith(".json"):
                yield msgspec.json.decode(item.read_bytes(), type=kind)


def _complete(own: _EntityFile, files: dict[str, _EntityFile]) -> _EntityFile:
    """The file with what it takes over from the one it extends: properties, table, key, rules, navigation."""
    if not own.extends:
        return own
    base = _complete(files[own.extends], files)
    inherited = [item for item in base.properties if _name(item) not in own.without]
    return msgspec.structs.replace(
        own,
        properties=[*inherited, *own.properties],
        table=base.table,
        table_label=base.table_label,
        category=base.category,
        sources=base.sources,
        key=own.key or base.key,
        title=base.title,
        rules=[*base.rules, *own.rules],
        navigations=[*own.navigations, *base.navigations],
        only=own.only or base.only,
        read_only=own.read_only or base.read_only,
    )


def _name(item: str | dict[str, Any]) -> str:
    return item if isinstance(item, str) else str(item["name"])


def _properties(file: _EntityFile, tables: dict[str, _TableFile]) -> dict[str, Property]:
    """The properties of an entity: columns of its table, changed where the file says so."""
    columns = {item.name: item for item in tables[file.table].columns} if file.table in tables else {}
    found: dict[str, Property] = {}
    for written in file.properties:
        own = {"name": written} if isinstance(written, str) else written
        column = None if own.get("path") else columns.get(own.get("column") or own["name"])
        inherited = {} if column is None else msgspec.to_builtins(column)
        found[own["name"]] = msgspec.convert({**inherited, **own}, Property)
    return found


def _tables(
    files: dict[str, _EntityFile],
    properties: dict[str, dict[str, Property]],
    declared: dict[str, _TableFile],
) -> dict[str, Table]:
    """All tables: those with a file of their own, and those that follow from the entities over them."""
    tables: dict[str, Table] = {}
    for name in dict.fromkeys(file.table for file in files.values()):
        over = [file for file in files.values() if file.table == name]
        known = declared.get(name) or _undeclared(over[0])
        columns = {item.name: item for item in known.columns}
        for file in over:
            for item in properties[file.set].values():
                if not item.path and not item.stored.startswith("_"):
                    columns.setdefault(item.stored, item)
        tables[name] = Table(
            name=name,
            label=known.label,
            sources=known.sources,
            title=tuple(known.title),
            columns=columns,
            joined=frozenset(_matching(columns, known.joined)),
            keys=tuple(_keys(over, properties)),
            relations={item.name: item for item in known.relations},
            rules=tuple(known.rules),
        )
    return tables


def _undeclared(file: _EntityFile) -> _TableFile:
    return _TableFile(file.table, file.table_label, file.title, [], file.sources)


def _matching(names: Iterable[str], patterns: list[str]) -> Iterator[str]:
    for name in names:
        if any(fnmatchcase(name, pattern) for pattern in patterns):
            yield name


def _keys(over: list[_EntityFile], properties: dict[str, dict[str, Property]]) -> Iterator[tuple[str, ...]]:
    """The different keys of the entities over a table, as columns; one of only some rows is no key of it."""
    seen: set[frozenset[str]] = set()
    for file in over:
        key = [properties[file.set][name] for name in file.key]
        columns = tuple(item.stored for item in key)
        if not file.only and frozenset(columns) not in seen:
            seen.add(frozenset(columns))
            yield columns


def _entity(file: _EntityFile, properties: dict[str, Property], table: Table) -> Entity:
    return Entity(
        name=file.name,
        aot=file.aot,
        set=file.set,
        label=file.label,
        table=table,
        category=file.category,
        key=tuple(file.key),
        properties=properties,
        rules=(*table.rules, *file.rules),
        navigations={item.name: item for item in file.navigations},
        only=file.only,
        read_only=file.read_only,
        public=file.public,
    )


def _check(model: Model) -> None:
    """Finds a name that nothing declares while the service starts, not in the middle of a request."""
    for table in model.tables.values():
        for relation in table.relations.values():
            _check_join(model, table, relation)
        for name in table.title:
            _ = table.columns[name]
    for entity in model.entities.values():
        for name in entity.key:
            _ = entity.properties[name]
        for item in entity.properties.values():
            _check_property(model, entity, item)
        for navigation in entity.navigations.values():
            _check_join(model, entity.table, navigation)


def _check_property(model: Model, entity: Entity, item: Property) -> None:
    if item.is_enum:
        _ = model.enums[item.type]
    if item.references:
        _ = model.entities[item.references].reference_field
    if item.path:
        relation, name = item.path.split("/")
        _ = model.entities[entity.table.relations[relation].to].properties[name]


def _check_join(model: Model, table: Table, navigation: Navigation) -> None:
    target = model.entities[navigation.to]
    for near, far in navigation.join.items():
        _ = table.columns[near], target.properties[far]
    if target.has_company and COMPANY in table.columns and COMPANY not in navigation.join:
        raise KeyError(f"{table.name}.{navigation.name}: the join lacks {COMPANY}")
