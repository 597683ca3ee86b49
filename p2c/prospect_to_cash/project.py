"""The Meltano project a command works on: its folder, its jobs, and the company whose data it carries."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from dotenv import dotenv_values
from dynamics_singer.names import nearest
from mapper_p2c import templates
from mapper_p2c.errors import TemplateError

from prospect_to_cash.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FILE = "meltano.yml"


@dataclass(frozen=True, slots=True)
class Block:
    """One task of a job: the plugins `meltano run` joins, and the template its mapping applies.

    Attributes:
        words: names as `meltano run` takes them, tap first.
        template: name of the mapper's template; empty where no mapping of mapper-p2c takes part.
        streams: what the template writes, in order.
    """

    words: tuple[str, ...]
    template: str
    streams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """A Meltano project, for one company.

    Attributes:
        root: the folder of meltano.yml.
        company: legal entity (`P2C_COMPANY`).
        home: the company's folder below `P2C_HOME`: rejects, locks, summaries, history.
        variables: the process environment over the project's `.env`.
        jobs: the blocks of each job, in the order of meltano.yml.
    """

    root: Path
    company: str
    home: Path
    variables: Mapping[str, str]
    jobs: Mapping[str, tuple[Block, ...]]

    @classmethod
    def here(cls, start: Path, *, company: str | None = None) -> Project:
        """The project that a folder lies in.

        Args:
            start: a folder in the project.
            company: the legal entity; that of `P2C_COMPANY` unless given.

        Raises:
            OperatorError: there is no project, its meltano.yml is broken, or no company is named.
        """
        root = _root(start)
        file = {name: value for name, value in dotenv_values(root / ".env").items() if value is not None}
        variables = {**file, **os.environ}
        chosen = company or variables.get("P2C_COMPANY", "")
        if not chosen.strip():
            raise OperatorError("No company is named; set P2C_COMPANY in .env, or give --company.")
        variables["P2C_COMPANY"] = chosen
        home = root / variables.get("P2C_HOME", "output") / chosen
        return cls(root, chosen, home, variables, dict(_jobs(root / _FILE)))

    def job(self, name: str) -> tuple[Block, ...]:
        """The blocks of a job.

        Raises:
            OperatorError: there is no such job; names the nearest one.
        """
        if name in self.jobs:
            return self.jobs[name]
        guess = nearest(name, self.jobs)
        told = f"did you mean {guess[0]}?" if guess else f"jobs: {', '.join(self.jobs)}."
        raise OperatorError(f"{self.root / _FILE} has no job {name}; {told}")


def _root(start: Path) -> Path:
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / _FILE).is_file():
            return folder
    raise OperatorError(f"There is no {_FILE} in {start} or above it; go to the Meltano project, or name it.")


def _jobs(path: Path) -> Iterator[tuple[str, tuple[Block, ...]]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise OperatorError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    written = content if isinstance(content, dict) else {}
    mappings = _mappings(written)
    for job in written.get("jobs", ()):
        yield job["name"], tuple(_block(line, mappings) for line in _lines(job["tasks"]))


def _lines(tasks: Any) -> list[str]:
    """A job's tasks: a list of lines, or of lists of words; one line alone is a list too."""
    listed = [tasks] if isinstance(tasks, str) else tasks
    return [line if isinstance(line, str) else " ".join(line) for line in listed]


def _mappings(content: Mapping[str, Any]) -> dict[str, str]:
    """Mapping to template, of every mapper that has mappings with a `template`."""
    mappers = content.get("plugins", {}).get("mappers", ())
    found = [mapping for mapper in mappers for mapping in mapper.get("mappings", ())]
    return {one["name"]: one["config"]["template"] for one in found if "template" in one.get("config", {})}


def _block(line: str, mappings: Mapping[str, str]) -> Block:
    words = tuple(line.split())
    template = next((mappings[word] for word in words if word in mappings), "")
    return Block(words, template, _streams(template) if template else ())


def _streams(template: str) -> tuple[str, ...]:
    try:
        return tuple(task.destination.stream for task in templates.load(template).tasks)
    except TemplateError as error:
        raise OperatorError(str(error)) from None
