"""The file of known keys: what counts of it, what is missing later, and marks that are of no use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dynamics_singer.tap import known_keys
from dynamics_singer.tap.known_keys import KnownKeys

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = ((name, b'{"key":"%b"}' % name) for name in (b"a", b"b", b"c"))


def kept(folder: Path, *pairs: tuple[bytes, bytes]) -> dict[str, Any]:
    keys = KnownKeys.begin(folder, "accounts")
    keys.add(pairs)
    mark = keys.mark()
    keys.close()
    return mark


def resumed(folder: Path, mark: Any) -> KnownKeys:
    keys = KnownKeys.resume(folder, mark)
    assert keys is not None
    return keys


def test_keys_are_found_by_id_until_they_are_removed(tmp_path: Path) -> None:
    keys = resumed(tmp_path, kept(tmp_path, A, B))
    assert keys.find([b"a", b"b", b"x"]) == dict([A, B])
    keys.remove([b"a"])
    assert keys.find([b"a", b"b"]) == dict([B])
    keys.close()


def test_what_came_after_the_mark_does_not_count(tmp_path: Path) -> None:
    mark = kept(tmp_path, A, B)
    later = resumed(tmp_path, mark)
    later.remove([b"a"])
    later.add([C])
    later.mark()
    later.close()
    again = resumed(tmp_path, mark)
    assert again.find([b"a", b"b", b"c"]) == dict([A, B])
    again.close()


@pytest.mark.parametrize("bytes_per_part", [1, 1 << 20])
def test_rows_missing_in_a_newer_file_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_per_part: int
) -> None:
    monkeypatch.setattr(known_keys, "_BYTES_PER_PART", bytes_per_part)
    older, newer = resumed(tmp_path, kept(tmp_path, A, B, C)), resumed(tmp_path, kept(tmp_path, C, A))
    assert list(older.missing_in(newer)) == [B]
    older.close()
    newer.close()


def test_a_key_another_row_bears_is_in_use(tmp_path: Path) -> None:
    keys = resumed(tmp_path, kept(tmp_path, A, (b"a2", A[1]), B))
    keys.remove([b"a", b"b"])
    assert keys.in_use([A[1], B[1]]) == {A[1]}
    keys.close()


def test_a_file_without_a_mark_leaves_nothing(tmp_path: Path) -> None:
    keys = KnownKeys.begin(tmp_path, "msdyn/odd name")
    keys.add([A])
    keys.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "mark",
    [
        None,
        "accounts",
        {},
        {"file": "nowhere", "length": 0},
        {"file": "../accounts", "length": 0},
        {"file": "accounts", "length": "1"},
        {"file": "accounts", "length": 99},
        {"file": "accounts", "length": -1},
    ],
)
def test_a_mark_that_fits_no_file_is_of_no_use(tmp_path: Path, mark: Any) -> None:
    (tmp_path / "accounts").write_bytes(b"+a\t\n")
    assert KnownKeys.resume(tmp_path, mark) is None
