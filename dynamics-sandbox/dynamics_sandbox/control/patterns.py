"""Which requests something is meant for: service, method, pattern of the path, how many to let pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import msgspec

from dynamics_sandbox.settings import ENVIRONMENTS, SIGN_IN

if TYPE_CHECKING:
    from starlette.types import Scope

#: How requests are told apart by service.
SERVICES: Final = (SIGN_IN, *ENVIRONMENTS)


class RequestPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests of one kind.

    Attributes:
        environment: ``sign-in``, ``sales``, ``cds`` or ``fno``; empty for any.
        method: in capitals; empty for any.
        path: regular expression searched in path and query, percent-decoded; empty for any.
        skip: how many matching requests pass first.
    """

    environment: str = ""
    method: str = ""
    path: str = ""
    skip: int = 0

    def __post_init__(self) -> None:
        """Refuses what could never match.

        Raises:
            ValueError: says which field and why.
        """
        if self.environment and self.environment not in SERVICES:
            raise ValueError(f"environment '{self.environment}' is none of {', '.join(SERVICES)}")
        if self.method != self.method.upper():
            raise ValueError(f"method '{self.method}' must be in capitals")
        if self.skip < 0:
            raise ValueError(f"skip must not be negative, not {self.skip}")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from None

    def matches(self, environment: str, method: str, target: str) -> bool:
        """Whether a request is of this kind; how many have passed is for the caller to count.

        Args:
            environment: the service that was asked.
            method: in capitals.
            target: path and query as the client sent them.
        """
        return (
            self.environment in {"", environment}
            and self.method in {"", method}
            and re.search(self.path, unquote(target)) is not None
        )


def target_of(scope: Scope) -> str:
    """Path and query of a request as the client sent them."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + b"?" + query if query else path).decode("latin-1")
