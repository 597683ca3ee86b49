"""`p2c check`: the checks as a table, or as JSON lines; exit code 1 where a run must fail."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from rich.table import Table
from rich.text import Text

from prospect_to_cash import running, terminal
from prospect_to_cash.checking.every import findings
from prospect_to_cash.checking.scope import Scope
from prospect_to_cash.options import with_project
from prospect_to_cash.systems import configs, connected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prospect_to_cash.checking.finding import Check, Finding
    from prospect_to_cash.project import Project


_STYLES = {"ok": "green", "warning": "yellow", "error": "red", "off": "cyan"}


@click.command(help="Ask Sales and F&O whether a job can succeed, and say what to do where it cannot.")
@click.option("--job", "jobs", multiple=True, help="Only what this job needs; all jobs unless given")
@click.option("--environment", default="", help="Meltano environment; the project's default unless given")
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each finding")
@with_project
def check(project: Project, *, jobs: tuple[str, ...], environment: str, as_json: bool) -> None:
    """Exit code 0 unless a finding is an error."""
    scope = Scope.of(project, jobs or project.jobs)
    with connected(configs(project, running.meltano_command(), environment)) as systems:
        found = list(findings(systems, scope))
    if as_json:
        for one, finding in found:
            click.echo(json.dumps(_line(one, finding), ensure_ascii=False))
    else:
        terminal.console().print(_table(found))
    sys.exit(any(finding.result == "error" for _, finding in found))


def _line(one: Check, finding: Finding) -> dict[str, object]:
    return {
        "check": one.number,
        "title": one.title,
        "result": finding.result,
        "found": finding.found,
        "remedy": finding.remedy,
    }


def _table(found: Iterable[tuple[Check, Finding]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("", "check", "result", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for one, finding in found:
        result = Text(finding.result, style=_STYLES[finding.result])
        table.add_row(str(one.number), one.title, result, finding.found, finding.remedy)
    return table
