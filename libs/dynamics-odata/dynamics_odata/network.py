"""What a failed connection means: which setting to look at, and whether the request can have arrived."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from requests import exceptions as http
from urllib3 import exceptions as wire

from dynamics_odata.errors import CertificateError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Trouble", "examine"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A connection that failed.

    Attributes:
        reason: what happened, as the end of a sentence that begins with the host.
        sent: whether the server can have received the request and acted on it.
        untrusted: the server's certificate is not trusted; repeating is useless.
        proxy: a proxy on the way failed, not the host itself.
    """

    reason: str
    sent: bool
    untrusted: bool = False
    proxy: bool = False

    def error(self, host: str, setting: str, *, tried: str = "") -> UnreachableError:
        """The error to raise: ``setting`` is what named the host, ``tried`` tells of the repetitions."""
        message = f"Host {host} {self.reason}{f' ({tried})' if tried else ''}"
        if self.untrusted:
            return CertificateError(
                message, hint="Set `ca_bundle` to a PEM file of the certificate authorities to trust."
            )
        if self.proxy:
            return UnreachableError(message, hint="Check the proxy settings HTTPS_PROXY and NO_PROXY.")
        return UnreachableError(message, hint=f"Check `{setting}` and the network in between.")


def examine(error: BaseException) -> Trouble:
    """What happened to a connection, read from the chain of exceptions that wrap one another."""
    chain = list(_unwrapped(error))
    certificate = _first(chain, ssl.SSLCertVerificationError)
    if certificate is not None:
        # verify_message is OpenSSL's own sentence; the exception's text adds its source line.
        why = getattr(certificate, "verify_message", "") or "it cannot be verified"
        return Trouble(f"shows a certificate that is not trusted here: {why}", sent=False, untrusted=True)
    if _first(chain, http.ProxyError, wire.ProxyError) is not None:
        return Trouble("cannot be reached through the configured proxy", sent=False, proxy=True)
    return _connecting(chain) or _answering(chain)


def _connecting(chain: list[BaseException]) -> Trouble | None:
    """Trouble before anything was sent, or None."""
    if _first(chain, wire.NameResolutionError) is not None:
        return Trouble("is unknown: its name cannot be resolved", sent=False)
    # urllib3 counts a refused connection among the timeouts, so it is looked for first.
    if _first(chain, wire.NewConnectionError) is not None:
        return Trouble("refuses the connection or cannot be routed to", sent=False)
    if _first(chain, http.ConnectTimeout, wire.ConnectTimeoutError) is not None:
        return Trouble("does not accept a connection in time", sent=False)
    if _first(chain, ssl.SSLError) is not None:
        return Trouble("does not speak TLS on this port", sent=False)
    return None


def _answering(chain: list[BaseException]) -> Trouble:
    """Trouble after the request may have arrived."""
    if _first(chain, http.ReadTimeout, wire.ReadTimeoutError, TimeoutError) is not None:
        return Trouble("did not answer in time", sent=True)
    if _first(chain, http.ContentDecodingError, wire.DecodeError) is not None:
        return Trouble("sent an answer that cannot be decompressed", sent=True)
    return Trouble("closed the connection before the answer was complete", sent=True)


def _first(chain: list[BaseException], *kinds: type[BaseException]) -> BaseException | None:
    return next((error for error in chain if isinstance(error, kinds)), None)


def _unwrapped(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything it wraps: by cause, by context, as urllib3's reason or as an argument."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        waiting.append(getattr(current, "inner_exception", None))
