"""The command `p2c`."""

from __future__ import annotations

import functools
import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from dynamics_odata.errors import DynamicsError

from prospect_to_cash import running, terminal
from prospect_to_cash.checking.command import check
from prospect_to_cash.errors import OperatorError
from prospect_to_cash.history import showing
from prospect_to_cash.history.opening import opened
from prospect_to_cash.options import with_project
from prospect_to_cash.project import Project
from prospect_to_cash.rejects.commands import rejects

if TYPE_CHECKING:
    from prospect_to_cash.history.database import Database, Run


@click.group(help="Run Prospect-to-cash, see what it did, mend what it could not do.")
@click.option(
    "--project",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=".",
    help="A folder in the Meltano project; the present one unless given",
)
@click.option("--company", help="Legal entity; P2C_COMPANY unless given")
@click.version_option(package_name="p2c")
@click.pass_context
def commands(context: click.Context, folder: Path, company: str | None) -> None:
    """Remember which project is meant; each command is its own story."""
    context.obj = functools.partial(Project.here, folder, company=company)


@commands.command(help="Run a job of meltano.yml: with locks, an id, and a place in the history.")
@click.argument("job")
@click.option("--task", "tasks", multiple=True, help="Only this task of the job, named by its template")
@click.option("--full-refresh", is_flag=True, help="Read everything again, whatever the bookmarks say")
@click.option("--environment", default="", help="Meltano environment; the project's default unless given")
@with_project
def run(project: Project, *, job: str, tasks: tuple[str, ...], full_refresh: bool, environment: str) -> None:
    """Exit code 0 for Completed and Warning, 1 for Error."""
    wish = running.Wish(job, tasks, full_refresh=full_refresh, environment=environment)
    sys.exit(running.report(project, running.run(project, wish)))


@commands.command(help="The latest runs, newest first.")
@click.option("--job", help="Only runs of this job")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each run")
@with_project
def history(project: Project, *, job: str | None, limit: int, as_json: bool) -> None:
    """One line for each run."""
    found = opened(project).runs(job=job, limit=limit)
    if as_json:
        for one in found:
            click.echo(json.dumps(asdict(one)))
        return
    terminal.console().print(showing.runs(found) if found else "Nothing has run yet.")


@commands.command(help="What a run did: RUN is the beginning of its id, or `last`.")
@click.argument("run_id", metavar="RUN")
@click.option("--reveal", is_flag=True, help="Show the values of rejected rows, which may be personal data")
@click.option("--json", "as_json", is_flag=True, help="A JSON line for each execution")
@with_project
def show(project: Project, *, run_id: str, reveal: bool, as_json: bool) -> None:
    """The run's executions and the rows they rejected."""
    database = opened(project)
    found = _one(database, run_id)
    if as_json:
        for execution in database.executions(found.id):
            click.echo(msgspec.json.encode(execution).decode())
        return
    console = terminal.console()
    console.print(showing.runs([found]), "", showing.executions(database.executions(found.id)), sep="\n")
    for execution, rows in database.rejected(found.id):
        console.print("", showing.rejected(execution, rows, reveal=reveal), sep="\n")


def _one(database: Database, beginning: str) -> Run:
    found = database.runs(limit=1) if beginning == "last" else database.find(beginning)
    if len(found) != 1:
        told = "no run" if not found else f"{len(found)} runs"
        raise OperatorError(f"{beginning!r} begins the id of {told}; `p2c history` lists the runs.")
    return found[0]


commands.add_command(check)
commands.add_command(rejects)


def main() -> None:
    """Run a command; what an operator did wrong is one line and exit code 1."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        commands()
    except (OperatorError, DynamicsError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
