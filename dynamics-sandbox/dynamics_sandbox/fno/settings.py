"""Every choice the F&O service makes where the public facts are silent: one setting, one default."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read by switches
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path  # noqa: TC003 - read by switches
from typing import Literal, TypeAlias

from dynamics_sandbox.switches import AT_START, OWN, Amount, Count, Digits, ErrorStatus, NumberFormat, Seconds

#: Who gives the numbers of a sequence: the caller, the service, or the service when none is sent.
NumberMode: TypeAlias = Literal["manual", "automatic", "both"]


@dataclass(slots=True, kw_only=True)
class FnoSettings:
    """How one F&O environment behaves where more than one behaviour is plausible."""

    client_id: str = field(default="", metadata=OWN)
    """Application id registered in the environment (set ``SysAADClients``); empty: none."""

    user_id: str = field(default="integration", metadata=AT_START)
    """User the registered application works as (set ``SystemUsers``)."""

    default_company: str = field(default="usmf", metadata=AT_START)
    """Company of that user, which applies to every call without ``cross-company=true``."""

    exact_audience: bool = True
    """Whether a token's audience must be the environment's address letter for letter: lower case, no slash at
    the end; otherwise capitals and a slash are let through."""

    page_size: Count = 10_000
    """Rows of one page before a next link follows; the product's maximum is 10,000."""

    large_top: Literal["pages", "one page"] = "pages"
    """What ``$top`` beyond the page size does: pages until all of it is there, or one page and no link."""

    default_order: Literal["key", "recid"] = "key"
    """Order of rows without ``$orderby``: by ``key``, or by ``recid`` (order of creation)."""

    honour_max_page_size: bool = False
    """Whether ``Prefer: odata.maxpagesize`` makes pages smaller."""

    status_of_failed_write: ErrorStatus = 400
    """Status of a write the business rules refuse; older builds answered 500."""

    status_of_failed_write_in_batch: ErrorStatus = 500
    """The same inside ``$batch``, where builds still show 500."""

    status_of_changed_row: ErrorStatus = 412
    """Status when ``If-Match`` names another version of the row."""

    status_of_read_only_entity: ErrorStatus = 400
    """Status of a write to an entity that takes none."""

    status_of_incomplete_key: ErrorStatus = 404
    """Status when a key lacks parts; its text is known, its status is not."""

    body_for_missing_row: bool = False
    """Whether the 404 for an absent key has a body."""

    read_only_fields: Literal["refuse", "ignore"] = "refuse"
    """Whether a changed value in a field that may not be edited is refused or ignored."""

    unchanged_update_keeps_version: bool = True
    """Whether an update that changes nothing leaves version and etag alone."""

    long_text: Literal["refuse", "cut"] = "refuse"
    """Whether text longer than its field is refused or cut."""

    number_modes: Mapping[str, NumberMode] = field(default_factory=dict)
    """Who gives numbers, by ``Set.Field``; others keep the mode of the data file."""

    decimal_places: Digits = 6
    """Digits kept after the point; further ones are rounded half up."""

    sets_without_text_functions: frozenset[str] = frozenset({"SalesInvoiceHeadersV4"})
    """Sets on which ``contains``, ``startswith`` and ``endswith`` are refused."""

    three_letter_iso_codes: bool = True
    """Whether an ISO-code field also takes the three-letter code (``USA``), as the 2017 templates send
    it."""

    delivery_date_control: Literal[
        "None", "SalesLeadTime", "ATP", "ATPPlusIssueMargin", "CTP", "FullRunCTP"
    ] = "None"
    """Method of the company's parameters, a member of SalesDeliveryDateControlType; with any but None a
    requested date in the past is refused."""

    sellable_products_need: tuple[str, ...] = (
        "SalesUnitSymbol",
        "InventoryUnitSymbol",
        "ItemModelGroupId",
        "ProductGroupId",
    )
    """Columns of ``ReleasedProductsV2`` that must be filled for a product to be among the sellable ones."""

    distinct_products: Literal["at once", "job"] = "at once"
    """Whether a released product is seen in the sellable and CDS sets at once, or only when the job
    "Populate distinct product table" has run."""

    changes_outdate_totals: bool = True
    """Whether a change of an order or quotation takes its totals flag back."""

    sales_tax_rates: Mapping[str, Decimal] = field(
        default_factory=lambda: {"CA": Decimal("7.25"), "NY": Decimal(4), "DE": Decimal(19)}
    )
    """Percent by sales tax group of an order line, and of the header for its charges; other groups are free
    of tax."""

    total_tax_includes_header_tax: bool = True
    """Whether the total tax of orders and invoices includes the tax on header charges, which also stands in
    a field of its own."""

    delivered_partially_invoiced: Literal["PartiallyInvoiced", "DeliveredPartiallyInvoiced"] = (
        "PartiallyInvoiced"
    )
    """Processing status of an order that is delivered and partly invoiced; the documents say the first,
    later metadata also has the second."""

    invoice_number_format: NumberFormat = "CIV-{:06d}"
    """Python format of invoice numbers, counted per company."""

    voucher_number_format: NumberFormat = "CIVV-{:06d}"
    """The same of the vouchers in the ledger."""

    requested_dates: Literal["today", "required"] = "today"
    """A requested shipping date that was not sent is today, or is missed as mandatory."""

    closed_documents_are_read_only: bool = True
    """Whether delivered, invoiced and cancelled orders and closed quotations refuse changes; the product
    documents it for ``SalesOrderHeadersV2``."""

    further_model: Path | None = field(default=None, metadata=AT_START)
    """Folder with further entities, laid out like ``data`` in this package: ``entities/*.json`` and, where
    they bring enums of their own, ``enums.json``."""

    batch_limit: Count = 5_000
    """Operations a ``$batch`` may hold."""

    json_batch: bool = False
    """Whether ``$batch`` also takes the JSON form of OData 4.01; the product is taken not to."""

    affinity_cookie: bool = True
    """Whether answers set a cookie that ties a session to one server."""

    web_servers: Count = 1
    """Servers behind the address; calls without the cookie take turns on them."""

    etag_header: bool = True
    """Whether answers with one row carry ``ETag``; the body has the etag in any case."""

    streaming_in_content_type: bool = False
    """Whether JSON answers say ``odata.streaming=true``, as some builds do."""

    unauthorized_hint: bool = True
    """Whether 401 for an unknown application says in ``WWW-Authenticate`` what to do."""

    honour_company_header: bool = False
    """Whether the header ``Company`` names the company of a call."""

    sets_without_privilege: frozenset[str] = frozenset()
    """Sets the user's roles do not cover; calls to them are answered with 403."""

    status_without_privilege: ErrorStatus = 403
    """Status of those calls."""

    bi_delay_seconds: Seconds = 0
    """How long the ``*BiEntities`` sets leave a row out after a write, as their data is known to lag."""

    tables_without_stamp: frozenset[str] = frozenset()
    """Tables whose modified stamp is switched off, such as ``CustTable``: it reads 1900-01-01."""

    unknown_options: Literal["refuse", "ignore"] = "refuse"
    """Whether ``$search``, ``$apply``, ``$compute`` and other options the product does not support are
    refused or ignored."""

    star_is_wildcard: bool = True
    """Whether ``*`` in ``eq`` and ``ne`` stands for any text."""

    fields_without_filter: frozenset[str] = frozenset()
    """``Set.Field`` names of computed fields that can only be read."""

    status_of_field_without_filter: ErrorStatus = 400
    """Status of a query that filters or sorts by one of them."""

    content_id_of_failed_change_set: Literal["first", "failing", "none"] = "first"
    """Which operation the single error part names: the ``first`` as seen in public, the one ``failing``, or
    ``none``."""

    status_of_failed_action: ErrorStatus = 400
    """Status of an action that failed."""

    entity_list_refreshed: bool = field(default=True, metadata=AT_START)
    """Whether the lengths in ``DataManagementTargetMapEntities`` are there from the start, or only after
    the action ``InitializeDataManagement``."""

    request_limit: Amount | None = None
    """Requests per user, web server and window; 6,000 while the product had it. None: any."""

    execution_limit: Seconds | None = None
    """Combined seconds of execution in a window; 1,200 while it was there."""

    concurrency_limit: Amount | None = None
    """Requests of a user that one web server answers at once; 52 while it was there."""

    throttling_window: Count = 300
    """Seconds the limits look back."""

    throttle_every: Amount = 0
    """Resource-based throttling: every n-th request is refused; 0 refuses none."""

    retry_after: Literal["seconds", "lengthening", "date", "missing"] = "seconds"
    """Form of ``Retry-After``: ``seconds``; ``lengthening`` with every refusal in a row; a ``date``; or
    ``missing``."""

    throttled_body: Literal["error", "text", "empty"] = "error"
    """What the body of 429 is: the usual error with the text in it, the text alone, or nothing."""

    retry_after_seconds: Amount = 30
    """How long it says to wait."""
