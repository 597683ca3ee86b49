"""The settings every target has beside its connection, as JSON schema and as one typed object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGET_PROPERTIES: dict[str, dict[str, Any]] = {
    "batch_size": {
        "type": "integer",
        "minimum": 1,
        "default": 500,
        "title": "Batch size",
        "description": "Rows of a stream that are collected before they are written. After a crash at most "
        "this many rows per stream are sent once more.",
    },
    "write_mode": {
        "type": "string",
        "enum": ["upsert", "create", "update"],
        "default": "upsert",
        "title": "Write mode",
        "description": "upsert creates missing rows and updates the others; create leaves existing rows "
        "alone; update leaves missing rows out.",
    },
    "on_reject": {
        "type": "string",
        "enum": ["continue", "fail"],
        "default": "continue",
        "title": "On reject",
        "description": "continue keeps rows that the service refuses in the rejects file and goes on; fail "
        "keeps them too, then ends the run with an error. Rows that were tried again do not count.",
    },
    "max_rejects": {
        "type": "integer",
        "minimum": 0,
        "title": "Most rejects",
        "description": "End the run with an error once more new rows than this were refused. Without it "
        "there is no limit.",
    },
    "rejects_path": {
        "type": "string",
        "minLength": 1,
        "default": "rejects",
        "title": "Folder of the rejects",
        "description": "Folder that keeps refused rows, one Singer file per task. Give each company, and the "
        "mapper, a folder of its own.",
    },
    "retry_rejects": {
        "type": "boolean",
        "default": True,
        "title": "Retry rejects",
        "description": "Write the rows of the rejects file again before the first new row of their stream.",
    },
    "skip_unchanged": {
        "type": "boolean",
        "default": False,
        "title": "Skip unchanged rows",
        "description": "Compare each row with the destination first; send nothing when it is equal and only "
        "the changed fields when it is not.",
    },
    "summary_path": {
        "type": "string",
        "title": "Summary file",
        "description": "File to which one JSON line per stream is appended at the end of the run: status, "
        "counts, requests, times.",
    },
    "run_id": {
        "type": "string",
        "title": "Run",
        "description": "Id of the run, repeated in the summary lines, so that the lines of several plugins "
        "can be put together.",
    },
    "locks_path": {
        "type": "string",
        "title": "Folder of the locks",
        "description": "Folder of lock files, one per stream: a run refuses a stream that another run is "
        "writing, except one with the same `run_id`. Give each company a folder of its own. Without it there "
        "are no locks.",
    },
}
"""JSON-schema properties for a target's `config_jsonschema`; change a default by copying the entry."""


def config_schema(
    *properties: Mapping[str, Mapping[str, Any]], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One `config_jsonschema` of several groups of settings; of a name given twice the later entry wins."""
    merged: dict[str, Any] = {}
    for group in properties:
        merged.update({name: dict(one) for name, one in group.items()})
    schema: dict[str, Any] = {"type": "object", "properties": merged}
    if required:
        schema["required"] = list(required)
    return schema


@dataclass(frozen=True, slots=True)
class TargetSettings:
    """`TARGET_PROPERTIES` as values; see there for what each one means."""

    batch_size: int = 500
    write_mode: Literal["upsert", "create", "update"] = "upsert"
    on_reject: Literal["continue", "fail"] = "continue"
    max_rejects: int | None = None
    rejects_path: Path = Path("rejects")
    retry_rejects: bool = True
    skip_unchanged: bool = False
    summary_path: Path | None = None
    run_id: str = ""
    locks_path: Path | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> TargetSettings:
        """Read a validated configuration; what is absent takes the default of the JSON schema."""
        default = cls()
        limit = config.get("max_rejects")
        summary, locks = config.get("summary_path"), config.get("locks_path")
        return cls(
            batch_size=int(config.get("batch_size", default.batch_size)),
            write_mode=config.get("write_mode", default.write_mode),
            on_reject=config.get("on_reject", default.on_reject),
            max_rejects=None if limit is None else int(limit),
            rejects_path=Path(config.get("rejects_path", default.rejects_path)),
            retry_rejects=bool(config.get("retry_rejects", default.retry_rejects)),
            skip_unchanged=bool(config.get("skip_unchanged", default.skip_unchanged)),
            summary_path=Path(summary) if summary else None,
            run_id=config.get("run_id", default.run_id),
            locks_path=Path(locks) if locks else None,
        )
