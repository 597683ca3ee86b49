"""Names of sets, fields and tables inside settings: one that the model lacks is refused, not ignored."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dynamics_sandbox.fno.model import Model

_SETS = ("sets_without_text_functions", "sets_without_privilege")
_FIELDS = ("fields_without_filter", "number_modes")
_TABLES = ("tables_without_stamp",)


def check_names(model: Model, values: Mapping[str, Any]) -> None:
    """Look up every name that settings hold.

    Args:
        model: of the environment.
        values: settings by name; those without names in them are passed over.

    Raises:
        SandboxError: a name the model lacks; says the nearest.
    """
    fields = {f"{entity.set}.{name}" for entity in model.public.values() for name in entity.properties}
    kinds = (
        ("entity set", _SETS, model.public),
        ("field", _FIELDS, fields),
        ("table", _TABLES, model.tables),
    )
    for kind, settings, known in kinds:
        for setting in settings:
            for name in values.get(setting, ()):
                _check(kind, setting, name, known)


def _check(kind: str, setting: str, name: str, known: Collection[str]) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f" Did you mean '{near[0]}'?" if near else ""
    raise SandboxError(f"The setting '{setting}' names the {kind} '{name}', which does not exist.{advice}")
