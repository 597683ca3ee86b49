"""The tap's output under singer-tools' checker, which validates every record against its schema."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from tests.peers import places

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.tap_sales.conftest import Extracted


def test_singer_check_tap_finds_nothing(extracted: Extracted, tmp_path: Path) -> None:
    checker = places.python("singer-tools").with_name("singer-check-tap")
    done = subprocess.run([checker], input=extracted.output, capture_output=True, check=False, cwd=tmp_path)
    told = done.stdout.decode()
    assert done.returncode == 0, told + done.stderr.decode()
    assert "The output is valid." in told
    assert "for 3 streams" in told
    records = re.search(r"(\d+) record messages", told)
    assert records
    rows = sum(len(extracted.source(stream)) for stream in extracted.schemas)
    assert int(records.group(1)) == rows
