"""Choices the service's documentation leaves open, each as one setting with the reason for its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dynamics_sandbox.dataverse.sales.settings import SalesSettings
from dynamics_sandbox.dataverse.solution.settings import P2cSettings
from dynamics_sandbox.switches import AT_START, OWN, Amount, Count, Digits, ErrorCode, ErrorStatus, Seconds

#: Rounding modes of the decimal module.
Rounding: TypeAlias = Literal[
    "ROUND_HALF_EVEN",
    "ROUND_HALF_UP",
    "ROUND_HALF_DOWN",
    "ROUND_DOWN",
    "ROUND_UP",
    "ROUND_FLOOR",
    "ROUND_CEILING",
]


@dataclass(slots=True, kw_only=True)
class DataverseSettings:
    """How one Dataverse environment of the sandbox behaves where more than one behaviour is plausible."""

    application_id: str = field(default="", metadata=OWN)
    """Client id of the application user every seed creates; other applications get 403 0x80072560."""

    authorization_uri: str = field(
        default="https://login.microsoftonline.com/common/oauth2/authorize", metadata=OWN
    )
    """Where the WWW-Authenticate header of a 401 sends the client; the sandbox names its own sign-in here."""

    exact_audience: bool = False
    """Whether a token's audience must be the address letter for letter; the service also takes capitals and a
    slash at the end."""

    p2c_solution: bool = field(default=True, metadata=AT_START)
    """Sales only: whether the Prospect-to-cash solution is installed (account numbers and their key)."""

    sales: SalesSettings = field(default_factory=SalesSettings)
    """Sales only: how its documents and catalogue behave."""

    p2c: P2cSettings = field(default_factory=P2cSettings)
    """Sales only: how the Prospect-to-cash solution behaves."""

    random_seed: int | None = field(default=None, metadata=AT_START)
    """Seed of the random suffix of generated numbers; None draws from the operating system."""

    page_size: Count = 5000
    """Rows of a page when the client names no size, and the most it may ask for."""

    batch_operations: Count = 1000
    """The most operations one $batch may hold."""

    count_limit: Amount = 5000
    """$count answers no more than this."""

    expand_limit: Count = 15
    """The most $expand items in one query."""

    aggregate_limit: Count = 50_000
    """The most rows $apply may aggregate."""

    url_limit: Count = 32768
    """Longest URL of a request of its own; inside $batch it is twice as long."""

    week_start: Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] = (
        "Sunday"
    )
    """First day of the week in query functions such as ThisWeek; the service takes the user's."""

    average_digits: Digits = 10
    """Digits after the point of an average in ``$apply``; undocumented."""

    first_version: Count = field(default=3_000_000_000, metadata=AT_START)
    """First versionnumber: beyond 32 bits, as real environments are, so that clients must read 64."""

    change_tracking_days: Amount = 7
    """Age at which a change-tracking link expires, when the organization row does not say."""

    expired_link_code: ErrorCode = "0x80044352"
    """Code for an expired change-tracking link: undocumented; its sibling for metadata changes has this."""

    expired_link_status: ErrorStatus = 400
    """Status for an expired change-tracking link: undocumented too; 404, 410 and 500 are plausible."""

    tracking_disabled_code: ErrorCode = "0x80040216"
    """Code for change tracking on a table that does not have it: undocumented."""

    unknown_property_code: ErrorCode = "0x0"
    """Code for an unknown column in a query; builds differ (0x0, 0x80060888, 0x80048d19)."""

    undeclared_property_code: ErrorCode = "0x80048d19"
    """Code for a column that a request body names and the table lacks; older builds say 0x0."""

    restricted_delete_status: ErrorStatus = 405
    """Status for deleting a row that others need: the code 0x80040227 is documented, the status is not."""

    wrong_type_code: ErrorCode = "0x80048d19"
    """Code for a value of the wrong JSON type."""

    instants_without_zone: Literal["utc", "reject"] = "utc"
    """What a time without a time zone is: UTC, or a value of the wrong type."""

    unwritable_columns: Literal["ignore", "reject"] = "ignore"
    """What a value for a read-only column does: "ignore" (mostly so in practice) or "reject"."""

    lookup_values_in_body: Literal["reject", "ignore"] = "reject"
    """What `_x_value` in a body does: "reject" (loud, so that clients notice) or "ignore"."""

    duplicate_definition_code: ErrorCode = "0x80047013"
    """Code for a table, column, key or relationship whose name is taken: not in the reference."""

    key_parameter_aliases: bool = True
    """Whether `accounts(accountnumber=@p)?@p='a%2Fb'` is understood; recent builds do."""

    key_activation_seconds: Seconds = 0.0
    """How long a new alternate key stays Pending at least."""

    key_activation_reads: Amount = 1
    """How often a new alternate key is reported Pending to clients that ask, before it becomes Active."""

    key_activation_limit_seconds: Seconds = 10.0
    """After how long a new alternate key is Active even if no client has asked for it."""

    column_limit: Count = 1000
    """Columns per table, those of the service included; the storage behind real tables ends near this."""

    key_limit: Count = 10
    """Alternate keys per table."""

    key_column_limit: Count = 16
    """Columns per alternate key."""

    key_byte_limit: Count = 900
    """Bytes per alternate key."""

    money_digits: Digits = 4
    """Digits after the point in which money is stored and returned."""

    decimal_digits: Digits = 10
    """Digits after the point of decimal columns in answers; a column of higher precision has its own."""

    rounding: Rounding = "ROUND_HALF_EVEN"
    """How a number with too many digits is rounded (a rounding mode of the decimal module)."""

    currency_with_money: bool = True
    """Whether a row that gets money but no currency takes the environment's base currency."""

    number_range_code: ErrorCode = "0x80044330"
    """Code for a number outside the column's minimum and maximum (0x8004432f is the other candidate)."""

    state_pair_code: ErrorCode = "0x80048408"
    """Code for a status reason that does not belong to the state."""

    strict_line_ends: bool = True
    """Whether a $batch body must use CRLF; the service fails without."""

    failed_change_set: Literal["part", "change set"] = "part"
    """How a change set that failed is answered: by one part with the error, or by that part inside a change
    set of its own."""

    innererror_versions: tuple[str, ...] = ("v8.0", "v8.1", "v8.2")
    """Versions whose errors carry `innererror`; 9.1 still did so in 2020."""

    web_servers: Count = 2
    """Web servers behind the address, each with budgets of its own; real environments differ."""

    protection_window_seconds: Seconds = 300
    """Length of the sliding window of the service protection limits."""

    request_limit: Amount = 6000
    """Requests of one user on one web server within the window."""

    execution_seconds_limit: Seconds = 1200
    """Combined execution time of one user's requests on one web server within the window."""

    concurrency_limit: Amount = 52
    """Requests of one user that one web server runs at once; some environments allow more."""

    concurrency_wait_seconds: Seconds = 5
    """Retry-After of the concurrency limit; the other two wait until the window has room again."""

    impatience_seconds: Seconds = 1
    """How much longer the wait gets with each request that does not wait: documented without a number."""

    unknown_impersonated_user_code: ErrorCode = "0x80040204"
    """Code of the 403 for an impersonated user that is not in the environment (InvalidUser): undocumented."""

    parallelism_hint: Count = 8
    """The x-ms-dop-hint header: how many parallel requests the service recommends."""
