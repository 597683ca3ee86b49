"""Labels: the texts behind the ids that the metadata names, one language (en-us) for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynamics_sandbox.fno.model import Entity, Model, Property

_FILE = "@Sandbox"


def label_id(entity: Entity, item: Property | None = None) -> str:
    """Id of an entity's label, or of one of its properties."""
    return f"{_FILE}:{entity.aot}" if item is None else f"{_FILE}:{entity.aot}_{item.name}"


def labels(model: Model) -> dict[str, str]:
    """All texts by id."""
    texts: dict[str, str] = {}
    for entity in model.entities.values():
        texts[label_id(entity)] = entity.label
        for item in entity.properties.values():
            texts[label_id(entity, item)] = item.caption
    return texts
