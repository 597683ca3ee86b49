"""One run at a time writes an entity: locks between processes, and what a run says that finds one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from dynamics_singer.errors import LockedError
from dynamics_singer.locks import Holder, Locks, holder_of
from dynamics_singer.target.errors import InputError
from frame_bench import record, schema

if TYPE_CHECKING:
    from pathlib import Path

    from frame_bench import Bench

HOLDING = """
import pathlib, sys
from dynamics_singer.locks import Holder, Locks
locks = Locks(pathlib.Path(sys.argv[1]), Holder.here("p2c run accounts", "r-1"))
locks.take(["orders", "lines"])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that holds the locks of `orders` and `lines` until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, tmp_path / "locks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def test_a_run_refuses_a_stream_that_another_run_writes(
    bench: Bench, held: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    locks = str(tmp_path / "locks")
    told = rf"^orders is being written by another run: p2c run accounts \(process {held.pid}, since 20"
    with pytest.raises(LockedError, match=told):
        bench.run([schema(), record(1)], locks_path=locks)
    assert bench.destination.tables == {}
    assert [(line["stream"], line["status"], line["read"]) for line in bench.summary()] == [
        ("orders", "Error", 0)
    ]
    holder = holder_of(tmp_path / "locks", "orders")
    assert holder is not None
    assert (holder.what, holder.run_id, holder.pid) == ("p2c run accounts", "r-1", held.pid)
    bench.run([schema("accounts"), record(1, "accounts")], locks_path=locks)
    bench.run([schema(), record(1)])
    bench.run([schema(), record(2)], locks_path=locks, run_id="r-1")
    assert sorted(bench.destination.tables["orders"]) == [(1,), (2,)]
    end(held)
    assert holder_of(tmp_path / "locks", "orders") is None
    bench.run([schema(), record(3)], locks_path=locks)
    assert sorted(bench.destination.tables["orders"]) == [(1,), (2,), (3,)]


def test_the_lock_goes_with_the_run_also_when_it_breaks(bench: Bench, tmp_path: Path) -> None:
    locks = str(tmp_path / "locks")
    with pytest.raises(InputError, match=r"Line 2 .*: JSON is malformed"):
        bench.run([schema(), b"{broken"], locks_path=locks)
    bench.run([schema(), record(1)], locks_path=locks)
    assert list(bench.destination.tables["orders"]) == [(1,)]


def test_all_or_none(held: subprocess.Popen[bytes], tmp_path: Path) -> None:
    mine = Locks(tmp_path / "locks", Holder.here("me"))
    with pytest.raises(LockedError):
        mine.take(["accounts", "orders"])
    mine.release()
    Locks(tmp_path / "locks", Holder.here("third")).take(["accounts"])
    end(held)


def test_a_name_that_is_no_file_name(tmp_path: Path) -> None:
    locks = Locks(tmp_path, Holder.here("me"))
    locks.take(["../a/b"])
    assert [path.name for path in tmp_path.iterdir()] == ["..%2Fa%2Fb.lock"]
    locks.release()
