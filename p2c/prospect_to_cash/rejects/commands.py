"""`p2c rejects`: list, show, retry and drop the rows that were refused."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING

import click
from dynamics_singer.errors import LockedError
from dynamics_singer.locks import Holder, Locks
from rich.table import Table

from prospect_to_cash import running, terminal
from prospect_to_cash.errors import OperatorError
from prospect_to_cash.options import with_project
from prospect_to_cash.rejects.files import KeptReject, all_kept, drop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prospect_to_cash.project import Project

_KEY = click.option("--key", "keys", multiple=True, help="Only rows with this key, as `list` shows it")
_TASKS = click.argument("tasks", nargs=-1)


@click.group(help="The rows that were refused and are kept.")
def rejects() -> None:
    """The group; each command is its own story."""


@rejects.command(name="list", help="How many rows are kept, by task and reason.")
@with_project
def list_(project: Project) -> None:
    """One line for each plugin, task, stream and code."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("kept by", "task", "stream", "code", "rows", "oldest"):
        table.add_column(heading, overflow="fold")
    counts: Counter[tuple[str, str, str, str]] = Counter()
    oldest: dict[tuple[str, str, str, str], str] = {}
    for reject in all_kept(project.home / "rejects"):
        kind = (reject.place, reject.task, reject.stream, reject.code)
        counts[kind] += 1
        oldest[kind] = min(oldest.get(kind, reject.rejected_at), reject.rejected_at)
    for kind, number in counts.items():
        table.add_row(*kind, str(number), oldest[kind])
    terminal.console().print(table if counts else "No rows are kept: nothing was refused, or all is mended.")


@rejects.command(help="The rows of some tasks (all without a name), with reasons.")
@_TASKS
@_KEY
@click.option("--record", is_flag=True, help="Show the records, too")
@click.option("--reveal", is_flag=True, help="Show the values of the rows, which may be personal data")
@with_project
def show(
    project: Project, *, tasks: tuple[str, ...], keys: tuple[str, ...], record: bool, reveal: bool
) -> None:
    """One paragraph for each row."""
    console = terminal.console()
    for reject in _chosen(project, tasks, keys):
        console.print(f"{reject.task} {reject.stream} {reject.key} (kept by {reject.place})")
        request = f", request {reject.request_id}" if reject.request_id else ""
        console.print(
            f"  attempt {reject.attempt}, {reject.rejected_at}, {reject.code or 'no code'}{request}"
        )
        console.print(f"  {reject.reason if reveal else reject.shown}")
        if record:
            shown = reject.record if reveal else reject.masked
            console.print(f"  {json.dumps(shown, ensure_ascii=False)}")


@rejects.command(help="Run the jobs again that the kept rows of some tasks (all without a name) belong to.")
@_TASKS
@click.option("--environment", default="", help="Meltano environment")
@with_project
def retry(project: Project, *, tasks: tuple[str, ...], environment: str) -> None:
    """Kept rows are tried before the first new row of their stream, so a run of the job is all it takes."""
    waiting = {reject.task for reject in _chosen(project, tasks, ())}
    if not waiting:
        terminal.console().print("No rows are kept: there is nothing to try again.")
    jobs = _jobs_of(project, waiting)
    codes = [
        running.report(project, running.run(project, running.Wish(job, environment=environment)))
        for job in jobs
    ]
    sys.exit(max(codes, default=0))


@rejects.command(name="drop", help="Give up rows for good. They come again only when they change.")
@click.argument("tasks", nargs=-1, required=True)
@_KEY
@click.option("--yes", is_flag=True, help="Do not ask")
@with_project
def drop_(project: Project, *, tasks: tuple[str, ...], keys: tuple[str, ...], yes: bool) -> None:
    """Remove rows from their files."""
    chosen = _chosen(project, tasks, keys)
    if not yes:
        click.confirm(f"Drop {len(chosen)} rows of {', '.join(tasks)}?", abort=True)
    locks = Locks(project.home / "locks", Holder.here("p2c rejects drop"))
    try:
        locks.take({reject.stream for reject in chosen})
        gone = drop(project.home / "rejects", chosen)
    except LockedError as error:
        raise OperatorError(str(error)) from None
    finally:
        locks.release()
    terminal.console().print(f"{gone} rows dropped.")


def _chosen(project: Project, tasks: Iterable[str], keys: Iterable[str]) -> list[KeptReject]:
    """The rejects of some tasks and keys; an unknown task is an error where any is named."""
    found = list(all_kept(project.home / "rejects"))
    known = {reject.task for reject in found}
    unknown = [task for task in tasks if task not in known]
    if unknown:
        told = ", ".join(sorted(known)) or "none"
        raise OperatorError(f"No rows of the task {unknown[0]} are kept; tasks with kept rows: {told}.")
    wanted_tasks, wanted_keys = set(tasks) or known, set(keys)
    chosen = [reject for reject in found if reject.task in wanted_tasks]
    if wanted_keys:
        chosen = [reject for reject in chosen if reject.key in wanted_keys]
        if not chosen:
            raise OperatorError(f"No kept row has the key {' or '.join(sorted(wanted_keys))}.")
    return chosen


def _jobs_of(project: Project, waiting: set[str]) -> list[str]:
    """The smallest jobs that run these tasks.

    Raises:
        OperatorError: no job runs one of them.
    """
    jobs: list[str] = []
    for name, blocks in sorted(project.jobs.items(), key=lambda job: len(job[1])):
        if not waiting:
            break
        mine = waiting & {task.name for block in blocks for task in block.tasks()}
        if mine:
            jobs.append(name)
            waiting = waiting - mine
    if waiting:
        raise OperatorError(f"No job of {project.root / 'meltano.yml'} runs the task {min(waiting)}.")
    return jobs
