"""Every choice the F&O service makes where the public facts are silent: one setting, one default."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Who gives the numbers of a sequence: the caller, the service, or the service when none is sent.
NumberMode: TypeAlias = Literal["manual", "automatic", "both"]


@dataclass(frozen=True, slots=True)
class FnoSettings:
    """How this environment behaves.

    Attributes:
        client_id: application id registered in the environment (set ``SysAADClients``); empty: none.
        user_id: user the registered application works as (set ``SystemUsers``).
        default_company: company of that user, which applies to every call without ``cross-company=true``.
        page_size: rows of one page before a next link follows; the product's maximum is 10,000.
        default_order: order of rows without ``$orderby``: by ``key``, or by ``recid`` (order of creation).
        honour_max_page_size: whether ``Prefer: odata.maxpagesize`` makes pages smaller.
        status_of_failed_write: status of a write the business rules refuse; older builds answered 500.
        status_of_failed_write_in_batch: the same inside ``$batch``, where builds still show 500.
        status_of_changed_row: status when ``If-Match`` names another version of the row.
        status_of_read_only_entity: status of a write to an entity that takes none.
        body_for_missing_row: whether the 404 for an absent key has a body.
        read_only_fields: whether a changed value in a field that may not be edited is refused or ignored.
        unchanged_update_keeps_version: whether an update that changes nothing leaves version and etag alone.
        long_text: whether text longer than its field is refused or cut.
        number_modes: who gives numbers, by ``Set.Field``; others keep the mode of the data file.
        decimal_places: digits kept after the point; further ones are rounded half up.
        sets_without_text_functions: sets on which ``contains``, ``startswith`` and ``endswith`` are refused.
        three_letter_iso_codes: whether an ISO-code field also takes the three-letter code (``USA``), as
            the 2017 templates send it.
        delivery_date_control: method of the company's parameters, a member of SalesDeliveryDateControlType;
            with any but None a requested date in the past is refused.
        sellable_products_need: columns of ``ReleasedProductsV2`` that must be filled for a product to be
            among the sellable ones.
        distinct_products: whether a released product is seen in the sellable and CDS sets at once, or only
            when the job "Populate distinct product table" has run.
        changes_outdate_totals: whether a change of an order or quotation takes its totals flag back.
        sales_tax_rates: percent by sales tax group of an order line, and of the header for its charges; other
            groups are free of tax.
        total_tax_includes_header_tax: whether the total tax of orders and invoices includes the tax on header
            charges, which also stands in a field of its own.
        delivered_partially_invoiced: processing status of an order that is delivered and partly invoiced; the
            documents say the first, later metadata also has the second.
        invoice_number_format: Python format of invoice numbers, counted per company.
        voucher_number_format: the same of the vouchers in the ledger.
        requested_dates: a requested shipping date that was not sent is today, or is missed as mandatory.
        closed_documents_are_read_only: whether delivered, invoiced and cancelled orders and closed quotations
            refuse changes; the product documents it for ``SalesOrderHeadersV2``.
        further_model: folder with further entities, laid out like ``data`` in this package:
            ``entities/*.json`` and, where they bring enums of their own, ``enums.json``.
        batch_limit: operations a ``$batch`` may hold.
        affinity_cookie: whether answers set a cookie that ties a session to one server.
        web_servers: servers behind the address; calls without the cookie take turns on them.
        etag_header: whether answers with one row carry ``ETag``; the body has the etag in any case.
        streaming_in_content_type: whether JSON answers say ``odata.streaming=true``, as some builds do.
        unauthorized_hint: whether 401 for an unknown application says in ``WWW-Authenticate`` what to do.
        honour_company_header: whether the header ``Company`` names the company of a call.
        sets_without_privilege: sets the user's roles do not cover; calls to them are answered with 403.
        unknown_options: whether ``$search``, ``$apply``, ``$compute`` and other options the product does not
            support are refused or ignored.
        star_is_wildcard: whether ``*`` in ``eq`` and ``ne`` stands for any text.
        fields_without_filter: ``Set.Field`` names of computed fields that can only be read.
        status_of_field_without_filter: status of a query that filters or sorts by one of them.
        content_id_of_failed_change_set: which operation the single error part names: the ``first`` as seen in
            public, the one ``failing``, or ``none``.
        status_of_failed_action: status of an action that failed.
        entity_list_refreshed: whether the lengths in ``DataManagementTargetMapEntities`` are there from the
            start, or only after the action ``InitializeDataManagement``.
        request_limit: requests per user, web server and window; 6,000 while the product had it. None: any.
        execution_limit: combined seconds of execution in a window; 1,200 while it was there.
        concurrency_limit: requests of a user that one web server answers at once; 52 while it was there.
        throttling_window: seconds the limits look back.
        throttle_every: resource-based throttling: every n-th request is refused; 0 refuses none.
        retry_after: form of ``Retry-After``: ``seconds``; ``lengthening`` with every refusal in a row; a
            ``date``; or ``missing``.
        retry_after_seconds: how long it says to wait.
    """

    client_id: str = ""
    user_id: str = "integration"
    default_company: str = "usmf"
    page_size: int = 10_000
    default_order: Literal["key", "recid"] = "key"
    honour_max_page_size: bool = False
    status_of_failed_write: int = 400
    status_of_failed_write_in_batch: int = 500
    status_of_changed_row: int = 412
    status_of_read_only_entity: int = 400
    body_for_missing_row: bool = False
    read_only_fields: Literal["refuse", "ignore"] = "refuse"
    unchanged_update_keeps_version: bool = True
    long_text: Literal["refuse", "cut"] = "refuse"
    number_modes: Mapping[str, NumberMode] = field(default_factory=dict)
    decimal_places: int = 6
    sets_without_text_functions: frozenset[str] = frozenset({"SalesInvoiceHeadersV4"})
    three_letter_iso_codes: bool = True
    delivery_date_control: str = "None"
    sellable_products_need: tuple[str, ...] = (
        "SalesUnitSymbol",
        "InventoryUnitSymbol",
        "ItemModelGroupId",
        "ProductGroupId",
    )
    distinct_products: Literal["at once", "job"] = "at once"
    changes_outdate_totals: bool = True
    sales_tax_rates: Mapping[str, Decimal] = field(
        default_factory=lambda: {"CA": Decimal("7.25"), "NY": Decimal(4), "DE": Decimal(19)}
    )
    total_tax_includes_header_tax: bool = True
    delivered_partially_invoiced: Literal["PartiallyInvoiced", "DeliveredPartiallyInvoiced"] = (
        "PartiallyInvoiced"
    )
    invoice_number_format: str = "CIV-{:06d}"
    voucher_number_format: str = "CIVV-{:06d}"
    requested_dates: Literal["today", "required"] = "today"
    closed_documents_are_read_only: bool = True
    further_model: Path | None = None
    batch_limit: int = 5_000
    affinity_cookie: bool = True
    web_servers: int = 1
    etag_header: bool = True
    streaming_in_content_type: bool = False
    unauthorized_hint: bool = True
    honour_company_header: bool = False
    sets_without_privilege: frozenset[str] = frozenset()
    unknown_options: Literal["refuse", "ignore"] = "refuse"
    star_is_wildcard: bool = True
    fields_without_filter: frozenset[str] = frozenset()
    status_of_field_without_filter: int = 400
    content_id_of_failed_change_set: Literal["first", "failing", "none"] = "first"
    status_of_failed_action: int = 400
    entity_list_refreshed: bool = True
    request_limit: int | None = None
    execution_limit: float | None = None
    concurrency_limit: int | None = None
    throttling_window: int = 300
    throttle_every: int = 0
    retry_after: Literal["seconds", "lengthening", "date", "missing"] = "seconds"
    retry_after_seconds: int = 30
