"""Conditions on one row: values a field takes, fields to be filled, states in which a row may change."""

from __future__ import annotations

from dynamics_sandbox.fno.rules.write import Rule, Write
from dynamics_sandbox.odata.sqlite import fold


class Values(Rule, frozen=True, tag="values"):
    """A text field that takes only a few values; they are stored as written here."""

    field: str
    values: list[str]

    def validate_field(self, write: Write) -> None:
        """Refuses any other value."""
        for value in self.values:
            if fold(value) == fold(write.text(self.field)):
                write.row[self.field] = value
                return
        caption = write.entity.captions[self.field]
        write.field_failed(
            self.field, f"The value '{write.text(self.field)}' in field '{caption}' is not valid."
        )


class Require(Rule, frozen=True, tag="require"):
    """At least one of some fields must be filled when others have certain values."""

    when: dict[str, str]
    any_of: list[str]

    def validate_write(self, write: Write) -> None:
        """Names the first field when all are empty."""
        applies = all(write.text(name) == value for name, value in self.when.items())
        if applies and not any(write.text(name).strip() for name in self.any_of):
            write.must_be_filled(self.any_of[0])


class RequireWith(Rule, frozen=True, tag="require_with"):
    """A field that may only be sent when another one is filled."""

    field: str
    needs: str

    def validate_write(self, write: Write) -> None:
        """Names the field that is needed."""
        if self.field in write.sent and write.text(self.field) and not write.text(self.needs):
            write.must_be_filled(self.needs)


class Sent(Rule, frozen=True, tag="sent"):
    """Fields that a new row must be given, even if the value is 0."""

    fields: list[str]

    def validate_write(self, write: Write) -> None:
        """Names those that were left out."""
        for name in self.fields:
            if write.creating and name not in write.sent:
                write.must_be_filled(name)


class Open(Rule, frozen=True, tag="open"):
    """A document that may be changed and deleted only while its status says so."""

    field: str
    open: list[str]

    def validate_field(self, write: Write) -> None:
        """Refuses any change of a closed document."""
        if write.before is not None and write.settings.closed_documents_are_read_only:
            self._check(write, str(write.before[self.field]))

    def validate_delete(self, write: Write) -> None:
        """Refuses the deletion of a closed document."""
        self._check(write, write.text(self.field))

    def _check(self, write: Write, status: str) -> None:
        if status not in self.open:
            label = write.entity.table.label
            write.row_failed(f"{label} with the status '{status}' cannot be changed or deleted.")


class ParentOpen(Rule, frozen=True, tag="parent_open"):
    """A line that may be added, changed and deleted only while the status of its document says so."""

    relation: str
    field: str
    open: list[str]

    def validate_field(self, write: Write) -> None:
        """Refuses any change below a closed document."""
        parent = write.related(self.relation)
        if parent is None or parent[self.field] in self.open:
            return
        if write.settings.closed_documents_are_read_only:
            label = write.model.entities[write.entity.table.relations[self.relation].to].table.label
            write.row_failed(f"{label} with the status '{parent[self.field]}' cannot be changed or deleted.")

    def validate_delete(self, write: Write) -> None:
        """The same for a deletion."""
        self.validate_field(write)


class Existing(Rule, frozen=True, tag="existing"):
    """A field whose value must exist in one of several tables; another field says in which.

    ``relations`` maps the members of the deciding field to relations of the table; others are refused.
    """

    field: str
    kind: str
    relations: dict[str, str]

    def validate_field(self, write: Write) -> None:
        """Refuses a value that the related table does not have."""
        value, kind = write.text(self.field), write.text(self.kind)
        if not value or not ({self.field, self.kind} & write.sent):
            return
        relation = self.relations.get(kind)
        if relation is None:
            caption = write.entity.captions[self.kind]
            write.field_failed(self.kind, f"The value '{kind}' in field '{caption}' is not supported.")
        elif write.related(relation) is None:
            target = write.model.entities[write.entity.table.relations[relation].to]
            write.not_found(self.field, value, target)


class Flag(Rule, frozen=True, tag="flag"):
    """A flag that is Yes unless other fields have certain values."""

    field: str
    unless: dict[str, str]

    def default_row(self, write: Write) -> None:
        """Sets the flag."""
        off = all(write.row[name] == value for name, value in self.unless.items())
        write.row[self.field] = "No" if off else "Yes"
