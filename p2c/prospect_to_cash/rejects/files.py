"""The rejects files of a company, as an operator sees them: read without a plugin, thinned out when asked.

Each plugin keeps one Singer file per task, `rejects/<plugin's folder>/<task>.singer`: SCHEMA lines, and
RECORD lines with `reason`, `code`, `request_id`, `attempt` and `rejected_at` beside the record.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dynamics_singer.names import file_name
from dynamics_singer.whole_files import replace_file

from prospect_to_cash.errors import OperatorError
from prospect_to_cash.rejects.masking import masked_reason, masked_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

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
        """Values of the key, joined, those of a lookup included; a digest of the record without a key."""
        if not self.keys:
            content = json.dumps(self.record, sort_keys=True).encode()
            return hashlib.sha256(content).hexdigest()[:12]
        return "/".join(text for name in self.keys for text in _texts(self.record.get(name)))

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


def drop(rejects: Path, unwanted: Iterable[KeptReject]) -> int:
    """Remove rejects for good; gives how many. The caller holds the locks of the streams.

    Raises:
        OperatorError: a file is broken, or a run is on that uses it.
    """
    dropped = 0
    by_file: dict[Path, set[tuple[str, str]]] = {}
    for reject in unwanted:
        path = rejects / reject.place / f"{reject.task}.singer"
        by_file.setdefault(path, set()).add((reject.stream, reject.key))
    for path, names in by_file.items():
        with _alone(path):
            found = _read(path)
            rest = [one for one in found if one[1] is None or (one[1].stream, one[1].key) not in names]
            if all(reject is None for _, reject in rest):
                path.unlink()
            else:
                replace_file(path, (line + b"\n" for line, _ in rest))
            dropped += len(found) - len(rest)
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


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    else:
        yield "" if value is None else str(value)
