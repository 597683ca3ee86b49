"""The rejects files of a company, as an operator sees them: read without a plugin, thinned out when asked.

Each plugin keeps one Singer file per task, `rejects/<plugin's folder>/<task>.singer`: SCHEMA lines, and
RECORD lines with `reason`, `code`, `request_id`, `attempt` and `rejected_at` beside the record.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dynamics_singer.names import file_name

from prospect_to_cash.errors import OperatorError
from prospect_to_cash.rejects.masking import masked_reason, masked_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Folder of the mapper's rejects; the other folders are those of targets.
MAPPER = "mapper"


@dataclass(frozen=True, slots=True)
class KeptReject:
    """A refused row.

    Attributes:
        place: folder of the plugin that keeps it: `mapper`, `cds`, `fno`, …
        task: the task that was at work.
        stream: stream of the record: the source's in the mapper's files, the destination's in a target's.
        keys: names of the stream's key properties.
        record: the record, numbers as the text they are written with.
    """

    place: str
    task: str
    stream: str
    keys: tuple[str, ...]
    record: dict[str, Any]
    reason: str
    code: str
    request_id: str
    attempt: int
    rejected_at: str

    @property
    def key(self) -> str:
        """Values of the key, joined; those of a lookup included."""
        parts = [self.record.get(name) for name in self.keys] or [self.record]
        return "/".join(text for part in parts for text in _texts(part))

    @property
    def shown(self) -> str:
        """The reason without the record's values."""
        return masked_reason(self.reason, self.record, self.keys)

    @property
    def masked(self) -> Any:
        """The record without its values."""
        return masked_record(self.record, self.keys)


def all_kept(rejects: Path) -> Iterator[KeptReject]:
    """Every reject of a company, file by file.

    Args:
        rejects: the folder that holds a folder for each plugin.

    Raises:
        OperatorError: a file holds a line that is no Singer message.
    """
    for path in sorted(rejects.glob("*/*.singer")):
        for _, reject in _read(path):
            if reject is not None:
                yield reject


def kept(rejects: Path, plugin: str, task: str, stream: str) -> Iterator[KeptReject]:
    """The rejects of one plugin's work on one task; a target's stream is told by name, too."""
    mapper = plugin.startswith("mapper")
    for path in sorted(rejects.glob(f"*/{file_name(task or stream)}.singer")):
        if (path.parent.name == MAPPER) != mapper:
            continue
        for _, reject in _read(path):
            if reject is not None and (mapper or reject.stream == stream):
                yield reject


def drop(rejects: Path, unwanted: Callable[[KeptReject], bool]) -> list[KeptReject]:
    """Remove rejects for good; gives those removed. The caller holds the locks of the tasks.

    Raises:
        OperatorError: a file is broken, or a run is on that uses it.
    """
    dropped: list[KeptReject] = []
    for path in sorted(rejects.glob("*/*.singer")):
        with _alone(path):
            found = _read(path)
            gone = [reject for _, reject in found if reject is not None and unwanted(reject)]
            if gone:
                rest = [(line, reject) for line, reject in found if reject is None or not unwanted(reject)]
                _write(path, rest)
                dropped += gone
    return dropped


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock that the mapper takes on its file."""
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise OperatorError(f"{path} is used by a run that is on; wait for its end.") from None
    finally:
        os.close(descriptor)


def _read(path: Path) -> list[tuple[bytes, KeptReject | None]]:
    """The file's lines, each with the reject it holds; a SCHEMA line holds none."""
    keys: dict[str, tuple[str, ...]] = {}
    found: list[tuple[bytes, KeptReject | None]] = []
    try:
        for line in path.read_bytes().splitlines():
            message = json.loads(line, parse_float=str)
            if message["type"] == "SCHEMA":
                keys[message["stream"]] = tuple(message.get("key_properties") or ())
                found.append((line, None))
            else:
                found.append((line, _reject(path, message, keys[message["stream"]])))
    except (ValueError, KeyError, TypeError):
        raise OperatorError(
            f"{path}:{len(found) + 1} is no line of a rejects file; mend it or move the file away."
        ) from None
    return found


def _reject(path: Path, message: dict[str, Any], keys: tuple[str, ...]) -> KeptReject:
    return KeptReject(
        place=path.parent.name,
        task=path.stem,
        stream=message["stream"],
        keys=keys,
        record=message["record"],
        reason=message.get("reason", ""),
        code=message.get("code", ""),
        request_id=message.get("request_id", ""),
        attempt=message.get("attempt", 1),
        rejected_at=message.get("rejected_at", ""),
    )


def _write(path: Path, lines: Sequence[tuple[bytes, KeptReject | None]]) -> None:
    """Replace the file as a whole; without rejects there is none."""
    if all(reject is None for _, reject in lines):
        path.unlink()
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(line + b"\n" for line, _ in lines)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    else:
        yield "" if value is None else str(value)
