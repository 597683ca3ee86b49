"""Records that could not be mapped: a Singer file per task, kept until the row is written, replaced or gone.

The file holds the SCHEMA of the source stream once and then a RECORD line for each reject, with `reason`,
`code`, `request_id` (empty here), `attempt` and `rejected_at` beside it. Any Singer runner can replay it.

A retried record that could be mapped stays in the file with `sent`, the token of the run that sent it, until
the token comes back in a STATE (see `marks`): no bookmark of the tap covers it, so were the file to forget
it before the target has written it, it would be lost.

Only one run at a time may have the file: each would write back what it read before the other's rejects came.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, Raw, UnsetType

from mapper_p2c import lines
from mapper_p2c.errors import InputError, RowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

#: Values of the source key as compact JSON, in key order; a stream without key has the whole record.
Key = tuple[bytes, ...]


@dataclass(slots=True)
class Reject:
    """One rejected record, exactly as it came in.

    Attributes:
        sent: token of the run that mapped and sent it; empty while it could not be mapped.
    """

    record: bytes
    reason: str
    code: str
    attempt: int
    rejected_at: str
    sent: str = ""


class _Line(msgspec.Struct, omit_defaults=True):
    """A reject as the file holds it."""

    type: str
    stream: str
    record: Raw
    reason: str
    code: str
    request_id: str
    attempt: int
    rejected_at: str
    sent: str = ""


class _About(msgspec.Struct):
    """What stands beside the record; files that other plugins made may lack it."""

    reason: str = ""
    code: str = ""
    attempt: int = 1
    rejected_at: str = ""
    sent: str = ""


def _about(line: bytes, where: str) -> _About:
    try:
        return msgspec.convert(json.loads(line), _About)
    except msgspec.ValidationError as error:
        raise InputError(f"{where}: {error}; mend this line of the rejects file, or remove it.") from None


class KeyReader:
    """Reads the source key out of a raw record."""

    def __init__(self, key_properties: Sequence[str]) -> None:
        names = {f"k{number}": name for number, name in enumerate(key_properties)}
        struct = msgspec.defstruct(
            "Key", [(member, Raw | UnsetType, UNSET) for member in names], rename=names
        )
        self._decode = msgspec.json.Decoder(struct).decode
        self._members = tuple(names)
        self._names = tuple(key_properties)

    def __call__(self, record: bytes) -> Key:
        """The key; JSON white space does not count, an absent field reads as null."""
        if not self._members:
            return (record,)
        try:
            decoded = self._decode(record)
        except msgspec.DecodeError:
            return tuple(json.dumps(part).encode() for part in lines.members(record, self._names))
        parts = (getattr(decoded, member) for member in self._members)
        return tuple(
            b"null" if part is UNSET else msgspec.json.format(bytes(part), indent=-1) for part in parts
        )


def key_text(key: Key) -> str:
    """A key for the log: the bare values, those of a lookup included."""
    return "/".join(_leaves(json.loads(part)) for part in key)


def _leaves(value: object) -> str:
    if isinstance(value, dict):
        return "/".join(_leaves(part) for part in value.values())
    return str(value)


class RejectFile:
    """The rejects of one task and source stream, and those sent again that may not be written yet.

    Nothing is written before `save`; a file without records is removed.
    """

    def __init__(self, folder: Path, task: str, stream: str, token: str) -> None:
        """Prepare the file, without reading it.

        Args:
            folder: where the file is.
            task: gives the file its name.
            stream: the source stream.
            token: stands for this run in what it marks as sent; no other run has the same.
        """
        self.path = folder / f"{task}.singer"
        self._stream = stream
        self._token = token
        self._schema = b""
        self._kept: dict[Key, Reject] = {}
        self._sent: set[Key] = set()
        self._confirmed: set[str] = set()
        self._loaded = False
        self._changed = False
        self._unlock: Callable[[], object] = lambda: None

    def __len__(self) -> int:
        """Number of records in the file, once it is loaded."""
        return len(self._kept)

    @property
    def token(self) -> str | None:
        """What a STATE that goes out now says of this file: this run's token, or nothing (empty).

        None as long as the file is not loaded: what the STATE says already still holds.
        """
        if not self._loaded:
            return None
        return self._token if self._sent else ""

    def load(self, schema_line: bytes, key: KeyReader) -> None:
        """Read the rejects of earlier runs; the SCHEMA line that came in now is kept for the next `save`.

        Raises:
            InputError: the file is broken, belongs to another stream, or another run has it.
        """
        self._schema = schema_line.strip()
        self._loaded = True
        self._take()
        if not self.path.exists():
            return
        for number, line in enumerate(self.path.read_bytes().splitlines(), start=1):
            self._load_line(line, f"{self.path}:{number}", key)

    def _take(self) -> None:
        """Keep other runs from the file until `release`, or until the process ends, however it ends."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_CREAT | os.O_WRONLY, 0o600)
        self._unlock = weakref.finalize(self, os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{self.path}: another run of the task {self.path.stem} is on and uses this rejects file: "
                "wait for its end; runs for different companies need a `rejects_path` each."
            ) from None

    def release(self) -> None:
        """Leave the file to the next run."""
        self._unlock()

    def _load_line(self, line: bytes, where: str, key: KeyReader) -> None:
        found = lines.envelope(line, where)
        if found.stream != self._stream:
            raise InputError(
                f"{where}: holds rejects of the stream {found.stream}, not of {self._stream}: give each "
                "plugin a `rejects_path` of its own."
            )
        if found.type == "RECORD" and found.raw_record:
            record = found.raw_record
            about = _about(line, where)
            if about.sent in self._confirmed:
                self._changed = True
                return
            self._kept[key(record)] = Reject(
                record, about.reason, about.code, about.attempt, about.rejected_at, about.sent
            )

    def records(self) -> Iterator[tuple[Key, Reject]]:
        """All records in the file, oldest first."""
        yield from list(self._kept.items())

    def add(self, key: Key, record: bytes, error: RowError, rejected_at: str) -> None:
        """Keep a record; of a record that was here before only the number of attempts goes on."""
        known = self._kept.pop(key, None)
        attempt = known.attempt + 1 if known and known.record == record else 1
        self._kept[key] = Reject(record, error.reason, error.code, attempt, rejected_at)
        self._sent.discard(key)
        self._changed = True

    def replaced(self, key: Key) -> None:
        """A newer version, a delete or the filter has made the reject void."""
        if self._kept.pop(key, None):
            self._sent.discard(key)
            self._changed = True

    def sent(self, key: Key) -> None:
        """A retried record goes out; it leaves the file when a later run's STATE brings the token back."""
        self._kept[key].sent = self._token
        self._sent.add(key)
        self._changed = True

    def confirm(self, token: str) -> None:
        """A STATE brought a token: the target has written what was sent under it, before or after `load`."""
        if not token or token in self._confirmed:
            return
        self._confirmed.add(token)
        for key in [key for key, reject in self._kept.items() if reject.sent == token]:
            self.replaced(key)

    def save(self) -> None:
        """Write the file if anything changed: whole, atomically, readable by its owner only."""
        if not self._changed:
            return
        self._changed = False
        if not self._kept:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes the file with mode 0600.
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(self._content())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _content(self) -> Iterator[bytes]:
        yield self._schema + b"\n"
        for reject in self._kept.values():
            line = _Line(
                "RECORD",
                self._stream,
                Raw(reject.record),
                reject.reason,
                reject.code,
                "",
                reject.attempt,
                reject.rejected_at,
                reject.sent,
            )
            yield msgspec.json.encode(line) + b"\n"
