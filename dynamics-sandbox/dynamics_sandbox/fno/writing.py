"""POST, PATCH and DELETE of one row, in the order the product works in (…/data-entities/odata).

Create: initial values, sent fields, validateField, defaultRow, validateWrite, insert. Update: the same on the
row as it is. Delete: restrictions, then delete. Nothing here knows an entity; what differs is in the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_sandbox.fno.errors import FnoError, Infolog, WriteFailedError, no_row_for_update
from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.rules import Rule, Write, rules_of
from dynamics_sandbox.fno.store import FRESH
from dynamics_sandbox.fno.values import Converter, Row, Stored, empty_value
from dynamics_sandbox.odata.sqlite import fold

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from dynamics_sandbox.fno.model import Entity, Model, Property
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.fno.store import Store


class Writer:
    """Writes rows of any entity; every method works inside the caller's transaction."""

    def __init__(self, model: Model, store: Store, settings: FnoSettings) -> None:
        self._model = model
        self._store = store
        self._settings = settings
        self._rules: dict[str, tuple[Rule, ...]] = {
            name: rules_of(entity) for name, entity in model.entities.items()
        }
        self.converter = Converter(model, settings)

    def initial_row(self, entity: Entity) -> Row:
        """A row nobody has filled, by column: the defaults of the model, the empty values for the rest."""
        return {name: self._initial(item) for name, item in entity.table.columns.items()}

    def _initial(self, item: Property) -> Stored:
        if item.default is None:
            return empty_value(item, self._model)
        return self.converter.from_json(item, item.default)

    def create(
        self,
        connection: sqlite3.Connection,
        entity: Entity,
        fields: dict[str, Any],
        company: str,
        *,
        version: int = FRESH,
    ) -> Row:
        """Inserts a row from JSON values and gives it back complete, by column.

        Args:
            connection: the caller's transaction.
            entity: what kind of row.
            fields: JSON values by property name.
            company: the caller's default company, used when the fields name none.
            version: RecVersion of the new row.

        Raises:
            FnoError: the row is refused.
        """
        self._refuse_read_only(entity)
        row = self.initial_row(entity)
        if entity.has_company:
            row[COMPANY] = company
        write = self._write(connection, entity, row, fields, before=None)
        self._set_fields(write, fields)
        if entity.has_company:
            row[COMPANY] = str(row[COMPANY] or company).lower()
        self._run_rules(write)
        for key in entity.table.keys:
            if self._store.exists(connection, entity.table, {name: row[name] for name in key}):
                raise self._duplicate(entity, row)
        self._store.insert(connection, entity.table, row, version=version)
        self._run_after(write)
        return row

    def create_if_missing(
        self, connection: sqlite3.Connection, entity: Entity, fields: dict[str, Any]
    ) -> None:
        """Inserts a row unless its key is taken; a row that exists is left as it is."""
        if not self._store.exists(connection, entity.table, entity.by_column(_only(fields, entity.key))):
            self.create(connection, entity, fields, "")

    def update(
        self,
        connection: sqlite3.Connection,
        entity: Entity,
        key: Row,
        fields: dict[str, Any],
        *,
        if_match: str | None = None,
    ) -> None:
        """Changes the sent fields of the row with this key; never inserts.

        Raises:
            FnoError: no such row, another version than ``if_match`` asks for, or the change is refused.
        """
        self._refuse_read_only(entity)
        record_id, before = self._locked(connection, entity, key, if_match)
        row = dict(before)
        write = self._write(connection, entity, row, fields, before=before)
        self._set_fields(write, fields)
        self._run_rules(write)
        changes = {name: value for name, value in row.items() if value != before[name]}
        if changes or not self._settings.unchanged_update_keeps_version:
            self._store.update(connection, entity.table, record_id, changes)
        if changes:
            self._run_after(write)

    def delete(self, connection: sqlite3.Connection, entity: Entity, key: Row, if_match: str | None) -> None:
        """Deletes the row with this key unless others refer to it.

        Raises:
            FnoError: no such row, another version, or rows that depend on it.
        """
        self._refuse_read_only(entity)
        record_id, row = self._locked(connection, entity, key, if_match)
        write = self._write(connection, entity, row, {}, before=row)
        for rule in self._rules[entity.set]:
            rule.validate_delete(write)
        other = self._is_used_by(connection, entity, record_id, row)
        if other is not None:
            table = entity.table
            text = f"{table.label} cannot be deleted while dependent {other.table.label} exist."
            write.log.add("Warning", text)
            write.log.add("Warning", f"validateDelete failed on data source '{table.name} ({table.name})'")
        write.log.raise_if_any(entity.aot)
        self._store.delete(connection, entity.table, record_id)
        for rule in self._rules[entity.set]:
            rule.after_delete(write)

    def _refuse_read_only(self, entity: Entity) -> None:
        if entity.read_only:
            status = self._settings.status_of_read_only_entity
            raise FnoError(
                status, f"The data entity '{entity.name}' is read-only and does not support this operation."
            )

    def _locked(
        self, connection: sqlite3.Connection, entity: Entity, key: Row, if_match: str | None
    ) -> tuple[int, Row]:
        found = self._store.find(connection, entity.table, entity.by_column(key))
        if found is None:
            raise no_row_for_update()
        record_id, etag, row = found
        if if_match is not None and if_match.strip() != "*" and etag not in _listed(if_match):
            text = "The precondition given in If-Match failed: the record was changed by another process."
            raise FnoError(self._settings.status_of_changed_row, text)
        return record_id, row

    def _write(
        self,
        connection: sqlite3.Connection,
        entity: Entity,
        row: Row,
        fields: dict[str, Any],
        *,
        before: Row | None,
    ) -> Write:
        return Write(
            connection=connection,
            store=self._store,
            model=self._model,
            settings=self._settings,
            entity=entity,
            row=row,
            before=before,
            sent=frozenset(_columns(entity, fields)),
            log=Infolog(),
        )

    def _set_fields(self, write: Write, fields: dict[str, Any]) -> None:
        """Takes over what was sent: names and literals are checked first, then lengths and editing."""
        stored: Row = {}
        for name, value in fields.items():
            item = write.entity.properties.get(name)
            if item is None:
                raise _unknown_property(write.entity, name)
            stored[name] = self.converter.from_json(item, value)
        for rule in self._rules[write.entity.set]:
            rule.normalise(write, stored)
        for name, value in stored.items():
            self._set_field(write, write.entity.properties[name], value)

    def _set_field(self, write: Write, item: Property, value: Stored) -> None:
        if isinstance(value, str) and item.length is not None and len(value) > item.length:
            if self._settings.long_text == "refuse":
                write.field_failed(
                    item.name,
                    f"The text in field '{item.caption}' has {len(value)} characters; "
                    f"the field takes {item.length}.",
                )
                return
            value = value[: item.length]
        if not self._may_edit(write, item, value):
            if self._settings.read_only_fields == "refuse":
                write.field_failed(item.name, f"Field '{item.caption}' cannot be edited.")
        elif item.edit == "always" or (item.edit == "create" and write.creating):
            write.row[item.stored] = value

    @staticmethod
    def _may_edit(write: Write, item: Property, value: Stored) -> bool:
        """Whether the field may take the value; the value it already has is never a change."""
        if item.allow_edit or (item.edit == "create" and write.creating):
            return True
        if item.path:
            return False
        before = write.row[item.stored]
        if isinstance(value, str) and isinstance(before, str):
            return fold(value) == fold(before)
        return value == before

    def _run_rules(self, write: Write) -> None:
        """The three steps; each ends the write when it collected a failure."""
        rules = self._rules[write.entity.set]
        self._check_references(write)
        for rule in rules:
            rule.validate_field(write)
        write.log.raise_if_any(write.entity.aot)
        for rule in rules:
            rule.default_row(write)
        for name, item in write.entity.table.columns.items():
            if item.mandatory and write.row[name] == "":
                write.must_be_filled(name)
        for rule in rules:
            rule.validate_write(write)
        write.log.raise_if_any(write.entity.aot)

    def _check_references(self, write: Write) -> None:
        """Every sent value that refers to another entity must exist there, in the row's company."""
        company = write.row.get(COMPANY, "")
        own = write.entity.reference_field.stored
        for item in write.entity.properties.values():
            if not item.references or item.stored not in write.sent or write.row[item.stored] == "":
                continue
            value, target = write.row[item.stored], self._model.entities[item.references]
            if target.table is write.entity.table and value == write.row[own]:
                continue  # a row may refer to itself
            if not self._store.exists_in_company(write.connection, target, value, company):
                write.not_found(item.stored, str(value), target)

    def _run_after(self, write: Write) -> None:
        for rule in self._rules[write.entity.set]:
            rule.after_write(write)

    def _is_used_by(
        self, connection: sqlite3.Connection, entity: Entity, record_id: int, row: Row
    ) -> Entity | None:
        """An entity with rows that refer to this one, the row itself not counted."""
        for other in self._model.entities.values():
            besides = record_id if other.table is entity.table else 0
            for item in other.properties.values():
                if not item.references or item.path:
                    continue
                target = self._model.entities[item.references]
                if target.table is not entity.table:
                    continue
                wanted: Row = {item.stored: row[target.reference_field.stored]}
                if other.has_company and entity.has_company:
                    wanted[COMPANY] = row[COMPANY]
                if self._store.exists(connection, other.table, wanted, besides=besides):
                    return other
        return None

    @staticmethod
    def _duplicate(entity: Entity, row: Row) -> WriteFailedError:
        table = entity.table
        title = ", ".join(str(row[name]) for name in table.title)
        caption = entity.captions[table.title[0]]
        log = Infolog()
        log.add(
            "Info",
            f"Cannot create a record in {table.label} ({table.name}). {caption}: {title}.\n"
            "The record already exists.",
        )
        return WriteFailedError(
            f"Write failed for table row of type '{entity.aot}'. Infolog: {'; '.join(log.entries)}."
        )


def _unknown_property(entity: Entity, name: str) -> FnoError:
    return FnoError(
        400,
        f"The property '{name}' does not exist on type '{entity.type_name}'. "
        "Make sure to only use property names that are defined by the type.",
    )


def _only(fields: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: fields[name] for name in names}


def _columns(entity: Entity, fields: dict[str, Any]) -> Iterator[str]:
    """The columns of the sent properties; a name the entity does not know is refused elsewhere."""
    for name in fields:
        item = entity.properties.get(name)
        if item is not None and not item.path:
            yield item.stored


def _listed(if_match: str) -> list[str]:
    """The etags of an If-Match header; those of F&O hold no comma."""
    return [part.strip() for part in if_match.split(",")]
