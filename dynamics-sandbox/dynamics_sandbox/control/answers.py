"""Errors in the words of the service that is asked: for faults that name a status or a failure only."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from dynamics_sandbox.dataverse.errors import UNEXPECTED, DataverseError
from dynamics_sandbox.fno.errors import FnoError, WriteFailedError

if TYPE_CHECKING:
    from dynamics_sandbox.control.faults import NamedError
    from dynamics_sandbox.fno.model import Model

_JSON: Final = "application/json; odata.metadata=minimal; charset=utf-8"
_HTML: Final = "text/html; charset=utf-8"
# Answered by the gateway in front of the services, which knows nothing of OData.
_GATEWAY: Final = frozenset({502, 503, 504})
_THROTTLED: Final = "Number of requests exceeded the limit of 6000 over {}time window of 300 seconds."
_DATAVERSE: Final = {
    429: ("0x80072322", _THROTTLED.format("")),
    500: (UNEXPECTED, "An unexpected error occurred."),
}
_SQL_FAILURES: Final = {
    "deadlock": ("0x80044150", "Generic SQL error. Sql ErrorCode: -2146232060 Sql Number: 1205"),
    "sql_timeout": ("0x80044151", "SQL timeout expired."),
}
_WRITTEN_SET: Final = re.compile(rb"(?:POST|PATCH|PUT|DELETE) \S*?(\w+)(?:\([^\s]*)?(?:\?\S*)? HTTP/1")


def worded(environment: str, status: int) -> tuple[str, bytes]:
    """Content type and body with which a service answers a status; empty where it has none."""
    if status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.UNAUTHORIZED:
        return "", b""
    phrase = _phrase(status)
    if status in _GATEWAY:
        title = f"{status} {phrase}"
        page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return _HTML, page.encode()
    if environment == "fno":
        throttled = status == HTTPStatus.TOO_MANY_REQUESTS
        return _JSON, FnoError(status, _THROTTLED.format("the ") if throttled else phrase).body()
    if environment == "sign-in":
        error = {"error": "temporarily_unavailable", "error_description": phrase}
        return _JSON, msgspec.json.encode(error)
    code, message = _DATAVERSE.get(status, ("0x0", phrase))
    return _JSON, msgspec.json.encode({"error": {"code": code, "message": message}})


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def failure(name: NamedError, model: Model, path: str, body: bytes) -> Exception:
    """The exception with which a service's own code would end a write.

    Args:
        name: what goes wrong.
        model: the entities of F&O.
        path: of the request; tells the entity set, as ``body`` does in a batch.
        body: of the request.
    """
    if name != "update_conflict":
        return DataverseError(HTTPStatus.INTERNAL_SERVER_ERROR, *_SQL_FAILURES[name])
    written = _WRITTEN_SET.search(body) if path.endswith("$batch") else None
    entity_set = written.group(1).decode() if written else path.rpartition("/")[2].partition("(")[0]
    entity = model.entities.get(entity_set)
    aot, label, table = (entity.aot, entity.table.label, entity.table.name) if entity else (entity_set,) * 3
    return WriteFailedError(
        f"Write failed for table row of type '{aot}'. Cannot edit a record in {label} ({table}). An update "
        "conflict occurred due to another user process deleting the record or changing one or more fields "
        "in the record."
    )
