"""The state of a stream that is read company by company: a bookmark for each legal entity.

The form is the SDK's: ``{"partitions": [{"context": {"company": "usmf"}, …bookmark…}]}``; entities that all
companies share have a plain bookmark. ``query`` is a fingerprint of what was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Partitions"]


class Partitions:
    """The bookmarks of one stream; those of companies that are not read now are kept as they are."""

    def __init__(
        self, state: Mapping[str, Any], query: str, companies: Sequence[str], log: Callable[..., None]
    ) -> None:
        self._query = query
        self._bookmarks: dict[str, dict[str, Any]] = {}
        for part in state.get("partitions") or ([dict(state)] if state else []):
            company = str((part.get("context") or {}).get("company", ""))
            bookmark = {name: value for name, value in part.items() if name != "context"}
            self._bookmarks[company] = bookmark
        changed = [name for name in companies if self._bookmarks.get(name, {}).get("query", query) != query]
        for name in changed:
            self._bookmarks[name] = {}
        if changed:
            log("selection, filter or environment differ from the last run: reading everything anew")

    def of(self, company: str) -> Mapping[str, Any]:
        """The bookmark of a company, empty where there is none; the empty name stands for a shared entity."""
        return self._bookmarks.get(company, {})

    def with_bookmark(self, company: str, bookmark: Mapping[str, Any]) -> dict[str, Any]:
        """Take over a company's new bookmark; gives the stream's whole state."""
        self._bookmarks[company] = {**bookmark, "query": self._query}
        if set(self._bookmarks) == {""}:
            return dict(self._bookmarks[""])
        listed = sorted((name, part) for name, part in self._bookmarks.items() if name)
        return {"partitions": [{"context": {"company": name}, **part} for name, part in listed]}
