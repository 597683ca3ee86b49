"""The command ``advance`` and the routes behind it, on a stopped and on a running sandbox."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from dynamics_sandbox.cli import main
from dynamics_sandbox.testing import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from dynamics_sandbox.testing import Sandbox

ORDERS = "CDSSalesOrderHeaders"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def status(data: Path, number: str) -> str:
    shown = run("show", "--data", data, "fno", ORDERS, f"dataAreaId='usmf',SalesOrderNumber='{number}'")
    text: str = json.loads(shown.stdout)["SalesOrderProcessingStatus"]
    return text


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("served"), "demo") as sandbox:
        yield sandbox


def call(sandbox: Sandbox, path: str) -> Any:
    code, _, content = sandbox.call("GET", "fno", path)
    assert code == 200, content
    return content


def test_an_order_is_moved_on_without_a_server(tmp_path: Path) -> None:
    run("seed", "--data", tmp_path, "--customers", "1")  # makes the data folder
    assert run("reset", "--data", tmp_path, "--seed", "demo").exit_code == 0
    done = run("advance", "--data", tmp_path, "000701", "confirm", "--company", "usmf")
    assert (done.exit_code, done.stdout) == (0, "Sales order 000701 is confirmed.\n")
    assert status(tmp_path, "000701") == "Confirmed"
    done = run("advance", "--data", tmp_path, "000701", "ship", "--line", "2=1.5")
    assert done.stdout == "Sales order 000701: 1 line shipped.\n"
    assert status(tmp_path, "000701") == "PartiallyDelivered"
    totals = run("advance", "--data", tmp_path, "all", "calculate-sales-totals")
    assert totals.stdout == "Totals calculated: 3 documents.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["000701", "lose"], "The step 'lose' is none of the orders: confirm, pick,"),
        (["000301", "ship", "--quotation"], "The step 'ship' is none of the quotations: send,"),
        (["000701", "calculate-sales-totals"], "give 'all' as ORDER"),
        (["000701", "ship", "--line", "1"], "--line 1: write it as SEQUENCE=QUANTITY"),
        (["000701", "ship", "--line", "1=x"], "--line 1=x: 'x' is no number."),
        (["000701", "charge", "--amount", "inf"], "--amount: 'inf' is no number."),
        (["000799", "confirm"], "There is no sales order '000799' in company 'usmf'."),
        (["000701", "confirm", "--company", "demf"], "There is no sales order '000701' in company 'demf'."),
    ],
)
def test_what_cannot_be_done_is_one_message(served: Sandbox, arguments: list[str], message: str) -> None:
    result = run("advance", "--data", served.data_dir, *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_running_sandbox_takes_the_step_by_its_own_clock(served: Sandbox) -> None:
    served.clock.set(dt.datetime(2031, 5, 6, 23, 30, tzinfo=dt.timezone.utc))
    done = run("advance", "--data", served.data_dir, "000702", "invoice")
    assert done.stdout == "Sales order 000702: 2 lines invoiced as CIV-000001.\n"
    (invoice,) = call(served, "SalesInvoiceHeadersV2")["value"]
    assert (invoice["SalesOrderNumber"], invoice["InvoiceDate"]) == ("000702", "2031-05-06T12:00:00Z")


def test_a_quotation_becomes_an_order(served: Sandbox) -> None:
    for step, said in (
        ("send", "Quotation 000301 is sent."),
        ("confirm", "Quotation 000301 is confirmed as sales order 000001."),
    ):
        done = run("advance", "--data", served.data_dir, "000301", step, "--quotation")
        assert done.stdout.strip() == said
    (order,) = call(served, f"{ORDERS}?$filter=QuotationNumber eq '000301'")["value"]
    assert order["SalesOrderNumber"] == "000001"


def test_steps_by_http(served: Sandbox) -> None:
    answer = served.control("POST", "fno/orders/000701/pick", {"lines": {"1": "1.5"}, "company": "USMF"})
    assert answer == {"done": "Sales order 000701: 1 line picked."}
    (line,) = call(
        served,
        "CDSSalesOrderLines?$filter=SalesOrderNumber eq '000701' and LineCreationSequenceNumber eq 1",
    )["value"]
    assert str(line["PickedQuantity"]) == "1.5"
    assert served.control("POST", "fno/jobs/populate-distinct-products") == {
        "done": "Distinct product table populated: 0 products."
    }


@pytest.mark.parametrize(
    ("path", "content", "status", "message"),
    [
        ("fno/orders/000799/confirm", None, 404, "There is no sales order '000799' in company 'usmf'."),
        ("fno/orders/000701/fly", None, 400, "'fly': Invalid enum value 'fly'"),
        ("fno/orders/000701/ship", {"line": {}}, 400, "unknown field `line`"),
        ("fno/orders/000701/ship", {"lines": {"9": "1"}}, 400, "has no line 9"),
        ("fno/quotations/000301/ship", None, 400, "Invalid enum value 'ship'"),
        ("fno/jobs/sleep", None, 400, "Invalid enum value 'sleep'"),
    ],
)
def test_orders_that_cannot_be_carried_out_by_http(
    served: Sandbox, path: str, content: Any, status: int, message: str
) -> None:
    url = f"{served.authority}/_sandbox/{path}"
    code, _, answer = served.call("POST", "fno", url, json=content)
    assert code == status
    assert message in answer["error"]
