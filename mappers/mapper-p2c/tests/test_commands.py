"""The commands for people, run as the console script; what they print is written by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

COMMAND = Path(sys.executable).with_name("mapper-p2c")


def run(*words: str | Path, code: int = 0) -> str:
    done = subprocess.run([COMMAND, *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def cells(line: str) -> list[str]:
    """A table's line, cut where at least two blanks stand."""
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_list_shows_each_task_with_its_streams() -> None:
    rows = [cells(line) for line in run("list").splitlines()]
    assert rows[0] == ["template", "task", "reads", "writes", "rows"]
    assert len(rows) == 1 + 36
    assert ["orders-to-fno-direct", "OrderLine", "salesorderdetails", "CDSSalesOrderLines", "7"] in rows


def test_explain_reads_like_a_mapping_page() -> None:
    lines = [cells(line) for line in run("explain", "quotes-direct").splitlines()]
    assert ["QuoteLine: quotedetails → CDSSalesQuotationLines"] in lines
    assert ["only where quoteid.statecode is 1"] in lines
    assert [
        "11",
        "shipto_country",
        "country code, 2 letters, then blank → US",
        "DeliveryAddressCountryRegionISOCode",
        "text, up to 2",
        "doc",
    ] in lines


def test_explain_shows_overrides_at_work(tmp_path: Path) -> None:
    overrides = tmp_path / "overrides.yml"
    overrides.write_text("overrides:\n  quirks: [bill-to-in-delivery-address]\n")
    text = run("explain", "quotes-direct", "--overrides", overrides)
    assert "billto_postalcode" in text
    assert "shipto_postalcode" not in text


class Cells(HTMLParser):
    """The texts of the table cells of a page, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_a_page_has_a_row_for_each_row_and_nothing_unescaped(tmp_path: Path) -> None:
    page = tmp_path / "quotes.html"
    run("explain", "quotes-direct", "--html", page)
    parser = Cells()
    text = page.read_text(encoding="utf-8")
    parser.feed(text)
    filled = [row for row in parser.rows if row]
    assert len(filled) == 14 + 7
    assert filled[0][1:4] == ["quotenumber", "=", "SalesQuotationNumber"]
    assert "src=" not in text


def test_validate_names_the_file_the_line_and_the_nearest_name(tmp_path: Path) -> None:
    assert run("validate").count(": right, ") == 24
    broken = tmp_path / "mine.yml"
    broken.write_text("template: mine\ntitle: Mine\nversion: 1.0.0\ntask: []\n")
    told = run("validate", "accounts-direct", broken, code=1)
    assert (
        told == f"{broken}: mine.yml:1: unknown key 'task'; did you mean 'tasks'? (1 more after this one)\n"
    )


@pytest.fixture
def quote(tmp_path: Path) -> Path:
    path = tmp_path / "quote.json"
    record = {
        "quotenumber": "Q1",
        "customerid_contact": {"msdynce_contactnumber": "CON-1"},
        "shipto_country": "germany",
        "msdynce_hasexternallymaintainedproductsonly": True,
        "statecode": 1,
    }
    path.write_text(json.dumps(record))
    return path


def test_try_shows_input_transforms_and_output_of_each_row(quote: Path) -> None:
    lines = [
        cells(line)
        for line in run("try", "quotes-direct", "--record", quote, "--stream", "quotes").splitlines()
    ]
    assert lines[0] == ["QuoteHeader: mapped"]
    assert [
        "11",
        "shipto_country",
        "germany",
        "country code, 2 letters → DE, then blank → US → DE",
        "DeliveryAddressCountryRegionISOCode",
        "DE",
    ] in lines
    assert ["8", "shipto_city", "(absent)", "DeliveryAddressCity", "(absent)"] in lines


def test_try_says_why_a_record_is_rejected(quote: Path) -> None:
    record = {**json.loads(quote.read_text()), "shipto_country": "Atlantis"}
    quote.write_text(json.dumps(record))
    text = run("try", "quotes-direct", "--record", quote, "--stream", "quotes")
    assert text.startswith("QuoteHeader: rejected\n")
    assert "rejected: is no country name or code of ISO 3166" in text


def test_try_asks_for_the_stream_where_there_are_several(quote: Path) -> None:
    told = run("try", "quotes-direct", "--record", quote, code=1)
    assert "The template reads quotes, quotedetails; say with --stream which one" in told


def test_diff_lists_what_overrides_would_change(tmp_path: Path, data: Path) -> None:
    overrides = tmp_path / "overrides.json"
    overrides.write_text(json.dumps({"defaults": {"CustomerGroupId": 20}, "remove": ["SiteId"]}))
    lines = run(
        "diff", "accounts-direct", "--against", overrides, "--recorded", data / "accounts.singer"
    ).splitlines()
    assert cells(lines[0]) == ["record", "field", "as shipped", "with overrides"]
    assert cells(lines[1])[1:] == ["CustomerGroupId", '"10"', '"20"']
    assert cells(lines[2]) == ["SiteId", '"1"', "(absent)"] or cells(lines[2])[1:] == [
        "SiteId",
        '"1"',
        "(absent)",
    ]
    assert "CustomerGroupId: 4" in lines
    assert lines[-1] == "8 records read, 4 come out differently"


def test_filters_are_printed_as_the_tap_takes_them() -> None:
    first, second = yaml.safe_load_all(run("filters", "--job", "orders-to-fno"))
    assert first["template"] == "orders-to-fno-leg1"
    assert first["filter"]["salesorders"] == (
        "msdynce_hasexternallymaintainedproductsonly eq true and msdynce_ismaintainedexternally eq false "
        "and msdynce_processingstatus eq 647390000"
    )
    assert "salesorderid/msdynce_processingstatus eq 647390000" in first["filter"]["salesorderdetails"]
    assert "salesorderid.ordernumber" in first["expand"]["salesorderdetails"]
    assert second["filter"]["SalesOrder"].startswith("LastWrittenBy eq 'orders-to-fno-leg1-header'")
    assert run("filters", "--job", "order-to-fno", code=1).rstrip().endswith("did you mean 'orders-to-fno'?")
