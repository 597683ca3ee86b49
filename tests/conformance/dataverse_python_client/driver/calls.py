"""The list of calls: functions that take the client and give what it gave, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PowerPlatform.Dataverse.core.errors import (  # type: ignore[import-not-found]  # only in the peer's place
    HttpError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CALLS: Final[list[Callable[[Any], Any]]] = []


def call(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Adds a function to the list; its name is the name of the call."""
    _CALLS.append(function)
    return function


def outcomes(client: Any) -> Iterator[dict[str, Any]]:
    """Makes the calls in their order; an HTTP error is a result, anything else a failure of the call."""
    for function in _CALLS:
        name = function.__name__
        try:
            yield {"call": name, "result": function(client)}
        except HttpError as error:
            code = error.details.get("service_error_code")
            yield {"call": name, "result": {"status": error.status_code, "code": code}, "message": str(error)}
        except Exception as error:  # noqa: BLE001 - reported, and the test of this call fails
            yield {"call": name, "failure": f"{type(error).__name__}: {error}"}


def prepared(number: int) -> str:
    """The id of a row that was there before the calls."""
    return f"00000000-0000-4000-8000-{number:012d}"
