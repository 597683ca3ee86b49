"""The Meltano project a command works on: its folder, its jobs, and the company whose data it carries."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from string import Template
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

    from mapper_p2c.templates import Task

_FILE = "meltano.yml"

#: The system that each plugin of ours works on.
SYSTEMS = {
    "tap-dynamics-sales": "sales",
    "tap-dynamics-cds": "cds",
    "tap-dynamics-fno": "fno",
    "target-dynamics-sales": "sales",
    "target-dynamics-cds": "cds",
    "target-dynamics-fno": "fno",
}


@dataclass(frozen=True, slots=True)
class Block:
    """One task of a job: the plugins `meltano run` joins, and the template its mapping applies.

    Attributes:
        words: names as `meltano run` takes them, tap first.
        template: name of the mapper's template; empty where no mapping of mapper-p2c takes part.
        overrides: changes to the template, from the mapping's settings.
        source: the system that is read, `sales`, `cds` or `fno`; empty where the tap is none of ours.
        destination: the system that is written, likewise.
    """

    words: tuple[str, ...]
    template: str = ""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    destination: str = ""

    def tasks(self) -> tuple[Task, ...]:
        """The tasks of the template, overrides applied; none where there is no template.

        Raises:
            OperatorError: there is no such template, or it or the overrides are wrong.
        """
        if not self.template:
            return ()
        try:
            return templates.apply(templates.load(self.template), self.overrides).tasks
        except TemplateError as error:
            raise OperatorError(f"The mapping in `{' '.join(self.words)}`: {error}") from None


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
        return cls(root, chosen, home, variables, dict(_jobs(root / _FILE, variables)))

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


def _jobs(path: Path, variables: Mapping[str, str]) -> Iterator[tuple[str, tuple[Block, ...]]]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise OperatorError(f"{path} cannot be read: {' '.join(str(error).split())}") from None
    written = content if isinstance(content, dict) else {}
    plugins = Plugins(_expanded(written.get("plugins", {}), variables))
    for job in written.get("jobs", ()):
        yield job["name"], tuple(plugins.block(line) for line in _lines(job["tasks"]))


def _lines(tasks: Any) -> list[str]:
    """A job's tasks: a list of lines, or of lists of words; one line alone is a list too."""
    listed = [tasks] if isinstance(tasks, str) else tasks
    return [line if isinstance(line, str) else " ".join(line) for line in listed]


def _expanded(value: Any, variables: Mapping[str, str]) -> Any:
    """A setting with its `${NAME}` replaced, as Meltano does before it hands settings to plugins."""
    if isinstance(value, dict):
        return {name: _expanded(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [_expanded(part, variables) for part in value]
    return Template(value).safe_substitute(variables) if isinstance(value, str) else value


class Plugins:
    """The plugins of a meltano.yml, as far as they tell what a block of a job does."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        everything = [plugin for kind in content.values() for plugin in kind]
        self._parents = {plugin["name"]: plugin.get("inherit_from", "") for plugin in everything}
        mappings = [one for mapper in content.get("mappers", ()) for one in mapper.get("mappings", ())]
        self._mappings = {one["name"]: one.get("config", {}) for one in mappings}

    def block(self, line: str) -> Block:
        """What a line of a job stands for."""
        words = tuple(line.split())
        config: Mapping[str, Any] = next(
            (self._mappings[word] for word in words if word in self._mappings), {}
        )
        ends = self._system(words[0]), self._system(words[-1])
        return Block(words, config.get("template", ""), config.get("overrides") or {}, *ends)

    def _system(self, plugin: str) -> str:
        """The system a tap or target works on, told by the plugin of ours that it is or inherits from."""
        while plugin and plugin not in SYSTEMS:
            plugin = self._parents.get(plugin, "")
        return SYSTEMS.get(plugin, "")
