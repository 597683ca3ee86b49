"""Change tracking: snapshots, delta links, deletions, refusals, expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TRACK = "odata.track-changes"
URL = "accounts?$select=name,accountnumber"


@pytest.fixture
def five(sales: Any) -> Any:
    for number in range(1, 6):
        sales.post("accounts", {"name": f"N{number}", "accountnumber": str(number)})
    return sales


def delta(client: Any, link: str, size: int = 5000) -> tuple[list[Any], str]:
    """Follow a delta link to its end; give the entries (names and deleted ids) and the next delta link."""
    entries: list[Any] = []
    while True:
        body = client.get(link, prefer=f"odata.maxpagesize={size}").json
        entries += [("deleted", row["id"]) if "reason" in row else row["name"] for row in body["value"]]
        if "@odata.deltaLink" in body:
            assert "@odata.nextLink" not in body
            return entries, body["@odata.deltaLink"]
        link = body["@odata.nextLink"]


def test_only_the_last_page_of_the_snapshot_has_a_delta_link(five: Any) -> None:
    prefer = f"{TRACK},odata.maxpagesize=2"
    first = five.get(URL, prefer=prefer)
    assert TRACK in first.headers["preference-applied"]
    bodies = five.pages(URL, prefer=prefer)
    assert [len(body["value"]) for body in bodies] == [2, 2, 1]
    assert ["@odata.deltaLink" in body for body in bodies] == [False, False, True]
    assert "istracking%3D%22True%22" in bodies[0]["@odata.nextLink"]
    assert sorted(row["name"] for body in bodies for row in body["value"]) == ["N1", "N2", "N3", "N4", "N5"]
    link = bodies[-1]["@odata.deltaLink"]
    assert link.startswith(f"https://sales.test/api/data/v9.2/{URL}&$deltatoken=")
    assert "%2105%2F02%2F2024%2008%3A21%3A20" in link


def test_deltas_give_changed_rows_then_deleted_ones(five: Any) -> None:
    link = five.get(URL, prefer=TRACK).json["@odata.deltaLink"]
    assert delta(five, link)[0] == []
    gone = five.get("accounts(accountnumber='2')").json["accountid"]
    five.delete("accounts(accountnumber='2')")
    five.patch("accounts(accountnumber='4')", {"name": "N4 changed"})
    five.patch("accounts(accountnumber='1')", {"fax": "unselected"})
    passing = five.post("accounts", {"name": "came and went"}).entity_id
    five.delete(f"accounts({passing})")
    reply = five.get(link)
    assert reply.json["@odata.context"].endswith("$metadata#accounts(name,accountnumber)/$delta")
    assert reply.json["value"][-1] == {
        "@odata.context": "https://sales.test/api/data/v9.2/$metadata#accounts/$deletedEntity",
        "id": passing,
        "reason": "deleted",
    }
    for size in (1, 2, 100):
        entries, fresh = delta(five, link, size)
        assert entries == ["N4 changed", "N1", ("deleted", gone), ("deleted", passing)]
        assert delta(five, fresh)[0] == []
    assert five.get("accounts/$count?" + link.partition("&")[2]).body == b"4"


def test_a_row_deleted_and_created_again_is_a_change(five: Any) -> None:
    link = five.get(URL, prefer=TRACK).json["@odata.deltaLink"]
    row = five.get("accounts(accountnumber='2')").json["accountid"]
    five.delete(f"accounts({row})")
    five.patch(f"accounts({row})", {"name": "again", "accountnumber": "2"})
    assert delta(five, link)[0] == ["again"]


def test_what_changes_between_pages_comes_with_the_next_delta(five: Any) -> None:
    prefer = f"{TRACK},odata.maxpagesize=2"
    first = five.get(URL, prefer=prefer).json
    five.patch("accounts(accountnumber='1')", {"name": "N1 changed"})
    five.patch("accounts(accountnumber='5')", {"name": "N5 changed"})
    last = five.pages(first["@odata.nextLink"], prefer=prefer)[-1]
    assert delta(five, last["@odata.deltaLink"])[0] == ["N1 changed", "N5 changed"]


def test_an_empty_table_can_be_tracked_from_the_start(sales: Any) -> None:
    link = sales.get(URL, prefer=TRACK).json["@odata.deltaLink"]
    sales.post("accounts", {"name": "first"})
    assert delta(sales, link)[0] == ["first"]


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("$filter=statecode%20eq%200", "$filter"),
        ("$orderby=name", "$orderby"),
        ("$top=1", "$top"),
        ("$expand=ownerid", "$expand"),
    ],
)
def test_options_that_tracking_forbids(five: Any, option: str, name: str) -> None:
    reply = five.get(f"{URL}&{option}", prefer=TRACK)
    assert reply.status == 400
    expected = f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
    assert reply.json["error"]["message"] == expected


def test_tables_without_tracking_and_malformed_tokens(five: Any) -> None:
    assert five.get("publishers", prefer=TRACK).error == (400, "0x80040216")
    assert five.get(f"{URL}&$deltatoken=abc").status == 400
    assert five.get(f"{URL}&$deltatoken=1%2199%2F99%2F2024%2000%3A00%3A00").status == 400


def test_links_expire_after_the_days_of_the_organization(five: Any) -> None:
    link = five.get(URL, prefer=TRACK).json["@odata.deltaLink"]
    five.clock.forward(days=6, hours=23)
    assert five.get(link).status == 200
    five.clock.forward(hours=2)
    assert five.get(link).error == (400, "0x80044352")
    organization = five.get("WhoAmI").json["OrganizationId"]
    assert five.patch(f"organizations({organization})", {"expirechangetrackingindays": 30}).status == 204
    assert five.get(link).status == 200


def test_links_from_before_a_reset_are_refused(five: Any) -> None:
    link = five.get(URL, prefer=TRACK).json["@odata.deltaLink"]
    five.environment.reset("none")
    assert five.get(link).error == (400, "0x80044352")


def test_links_survive_a_restart(five: Any, open_client: Callable[..., Any]) -> None:
    link = five.get(URL, prefer=TRACK).json["@odata.deltaLink"]
    five.environment.close()
    again = open_client("sales", seed=None)
    assert not again.environment.is_new
    assert again.patch("accounts(accountnumber='3')", {"name": "after"}).status == 204
    assert delta(again, link)[0] == ["after"]


def test_a_tracked_page_is_sent_in_pieces_that_fit_together(sales: Any) -> None:
    rows = [{"@odata.type": "Microsoft.Dynamics.CRM.account", "name": f"P{number}"} for number in range(600)]
    created = sales.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": rows}).json["Ids"]
    start = sales.get("accounts?$select=name", prefer="odata.track-changes").json
    assert sorted(row["accountid"] for row in start["value"]) == sorted(created)
    for account in created[:300]:
        assert sales("DELETE", f"accounts({account})").status == 204
    for account in created[300:310]:
        assert sales("PATCH", f"accounts({account})", {"name": "new"}).status == 204
    first = sales.get(start["@odata.deltaLink"], prefer="odata.maxpagesize=260").json
    assert [row["name"] for row in first["value"][:10]] == ["new"] * 10
    assert [row["id"] for row in first["value"][10:]] == created[:250]
    second = sales.get(first["@odata.nextLink"], prefer="odata.maxpagesize=260").json
    assert [row["id"] for row in second["value"]] == created[250:300]
    empty = sales.get(second["@odata.deltaLink"]).json
    assert (empty["value"], "@odata.deltaLink" in empty) == ([], True)
