"""The rejects file of a task: refused rows, kept as Singer messages until they are written or superseded.

Layout: one SCHEMA line before the rows made under it, then per row
{"type":"RECORD","stream":…,"record":…,"reason":…,"code":…,"request_id":…,"attempt":n,"rejected_at":…}.
The file is replaced as a whole (written beside, synced, renamed), so a crash leaves the old or the new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from dynamics_singer.names import file_name
from dynamics_singer.whole_files import replace_file

from .buffering import Identity, keyless
from .errors import RejectsFileError
from .messages import RecordText, read_message, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_HINT = "Repair or move the file (it holds rows that were not written), then run again; see `rejects_path`"
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Reject:
    """A refused row: its text and schema as received, why it was refused, how often tried, and when."""

    stream: str
    schema: bytes
    record: RecordText
    reason: str
    code: str = ""
    request_id: str = ""
    attempt: int = 1
    rejected_at: str = ""


def rejects_file(folder: Path, owner: str) -> Path:
    """Path of a task's file."""
    return folder / f"{file_name(owner)}.singer"


class RejectsFile:
    """The rejects of one task in memory, and their file."""

    def __init__(self, path: Path) -> None:
        """Read what earlier runs left.

        Raises:
            RejectsFileError: the file cannot be read or does not hold what it should.
        """
        self.path = path
        self._rejects: dict[tuple[str, Identity], Reject] = {}
        self._changed = False
        self._stamp: tuple[int, int, int] | None = None
        for reject in self._read():
            self._rejects[reject.stream, keyless(reject.record.raw)] = reject

    def __len__(self) -> int:
        """How many rows are kept."""
        return len(self._rejects)

    def adopt(self, stream: str, identify: Callable[[RecordText], Identity]) -> None:
        """File a stream's rejects under the identity its present writer gives; of two, the later stays."""
        for known, reject in list(self._rejects.items()):
            if known[0] == stream:
                identity = identify(reject.record)
                del self._rejects[known]
                older = self._rejects.pop((stream, identity), None)
                self._changed = self._changed or older is not None
                self._rejects[stream, identity] = reject

    def of_stream(self, stream: str) -> list[tuple[Identity, Reject]]:
        """The rejects of a stream, oldest first."""
        return [(known[1], reject) for known, reject in self._rejects.items() if known[0] == stream]

    def get(self, stream: str, identity: Identity) -> Reject | None:
        """The reject of a row, if there is one."""
        return self._rejects.get((stream, identity))

    def put(self, identity: Identity, reject: Reject) -> None:
        """Keep a reject in place of an older one of the same row."""
        self._rejects.pop((reject.stream, identity), None)
        self._rejects[reject.stream, identity] = reject
        self._changed = True

    def discard(self, stream: str, identity: Identity) -> None:
        """Drop the reject of a row that is settled or has a newer version, if there is one."""
        if self._rejects.pop((stream, identity), None) is not None:
            self._changed = True

    def save(self) -> None:
        """Bring the file up to date if anything changed; without rejects there is no file.

        Raises:
            RejectsFileError: it cannot be written, or another program has changed it since it was read.
        """
        if not self._changed:
            return
        if _stamp(self.path) not in {self._stamp, None}:
            raise RejectsFileError(
                f"The rejects file {self.path} was changed by another program during the run",
                hint="Give every plugin and every company a `rejects_path` of its own",
            )
        try:
            self._replace()
        except OSError as error:
            raise RejectsFileError(
                f"The rejects file {self.path} cannot be written: {error.strerror}",
                hint="Make the folder of `rejects_path` writable or name another one",
            ) from error
        self._stamp = _stamp(self.path)
        self._changed = False

    def _replace(self) -> None:
        if not self._rejects:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self.path, self._lines())

    def _lines(self) -> Iterator[bytes]:
        """The file's lines: rejects grouped by schema, each group in order of arrival."""
        groups: dict[tuple[str, bytes], list[Reject]] = {}
        for reject in self._rejects.values():
            groups.setdefault((reject.stream, reject.schema), []).append(reject)
        for (_stream, schema), rejects in groups.items():
            yield schema + b"\n"
            for reject in rejects:
                yield _line(reject)

    def _read(self) -> Iterator[Reject]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise RejectsFileError(
                f"The rejects file {self.path} cannot be read: {error.strerror}", hint=_HINT
            ) from error
        self._stamp = _stamp(self.path)
        schemas: dict[str, bytes] = {}
        for number, line in enumerate(content.split(b"\n"), 1):
            if not line.strip():
                continue
            try:
                reject = _parse(line, schemas)
            except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
                raise RejectsFileError(
                    f"Line {number} of the rejects file {self.path} is damaged", hint=_HINT
                ) from None
            if reject is not None:
                yield reject


def _parse(line: bytes, schemas: dict[str, bytes]) -> Reject | None:
    """A RECORD line as a reject; a SCHEMA line is remembered. KeyError: a row before its schema."""
    message, decoded = read_message(line)
    if message.type == "SCHEMA":
        schemas[message.stream] = line
        return None
    if message.type != "RECORD":
        raise msgspec.ValidationError("neither SCHEMA nor RECORD")
    return Reject(
        stream=message.stream,
        schema=schemas[message.stream],
        record=read_record(message, decoded, line),
        reason=message.reason,
        code=message.code,
        request_id=message.request_id,
        attempt=message.attempt,
        rejected_at=message.rejected_at,
    )


def _line(reject: Reject) -> bytes:
    head = _encoder.encode({"type": "RECORD", "stream": reject.stream})[:-1]
    tail = _encoder.encode(
        {
            "reason": _storable(reject.reason),
            "code": _storable(reject.code),
            "request_id": _storable(reject.request_id),
            "attempt": reject.attempt,
            "rejected_at": reject.rejected_at,
        }
    )[1:]
    return head + b',"record":' + reject.record.raw + b"," + tail + b"\n"


def _storable(text: str) -> str:
    """Text without lone surrogates, which UTF-8 has no bytes for."""
    return text.encode("utf-8", "replace").decode()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from another; None when there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)
