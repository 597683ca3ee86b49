"""A row added to a template file moves data; nobody touches code. Plain pipes, no Meltano."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from demo.pipeline import PROJECT
from tests.end_to_end.entering import enter
from tests.end_to_end.piping import accounts_direct
from tests.end_to_end.reading import customers

if TYPE_CHECKING:
    from pathlib import Path

    from dynamics_sandbox.testing import Sandbox

TEMPLATES = PROJECT / "mappers" / "mapper-p2c" / "mapper_p2c" / "templates"


def test_a_row_added_to_a_template_file_moves_data(sandbox: Sandbox, tmp_path: Path) -> None:
    template = (TEMPLATES / "accounts-direct.yml").read_text(encoding="utf-8")
    [task] = yaml.safe_load(template)["tasks"]
    assert not any(row.get("source") == "address2_line2" for row in task["rows"])
    mine = tmp_path / "accounts-direct.yml"
    row = "  - {source: address2_line2, destination: DeliveryAddressStreetNumber, tag: inferred}\n"
    mine.write_text(f"{template.rstrip()}\n{row}", encoding="utf-8")
    account = enter(sandbox, name="Second line", address2_line1="Kaiserstr. 1", address2_line2="7b")

    piped = accounts_direct(sandbox, tmp_path, company="demf", template=str(mine))

    assert set(piped.codes.values()) == {0}, piped.logs
    customer = customers(sandbox, "demf")[account["accountnumber"]]
    assert (customer["DeliveryAddressStreet"], customer["DeliveryAddressStreetNumber"]) == (
        "Kaiserstr. 1",
        "7b",
    )
