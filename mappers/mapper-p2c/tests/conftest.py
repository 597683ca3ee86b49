"""The mapper as a process, and as a pipeline in this process, for all tests."""

from __future__ import annotations

import functools
import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mapper_p2c import templates
from mapper_p2c.pipeline import Pipeline
from mapper_p2c.settings import CONFIG_JSONSCHEMA, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

COMMAND = Path(sys.executable).with_name("mapper-p2c")


@dataclass(frozen=True)
class Finished:
    """A run that has ended: exit code, output lines, log."""

    code: int
    lines: list[str]
    log: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.log.splitlines() if "| ERROR" in line]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [parsed["record"] for parsed in map(exact, self.lines) if parsed["type"] == "RECORD"]


def exact(line: str) -> dict[str, Any]:
    """A line as Python values, numbers as the text they are written with."""
    parsed: dict[str, Any] = json.loads(line, parse_float=lambda text: f"number {text}")
    return parsed


@pytest.fixture(scope="session")
def data() -> Path:
    return Path(__file__).with_name("data")


def run_in(folder: Path, config: Mapping[str, Any], lines: Iterable[str]) -> Finished:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    done = subprocess.run(
        [COMMAND, "--config", "config.json"],
        input="".join(f"{line}\n" for line in lines).encode(),
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Finished(done.returncode, done.stdout.decode().splitlines(), done.stderr.decode())


def rejects_in(folder: Path, task: str) -> list[dict[str, Any]]:
    path = folder / "rejects" / "mapper" / f"{task}.singer"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Finished]:
    """Runs the console script in a folder of its own: `run(config, lines)`."""
    return functools.partial(run_in, tmp_path)


@pytest.fixture
def rejects(tmp_path: Path) -> Callable[[str], list[dict[str, Any]]]:
    """Lines of a task's rejects file, parsed; empty without a file."""
    return functools.partial(rejects_in, tmp_path)


@pytest.fixture(scope="session")
def run_apart(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., tuple[Finished, list[dict[str, Any]]]]:
    """Runs the console script for a task, for tests that share its result; gives the rejects too."""

    def run_mapper(template: str, lines: Iterable[str]) -> tuple[Finished, list[dict[str, Any]]]:
        folder = tmp_path_factory.mktemp(template)
        return run_in(folder, {"template": template}, lines), rejects_in(folder, template)

    return run_mapper


@pytest.fixture
def pipeline(tmp_path: Path) -> Callable[..., Pipeline]:
    """Makes a pipeline without a process: `pipeline(config, write)`."""

    def make(config: Mapping[str, Any], write: Callable[[bytes], object]) -> Pipeline:
        declared = CONFIG_JSONSCHEMA["properties"]
        defaults = {name: part["default"] for name, part in declared.items() if "default" in part}
        settings = Settings.from_config(
            {**defaults, "rejects_path": str(tmp_path / "rejects" / "mapper"), **config}
        )
        template = templates.apply(templates.load(settings.template), settings.overrides)
        return Pipeline(template, settings, write)

    return make


@pytest.fixture
def feed(pipeline: Callable[..., Pipeline]) -> Callable[..., list[str]]:
    """Runs the pipeline without a process: `feed(config, lines)` gives the lines that go out."""

    def run_pipeline(config: Mapping[str, Any], lines: Iterable[str]) -> list[str]:
        made: list[bytes] = []
        running = pipeline(config, made.append)
        try:
            for line in lines:
                running.feed(line.encode() + b"\n")
            running.finish()
        except BaseException:
            running.close(logging.getLogger("mapper-p2c"), broken=True)
            raise
        running.close(logging.getLogger("mapper-p2c"), broken=False)
        return [line.decode() for line in made]

    return run_pipeline


@pytest.fixture(name="exact")
def exact_fixture() -> Callable[[str], dict[str, Any]]:
    return exact


@pytest.fixture
def schema() -> Callable[..., str]:
    """Makes a SCHEMA line; a property may be given by its type alone."""

    def line(stream: str, properties: Mapping[str, Any], key: Iterable[str] = ("id",)) -> str:
        full = {
            name: {"type": [part, "null"]} if isinstance(part, str) else part
            for name, part in properties.items()
        }
        message = {"type": "SCHEMA", "stream": stream, "schema": {"properties": full}}
        return json.dumps({**message, "key_properties": list(key)})

    return line


@pytest.fixture
def record() -> Callable[..., str]:
    """Makes a RECORD line."""

    def line(stream: str, **fields: Any) -> str:
        return json.dumps({"type": "RECORD", "stream": stream, "record": fields}, ensure_ascii=False)

    return line
