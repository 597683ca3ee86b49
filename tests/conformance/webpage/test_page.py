"""The web page in a real browser: what it shows, edits, advances, logs and refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import running

from tests.peers import places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.testing import Sandbox

_VISIT = Path(__file__).with_name("visit.py")
_MARKUP = "<img src=x onerror=alert(1)>"
_MARKED = "accounts(accountnumber='ACC-99999-MARKUP')"
_CUSTOMER_ORDER = "CDSSalesOrderHeaders(dataAreaId='usmf',SalesOrderNumber='000701')"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with demo rows and an account whose name is markup."""
    with running(tmp_path_factory.mktemp("sandbox"), seed="demo") as service:
        row = {"accountnumber": "ACC-99999-MARKUP", "name": _MARKUP}
        assert service.call("POST", "sales", "accounts", json=row)[0] == 204
        yield service


def _visit(sandbox: Sandbox, pictures: Path, what: str) -> dict[str, Any]:
    tools = [places.command(name) for name in ("chromium", "chromedriver")]
    driver = [str(places.python("browser")), str(_VISIT), what]
    command = [*driver, *tools, f"{sandbox.authority}/_sandbox/", str(pictures)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr}\npictures: {pictures}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def seen(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a visitor saw who used everything on the page."""
    return _visit(sandbox, tmp_path_factory.mktemp("pictures"), "use")


def test_the_three_systems_stand_side_by_side(seen: dict[str, Any]) -> None:
    assert seen["titles"] == ["Sales", "Common Data Service", "Finance and Operations"]
    assert "Müller & Söhne GmbH" in seen["sales"]


def test_rows_come_page_by_page_and_are_found_by_any_value(seen: dict[str, Any]) -> None:
    # Thirteen accounts, twelve to a page.
    assert len(seen["second page"]) == 1
    assert _MARKUP in seen["found"]


def test_markup_in_rows_and_urls_stays_text(seen: dict[str, Any]) -> None:
    assert seen["images"] == 0
    assert "marked=%3Cb%3E" in seen["log"]
    # The one complaint is the refused edit's status.
    assert [each for each in seen["console"] if "400" not in each] == []


def test_an_edited_row_is_changed_for_every_client(sandbox: Sandbox, seen: dict[str, Any]) -> None:
    status, _, row = sandbox.call("GET", "sales", f"{_MARKED}?$select=name,telephone1,revenue")
    assert (status, row["name"], row["telephone1"]) == (200, _MARKUP, "555 0199")
    assert str(row["revenue"]).startswith("1234.5")
    assert "exceeded the maximum allowed length of '160'" in seen["refusal"]


def test_an_order_is_advanced(sandbox: Sandbox, seen: dict[str, Any]) -> None:
    assert "000701" in seen["done"]
    status, _, order = sandbox.call("GET", "fno", _CUSTOMER_ORDER)
    assert (status, order["SalesOrderProcessingStatus"]) == (200, "Confirmed")


def test_it_fits_wide_and_narrow_windows_and_both_colour_schemes(seen: dict[str, Any]) -> None:
    assert seen["too wide"] == [False, False]
    light, dark = seen["colours"]
    assert light != dark


def test_starting_over_empties_all_systems(sandbox: Sandbox, seen: dict[str, Any], tmp_path: Path) -> None:
    del seen  # which needs the rows
    assert _visit(sandbox, tmp_path, "empty")["none"]
    assert sandbox.call("GET", "sales", "accounts?$select=name")[2]["value"] == []
