"""The tap's output loaded by targets that are not ours; every column must be the sandbox's own."""

from __future__ import annotations

import json
import subprocess
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.conformance.tap_sales.conftest import KEYS, ROWS
from tests.peers import places, postgresql
from tests.performance.recorded_rows import ENTITY_SET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conformance.tap_sales.conftest import Extracted

EXACT = {"1234567890123.4567", "922337203685476.5807", "0.1000", "-73.0000"}


@pytest.fixture(scope="module")
def loaded(extracted: Extracted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgresql.Database]:
    """PostgreSQL, filled by MeltanoLabs' target."""
    config = tmp_path_factory.mktemp("target") / "config.json"
    with postgresql.database() as database:
        settings = {
            "host": database.host,
            "port": database.port,
            "user": database.user,
            "password": "not asked for",
            "database": database.name,
            "default_target_schema": "sales",
            "load_method": "upsert",
        }
        config.write_text(json.dumps(settings))
        target = places.python("target-postgres").with_name("target-postgres")
        done = subprocess.run(
            [target, "--config", config], input=extracted.output, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        yield database


@pytest.mark.parametrize("stream", KEYS)
def test_postgresql_holds_every_row_and_column(
    extracted: Extracted, loaded: postgresql.Database, stream: str
) -> None:
    rows = loaded.rows(f"TABLE sales.{stream}")
    source = extracted.source(stream)
    assert len(rows) == len(source)
    assert extracted.checksums(stream, rows) == extracted.checksums(stream, source)


def test_postgresql_holds_all_digits(loaded: postgresql.Database) -> None:
    rows = loaded.rows(f"TABLE sales.{ENTITY_SET}")
    assert len(rows) == ROWS
    assert {Decimal(str(row["bench_amount0"])) for row in rows} == {Decimal(number) for number in EXACT}


def test_jsonl_files_hold_every_row_and_column(extracted: Extracted, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"destination_path": str(tmp_path / "out"), "do_timestamp_file": False}))
    target = places.python("target-jsonl").with_name("target-jsonl")
    done = subprocess.run(
        [target, "--config", config], input=extracted.output, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert json.loads(done.stdout.splitlines()[-1])["bookmarks"].keys() == KEYS.keys()
    for stream in KEYS:
        lines = (tmp_path / "out" / f"{stream}.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line, parse_float=Decimal) for line in lines]
        source = extracted.source(stream)
        assert len(rows) == len(source)
        assert extracted.checksums(stream, rows) == extracted.checksums(stream, source)
