"""One call and its answer, apart from how they travel: alone over HTTP or inside a batch."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.dataverse.errors import PAYLOAD_ERROR, UNSUPPORTED_QUERY, DataverseError, bad_request
from dynamics_sandbox.dataverse.protocol.address import Segment, segments
from dynamics_sandbox.dataverse.protocol.preferences import Preferences, parse_preferences
from dynamics_sandbox.dataverse.protocol.versions import CURRENT
from dynamics_sandbox.odata.options import QueryOptions, parse_options

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

JSON_TYPE = "application/json; odata.metadata=minimal"
ROW_OPTIONS = frozenset({"$select", "$expand"})
COLLECTION_OPTIONS = frozenset(
    {"$select", "$expand", "$filter", "$orderby", "$top", "$count", "$skiptoken", "$deltatoken", "$apply"}
)

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_NOT_HERE = frozenset({"fetchXml", "savedQuery", "userQuery"})
_IGNORED = frozenset({"tag", "annotations"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request: path (relative to the service root) and query percent-encoded; header names lower-case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    segments: list[Segment] = field(default_factory=list)
    version: str = CURRENT

    @property
    def preferences(self) -> Preferences:
        """Read the Prefer header."""
        return parse_preferences(self.headers.get("prefer", ""))

    def parsed(self) -> Call:
        """Give the call with its path cut into segments."""
        return replace(self, segments=segments(self.path))

    def options(self, allowed: Collection[str]) -> QueryOptions:
        """Read the query options.

        Raises:
            QueryError: an option that is unknown, not allowed here or malformed.
            DataverseError: a kind of query the sandbox does not have.
        """
        options = parse_options(self.query, allowed=allowed)
        for name in options.custom:
            if name in _NOT_HERE:
                raise DataverseError(501, UNSUPPORTED_QUERY, f"The sandbox does not support {name} queries.")
            if name not in _IGNORED:
                raise bad_request(f"The query parameter {name} is not supported.", UNSUPPORTED_QUERY)
        return options

    def json_object(self) -> dict[str, Any]:
        """Read the body: a JSON object, numbers with a point as exact decimals.

        Raises:
            DataverseError: 415 for another content type, 400 for anything but an object.
        """
        kind = self.headers.get("content-type", "")
        if not kind.lower().startswith("application/json"):
            raise DataverseError(
                415, "0x0", f"The content type '{kind}' is not supported; use application/json."
            )
        try:
            content = _DECODER.decode(self.body)
        except (msgspec.MsgspecError, ArithmeticError) as error:
            raise bad_request(f"Stream was not readable: {error}.", PAYLOAD_ERROR) from None
        if not isinstance(content, dict):
            raise bad_request("The request body must be a JSON object.", PAYLOAD_ERROR)
        return content


@dataclass(frozen=True, slots=True)
class Answer:
    """A response without the headers every answer has.

    The body of a page is an iterator that reads rows while they are sent, inside the call's session.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""

    def whole_body(self) -> bytes:
        """Give the body in one piece."""
        return self.body if isinstance(self.body, bytes) else b"".join(self.body)


def json_answer(
    content: bytes | Iterator[bytes] | dict[str, Any],
    headers: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> Answer:
    """Answer with JSON."""
    body = json.dumps(content, ensure_ascii=False).encode() if isinstance(content, dict) else content
    return Answer(status, {"Content-Type": JSON_TYPE, **(headers or {})}, body)


def no_content(url: str = "") -> Answer:
    """Answer 204, with the address of what was written where there is one."""
    return Answer(204, {"OData-EntityId": url} if url else {})


def error_answer(error: DataverseError, call: Call, inner_versions: Collection[str] = ()) -> Answer:
    """Answer with the service's error body.

    Args:
        error: the refusal.
        call: what is refused; details come along when it asks for annotations.
        inner_versions: versions of the API whose errors carry `innererror`.
    """
    content: dict[str, Any] = {"code": error.code, "message": error.message}
    details = {
        "Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus": "0",
        "Microsoft.PowerApps.CDS.HelpLink": f"https://go.microsoft.com/fwlink/?error={error.code}",
        "Microsoft.PowerApps.CDS.InnerError.Message": error.message,
    }
    content |= {f"@{term}": text for term, text in details.items() if call.preferences.annotates(term)}
    if call.version in inner_versions:
        kind = "Microsoft.Crm.CrmHttpException"
        content["innererror"] = {"message": error.message, "type": kind, "stacktrace": ""}
    body = json.dumps({"error": content}, ensure_ascii=False).encode()
    headers = {"Content-Type": JSON_TYPE, "REQ_ID": str(uuid.uuid4()), **error.headers}
    return Answer(error.status, headers, body)
