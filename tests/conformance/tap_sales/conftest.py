"""One sandbox with rows of every kind, one run of the tap, and the rows as SQLite itself has them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import Sandbox, running

from tests.performance.recorded_rows import ENTITY_SET, PRIMARY_ID, TABLE, create_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

KEYS = {ENTITY_SET: PRIMARY_ID, "accounts": "accountid", "transactioncurrencies": "transactioncurrencyid"}
TABLES = {ENTITY_SET: TABLE, "accounts": "account", "transactioncurrencies": "transactioncurrency"}
ROWS = 2500

_PUT_TOGETHER = {"address1_composite", "address2_composite"}
"""Columns that the sandbox makes of others while it reads; its database does not hold them."""


@dataclass(frozen=True)
class Extracted:
    """What the tap put out: all of it, and its SCHEMA by stream."""

    output: bytes
    schemas: Mapping[str, Any]
    database: Path

    def kinds(self, stream: str) -> dict[str, Callable[[Any], Any]]:
        """How to bring a column's values, wherever they come from, into a form that can be compared."""
        properties = self.schemas[stream]["schema"]["properties"]
        known = {name: schema for name, schema in properties.items() if name not in _PUT_TOGETHER}
        return {name: _kind(schema) for name, schema in known.items() if name != "_sdc_deleted_at"}

    def source(self, stream: str) -> list[dict[str, Any]]:
        """The stream's rows out of the sandbox's own database, under the tap's names."""
        names = {name: _column(name) for name in self.kinds(stream)}
        chosen = ", ".join(f'"{column}" AS "{name}"' for name, column in names.items())
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            query = f"SELECT {chosen} FROM {TABLES[stream]}"  # noqa: S608 - names out of the schema
            rows = connection.execute(query).fetchall()
        connection.close()
        return [dict(row) for row in rows]

    def checksums(self, stream: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """One checksum a column, over key and value of every row in the order of the keys."""
        ordered = sorted(rows, key=lambda row: str(row[KEYS[stream]]))
        result = {}
        for name, kind in self.kinds(stream).items():
            digest = hashlib.sha256()
            for row in ordered:
                value = row.get(name)
                text = None if value is None else kind(value)
                digest.update(f"{row[KEYS[stream]]}={text!r}\n".encode())
            result[name] = digest.hexdigest()
        return result


def _column(name: str) -> str:
    """The column behind a property: lookups are read as ``_x_value`` (Dataverse: web-api-properties)."""
    return name[1:].removesuffix("_value") if name.startswith("_") else name


def _kind(schema: Mapping[str, Any]) -> Callable[[Any], Any]:
    types = {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    if "number" in types:
        return lambda value: str(Decimal(str(value)).normalize())
    if "integer" in types:
        return lambda value: int(str(value))
    if "boolean" in types:
        return lambda value: str(value).lower() in {"1", "t", "true"}
    if schema.get("format") == "date-time":
        return _instant
    return str


def _instant(value: str) -> str:
    moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The demo data and a table with columns of every kind."""
    with running(tmp_path_factory.mktemp("sandbox"), seed="demo") as sandbox:
        create_rows(sandbox, ROWS)
        yield sandbox


@pytest.fixture(scope="session")
def extracted(filled: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    """One run of the tap, with pages small enough that there are several."""
    config = tmp_path_factory.mktemp("tap") / "config.json"
    settings = {**filled.config("sales"), "streams": list(KEYS), "page_size": 1000}
    config.write_text(json.dumps(settings))
    tap = Path(sys.executable).with_name("tap-dynamics-sales")
    done = subprocess.run([tap, "--config", config], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    messages = (json.loads(line) for line in done.stdout.splitlines() if line.startswith(b'{"type":"SCHEMA"'))
    schemas = {message["stream"]: message for message in messages}
    return Extracted(done.stdout, schemas, filled.data_dir / "sales.sqlite")
