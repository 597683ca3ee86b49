"""One tree of errors, named after what the run does next.

::

    DynamicsError
    ├── SettingsError             stop: a setting is missing, unknown or contradictory
    ├── SignInError               stop: no token (wrong secret, unknown tenant or app)
    ├── UnreachableError          stop after retries: unknown host, refused connection, timeout
    │   └── CertificateError      stop at once: the server's certificate is not trusted
    ├── AccessError               stop: signed in, but the environment does not know the caller
    ├── UnavailableError          stop: still throttled or failing after the retries
    ├── RefusedError              the service refused this one request; others may succeed
    │   └── UnknownNameError      the environment has no table or entity of that name
    └── ProtocolError             an answer that breaks the protocol
"""

from __future__ import annotations

__all__ = [
    "AccessError",
    "CertificateError",
    "DynamicsError",
    "ProtocolError",
    "RefusedError",
    "SettingsError",
    "SignInError",
    "UnavailableError",
    "UnknownNameError",
    "UnreachableError",
]


class DynamicsError(Exception):
    """Something between us and Dynamics went wrong; ``str()`` is one line: what, where, what to do.

    Attributes:
        message: what is wrong, in the service's words where it said anything.
        hint: what to do, or which request it was.
        status: HTTP status, or None when there was no answer.
        code: the service's own error code, such as ``0x80040217``.
        request_id: the identifier Microsoft's support asks for.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status
        self.code = code
        self.request_id = request_id

    def __str__(self) -> str:
        """Message and hint on one line."""
        message = " ".join(self.message.split())
        hint = " ".join(self.hint.split())
        if not hint:
            return message
        return f"{message} {hint}" if message.endswith((".", "!", "?")) else f"{message}. {hint}"


class SettingsError(DynamicsError):
    """A setting is missing, unknown or contradicts another; ``setting`` is its name."""

    def __init__(self, message: str, *, setting: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class SignInError(DynamicsError):
    """The identity provider gave no token; the message names the setting to look at."""

    def __init__(self, message: str, *, setting: str = "", hint: str = "", code: str = "") -> None:
        super().__init__(message, hint=hint, code=code)
        self.setting = setting


class UnreachableError(DynamicsError):
    """No answer came: the host is unknown, refuses the connection or does not reply in time."""


class CertificateError(UnreachableError):
    """The server answered with a certificate that is not trusted here."""


class AccessError(DynamicsError):
    """The token is good, but the environment does not accept its owner."""


class UnavailableError(DynamicsError):
    """The service still throttles or fails after everything that may be repeated was repeated."""


class RefusedError(DynamicsError):
    """The service refused one request for good: repeating it unchanged cannot help.

    ``message`` is the service's text as it came; ``detail`` is the same text made short (for F&O the
    summarised infolog), fit for a reject's reason.
    """

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        hint: str = "",
        status: int | None = None,
        code: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(message, hint=hint, status=status, code=code, request_id=request_id)
        self.detail = detail or message


class UnknownNameError(RefusedError):
    """The environment has no table or entity set called ``name``; ``nearest`` are names it does have."""

    def __init__(self, message: str, *, name: str, nearest: tuple[str, ...] = (), status: int = 404) -> None:
        hint = f"Nearest names: {', '.join(nearest)}." if nearest else "No name is similar to it."
        super().__init__(message, hint=hint, status=status)
        self.name = name
        self.nearest = nearest


class ProtocolError(DynamicsError):
    """An answer that breaks the protocol: no JSON, a loop of next links, an unreadable batch reply."""
