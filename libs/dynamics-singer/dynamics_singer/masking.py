"""Keeps secrets out of the log: hides configured values and anything shaped like a bearer token."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["HIDDEN", "SECRETS", "SecretFilter", "mask"]

HIDDEN = "***"
"""What stands in a log line in place of a secret."""

_NAMES = "client_secret|client_assertion|access_token|refresh_token|password"

_PATTERNS = (
    (re.compile(r"(?i)(bearer\s+)[A-Za-z0-9\-._~+/]{12,}=*"), rf"\1{HIDDEN}"),
    (re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), HIDDEN),
    (re.compile(rf"(?i)((?:{_NAMES})=)[^&\s]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"""(?i)(["'](?:{_NAMES})["']\s*:\s*)(["'])(?:\\.|(?!\2)[^\\])*\2"""), rf"\1\2{HIDDEN}\2"),
)


def mask(text: str, values: Iterable[str] = ()) -> str:
    """Give `text` with every one of `values`, and every bearer token, replaced by ``***``.

    A value is also found in the forms it takes inside a URL, a form body or a JSON document.
    """
    forms = {form for value in values if value.strip() for form in _forms(value)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _forms(value: str) -> tuple[str, ...]:
    bare = value.strip()  # as settings are used, whatever a file or variable had around them
    return bare, quote(bare, safe=""), quote_plus(bare), json.dumps(bare)[1:-1]


class SecretFilter(logging.Filter):
    """Masks each log record before its handler writes it: message, traceback and extra fields."""

    def __init__(self) -> None:
        super().__init__()
        self._values: set[str] = set()

    def add(self, values: Iterable[str]) -> None:
        """Hide these values from now on."""
        self._values.update(value for value in values if value)

    def install(self) -> None:
        """Put the filter before every handler that exists now; a handler has it at most once."""
        for handler in _handlers():
            if self not in handler.filters:
                handler.addFilter(self)

    def text(self, text: str) -> str:
        """Give `text` with the known secrets hidden."""
        return mask(text, self._values)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record where it holds a secret; every record goes on to its handler."""
        message = record.getMessage()
        safe = self.text(message)
        if record.exc_info:
            trace = logging.Formatter().formatException(record.exc_info)
            if (safe_trace := self.text(trace)) != trace:
                safe = f"{safe}\n{safe_trace}"
                record.exc_info = record.exc_text = None
        if safe != message:
            record.msg, record.args = safe, None
        for name, value in vars(record).items():
            if isinstance(value, str):
                setattr(record, name, self.text(value))
        return True


def _handlers() -> Iterable[logging.Handler]:
    yield from logging.getLogger().handlers
    for logger in logging.Logger.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            yield from logger.handlers


SECRETS = SecretFilter()
"""The secrets of this process; logging itself is one per process, so is this."""
