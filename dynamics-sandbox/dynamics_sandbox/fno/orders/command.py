"""The command ``advance``: moves orders and quotations on, on a stopped and on a running sandbox."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import quote

import click
import msgspec

from dynamics_sandbox.command_frame import data_option, one_message, opened
from dynamics_sandbox.control.asking import ask
from dynamics_sandbox.fno.orders.advance import (
    Advance,
    Job,
    OrderStep,
    QuotationStep,
    advance_order,
    advance_quotation,
    run_job,
)
from dynamics_sandbox.fno.orders.documents import StepError
from dynamics_sandbox.ready import read_ready

if TYPE_CHECKING:
    from pathlib import Path

_STEPS: Final = tuple(dict.fromkeys((*get_args(OrderStep), *get_args(QuotationStep), *get_args(Job))))


@click.command(short_help="Move a sales order or quotation on.")
@data_option
@click.argument("order")
@click.argument("step", type=click.Choice(_STEPS))
@click.option("--company", default="", help="Legal entity of the order; the default company when left out.")
@click.option("--quotation", is_flag=True, help="ORDER is the number of a quotation.")
@click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="SEQUENCE=QUANTITY",
    help="For pick, ship and invoice: only this much of a line; may be repeated.",
)
@click.option("--amount", default="0", help="For charge: what to add to the order.")
def advance(data_dir: Path, order: str, step: Any, *, quotation: bool, **how: Any) -> None:
    """Move ORDER on by STEP: confirm, pick, ship, invoice, cancel, totals, charge.

    Quotations (--quotation) know send, confirm, lose, cancel and totals. The jobs calculate-sales-totals and
    populate-distinct-products take "all" as ORDER. Works on a stopped and on a running sandbox.
    """
    with one_message():
        lines, amount = _quantities(how["lines"]), _number(how["amount"], "--amount")
        given = Advance(company=how["company"], lines=lines, amount=amount)
        click.echo(_take(data_dir, order, step, given, quotation=quotation))


def _take(data_dir: Path, number: str, step: Any, how: Advance, *, quotation: bool) -> str:
    kind = "jobs" if step in get_args(Job) else "quotations" if quotation else "orders"
    _check(number, step, kind)
    ready = read_ready(data_dir)
    if ready is not None:  # the server does it, so that it does so by its own clock
        path = step if kind == "jobs" else f"{quote(number, safe='')}/{step}"
        content = None if kind == "jobs" else msgspec.to_builtins(how)
        return str(ask(ready, "POST", f"fno/{kind}/{path}", content)["done"])
    with opened(data_dir, create=False) as environments:
        if kind == "jobs":
            return run_job(environments.fno, step)
        take: Any = advance_quotation if quotation else advance_order
        return str(take(environments.fno, number, step, how))


def _check(number: str, step: str, kind: str) -> None:
    """Refuses a step that the kind of document does not know."""
    if kind == "jobs" and number != "all":
        raise StepError(f"The job '{step}' runs for all documents: give 'all' as ORDER.")
    known = {"orders": OrderStep, "quotations": QuotationStep, "jobs": Job}[kind]
    if step not in get_args(known):
        raise StepError(f"The step '{step}' is none of the {kind}: {', '.join(get_args(known))}.")


def _quantities(lines: tuple[str, ...]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for text in lines:
        sequence, _, quantity = text.partition("=")
        if not sequence.isdecimal() or not quantity:
            raise StepError(f"--line {text}: write it as SEQUENCE=QUANTITY, such as 1=2.5.")
        found[int(sequence)] = _number(quantity, f"--line {text}")
    return found


def _number(text: str, where: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise StepError(f"{where}: '{text}' is no number.")
    return number
