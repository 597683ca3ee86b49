"""Actions of Sales: closing, revising and converting documents, locking prices, publishing products.

The close activities (quoteclose, orderclose) that some of them carry are read for the document they name;
the sandbox keeps no activities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamics_sandbox.dataverse.errors import bad_request, missing_row
from dynamics_sandbox.dataverse.pipeline import Action
from dynamics_sandbox.dataverse.sales.conversions import copied_document
from dynamics_sandbox.dataverse.sales.documents import BY_HEADER, INVOICE, ORDER, QUOTE, Document
from dynamics_sandbox.dataverse.sales.stored import (
    display_name,
    option_label,
    rows_where,
    stored_row,
)
from dynamics_sandbox.dataverse.writing.references import References
from dynamics_sandbox.dataverse.writing.rows import change
from dynamics_sandbox.dataverse.writing.values import guid_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dynamics_sandbox.dataverse.schema.model import Table
    from dynamics_sandbox.dataverse.session import Session

_DEFAULT_STATUS = -1
_DRAFT, _ACTIVE, _WON, _CLOSED = 0, 1, 2, 3
_REVISED = 7
_ORDER_OPEN = (0, 1)
_CANCELED, _FULFILLED, _INVOICED = 2, 3, 4


def _named_id(session: Session, table: str, row_id: str, given: Any) -> str:
    """Give the id of the row an action works on: bound, or named in the body.

    Raises:
        DataverseError: no GUID, or 404 when there is no such row.
    """
    found = row_id or (guid_text(given) if isinstance(given, str) else None)
    if not found:
        raise bad_request(f"The action needs the id of a row of '{table}'.")
    if not session.exists(session.schema.tables[table], found):
        raise missing_row(table, found)
    return found


def _closing(
    document: Document, parameter: str, state: int, from_states: tuple[int, ...]
) -> Callable[[Session, str, Mapping[str, Any]], None]:
    """Make an action that closes a document named by a close activity."""

    def close(session: Session, row_id: str, body: Mapping[str, Any]) -> None:
        activity = body.get(parameter)
        bound = activity.get(f"{document.link}@odata.bind") if isinstance(activity, dict) else None
        if isinstance(bound, str):
            table, row_id = References(session).row(bound)
            if table.logical_name != document.header:
                raise bad_request(f"'{parameter}' must name a row of '{document.header}'.")
        header_id = _named_id(session, document.header, row_id, None)
        _check_state(session, document, header_id, from_states)
        _set_state(session, document, header_id, state, status=body.get("Status", _DEFAULT_STATUS))

    return close


def _check_state(session: Session, document: Document, header_id: str, allowed: tuple[int, ...]) -> None:
    state = stored_row(session, document.header, header_id)["statecode"]
    if state not in allowed:
        label = option_label(session, document.header, "statecode", state)
        name = display_name(session, document.header)
        raise bad_request(
            f"The {name} with Id {header_id} is {label}; the action does not work on it.",
            session.settings.sales.transition_code,
        )


def _set_state(
    session: Session, document: Document, header_id: str, state: int, *, status: Any = _DEFAULT_STATUS
) -> None:
    if isinstance(status, bool) or not isinstance(status, int):
        raise bad_request("'Status' must be a number: a status reason, or -1 for the state's default.")
    table = session.schema.tables[document.header]
    if status != _DEFAULT_STATUS and all(o.value != status for o in table.columns["statuscode"].options):
        raise bad_request(
            f"{status} is no status reason of {document.header}.", session.settings.state_pair_code
        )
    chosen = None if status == _DEFAULT_STATUS else status
    change(session, table, header_id, {"statecode": state, "statuscode": chosen})


def _revise_quote(session: Session, row_id: str, body: Mapping[str, Any]) -> tuple[Table, str]:
    quote_id = _named_id(session, "quote", row_id, body.get("QuoteId"))
    _check_state(session, QUOTE, quote_id, (_ACTIVE, _CLOSED))
    number = stored_row(session, "quote", quote_id)["quotenumber"]
    revisions = rows_where(session, "quote", {"quotenumber": number})
    newest = max(row["revisionnumber"] for row in revisions)
    _set_state(session, QUOTE, quote_id, _CLOSED, status=_REVISED)
    revision = copied_document(session, QUOTE, quote_id, QUOTE, changed={"revisionnumber": newest + 1})
    return session.schema.tables["quote"], revision


def _convert_quote(session: Session, row_id: str, body: Mapping[str, Any]) -> tuple[Table, str]:
    quote_id = _named_id(session, "quote", row_id, body.get("QuoteId"))
    _check_state(session, QUOTE, quote_id, (_ACTIVE, _WON))
    status = body.get("QuoteCloseStatus", _DEFAULT_STATUS)
    _set_state(session, QUOTE, quote_id, _WON, status=status)
    changed = {"quoteid": quote_id, "ispricelocked": 1}
    order = copied_document(session, QUOTE, quote_id, ORDER, changed=changed)
    return session.schema.tables["salesorder"], order


def _convert_order(session: Session, row_id: str, body: Mapping[str, Any]) -> tuple[Table, str]:
    order_id = _named_id(session, "salesorder", row_id, body.get("SalesOrderId"))
    _check_state(session, ORDER, order_id, (*_ORDER_OPEN, _FULFILLED))
    changed = {"salesorderid": order_id, "ispricelocked": 1}
    invoice = copied_document(session, ORDER, order_id, INVOICE, changed=changed)
    _set_state(session, ORDER, order_id, _INVOICED)
    return session.schema.tables["invoice"], invoice


def _locking(document: Document, parameter: str, *, locked: bool) -> Callable[..., None]:
    """Make an action that locks or unlocks the prices of a document."""

    def lock(session: Session, row_id: str, body: Mapping[str, Any]) -> None:
        header_id = _named_id(session, document.header, row_id, body.get(parameter))
        change(session, session.schema.tables[document.header], header_id, {"ispricelocked": int(locked)})

    return lock


def _recalculate_price(session: Session, _: str, body: Mapping[str, Any]) -> None:
    document = BY_HEADER.get(str(body.get("entityLogicalName")))
    if document is None:
        raise bad_request(f"'entityLogicalName' must be one of {', '.join(BY_HEADER)}.")
    header_id = _named_id(session, document.header, "", body.get("entityId"))
    price_list = stored_row(session, document.header, header_id)["pricelevelid"]
    # Writing the price list again prices the lines and sums them up.
    change(session, session.schema.tables[document.header], header_id, {"pricelevelid": price_list})


def _publish_product(session: Session, row_id: str, body: Mapping[str, Any]) -> None:
    product_id = _named_id(session, "product", row_id, body.get("ProductId"))
    change(session, session.schema.tables["product"], product_id, {"statecode": 0, "statuscode": None})


_ID, _NUMBER, _ACTIVITY = "Edm.Guid", "Edm.Int32", "mscrm.crmbaseentity"
_QUOTE_CLOSE = {"QuoteClose": _ACTIVITY, "Status": _NUMBER}
_ORDER_CLOSE = {"OrderClose": _ACTIVITY, "Status": _NUMBER}


def _lock_action(name: str, document: Document, parameter: str, *, locked: bool) -> Action:
    run = _locking(document, parameter, locked=locked)
    return Action(name=name, table=document.header, run=run, parameters={parameter: _ID})


ACTIONS = (
    Action(
        name="WinQuote",
        table="quote",
        run=_closing(QUOTE, "QuoteClose", _WON, (_ACTIVE,)),
        parameters=_QUOTE_CLOSE,
    ),
    Action(
        name="CloseQuote",
        table="quote",
        run=_closing(QUOTE, "QuoteClose", _CLOSED, (_DRAFT, _ACTIVE)),
        parameters=_QUOTE_CLOSE,
    ),
    Action(
        name="ReviseQuote",
        table="quote",
        run=_revise_quote,
        parameters={"QuoteId": _ID},
        returns="quote",
    ),
    Action(
        name="ConvertQuoteToSalesOrder",
        table="quote",
        run=_convert_quote,
        parameters={"QuoteId": _ID, "QuoteCloseStatus": _NUMBER},
        returns="salesorder",
    ),
    Action(
        name="FulfillSalesOrder",
        table="salesorder",
        run=_closing(ORDER, "OrderClose", _FULFILLED, _ORDER_OPEN),
        parameters=_ORDER_CLOSE,
    ),
    Action(
        name="CancelSalesOrder",
        table="salesorder",
        run=_closing(ORDER, "OrderClose", _CANCELED, _ORDER_OPEN),
        parameters=_ORDER_CLOSE,
    ),
    Action(
        name="ConvertSalesOrderToInvoice",
        table="salesorder",
        run=_convert_order,
        parameters={"SalesOrderId": _ID},
        returns="invoice",
    ),
    _lock_action("LockSalesOrderPricing", ORDER, "SalesOrderId", locked=True),
    _lock_action("UnlockSalesOrderPricing", ORDER, "SalesOrderId", locked=False),
    _lock_action("LockInvoicePricing", INVOICE, "InvoiceId", locked=True),
    _lock_action("UnlockInvoicePricing", INVOICE, "InvoiceId", locked=False),
    Action(
        name="RecalculatePrice",
        table="",
        run=_recalculate_price,
        parameters={"entityLogicalName": "Edm.String", "entityId": _ID},
    ),
    Action(
        name="PublishProductHierarchy",
        table="product",
        run=_publish_product,
        parameters={"ProductId": _ID},
    ),
)
