"""The steps of the Prospect-to-cash solution, as its events are registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.pipeline import Step
from dynamics_sandbox.dataverse.sales.copies import copy_steps
from dynamics_sandbox.dataverse.sales.documents import BY_LINE, DOCUMENTS, INVOICE, ORDER, Document
from dynamics_sandbox.dataverse.solution import customers, external, invoices, misc_tax, orders, price_lists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynamics_sandbox.dataverse.autonumber import NumberMaker
    from dynamics_sandbox.dataverse.solution.package import Solution


def solution_steps(solution: Solution, numbers: NumberMaker) -> Iterator[Step]:
    """Give the steps that run besides those of Sales."""
    yield from (numbers.step(number) for number in solution.auto_numbers)
    for line, copies in solution.copies.items():
        yield from copy_steps(BY_LINE[line], copies)
    yield Step(
        table="contact",
        messages=("Create", "Update"),
        stage="before",
        run=customers.flag_company,
        columns=("parentcustomerid",),
    )
    yield Step(
        table="product",
        messages=("Create", "Update"),
        stage="after",
        run=price_lists.put_on_price_list,
        columns=price_lists.COLUMNS,
    )
    for document in DOCUMENTS:
        yield from _document_steps(document)
    yield from _order_steps()
    yield from _invoice_steps()


def _document_steps(document: Document) -> Iterator[Step]:
    yield Step(
        table=document.header,
        messages=("Create", "Update"),
        stage="after",
        run=customers.flag_customer,
        columns=("customerid",),
    )
    yield Step(
        table=document.line,
        messages=("Create", "Update", "Delete"),
        stage="after",
        run=external.flag_document,
        columns=("productid", "productdescription"),
    )
    flag = external.LINE_FLAGS.get(document.line)
    if flag is not None:
        yield from copy_steps(document, ((external.HEADER_FLAG, flag),))


def _order_steps() -> Iterator[Step]:
    for table in (ORDER.header, ORDER.line):
        yield Step(
            table=table,
            messages=("Update",) if table == ORDER.header else ("Create", "Update", "Delete"),
            stage="before",
            run=orders.check_draft,
            for_callers_only=True,
        )
    activation = (orders.STATUS,)
    yield Step(
        table=ORDER.header,
        messages=("Update",),
        stage="before",
        run=orders.check_activation,
        columns=activation,
        for_callers_only=True,
    )
    yield Step(
        table=ORDER.header, messages=("Update",), stage="after", run=orders.submit_lines, columns=activation
    )
    for header in (ORDER.header, INVOICE.header):
        yield Step(
            table=header,
            messages=("Create", "Update"),
            stage="after",
            run=misc_tax.write_line,
            columns=(misc_tax.AMOUNT,),
        )


def _invoice_steps() -> Iterator[Step]:
    columns = ("salesorderid", "customerid")
    yield Step(
        table=INVOICE.header,
        messages=("Create", "Update"),
        stage="before",
        run=invoices.take_owner,
        columns=columns,
    )
    yield Step(
        table=INVOICE.header,
        messages=("Create", "Update"),
        stage="after",
        run=invoices.mark_order,
        columns=columns,
    )
