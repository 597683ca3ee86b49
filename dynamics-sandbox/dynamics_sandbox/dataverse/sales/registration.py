"""The steps and actions of Sales, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.pipeline import Pipeline, Step
from dynamics_sandbox.dataverse.sales import catalogue, headers, lines, states
from dynamics_sandbox.dataverse.sales.actions import ACTIONS
from dynamics_sandbox.dataverse.sales.copies import copy_steps
from dynamics_sandbox.dataverse.sales.documents import DOCUMENTS, QUOTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynamics_sandbox.dataverse.autonumber import NumberMaker
    from dynamics_sandbox.dataverse.pipeline import Event, Message
    from dynamics_sandbox.dataverse.sales.documents import Document


def sales_pipeline(numbers: NumberMaker) -> Pipeline:
    """Give the pipeline of Sales without further solutions."""
    steps = list(_catalogue_steps())
    for document in DOCUMENTS:
        steps += _header_steps(document, numbers)
        # Copies come before prices, which are rounded to the currency copied from the header.
        steps += copy_steps(document, document.copies)
        steps += _line_steps(document)
    return Pipeline(tuple(steps), ACTIONS)


def _before(table: str, run: Callable[[Event], None], *columns: str) -> Step:
    return Step(table=table, messages=("Create", "Update"), stage="before", run=run, columns=columns)


def _on_create(table: str, run: Callable[[Event], None]) -> Step:
    return Step(table=table, messages=("Create",), stage="before", run=run)


def _guard(
    table: str, run: Callable[[Event], None], *messages: Message, columns: tuple[str, ...] = ()
) -> Step:
    return Step(
        table=table, messages=messages, stage="before", run=run, columns=columns, for_callers_only=True
    )


def _catalogue_steps() -> Iterator[Step]:
    yield _before("transactioncurrency", catalogue.unique("isocurrencycode"), "isocurrencycode")
    yield _on_create("uomschedule", catalogue.need_base_unit)
    yield Step(table="uomschedule", messages=("Create",), stage="after", run=catalogue.create_base_unit)
    yield _before("uom", catalogue.complete_unit, "baseuom")
    yield _guard("uom", catalogue.keep_base_unit, "Delete")
    yield _on_create("product", catalogue.start_product)
    yield _before("product", catalogue.unique("productnumber"), "productnumber")
    yield _before("product", catalogue.check_default_unit, "defaultuomid", "defaultuomscheduleid")
    yield _guard("product", states.check_transition, "Update", columns=states.STATE_COLUMNS)
    yield Step(
        table="product",
        messages=("Update",),
        stage="after",
        run=catalogue.rename_items,
        columns=("productnumber",),
    )
    yield _before("productpricelevel", catalogue.complete_item)
    item = ("pricelevelid", "productid", "uomid")
    yield _before("productpricelevel", catalogue.unique(*item), *item)


def _header_steps(document: Document, numbers: NumberMaker) -> Iterator[Step]:
    header = document.header
    yield _guard(header, states.check_open, "Update")
    yield _guard(header, states.check_transition, "Update", columns=states.STATE_COLUMNS)
    if document is QUOTE:
        yield _guard(header, states.check_activation, "Update", columns=("statecode",))
    yield numbers.step(document.auto_number)
    yield _before(header, catalogue.unique(*document.unique), *document.unique)
    yield _on_create(header, headers.choose_currency)
    yield _before(header, headers.check_price_list, "pricelevelid", "transactioncurrencyid")
    yield _before(header, headers.mirror_customer, "customerid")
    yield _before(header, headers.calculate_totals, *headers.FIGURES, *headers.TOTALS)
    yield Step(
        table=header, messages=("Update",), stage="after", run=lines.reprice_lines, columns=("pricelevelid",)
    )


def _line_steps(document: Document) -> Iterator[Step]:
    line = document.line
    yield _on_create(line, lines.need_header)
    yield _guard(line, states.check_header_open, "Create", "Update", "Delete")
    yield _before(line, lines.check_product, *lines.PRODUCT)
    yield _on_create(line, lines.number_line)
    yield _before(line, lines.price_line, *lines.FIGURES)
    yield Step(
        table=line,
        messages=("Create", "Update", "Delete"),
        stage="after",
        run=lines.recalculate_header,
        columns=lines.FIGURES,
    )
