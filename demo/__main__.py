"""`python -m demo`: from prospect to cash on a fresh sandbox, and the story of one order on the way."""

from __future__ import annotations

import argparse
import shutil
import sys
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from demo import sandbox, story
from demo.business import Business, BusinessError, Line
from demo.pipeline import PROJECT, Pipeline, PipelineError

_ACCOUNT = "ACC-01001-MUELLR"
_QUOTE = "QUO-01001-SPRING"
_ORDER = "ORD-01001-SPRING"
_PRODUCTS = {"SPK-1": ("Speaker", Decimal("249.50")), "CAB-3": ("Cable 3 m", Decimal("19.90"))}
_LINES = (Line("SPK-1", Decimal(2), Decimal("10.00")), Line("CAB-3", Decimal(3)))
_TOTAL = Decimal("548.70")
"""Two at 249.50 less 10.00, and three at 19.90."""


def main(arguments: list[str] | None = None) -> int:
    """Tell the story once; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--base-port", type=int, default=8440, help="first of four ports; 0 takes free ones")
    parser.add_argument("--data", type=Path, default=PROJECT / ".sandbox" / "demo", help="emptied first")
    options = parser.parse_args(arguments)
    console = Console(width=112, highlight=False)
    shutil.rmtree(options.data, ignore_errors=True)
    try:
        with sandbox.serving(options.data, base_port=options.base_port) as ready:
            _tell(console, Pipeline(options.data / "output", ready), Business(ready))
    except (PipelineError, BusinessError, sandbox.SandboxError) as problem:
        console.print(str(problem), markup=False, style="red")
        return 1
    console.print("Sandbox stopped.")
    return 0


def _tell(console: Console, pipeline: Pipeline, business: Business) -> None:
    """The whole cycle, then some changes on both sides."""

    def run(*jobs: str) -> None:
        story.legs(console, f"$ meltano run {' '.join(jobs)}", pipeline.run(*jobs))

    console.print("Sandbox started: Sales, CDS and Finance and Operations (F&O), with nothing sold yet.")
    pipeline.prepare_hub()
    business.set_up(_PRODUCTS)
    console.print("A customer is entered in Sales, two products in F&O.")
    account = business.account(
        accountnumber=_ACCOUNT,
        name="Müller & Söhne GmbH",
        address1_line1="Gewerbepark Süd 12",
        address1_city="München",
        address1_postalcode="80331",
        address1_country="Germany",
    )
    run("accounts", "products")
    console.print("Sales makes a quote and an order and activates both.")
    business.quote("Spring", account, _LINES, number=_QUOTE)
    business.order("Spring", account, _LINES, number=_ORDER)
    run("quotes", "orders-to-fno")
    story.order(console, business, _ORDER, f"{_ORDER}: sent to F&O")
    console.print("F&O confirms the order and calculates its totals.")
    business.step(_ORDER, "confirm")
    business.totals()
    run("orders-to-sales")
    console.print("F&O picks, ships and invoices.")
    for step in ("pick", "ship", "invoice"):
        business.step(_ORDER, step)
    business.totals()
    run("orders-to-sales", "invoices")
    story.order(console, business, _ORDER, f"{_ORDER}: invoiced")
    story.totals(console, business, _TOTAL)
    console.print("Sales changes a telephone number, F&O a price; everything else has come already.")
    business.change("sales", f"accounts(accountnumber='{account}')", telephone1="+49 89 5550 1234")
    released = f"ReleasedProductsV2(dataAreaId='{business.company}',ItemNumber='CAB-3')?cross-company=true"
    business.change("fno", released, SalesPrice=Decimal("21.50"))
    run("accounts", "products")


if __name__ == "__main__":
    sys.exit(main())
