"""`p2c run`: a Meltano run with an id, the locks of all it writes, and a place in the history."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dynamics_singer.errors import LockedError
from dynamics_singer.locks import Holder, Locks

from prospect_to_cash import statuses, terminal
from prospect_to_cash.errors import OperatorError
from prospect_to_cash.history import showing
from prospect_to_cash.history.collecting import collect
from prospect_to_cash.history.database import Run
from prospect_to_cash.history.opening import job_lock, opened, stamp
from prospect_to_cash.notifying import notify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from prospect_to_cash.history.database import Execution
    from prospect_to_cash.project import Block, Project


@dataclass(frozen=True, slots=True)
class Wish:
    """What to run.

    Attributes:
        job: a job of meltano.yml.
        tasks: of the job's tasks only those with these templates; all of them when empty.
        full_refresh: read everything again, whatever the bookmarks say.
        environment: Meltano environment; the project's default unless given.
    """

    job: str
    tasks: tuple[str, ...] = ()
    full_refresh: bool = False
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended: its entry in the history, what its plugins did, and Meltano's exit code."""

    run: Run
    executions: list[Execution]
    code: int


def run(project: Project, wish: Wish) -> Finished:
    """Run a job to its end, whatever that is.

    Raises:
        OperatorError: there is no such job or task, Meltano is not installed, or another run holds a lock.
    """
    blocks = _chosen(project, wish)
    meltano = meltano_command()
    run_id = str(uuid.uuid4())
    with _locks(project, wish, blocks, run_id) as locks:
        database = opened(project)
        database.begin(Run(run_id, wish.job, stamp(), "", statuses.RUNNING, by_p2c=True))
        code = _meltano_run(project, [meltano, *_words(wish, blocks, run_id)], run_id, locks)
        collect(database, project.home)
        database.end(run_id, stamp(), broken=code != 0)
    (finished,) = database.find(run_id)
    return Finished(finished, database.executions(run_id), code)


def report(project: Project, finished: Finished) -> int:
    """Show how a run ended and tell those who want to know; gives the command's exit code."""
    executions = finished.executions
    console = terminal.console()
    console.print(showing.executions(executions))
    console.print(f"{finished.run.job}:", showing.status(finished.run.status), f"(run {finished.run.id[:8]})")
    notify(project, finished.run, executions)
    return 1 if finished.code else 0


def _chosen(project: Project, wish: Wish) -> tuple[Block, ...]:
    blocks = project.job(wish.job)
    if not wish.tasks:
        return blocks
    known = [block.template for block in blocks]
    unknown = [task for task in wish.tasks if task not in known]
    if unknown:
        raise OperatorError(f"The job {wish.job} has no task {unknown[0]}; its tasks: {', '.join(known)}.")
    return tuple(block for block in blocks if block.template in wish.tasks)


def _words(wish: Wish, blocks: Sequence[Block], run_id: str) -> list[str]:
    """Meltano's arguments. A whole job is run by its name, so that its own settings hold."""
    words = [f"--environment={wish.environment}"] if wish.environment else []
    words += ["run", f"--run-id={run_id}"]
    if wish.full_refresh:
        words.append("--full-refresh")
    return words + ([word for block in blocks for word in block.words] if wish.tasks else [wish.job])


def meltano_command() -> str:
    """Path of the command `meltano`, preferably the one installed beside this program.

    Raises:
        OperatorError: there is none.
    """
    beside = Path(sys.executable).with_name("meltano")
    found = str(beside) if beside.exists() else shutil.which("meltano")
    if found is None:
        raise OperatorError("There is no command `meltano`; install Meltano, or put its folder into PATH.")
    return found


@contextmanager
def _locks(project: Project, wish: Wish, blocks: Sequence[Block], run_id: str) -> Iterator[Locks]:
    """The locks of the job and of every entity it writes."""
    locks = Locks(project.home / "locks", Holder.here(f"p2c run {wish.job}", run_id))
    try:
        written = [task.destination.stream for block in blocks for task in block.tasks()]
        locks.take([job_lock(wish.job), *written])
        yield locks
    except LockedError as error:
        raise OperatorError(str(error)) from None
    finally:
        locks.release()


def _meltano_run(project: Project, command: Sequence[str], run_id: str, locks: Locks) -> int:
    """Run Meltano to its end. Should this process die first, Meltano keeps the locks: it inherits them."""
    process = subprocess.Popen(  # noqa: S603 - Meltano, with words of meltano.yml
        command,
        cwd=project.root,
        env={**project.variables, "P2C_RUN_ID": run_id},
        pass_fds=locks.descriptors,
    )
    with _passing_signals_to(process):
        return process.wait()


@contextmanager
def _passing_signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Wait for the child's own end on Ctrl-C, which the terminal sends to both; pass SIGTERM on."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    before[signal.SIGTERM] = signal.signal(signal.SIGTERM, pass_on)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
