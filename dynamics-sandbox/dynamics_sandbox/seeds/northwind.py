"""CSV folders of the Northwind sample: customers become Sales accounts, a note tells of other files."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.errors import DataverseError
from dynamics_sandbox.dataverse.writing.references import References
from dynamics_sandbox.dataverse.writing.rows import create_row, update_row
from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

    from dynamics_sandbox.dataverse.session import Session

_COLUMNS = {
    "customer_id": "accountnumber",
    "company_name": "name",
    "address": "address1_line1",
    "city": "address1_city",
    "region": "address1_stateorprovince",
    "postal_code": "address1_postalcode",
    "country": "address1_country",
    "phone": "telephone1",
    "fax": "fax",
}
_FILE, _TABLE, _KEY = "customers.csv", "account", "accountnumber"


def import_folder(session: Session, folder: Path) -> list[str]:
    """Load the CSV files of a folder; give one note per file.

    Rows whose number exists already are changed, others created. Every value stays text as written (leading
    zeros in postal codes), blanks become null.

    Raises:
        SandboxError: a file lacks a column, or the service refuses a row.
    """
    return [_import_file(session, path) for path in sorted(folder.glob("*.csv"))]


def _import_file(session: Session, path: Path) -> str:
    if path.name != _FILE or _TABLE not in session.schema.tables:
        return f"{path.name}: ignored, the sandbox knows no table for it in this environment"
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = _COLUMNS.keys() - set(reader.fieldnames or ())
        if missing:
            raise SandboxError(f"{path}: column {', '.join(sorted(missing))} is missing.")
        count = 0
        for record in reader:
            try:
                _import_record(session, record)
            except DataverseError as error:
                raise SandboxError(f"{path}, line {reader.line_num}: {error}") from None
            count += 1
    return f"{path.name}: {count} rows"


def _import_record(session: Session, record: dict[str, str]) -> None:
    body = {column: _value(record[name]) for name, column in _COLUMNS.items()}
    table = session.schema.tables[_TABLE]
    found = session.connection.execute(
        "SELECT accountid FROM account WHERE accountnumber = ?", (body[_KEY],)
    ).fetchone()
    if found is None:
        create_row(session, table, body, References(session))
    else:
        update_row(session, table, found[0], body, references=References(session))


def _value(text: str | None) -> str | None:
    """Give a field as written, or null when it is blank or the line ends before it."""
    return text if text is not None and text.strip() else None
