"""A run of the in-memory target over Singer messages, and short makers of such messages."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from memory_target import Destination, TargetMemory

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def schema(stream: str = "orders", keys: tuple[str, ...] = ("id",), **keywords: Any) -> dict[str, Any]:
    properties = {
        "id": {"type": ["integer", "null"]},
        "name": {"type": ["string", "null"]},
        "amount": {"type": "number"},
    }
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties, **keywords},
        "key_properties": list(keys),
    }


def record(number: int | None, stream: str = "orders", **values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": {"id": number, **values}}


def state(value: Any) -> dict[str, Any]:
    return {"type": "STATE", "value": {"at": value}}


@dataclass
class Bench:
    """Runs the target as often as a test likes against one destination and one rejects folder."""

    folder: Path
    destination: Destination = field(default_factory=Destination)
    states: list[str] = field(default_factory=list)

    def config(self, **settings: Any) -> dict[str, Any]:
        return {
            "rejects_path": str(self.folder / "rejects"),
            "summary_path": str(self.folder / "summary.jsonl"),
            **settings,
        }

    def target(self, **settings: Any) -> TargetMemory:
        class Bound(TargetMemory):
            destination = self.destination

        return Bound(config=self.config(**settings))

    def run(self, messages: Iterable[dict[str, Any] | bytes | str], **settings: Any) -> None:
        """One run; what it emits is appended to `states`, also when it fails."""
        target = self.target(**settings)
        captured, before = io.StringIO(), sys.stdout
        sys.stdout = captured
        try:
            target.listen(_input(messages))
        finally:
            sys.stdout = before
            self.states += captured.getvalue().splitlines()

    def reject_lines(self, owner: str) -> list[dict[str, Any]]:
        path = self.folder / "rejects" / f"{owner}.singer"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def rejects(self, owner: str) -> list[dict[str, Any]]:
        return [line for line in self.reject_lines(owner) if line["type"] == "RECORD"]

    def summary(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "summary.jsonl").read_text().splitlines()]


def _input(messages: Iterable[dict[str, Any] | bytes | str]) -> Any:
    lines = [
        one if isinstance(one, bytes) else (one if isinstance(one, str) else json.dumps(one)).encode()
        for one in messages
    ]
    return io.BytesIO(b"\n".join(lines) + b"\n")
