"""Choices the service's documentation leaves open, each as one setting with the reason for its default."""

from __future__ import annotations

from dataclasses import dataclass, field

from dynamics_sandbox.dataverse.sales.settings import SalesSettings
from dynamics_sandbox.dataverse.solution.settings import P2cSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DataverseSettings:
    """How one Dataverse environment of the sandbox behaves where more than one behaviour is plausible."""

    application_id: str = ""
    """Client id of the application user every seed creates; other applications get 403 0x80072560."""

    authorization_uri: str = "https://login.microsoftonline.com/common/oauth2/authorize"
    """Where the WWW-Authenticate header of a 401 sends the client; the sandbox names its own sign-in here."""

    p2c_solution: bool = True
    """Sales only: whether the Prospect-to-cash solution is installed (account numbers and their key)."""

    sales: SalesSettings = field(default_factory=SalesSettings)
    """Sales only: how its documents and catalogue behave."""

    p2c: P2cSettings = field(default_factory=P2cSettings)
    """Sales only: how the Prospect-to-cash solution behaves."""

    random_seed: int | None = None
    """Seed of the random suffix of generated numbers; None draws from the operating system."""

    page_size: int = 5000
    """Rows of a page when the client names no size, and the most it may ask for."""

    batch_operations: int = 1000
    """The most operations one $batch may hold."""

    count_limit: int = 5000
    """$count answers no more than this."""

    expand_limit: int = 15
    """The most $expand items in one query."""

    aggregate_limit: int = 50_000
    """The most rows $apply may aggregate."""

    url_limit: int = 32768
    """Longest URL of a request of its own; inside $batch it is twice as long."""

    first_version: int = 3_000_000_000
    """First versionnumber: beyond 32 bits, as real environments are, so that clients must read 64."""

    change_tracking_days: int = 7
    """Age at which a change-tracking link expires, when the organization row does not say."""

    expired_link_code: str = "0x80044352"
    """Code for an expired change-tracking link: undocumented; its sibling for metadata changes has this."""

    tracking_disabled_code: str = "0x80040216"
    """Code for change tracking on a table that does not have it: undocumented."""

    unknown_property_code: str = "0x0"
    """Code for an unknown column in a query; builds differ (0x0, 0x80060888, 0x80048d19)."""

    undeclared_property_code: str = "0x80048d19"
    """Code for a column that a request body names and the table lacks; older builds say 0x0."""

    unwritable_columns: str = "ignore"
    """What a value for a read-only column does: "ignore" (mostly so in practice) or "reject"."""

    lookup_values_in_body: str = "reject"
    """What `_x_value` in a body does: "reject" (loud, so that clients notice) or "ignore"."""

    duplicate_definition_code: str = "0x80047013"
    """Code for a table, column, key or relationship whose name is taken: not in the reference."""

    key_parameter_aliases: bool = True
    """Whether `accounts(accountnumber=@p)?@p='a%2Fb'` is understood; recent builds do."""

    key_activation_seconds: float = 0.0
    """How long a new alternate key stays Pending at least."""

    key_activation_reads: int = 1
    """How often a new alternate key is reported Pending to clients that ask, before it becomes Active."""

    key_activation_limit_seconds: float = 10.0
    """After how long a new alternate key is Active even if no client has asked for it."""

    column_limit: int = 1000
    """Columns per table, those of the service included; the storage behind real tables ends near this."""

    key_limit: int = 10
    """Alternate keys per table."""

    key_column_limit: int = 16
    """Columns per alternate key."""

    key_byte_limit: int = 900
    """Bytes per alternate key."""

    money_digits: int = 4
    """Digits after the point in which money is stored and returned."""

    decimal_digits: int = 10
    """Digits after the point of decimal columns in answers; a column of higher precision has its own."""

    rounding: str = "ROUND_HALF_EVEN"
    """How a number with too many digits is rounded (a rounding mode of the decimal module)."""

    currency_with_money: bool = True
    """Whether a row that gets money but no currency takes the environment's base currency."""

    number_range_code: str = "0x80044330"
    """Code for a number outside the column's minimum and maximum (0x8004432f is the other candidate)."""

    state_pair_code: str = "0x80048408"
    """Code for a status reason that does not belong to the state."""

    strict_line_ends: bool = True
    """Whether a $batch body must use CRLF; the service fails without."""

    innererror_versions: tuple[str, ...] = ("v8.0", "v8.1", "v8.2")
    """Versions whose errors carry `innererror`; 9.1 still did so in 2020."""

    web_servers: int = 2
    """Web servers behind the address, each with budgets of its own; real environments differ."""

    protection_window_seconds: float = 300
    """Length of the sliding window of the service protection limits."""

    request_limit: int = 6000
    """Requests of one user on one web server within the window."""

    execution_seconds_limit: float = 1200
    """Combined execution time of one user's requests on one web server within the window."""

    concurrency_limit: int = 52
    """Requests of one user that one web server runs at once; some environments allow more."""

    concurrency_wait_seconds: float = 5
    """Retry-After of the concurrency limit; the other two wait until the window has room again."""

    impatience_seconds: float = 1
    """How much longer the wait gets with each request that does not wait: documented without a number."""

    unknown_impersonated_user_code: str = "0x80040204"
    """Code of the 403 for an impersonated user that is not in the environment (InvalidUser): undocumented."""

    parallelism_hint: int = 8
    """The x-ms-dop-hint header: how many parallel requests the service recommends."""
