"""What a bookmark has to know of a row: its key, when it or a parent changed, and its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from dynamics_singer.tap.emission import decode_row
from dynamics_singer.tap.parents import parents_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Raw

    from dynamics_singer.tap.parents import Parent

__all__ = ["RowStamps", "Stamped", "instant"]


class Stamped(NamedTuple):
    """A row's `key`, the instant of its `own` last change, the `latest` of its and its parents', its version.

    Instants are in the form `instant` gives, empty where there is none.
    """

    key: str
    own: str
    latest: str
    version: str


def instant(text: str) -> str:
    """Bring a UTC instant into a form that sorts as text: no zone letter, no trailing zeros of a fraction."""
    text = text.removesuffix("Z").removesuffix("+00:00")
    return text.rstrip("0").rstrip(".") if "." in text else text


class RowStamps:
    """Reads rows of one stream; `stamp` is empty where a row's own change does not count."""

    def __init__(self, key: Sequence[str], stamp: str, parents: Sequence[Parent] = ()) -> None:
        self._parents = tuple(parents)
        self._heads = list(dict.fromkeys(parent.path[0] for parent in parents))
        renamed = {f"key{index}": name for index, name in enumerate(key)}
        self._keys = tuple(renamed)
        kinds: dict[str, Any] = dict.fromkeys(renamed, str | int | None)
        for index, name in enumerate(self._heads):
            renamed[f"parent{index}"], kinds[f"parent{index}"] = name, Any
        if stamp:
            renamed["own"], kinds["own"] = stamp, str | None
        renamed["version"], kinds["version"] = "@odata.etag", str | None
        kind = msgspec.defstruct(
            "StampedRow", [(name, kind, None) for name, kind in kinds.items()], rename=renamed
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)
        self._has_own = bool(stamp)

    def of(self, row: Raw) -> Stamped:
        """The stamps of one row."""
        decoded = decode_row(self._decoder, row)
        key = ",".join(str(getattr(decoded, name)) for name in self._keys)
        own = instant(decoded.own or "") if self._has_own else ""
        versions = [_version(decoded.version) or own]
        if not self._parents:
            return Stamped(key, own, own, versions[0])
        related = {name: getattr(decoded, f"parent{index}") for index, name in enumerate(self._heads)}
        latest = own
        for stamp, etag in parents_in(related, self._parents):
            latest = max(latest, instant(stamp))
            versions.append(_version(etag) or instant(stamp))
        return Stamped(key, own, latest, "|".join(versions))


def _version(etag: str | None) -> str:
    """The bare version of an ETag such as ``W/"1042"``."""
    return (etag or "").removeprefix("W/").strip('"')
