"""What the service itself does to every row it writes: defaults, stamps, owner, state, derived columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.errors import DataverseError, bad_request
from dynamics_sandbox.dataverse.schema.system import CREATED_ON, MODIFIED_ON, OWNER, STATE, STATUS, VERSION
from dynamics_sandbox.dataverse.writing.money import apply_money

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.writing.draft import Draft

_OVERRIDDEN = "overriddencreatedon"


def apply_rules(draft: Draft) -> None:
    """Complete a draft as the service does before it stores the row.

    Raises:
        DataverseError: a required column without a value, a status that does not belong to the state.
    """
    if draft.creating:
        _defaults(draft)
    _stamps(draft)
    _owner(draft)
    _state(draft)
    _mirrors(draft)
    _compositions(draft)
    apply_money(draft)
    _required(draft)


def _defaults(draft: Draft) -> None:
    draft.values[draft.table.primary_id] = draft.row_id
    for column, default in draft.table.defaults.items():
        draft.values.setdefault(column, default)
    if "organizationid" in draft.table.columns and draft.table.primary_id != "organizationid":
        draft.values.setdefault("organizationid", draft.session.caller.organization_id)


def _stamps(draft: Draft) -> None:
    session = draft.session
    draft.values[VERSION] = session.next_version()
    draft.values[MODIFIED_ON] = session.now
    draft.values["modifiedby"] = session.caller.user_id
    draft.values["modifiedonbehalfby"] = session.caller.on_behalf_by
    if draft.creating:
        draft.values["createdby"] = session.caller.user_id
        draft.values["createdonbehalfby"] = session.caller.on_behalf_by
        # A back-dated row shows the given moment as createdon and keeps the real one beside it.
        given = draft.values.get(_OVERRIDDEN)
        draft.values[CREATED_ON] = given or session.now
        draft.values[_OVERRIDDEN] = session.now if given else None


def _owner(draft: Draft) -> None:
    if OWNER not in draft.table.columns or draft.table.principal:
        return
    if draft.creating and draft.values.get(OWNER) is None:
        draft.values[OWNER] = draft.session.caller.user_id
        draft.values[f"{OWNER}:target"] = "systemuser"
    if OWNER in draft.values:
        _owning_columns(draft)


def _owning_columns(draft: Draft) -> None:
    owner, kind = draft.values[OWNER], draft.values.get(f"{OWNER}:target") or "systemuser"
    if owner is None:
        raise bad_request(f"Required field '{OWNER}' cannot be set to null.")
    table = draft.session.schema.tables[kind]
    unit = draft.session.connection.execute(
        f"SELECT businessunitid FROM {quoted(kind)} WHERE {quoted(table.primary_id)} = ?",  # noqa: S608 - quoted names
        (owner,),
    ).fetchone()
    draft.values["owninguser"] = owner if kind == "systemuser" else None
    draft.values["owningteam"] = owner if kind == "team" else None
    draft.values["owningbusinessunit"] = unit[0] if unit else draft.session.caller.business_unit_id


def _state(draft: Draft) -> None:
    if not draft.touches(STATE, STATUS) or STATE not in draft.table.columns:
        return
    states = {option.value: option for option in draft.table.columns[STATE].options}
    statuses = {option.value: option for option in draft.table.columns[STATUS].options}
    state = draft.value(STATE)
    if state is None:
        raise bad_request(f"Required field '{STATE}' is missing for {draft.table.logical_name}.")
    given = draft.values.get(STATUS)
    if given is None:
        draft.values[STATUS] = states[state].default_status
    elif statuses[given].state != state:
        raise DataverseError(
            400,
            draft.session.settings.state_pair_code,
            f"{given} is not a valid status code for state code {state} of "
            f"{draft.table.logical_name} with Id {draft.row_id}.",
        )


def _mirrors(draft: Draft) -> None:
    for attribute in draft.table.mirrors:
        if draft.touches(attribute.mirror_of):
            draft.values[attribute.name] = draft.value(attribute.mirror_of)


def _compositions(draft: Draft) -> None:
    for attribute in draft.table.compositions:
        if draft.touches(*attribute.composed_of):
            parts = [draft.value(name) for name in attribute.composed_of]
            draft.values[attribute.name] = (
                attribute.separator.join(str(part) for part in parts if part) or None
            )


def _required(draft: Draft) -> None:
    for column in draft.table.system_required:
        if draft.values.get(column) is None and (draft.creating or column in draft.values):
            raise bad_request(f"Required field '{column}' is missing for {draft.table.logical_name}.")
