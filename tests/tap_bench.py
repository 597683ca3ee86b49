"""A tap at work on a sandbox, for the tests of our taps: what it prints, logs and leaves as state."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.logging import ConsoleFormatter

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox
    from dynamics_singer.tap.tap import DynamicsTap


@dataclass(frozen=True)
class Done:
    """What one run of the tap printed on stdout (`text`) and stderr (`log`)."""

    code: int
    text: str
    log: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, numbers as exact decimals."""
        lines = [line for line in self.text.splitlines() if line.startswith('{"type"')]
        return [json.loads(line, parse_float=Decimal) for line in lines]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [
            each["record"] for each in self.messages if each["type"] == "RECORD" and each["stream"] == stream
        ]

    def schema(self, stream: str) -> dict[str, Any]:
        [schema] = [each for each in self.messages if each["type"] == "SCHEMA" and each["stream"] == stream]
        return schema

    def states(self) -> list[dict[str, Any]]:
        return [each["value"] for each in self.messages if each["type"] == "STATE"]

    def errors(self) -> list[str]:
        return self._lines("ERROR")

    def warnings(self) -> list[str]:
        return self._lines("WARNING")

    def _lines(self, level: str) -> list[str]:
        return [line.split(" | ", 3)[3] for line in self.log.splitlines() if f"| {level} " in line]


@dataclass(frozen=True)
class TapBench:
    """A sandbox and a tap, as a process of its own (`run`) or inside this one, which is faster (`sync`)."""

    plugin: ClassVar[type[DynamicsTap]]
    """The tap."""
    home: ClassVar[str]
    """The environment it reads unless told otherwise."""

    sandbox: Sandbox
    folder: Path

    def run(
        self, *options: str, env: str = "", state: Any = None, catalog: Any = None, **config: Any
    ) -> Done:
        """Run the console command to its end; `config` goes on top of the connection, None removes."""
        command = [str(Path(sys.executable).with_name(self.plugin.name))]
        files = {"config": self._config(env, config)}
        files |= {"state": state} if state is not None else {}
        files |= {"catalog": catalog} if catalog is not None else {}
        for option, content in files.items():
            path = self.folder / f"{option}.json"
            path.write_text(json.dumps(content, default=float))
            command += [f"--{option}", str(path)]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=120)
        assert self.sandbox.client_secret not in done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def tap(self, *, env: str = "", state: Any = None, catalog: Any = None, **config: Any) -> DynamicsTap:
        """A tap with its streams discovered."""
        return self.plugin(config=self._config(env, config), state=state, catalog=catalog)

    def sync(self, **how: Any) -> Done:
        """Read the selected streams inside this process; arguments as for `run`, errors are raised."""
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        handler.setFormatter(ConsoleFormatter())
        logger = logging.getLogger(self.plugin.name)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        try:
            with contextlib.redirect_stdout(out):
                self.tap(**how).sync_all()
        finally:
            logger.removeHandler(handler)
        return Done(0, out.buffer.getvalue().decode(), log.getvalue())

    def _config(self, env: str, config: dict[str, Any]) -> dict[str, Any]:
        settings = {**self.sandbox.config(env or self.home), "data_dir": str(self.folder / "data"), **config}
        return {name: value for name, value in settings.items() if value is not None}
