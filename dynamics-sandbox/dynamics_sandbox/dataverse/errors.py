"""Errors of the Web API: one exception, and a maker for each refusal that more than one place gives."""

from __future__ import annotations

from dataclasses import dataclass, field

INVALID_ARGUMENT = "0x80040203"
OBJECT_DOES_NOT_EXIST = "0x80040217"
UNEXPECTED = "0x80040216"
CANNOT_DELETE = "0x80040227"
DUPLICATE_RECORD = "0x80040237"
VALUE_OUT_OF_OPTIONS = "0x8004431A"
STRING_TOO_LONG = "0x80044331"
PAYLOAD_ERROR = "0x80048d19"
VERSION_MISMATCH = "0x80060882"
UNSUPPORTED_QUERY = "0x80060888"
URI_ERROR = "0x8006088a"
KEY_NOT_FOUND = "0x80060891"
DUPLICATE_KEY = "0x80060892"
AGGREGATE_LIMIT = "0x8004E023"
NOT_A_MEMBER = "0x80072560"


@dataclass
class DataverseError(Exception):
    """A request the service refuses: HTTP status, hexadecimal code and message of the JSON error body."""

    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Give the message; status and code are for the answer."""
        return self.message


def bad_request(message: str, code: str = INVALID_ARGUMENT) -> DataverseError:
    """Refuse an argument."""
    return DataverseError(400, code, message)


def not_in_sandbox(what: str) -> DataverseError:
    """Refuse loudly what the real service can do and this one cannot."""
    return DataverseError(501, UNSUPPORTED_QUERY, f"The sandbox does not support {what}.")


def syntax_error() -> DataverseError:
    """Refuse a URL that cannot be read, such as a key value with a character keys cannot carry."""
    return DataverseError(400, URI_ERROR, "Bad Request - Error in query syntax.")


def unknown_segment(segment: str) -> DataverseError:
    """Refuse a path segment that names nothing."""
    return DataverseError(404, URI_ERROR, f"Resource not found for the segment '{segment}'.")


def missing_row(table: str, row_id: str) -> DataverseError:
    """Say that no row has this id."""
    return DataverseError(404, OBJECT_DOES_NOT_EXIST, f"{table} With Id = {row_id} Does Not Exist")


def missing_key(table: str) -> DataverseError:
    """Say that no row has these key values."""
    return DataverseError(
        404, KEY_NOT_FOUND, f"A record with the specified key values does not exist in {table} entity"
    )


def undeclared_key(table: str) -> DataverseError:
    """Refuse an address whose columns are no key of the table."""
    return DataverseError(
        400,
        URI_ERROR,
        f"The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table}'. Ensure that "
        "the names and number of key properties match the declared or alternate key properties for the "
        f"resource 'Microsoft.Dynamics.CRM.{table}'.",
    )


def payload_error(entity_set: str, reason: str, code: str = PAYLOAD_ERROR) -> DataverseError:
    """Refuse a request body."""
    return DataverseError(
        400, code, f"Error identified in Payload provided by the user for Entity :'{entity_set}', {reason}"
    )


def method_not_allowed(method: str, resource: str) -> DataverseError:
    """Refuse a verb the resource does not have."""
    return DataverseError(
        405, "0x0", f"The requested resource does not support http method '{method}': {resource}."
    )


def version_mismatch() -> DataverseError:
    """Refuse a conditional write whose ETag is stale."""
    return DataverseError(
        412,
        VERSION_MISMATCH,
        "The version of the existing record doesn't match the RowVersion property provided.",
    )
