"""What the F&O service answers when it refuses: its error shape and the Infolog text inside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

Severity: TypeAlias = Literal["Info", "Warning", "Error"]

_OUTER_MESSAGE = "An error has occurred."
_WRITE_EXCEPTION = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"
_ODATA_EXCEPTION = "Microsoft.OData.Core.ODataException"
_STACK = "   at Microsoft.Dynamics.Platform.Integration.Services.OData.{where}"


class FnoError(Exception):
    """A request the service refuses.

    Attributes:
        status: HTTP status of the answer.
        message: the useful text, which travels as ``innererror.message``.
        exception: .NET name of the exception, which travels as ``innererror.type``.
        outer: ``error.message``; for most refusals a phrase that says nothing.
    """

    def __init__(
        self, status: int, message: str, *, exception: str = _ODATA_EXCEPTION, outer: str = _OUTER_MESSAGE
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.exception = exception
        self.outer = outer

    def body(self) -> bytes:
        """The JSON body of the answer."""
        where = "Update.UpdateProcessor" if self.exception == _WRITE_EXCEPTION else "Query.QueryProcessor"
        inner = {"message": self.message, "type": self.exception, "stacktrace": _STACK.format(where=where)}
        return msgspec.json.encode({"error": {"code": "", "message": self.outer, "innererror": inner}})


class WriteFailedError(FnoError):
    """A write the business logic refused; the settings decide its status, so it carries none of its own."""

    def __init__(self, message: str) -> None:
        super().__init__(0, message, exception=_WRITE_EXCEPTION)


class IncompleteKeyError(FnoError):
    """A key without all its parts; the settings decide the status, 404 here."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message, outer=message)


class MissingRowError(FnoError):
    """No row under this key (404); real builds answer it with an empty body."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message)


@dataclass(slots=True)
class Infolog:
    """The messages one write collects, in order."""

    entries: list[str] = field(default_factory=list)

    def add(self, severity: Severity, text: str) -> None:
        """Adds one line."""
        self.entries.append(f"{severity}: {text}")

    def raise_if_any(self, aot_name: str) -> None:
        """Fails the write with all lines collected so far, if there are any."""
        if self.entries:
            raise WriteFailedError(
                f"Write failed for table row of type '{aot_name}'. Infolog: {'; '.join(self.entries)}."
            )


def no_row_for_update() -> FnoError:
    """PATCH, PUT or DELETE of a row that is absent, or present only in another company: always 400."""
    return FnoError(400, "No resources were found when selecting for update.", exception=_WRITE_EXCEPTION)


def unknown_set(name: str) -> FnoError:
    """No entity set of this name; names are case-sensitive."""
    text = f"Resource not found for the segment '{name}'."
    return FnoError(404, text, outer=text)


def unknown_property_in_query(name: str, type_name: str) -> FnoError:
    """A query option names a property the entity does not have."""
    return invalid_query(f"Could not find a property named '{name}' on type '{type_name}'.")


def invalid_query(message: str) -> FnoError:
    """A query option that cannot be read or is not allowed."""
    text = f"The query specified in the URI is not valid. {message}"
    return FnoError(400, text, outer=text)


def no_privilege(name: str, status: int) -> FnoError:
    """The user's security roles do not cover the entity; the settings say the status."""
    text = f"Access denied: the user's security roles have no privilege for '{name}'."
    return FnoError(status, text, exception="System.UnauthorizedAccessException")


def unsupported(what: str) -> FnoError:
    """Something the product may know and the sandbox does not: said loudly, with the sandbox's name."""
    text = f"dynamics-sandbox does not support {what}."
    return FnoError(501, text, exception="System.NotSupportedException", outer=text)
