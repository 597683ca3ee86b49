"""Bound actions: what they are called, take and give, and the code that carries them out.

An entity that offers actions brings a tuple of ``Action``; the environment collects them, and metadata,
addresses and calls follow from it (…/data-entities/odata, "OData actions").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from typing import Literal as OneOf

from dynamics_sandbox.fno.errors import FnoError, unsupported
from dynamics_sandbox.fno.model import NAMESPACE

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from dynamics_sandbox.fno.environment import FnoEnvironment
    from dynamics_sandbox.fno.model import Entity
    from dynamics_sandbox.fno.values import Row

#: Whether an action is bound to one row or to the whole set.
Binding: TypeAlias = OneOf["row", "set"]
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "Edm.String": str,
    "Edm.Boolean": bool,
    "Edm.Int32": int,
    "Edm.Int64": int,
}
_EXCEPTION = "System.InvalidOperationException"


@dataclass(frozen=True, slots=True)
class ActionCall:
    """One call of an action.

    Attributes:
        environment: where it happens.
        connection: the transaction, which ends with the call or with the change set around it.
        key: of the row it is bound to, by property; None for an action of the set.
        company: default company of the caller.
        arguments: by parameter name, all of them, of the declared types.
    """

    environment: FnoEnvironment
    connection: sqlite3.Connection
    entity: Entity
    key: Row | None
    company: str
    arguments: dict[str, Any]


class ActionFailedError(Exception):
    """What went wrong inside an action, as the caller shall read it."""


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    Attributes:
        name: without namespace.
        entity_set: the set it belongs to.
        bound_to: a row of the set, or the set.
        parameters: Edm type by name.
        returns: Edm type of the result; empty gives 204.
        run: carries it out and gives the result; None for one the sandbox only knows by name.
    """

    name: str
    entity_set: str
    bound_to: Binding
    run: Callable[[ActionCall], Any] | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    returns: str = ""


class Actions:
    """All actions of an environment.

    Raises:
        ValueError: two actions of one set have the same name.
    """

    def __init__(self, actions: Iterable[Action]) -> None:
        self._by_name: dict[tuple[str, str], Action] = {}
        for action in actions:
            if self._by_name.setdefault((action.entity_set, action.name), action) is not action:
                raise ValueError(f"two actions of {action.entity_set} are called {action.name}")

    def of(self, entity: Entity) -> list[Action]:
        """The actions of an entity's set, in alphabetical order."""
        found = (action for (owner, _), action in self._by_name.items() if owner == entity.set)
        return sorted(found, key=lambda action: action.name)

    def find(self, entity: Entity, segment: str, bound_to: Binding) -> Action:
        """The action a path names by its qualified name.

        Raises:
            FnoError: 404, no such action here; 501, one that the sandbox does not carry out.
        """
        action = self._by_name.get((entity.set, segment.removeprefix(f"{NAMESPACE}.")))
        if action is None or action.bound_to != bound_to:
            text = f"Resource not found for the segment '{segment}'."
            raise FnoError(404, text, outer=text)
        if action.run is None:
            raise unsupported(f"the action '{action.name}' of {entity.set}")
        return action


def run_action(action: Action, call: ActionCall, status_of_failure: int) -> Any:
    """The result of an action.

    Raises:
        FnoError: 400, arguments that do not fit; ``status_of_failure``, the action itself failed.
    """
    _check_arguments(action, call.arguments)
    if action.run is None:
        raise unsupported(f"the action '{action.name}' of {call.entity.set}")
    try:
        return action.run(call)
    except ActionFailedError as error:
        text = (
            f"Exception occurred while executing action {action.name} on Entity {call.entity.name}: {error}"
        )
        raise FnoError(status_of_failure, text, exception=_EXCEPTION) from None


def _check_arguments(action: Action, arguments: dict[str, Any]) -> None:
    declared = dict(action.parameters)
    for name in arguments.keys() - declared.keys():
        raise FnoError(
            400,
            f"The parameter '{name}' in the request payload is not a valid parameter for the operation "
            f"'{action.name}'.",
        )
    for name, edm_type in declared.items():
        if name not in arguments:
            raise FnoError(400, f"The parameter '{name}' of the operation '{action.name}' is missing.")
        expected, value = _PYTHON_TYPES.get(edm_type), arguments[name]
        wrong_flag = isinstance(value, bool) and edm_type != "Edm.Boolean"
        if expected is not None and (wrong_flag or not isinstance(value, expected)):
            raise FnoError(400, f"Cannot convert the literal '{value}' to the expected type '{edm_type}'.")
