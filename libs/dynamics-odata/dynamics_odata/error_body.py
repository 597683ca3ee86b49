"""Reading the services' error bodies: Dataverse JSON, F&O JSON with an infolog, gateway pages, nothing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

__all__ = ["Fault", "read_fault", "summarise_infolog"]

MAX_PLAIN_TEXT = 300

# Plug-in failures, which Dataverse answers with 500 though repeating them cannot help.
PERMANENT_CODES = frozenset({"0x80040224", "0x80040265"})

_WRITE_FAILED = re.compile(r"^\s*Write failed for table row of type '[^']*'\.\s*", re.IGNORECASE)
_SEVERITY = re.compile(r"^(?:Info|Warning|Error):\s*", re.IGNORECASE)
_VALIDATE_FAILED = re.compile(r"^validate\w* failed on\b", re.IGNORECASE)
_UPDATE_CONFLICT = re.compile(r"\bupdate conflict occurred due to another user process\b", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fault:
    """What an error body says.

    Attributes:
        message: the service's text, whole.
        detail: the same made short: F&O's infolog without its frame and repetitions.
        code: the service's error code, or the empty string.
        kind: the server-side exception type where one is given (F&O).
        structured: whether the service itself spoke (an OData error body), not a gateway before it.
    """

    message: str
    detail: str
    code: str = ""
    kind: str = ""
    structured: bool = False

    @property
    def is_update_conflict(self) -> bool:
        """F&O lost a race on the row and wrote nothing: the request may be repeated, whatever its method."""
        return bool(_UPDATE_CONFLICT.search(self.message))

    @property
    def is_final(self) -> bool:
        """A refusal for good, even when it comes as status 500 (F&O: older builds; Dataverse: plug-ins)."""
        if self.code.lower() in PERMANENT_CODES:
            return True
        written = "AxODataWriteException" in self.kind or "Write failed" in self.message
        return written and not self.is_update_conflict


def read_fault(body: bytes) -> Fault:
    """What an error body says; never fails, since a gateway may answer with anything."""
    text = body.decode("utf-8-sig", errors="replace").strip()
    if not text:
        return Fault("The service gave no reason", "The service gave no reason")
    if text.startswith("<"):
        return _from_page(text)
    try:
        parsed = json.loads(text)
    except ValueError:
        return _plain(text)
    return _from_json(parsed, text)


def summarise_infolog(message: str) -> str:
    """An F&O message reduced to what a person must know.

    The part after ``Infolog:`` is split into its entries; severities, the ``validateX failed on`` entries
    that only repeat the entry before them, and repetitions are dropped. Text without an infolog loses only
    its frame.
    """
    frame, found, log = message.partition("Infolog:")
    if not found:
        return " ".join(_WRITE_FAILED.sub("", frame).split())
    entries = (
        _SEVERITY.sub("", " ".join(entry.split())) for entry in log.strip().removesuffix(".").split(";")
    )
    kept = dict.fromkeys(
        entry.removesuffix(".") + "." for entry in entries if entry and not _VALIDATE_FAILED.match(entry)
    )
    return " ".join(kept) or " ".join(message.split())


def _plain(text: str) -> Fault:
    short = " ".join(text.split())[:MAX_PLAIN_TEXT]
    return Fault(short, short)


def _from_page(text: str) -> Fault:
    """A gateway's web page: its title is all there is to learn."""
    found = _TITLE.search(text)
    title = " ".join(found.group(1).split())[:MAX_PLAIN_TEXT] if found else ""
    message = (
        f"A gateway answered with a web page: {title}" if title else "A gateway answered with a web page"
    )
    return Fault(message, message)


def _from_json(parsed: Any, text: str) -> Fault:
    error = parsed.get("error") if isinstance(parsed, dict) else None
    if not isinstance(error, dict):
        message = _first_text(parsed, "error_description", "error", "Message", "message")
        return _plain(message or text)
    inner = _innermost(error)
    message = _first_text(inner, "message") or _first_text(error, "message") or "The service gave no reason"
    return Fault(
        message=message,
        detail=summarise_infolog(message),
        code=_first_text(error, "code"),
        kind=_first_text(inner, "type"),
        structured=True,
    )


def _innermost(error: dict[str, Any]) -> dict[str, Any]:
    """The service's own exception: F&O keeps the useful text in ``innererror``."""
    inner = error.get("innererror")
    return inner if isinstance(inner, dict) else {}


def _first_text(parsed: Any, *names: str) -> str:
    if isinstance(parsed, dict):
        for name in names:
            value = parsed.get(name)
            if isinstance(value, str) and value.strip():
                return value
    return ""
