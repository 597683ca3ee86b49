"""Errors of the OData core; the services turn them into answers of their own shape."""

from __future__ import annotations


class QueryError(Exception):
    """A query, key or literal that is malformed or not allowed.

    Attributes:
        message: one sentence that says what is wrong, and where.
        option: the query option at fault, dollar sign included (``$filter``); ``key`` for a key; empty when
            unknown.
    """

    def __init__(self, message: str, *, option: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.option = option


class UnsupportedQueryError(QueryError):
    """Something the service may know and the sandbox does not: no mistake of the client."""


class BatchError(Exception):
    """A ``$batch`` body that cannot be read as a whole; the services answer it with 400 and plain JSON."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


#: What Dataverse and F&O answer when the multipart stream does not end lines with CRLF or stops too early.
STREAM_NOT_READABLE = "Stream was not readable."
