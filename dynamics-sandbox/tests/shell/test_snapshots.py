"""Snapshots of all environments, taken and restored while the sandbox serves; the clock over HTTP."""

from __future__ import annotations

import datetime as dt
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.database import Database
from dynamics_sandbox.testing import SandboxProcessError, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dynamics_sandbox.testing import Sandbox

CREATE = "accounts/Microsoft.Dynamics.CRM.CreateMultiple"
TRACK = {"Prefer": "odata.track-changes"}


@pytest.fixture(scope="module")
def own_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("snapshots"), seed="none") as sandbox:
        sandbox.snapshot("fresh")
        yield sandbox


@pytest.fixture
def fresh(own_sandbox: Sandbox) -> Iterator[Sandbox]:
    own_sandbox.restore("fresh")
    yield own_sandbox
    own_sandbox.clock.real()


def names(sandbox: Sandbox, entity_set: str = "accounts") -> list[str]:
    rows = sandbox.call("GET", "sales", f"{entity_set}?$select=name&$orderby=name")[2]["value"]
    return [row["name"] for row in rows]


def add(sandbox: Sandbox, name: str) -> int:
    return sandbox.call("POST", "sales", "accounts", json={"name": name})[0]


def test_all_environments_go_back(fresh: Sandbox) -> None:
    group = {"dataAreaId": "usmf", "CustomerGroupId": "S1", "Description": "x"}
    add(fresh, "A")
    fresh.snapshot("with-a")
    add(fresh, "B")
    fresh.call("POST", "fno", "CustomerGroups", json=group)

    fresh.restore("with-a")

    assert names(fresh) == ["A"]
    assert fresh.call("GET", "fno", "CustomerGroups(dataAreaId='usmf',CustomerGroupId='S1')")[0] == 404
    assert add(fresh, "C") == 204
    assert names(fresh) == ["A", "C"]
    fresh.restore("fresh")
    assert names(fresh) == []


def test_tables_made_since_are_gone_and_can_be_made_again(fresh: Sandbox) -> None:
    label = {"LocalizedLabels": [{"Label": "Thing", "LanguageCode": 1033}]}
    name = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "new_Name",
        "IsPrimaryName": True,
        "MaxLength": 100,
        "FormatName": {"Value": "Text"},
        "RequiredLevel": {"Value": "None"},
        "DisplayName": label,
    }
    table = {
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
        "SchemaName": "new_Thing",
        "DisplayName": label,
        "DisplayCollectionName": label,
        "OwnershipType": "UserOwned",
        "HasNotes": False,
        "HasActivities": False,
        "Attributes": [name],
    }
    for _ in range(2):
        status, _, problem = fresh.call("POST", "sales", "EntityDefinitions", json=table)
        assert status == 204, problem
        assert fresh.call("POST", "sales", "new_things", json={"new_name": "T"})[0] == 204
        fresh.restore("fresh")
        assert fresh.call("GET", "sales", "new_things")[0] == 404


def test_change_tracking_goes_back_with_the_rows(fresh: Sandbox) -> None:
    add(fresh, "A")
    link = fresh.call("GET", "sales", "accounts?$select=name", headers=TRACK)[2]["@odata.deltaLink"]
    fresh.snapshot("tracked")
    for name in ("B", "C"):
        add(fresh, name)
        changed = fresh.call("GET", "sales", link)[2]["value"]
        assert [row["name"] for row in changed] == [name]
        fresh.restore("tracked")


def test_a_snapshot_taken_while_others_write_is_of_one_moment(fresh: Sandbox) -> None:
    def write(worker: int) -> None:
        for number in range(5):
            # One transaction: either both rows are there or none.
            row = {"@odata.type": "Microsoft.Dynamics.CRM.account", "name": f"{worker}-{number}"}
            assert fresh.call("POST", "sales", CREATE, json={"Targets": [row, row]})[0] == 200

    fresh.token("sales")
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, worker) for worker in range(4)]
        taken = 0
        while not all(job.done() for job in writing):
            fresh.snapshot(f"busy-{taken}")
            taken += 1
        for job in writing:
            job.result()
    assert len(names(fresh)) == 40
    for number in range(taken):
        fresh.restore(f"busy-{number}")
        found = names(fresh)
        assert all(found.count(name) == 2 for name in found)
        fresh.forget_snapshot(f"busy-{number}")


def test_snapshots_are_private_listed_and_forgotten(fresh: Sandbox) -> None:
    fresh.snapshot("one")
    listed = fresh.snapshots()
    folder: Path = fresh.data_dir / "snapshots"
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "one")}
    fresh.forget_snapshot("one")

    assert {"fresh", "one"} <= set(listed)
    assert modes == {0o700}
    assert "one" not in fresh.snapshots()


@pytest.mark.parametrize("name", ["", "../x", ".hidden", "a/b", "x" * 65])
def test_names_that_are_no_names_are_refused(fresh: Sandbox, name: str) -> None:
    with pytest.raises(SandboxProcessError, match="cannot be a snapshot's name"):
        fresh.snapshot(name)


def test_an_unknown_snapshot_is_named(fresh: Sandbox) -> None:
    for order in (fresh.restore, fresh.forget_snapshot):
        with pytest.raises(SandboxProcessError, match=r"There is no snapshot 'nothing'; there are: .*fresh"):
            order("nothing")


def test_all_services_follow_the_clock(fresh: Sandbox) -> None:
    fresh.clock.freeze()
    moment = dt.datetime(2031, 2, 3, 4, 5, 6, tzinfo=dt.timezone.utc)
    assert fresh.clock.set(moment) == moment
    fresh.forget_tokens()

    status, _, row = fresh.call(
        "POST", "sales", "accounts", json={"name": "A"}, headers={"Prefer": "return=representation"}
    )
    (logged,) = fresh.requests("sales", method="POST", path="accounts$", since=0)[-1:]

    assert (status, row["createdon"], row["modifiedon"]) == (201, "2031-02-03T04:05:06Z", row["createdon"])
    assert logged["time"] == "2031-02-03T04:05:06Z"
    fresh.forget_tokens()


def test_tokens_and_change_tracking_links_expire_by_the_clock(fresh: Sandbox) -> None:
    fresh.forget_tokens()
    add(fresh, "A")
    link = fresh.call("GET", "sales", "accounts?$select=name", headers=TRACK)[2]["@odata.deltaLink"]
    assert fresh.call("GET", "sales", link)[0] == 200

    fresh.clock.advance(hours=2)
    expired = fresh.call("GET", "sales", link)[0]
    fresh.forget_tokens()
    renewed = fresh.call("GET", "sales", link)[0]
    fresh.clock.advance(days=8)
    fresh.forget_tokens()
    late = fresh.call("GET", "sales", link)

    assert (expired, renewed, late[0]) == (401, 200, 400)
    assert "full sync" in late[2]["error"]["message"]
    fresh.forget_tokens()


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ({"set": "2031-02-03T04:05:06"}, "timezone"),
        ({"set": "soon"}, "RFC3339"),
        ({"advance": "1 day"}, "Expected `float`"),
        ({"advance": 1e15}, "cannot go there"),
        ({"forward": 1}, "unknown field `forward`"),
    ],
)
def test_impossible_clock_orders_are_refused(fresh: Sandbox, order: dict[str, Any], problem: str) -> None:
    with pytest.raises(SandboxProcessError, match=problem):
        fresh.control("POST", "clock", order)


def test_going_back_again_notices_every_way_of_writing(tmp_path: Path) -> None:
    copy, database = tmp_path / "copy.sqlite", Database(tmp_path / "data.sqlite")

    def rows() -> list[int]:
        with database.reading() as connection:
            return [value for (value,) in connection.execute("SELECT a FROM t")]

    def back() -> list[int]:
        with database.still():
            database.replace_by(copy)
        return rows()

    with database.writing() as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (1)")
    database.copy_to(copy)
    assert back() == [1]
    assert back() == [1]
    with database.writing() as connection:
        connection.execute("INSERT INTO t VALUES (2)")
    assert rows() == [1, 2]
    assert back() == [1]
    other = sqlite3.connect(tmp_path / "data.sqlite")  # as another process would
    other.execute("INSERT INTO t VALUES (3)")
    other.commit()
    other.close()
    assert rows() == [1, 3]
    assert back() == [1]
    with database.writing() as connection:
        connection.execute("DROP TABLE t")
    assert back() == [1]
    with database.writing() as connection:
        connection.execute("INSERT INTO t VALUES (4)")
    copy.unlink()
    database.copy_to(copy)
    with database.writing() as connection:
        connection.execute("DELETE FROM t")
    assert back() == [1, 4]
    database.close()
