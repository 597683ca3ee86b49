"""The Prefer header: which preferences a request states, and which of them an answer honoured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

_PREFERENCE = re.compile(r"\s*([\w.\-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^,;\"]*)))?[^,]*(?:,|$)")
_PAGE_SIZE = re.compile(r"0*[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a request prefers; names are case-insensitive, the first mention of one counts."""

    page_size: int | None = None
    annotations: str = ""
    track_changes: bool = False
    representation: bool = False
    continue_on_error: bool = False

    def annotates(self, term: str) -> bool:
        """Say whether an annotation term was asked for; patterns may end in an asterisk."""
        return any(
            fnmatchcase(term, pattern.strip()) for pattern in self.annotations.split(",") if pattern.strip()
        )


def parse_preferences(header: str) -> Preferences:
    """Read a Prefer header; preferences it does not know are ignored, as HTTP says."""
    given: dict[str, str] = {}
    for match in _PREFERENCE.finditer(header):
        name, quoted, plain = match.groups()
        given.setdefault(name.lower(), quoted if quoted is not None else (plain or "").strip())
    size = given.get("odata.maxpagesize", given.get("maxpagesize", ""))
    return Preferences(
        page_size=int(size.lstrip("0")) if _PAGE_SIZE.fullmatch(size) else None,
        annotations=given.get("odata.include-annotations", given.get("include-annotations", "")),
        track_changes="odata.track-changes" in given or "track-changes" in given,
        representation=given.get("return", "") == "representation",
        continue_on_error="odata.continue-on-error" in given or "continue-on-error" in given,
    )
