"""What ``odata.metadata=full`` adds to a row: type, address, types of its fields, links of its navigation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.fno.expressions import value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dynamics_sandbox.fno.model import Entity, Model, Property

#: Types a JSON reader knows without being told (OData JSON format 4.0, section 4.5.3).
_SELF_EVIDENT: Final = frozenset({"Edm.String", "Edm.Boolean"})


class FullMetadata:
    """Builds the annotations of rows as SQL expressions, like ``RowRenderer`` the rows themselves.

    Args:
        model: to find the values of key fields.
        base: address of the service root without trailing slash.
    """

    def __init__(self, model: Model, base: str) -> None:
        self._model = model
        self._base = base

    def before(self, entity: Entity, alias: str) -> Iterator[str]:
        """The members in front of the etag."""
        yield f"'\"@odata.type\":' || {_json(f'#{entity.type_name}')}"
        yield f"'\"@odata.id\":' || json_quote({self._address(entity, alias)})"

    def after(self, entity: Entity, alias: str) -> Iterator[str]:
        """The members behind the etag."""
        yield f"'\"@odata.editLink\":' || json_quote({self._address(entity, alias, base='')})"

    def reference(self, entity: Entity, alias: str) -> str:
        """A whole row as ``$ref`` shows it: its address alone."""
        return f"'{{\"@odata.id\":' || json_quote({self._address(entity, alias)}) || '}}'"

    def of_field(self, item: Property) -> str | None:
        """The annotation in front of a field; None for a type that shows by itself."""
        if item.edm_type in _SELF_EVIDENT:
            return None
        name = item.edm_type.removeprefix("Edm.")
        return _text(f"{json.dumps(f'{item.name}@odata.type')}:{json.dumps(f'#{name}')}")

    def links(self, entity: Entity, alias: str, expanded: Iterable[str]) -> Iterator[str]:
        """The links of the navigation properties that are not expanded."""
        shown = frozenset(expanded)
        for navigation in entity.navigations.values():
            if navigation.name in shown or not self._model.entities[navigation.to].public:
                continue
            address = self._address(entity, alias)
            for kind, suffix in (("associationLink", "/$ref"), ("navigationLink", "")):
                name = json.dumps(f"{navigation.name}@odata.{kind}")
                yield f"{_text(f'{name}:')} || json_quote({address} || '/{navigation.name}{suffix}')"

    def _address(self, entity: Entity, alias: str, base: str | None = None) -> str:
        prefix = f"{self._base}/" if base is None else base
        parts = [self._key_part(entity, name, alias) for name in entity.key]
        return f"('{prefix}{entity.set}(' || " + " || ',' || ".join(parts) + " || ')')"

    def _key_part(self, entity: Entity, name: str, alias: str) -> str:
        item = entity.properties[name]
        value = value_of(item, entity, self._model, alias)
        if item.is_enum:
            return f"'{name}={item.edm_type}''' || {value} || ''''"
        if item.type == "String":
            return f"'{name}=''' || odata_key_text({value}) || ''''"
        return f"'{name}=' || {value}"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _json(text: str) -> str:
    return _text(json.dumps(text))
