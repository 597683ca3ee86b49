"""Two reads compared: new, changed and vanished rows, in any order, and what is left when a run breaks."""

from __future__ import annotations

import random
import stat
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_singer.tap.snapshots import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

Rows = dict[str, str]


def read(
    folder: Path, rows: Rows, before: Any = None, source: str = "s", **how: int
) -> tuple[list[str], list[str], Any]:
    """Names of the rows sent, names of those gone, and the mark for the state."""
    snapshot = Snapshot(folder, "things", before, source, **how)
    names = list(rows)
    sent = []
    for start in range(0, len(names), 3):
        chunk = names[start : start + 3]
        lines = [f"{name}={rows[name]}".encode() for name in chunk]
        sent += snapshot.news([name.encode() for name in chunk], lines)
    gone = [key.decode() for key in snapshot.vanished()]
    return [line.decode().partition("=")[0] for line in sent], gone, snapshot.finish()


def test_new_changed_vanished_and_untouched(tmp_path: Path) -> None:
    first, gone, mark = read(tmp_path, {"a": "1", "b": "1", "c": "1", "d": "1"})
    assert (first, gone) == (["a", "b", "c", "d"], [])
    second, gone, mark = read(tmp_path, {"a": "1", "aa": "1", "b": "2", "d": "1"}, mark)
    assert (second, gone) == (["aa", "b"], ["c"])
    assert read(tmp_path, {"a": "1", "aa": "1", "b": "2", "d": "1"}, mark)[:2] == ([], [])
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def changed(rng: random.Random, rows: Rows) -> Rows:
    """Some rows gone, some with another value, some new; mostly in the order of their names."""
    kept = {name: value for name, value in rows.items() if rng.random() < 0.9}
    kept.update({name: str(rng.random()) for name in kept if rng.random() < 0.1})
    kept.update({f"n{rng.randrange(1000):03}": "new" for _ in range(rng.randint(0, 30))})
    names = sorted(kept)
    if rng.random() < 0.3:
        rng.shuffle(names)
    return {name: kept[name] for name in names}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_changes_and_in_whatever_order(tmp_path: Path, seed: int) -> None:
    """Many more rows than the window holds, checked against plain dictionaries."""
    rng = random.Random(seed)  # noqa: S311 - no secret, but a history to repeat
    rows = {f"r{number:03}": "0" for number in range(200)}
    mark = read(tmp_path, rows)[2]
    for _ in range(8):
        old, rows = rows, changed(rng, rows)
        sent, gone, mark = read(tmp_path, rows, mark, window=16)
        expected = {name for name, value in rows.items() if old.get(name) != value}
        assert set(sent) >= expected
        if list(old) == sorted(old) and list(rows) == sorted(rows):
            assert set(sent) == expected
        assert sorted(gone) == sorted(set(old) - set(rows))


def test_a_run_that_was_killed_changes_nothing(tmp_path: Path) -> None:
    mark = read(tmp_path, {"a": "1", "b": "1"})[2]
    killed = Snapshot(tmp_path, "things", mark, "s")
    killed.news([b"a"], [b"a=2"])
    killed.stop()  # what the system does with a killed process's files
    assert read(tmp_path, {"a": "2", "b": "1"}, mark)[:2] == (["a"], [])


def test_a_run_whose_target_failed_is_repeated_whole(tmp_path: Path) -> None:
    """Its STATE never came to be, so the next run starts from the same generation."""
    mark = read(tmp_path, {"a": "1", "b": "1"})[2]
    for _ in range(3):
        sent, gone, newer = read(tmp_path, {"a": "2"}, mark)
        assert (sent, gone) == (["a"], ["b"])
    assert len(list(tmp_path.glob("*.rows"))) == 2
    assert read(tmp_path, {"a": "2"}, newer)[:2] == ([], [])
    assert len(list(tmp_path.glob("*.rows"))) == 2


def test_two_pipelines_share_a_folder(tmp_path: Path) -> None:
    one, other = read(tmp_path, {"a": "1"})[2], read(tmp_path, {"a": "1"})[2]
    for _ in range(3):
        one, other = read(tmp_path, {"a": "1"}, one)[2], read(tmp_path, {"a": "1"}, other)[2]
    assert read(tmp_path, {"a": "1"}, one)[0] == read(tmp_path, {"a": "1"}, other)[0] == []


def test_no_row_at_all_is_no_deletion(tmp_path: Path) -> None:
    mark = read(tmp_path, {"a": "1"})[2]
    sent, gone, kept = read(tmp_path, {}, mark)
    assert (sent, gone, kept) == ([], [], mark)
    assert read(tmp_path, {"a": "1"}, kept)[:2] == ([], [])


@pytest.mark.parametrize("harm", ["rows", "keys", "cut", "source", "mark"])
def test_without_a_whole_generation_every_row_is_new(tmp_path: Path, harm: str) -> None:
    mark = read(tmp_path, {"a": "1", "b": "1"})[2]
    source = "s"
    if harm in {"rows", "keys"}:
        next(tmp_path.glob(f"*.{harm}")).unlink()
    elif harm == "cut":
        path = next(tmp_path.glob("*.rows"))
        path.write_bytes(path.read_bytes()[:-8])
    elif harm == "source":
        source = "another selection"
    else:
        mark = {"generation": "../../etc/passwd"}
    assert read(tmp_path, {"a": "1", "b": "1"}, mark, source)[:2] == (["a", "b"], [])


def test_rows_that_paging_skipped_are_not_gone(tmp_path: Path) -> None:
    mark = read(tmp_path, {"a": "1", "b": "1", "c": "1"})[2]
    snapshot = Snapshot(tmp_path, "things", mark, "s")
    snapshot.news([b"a"], [b"a=1"])
    assert list(snapshot.vanished()) == [b"b", b"c"]
    snapshot.keep([b"b"])
    mark = snapshot.finish()
    assert read(tmp_path, {"a": "1", "b": "1"}, mark)[:2] == (["b"], [])


def test_a_first_read_remembers_nothing_in_memory(tmp_path: Path) -> None:
    """There is no generation that an early row could be waiting for."""
    snapshot = Snapshot(tmp_path, "things", None, "s")
    snapshot.news([b"0"], [b"0"])
    tracemalloc.start()
    for number in range(20_000):
        snapshot.news([b"%d" % number], [b"%d" % number])
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    snapshot.abandon()
    assert grown < 100_000  # bytes; a set of the hashes would hold a million
