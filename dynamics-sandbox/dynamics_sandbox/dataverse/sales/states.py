"""States of documents, products and price lists: which changes callers may make, and what is read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import bad_request
from dynamics_sandbox.dataverse.sales.documents import BY_LINE, header_id
from dynamics_sandbox.dataverse.sales.stored import display_name, option_label, rule_broken, stored_row

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.pipeline import Event

STATE_COLUMNS = ("statecode", "statuscode")


def check_transition(event: Event) -> None:
    """Refuse a state change that the table does not allow by update.

    Raises:
        DataverseError: names both states.
    """
    name = event.table.logical_name
    old, new = event.stored.get("statecode"), event.value("statecode")
    allowed = event.session.settings.sales.transitions.get(name)
    if allowed is None or old == new or old is None or new in allowed.get(old, ()):
        return
    states = [option_label(event.session, name, "statecode", state) for state in (old, new)]
    raise bad_request(
        f"The {display_name(event.session, name)} with Id {event.row_id} cannot go from {states[0]} to "
        f"{states[1]} by an update; use the action for it if there is one.",
        event.session.settings.sales.transition_code,
    )


def check_open(event: Event) -> None:
    """Refuse a change of a document that is read-only in its state, unless the change makes it editable."""
    settings = event.session.settings.sales
    name = event.table.logical_name
    editable = settings.editable_states[name]
    if event.stored.get("statecode") in editable or event.value("statecode") in editable:
        return
    columns = {column.partition(":")[0] for column in event.values}
    if columns - set(settings.writable_when_closed):
        raise _read_only(event, name, event.stored["statecode"])


def check_header_open(event: Event) -> None:
    """Refuse a change of the lines of a document that is read-only in its state."""
    document = BY_LINE[event.table.logical_name]
    header = stored_row(event.session, document.header, header_id(document, event))
    state = header.get("statecode")
    if state is not None and state not in event.session.settings.sales.editable_states[document.header]:
        raise _read_only(event, document.header, state)


def _read_only(event: Event, table: str, state: int) -> Exception:
    label = option_label(event.session, table, "statecode", state)
    return bad_request(
        f"The {display_name(event.session, table)} is {label}, so it is read-only and cannot be changed.",
        event.session.settings.sales.read_only_code,
    )


def check_activation(event: Event) -> None:
    """Refuse to activate a quote that lacks required data."""
    if event.values.get("statecode") != 1 or event.stored.get("statecode") != 0:
        return
    for column in event.session.settings.sales.quote_activation_requires:
        if event.value(column) is None:
            raise rule_broken(event.session, f"The quote cannot be activated without '{column}'.")
