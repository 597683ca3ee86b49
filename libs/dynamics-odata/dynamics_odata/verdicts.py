"""The error an answer ends in, once nothing about it is worth repeating."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dynamics_odata.error_body import read_fault
from dynamics_odata.errors import AccessError, DynamicsError, ProtocolError, UnavailableError
from dynamics_odata.exchange import refusal

if TYPE_CHECKING:
    from dynamics_odata.dialect import Dialect
    from dynamics_odata.exchange import Response

__all__ = ["failed", "not_accepted", "redirected", "still_failing", "still_throttled"]

# Dataverse: web-service-error-codes. The token's owner is no user of this environment.
NOT_A_MEMBER = "0x80072560"

NOT_MODIFIED, FORBIDDEN, TIMED_OUT, NOT_IMPLEMENTED = 304, 403, 408, 501
FIRST_REDIRECT, FIRST_ERROR, FIRST_SERVER_ERROR = 300, 400, 500


def failed(status: int) -> bool:
    """Whether an answer is no success; redirects count as failures, "not modified" does not."""
    return status >= FIRST_REDIRECT and status != NOT_MODIFIED


def redirected(response: Response) -> DynamicsError:
    """A redirect, which is never followed: the access token must not go where a header says."""
    host = urlsplit(response.url).netloc
    target = urlsplit(response.headers.get("Location", "")).hostname or "another page"
    return ProtocolError(
        f"Host {host} redirects to {target} instead of answering",
        hint="Check that `environment_url` is the environment's own address.",
        status=response.status,
    )


def not_accepted(response: Response, dialect: Dialect, *, given: bool) -> DynamicsError:
    """401 to a fresh token, or to one that was ``given`` as a setting and cannot be renewed."""
    return AccessError(
        f"{dialect.name} at {urlsplit(response.url).netloc} does not accept the access token",
        hint="Give a fresh token in `access_token`." if given else dialect.unauthorized_hint,
        status=response.status,
        request_id=response.request_id,
    )


def still_throttled(
    response: Response, dialect: Dialect, label: str, *, waited: float, asked: float
) -> DynamicsError:
    """The service wants more waiting than a request may cost."""
    return UnavailableError(
        f"{dialect.name} at {urlsplit(response.url).netloc} still answers {response.status} to {label} "
        f"after {waited:.0f} s of waiting and asks for {asked:.0f} s more: "
        f"{read_fault(response.body).message}",
        hint="Run again later or with less parallelism.",
        status=response.status,
        request_id=response.request_id,
    )


def still_failing(
    response: Response, dialect: Dialect, label: str, *, tried: str, unsure: bool
) -> DynamicsError:
    """Any other answer that stays as it is: refused for good, or out of order.

    ``tried`` tells of the repetitions; ``unsure`` says that a write may have been carried out all the same.
    """
    status, fault = response.status, read_fault(response.body)
    host = urlsplit(response.url).netloc
    if status == FORBIDDEN and fault.code.lower() == NOT_A_MEMBER:
        return AccessError(
            f"{dialect.name} at {host} does not know the app that signed in: {fault.message}",
            hint=dialect.forbidden_hint,
            status=status,
            code=fault.code,
            request_id=response.request_id,
        )
    out_of_order = status == TIMED_OUT or (status >= FIRST_SERVER_ERROR and status != NOT_IMPLEMENTED)
    if not out_of_order or fault.is_final or fault.is_update_conflict:
        hint = dialect.forbidden_hint if status == FORBIDDEN and not fault.code else ""
        return refusal(status, response.headers, response.body, what=label, hint=hint)
    doubt = "; the write may or may not have been carried out" if unsure else ""
    return UnavailableError(
        f"{dialect.name} at {host} answers {status} to {label}"
        f"{f' ({tried})' if tried else ''}{doubt}: {fault.message}",
        hint="Run again later.",
        status=status,
        code=fault.code,
        request_id=response.request_id,
    )
