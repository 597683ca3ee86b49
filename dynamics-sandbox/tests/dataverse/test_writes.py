"""Creating, changing and deleting single rows."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN = "11111111-0000-0000-0000-000000000000"
REPRESENTATION = "return=representation"


def read(client: Any, key: str, columns: str) -> dict[str, Any]:
    reply = client.get(f"accounts({key})?$select={columns}")
    assert reply.status == 200, reply.body
    return dict(reply.json)


def test_create_answers_with_the_address(sales: Any) -> None:
    reply = sales.post("accounts", {"name": "A"})
    assert reply.headers["odata-entityid"] == reply.headers["location"]
    assert re.fullmatch(
        r"https://sales\.test/api/data/v9\.2/accounts\([0-9a-f-]{36}\)", reply.headers["location"]
    )
    given = sales.post("accounts", {"name": "B", "accountid": UNKNOWN})
    assert given.entity_id == UNKNOWN
    assert sales.post("accounts", {"name": "B", "accountid": UNKNOWN}).error == (412, "0x80040237")


def test_create_with_representation(sales: Any) -> None:
    reply = sales.post("accounts?$select=name", {"name": "A"}, prefer=REPRESENTATION)
    assert reply.status == 201
    assert reply.headers["preference-applied"] == REPRESENTATION
    assert "odata-entityid" not in reply.headers
    assert reply.headers["etag"] == reply.json["@odata.etag"]
    assert set(reply.json) == {"@odata.context", "@odata.etag", "name", "accountid"}


def test_account_numbers_are_made_when_blank(sales: Any) -> None:
    numbers = []
    for body in ({"name": "A"}, {"name": "B", "accountnumber": None}, {"name": "C", "accountnumber": ""}):
        reply = sales.post("accounts?$select=accountnumber", body, prefer=REPRESENTATION)
        numbers.append(reply.json["accountnumber"])
    assert [number[:9] for number in numbers] == ["ACC-01000", "ACC-01001", "ACC-01002"]
    assert all(re.fullmatch(r"ACC-\d{5}-[A-Z0-9]{6}", number) for number in numbers)
    contact = sales.post("contacts?$select=msdynce_contactnumber", {"lastname": "X"}, prefer=REPRESENTATION)
    assert contact.json["msdynce_contactnumber"].startswith("CON-01000-")


def test_without_the_solution_there_is_neither_number_nor_key(open_client: Callable[..., Any]) -> None:
    client = open_client("sales", p2c_solution=False)
    reply = client.post("accounts?$select=accountnumber", {"name": "A"}, prefer=REPRESENTATION)
    assert reply.json["accountnumber"] is None
    assert client.get("accounts(accountnumber='A')").error == (400, "0x8006088a")
    assert client.get("EntityDefinitions(LogicalName='account')/Keys").rows == []


def test_upsert_by_id(sales: Any) -> None:
    url = f"accounts({UNKNOWN})"
    created = sales.patch(f"{url}?$select=name", {"name": "A"}, prefer=REPRESENTATION)
    assert (created.status, created.json["accountid"]) == (201, UNKNOWN)
    updated = sales.patch(f"{url}?$select=name", {"name": "B"}, prefer=REPRESENTATION)
    assert (updated.status, updated.json["name"]) == (200, "B")
    plain = sales.patch(url, {"name": "C"})
    assert plain.status == 204
    assert plain.headers["odata-entityid"].endswith(f"/accounts({UNKNOWN})")


def test_upsert_by_key_keeps_the_key_in_the_address(sales: Any) -> None:
    url = "accounts(accountnumber='A%20100')"
    reply = sales.patch(url, {"name": "A"})
    assert reply.status == 204
    assert reply.headers["odata-entityid"] == f"https://sales.test/api/data/v9.2/{url}"
    assert read(sales, "accountnumber='A%20100'", "accountnumber,name")["accountnumber"] == "A 100"
    # Of an existing row key columns in the body are dropped, of a new one they win.
    assert sales.patch(url, {"name": "B", "accountnumber": "other"}).status == 204
    assert read(sales, "accountnumber='a%20100%20'", "name,accountnumber")["accountnumber"] == "A 100"
    assert sales.patch("accounts(accountnumber='NEW')", {"name": "C", "accountnumber": "BODY"}).status == 204
    assert sales.get("accounts(accountnumber='NEW')").error == (404, "0x80060891")
    assert read(sales, "accountnumber='BODY'", "name")["name"] == "C"


def test_conditions(sales: Any) -> None:
    url = "accounts(accountnumber='A')"
    assert sales.patch(url, {"name": "x"}, headers={"if-match": "*"}).error == (404, "0x80060891")
    assert sales.patch(f"accounts({UNKNOWN})", {}, headers={"if-match": "*"}).error == (404, "0x80040217")
    assert sales.patch(url, {"name": "x"}, headers={"if-none-match": "*"}).status == 204
    again = sales.patch(url, {"name": "y"}, headers={"if-none-match": "*"})
    assert again.status == 412
    assert "already exists" in again.json["error"]["message"]
    tag = sales.get(url).headers["etag"]
    assert sales.patch(url, {"name": "z"}, headers={"if-match": tag}).status == 204
    assert sales.patch(url, {"name": "z"}, headers={"if-match": tag}).error == (412, "0x80060882")
    assert sales.delete(url, headers={"if-match": tag}).error == (412, "0x80060882")
    assert sales.delete(url, headers={"if-match": "*"}).status == 204


def test_delete(sales: Any) -> None:
    row = sales.post("accounts", {"name": "A"}).entity_id
    assert sales.delete(f"accounts({row})").status == 204
    assert sales.delete(f"accounts({row})").error == (404, "0x80040217")
    assert sales.delete("accounts(accountnumber='none')").error == (404, "0x80060891")
    assert sales.delete("accounts").status == 405
    assert sales.patch("accounts", {}).status == 405


def test_equal_values_move_stamp_and_version(sales: Any) -> None:
    row = sales.post("accounts", {"name": "A"}).entity_id
    before = read(sales, row, "modifiedon,createdon,versionnumber")
    sales.clock.forward(seconds=61.7)
    assert sales.patch(f"accounts({row})", {"name": "A"}).status == 204
    after = read(sales, row, "modifiedon,createdon,versionnumber")
    assert after["createdon"] == before["modifiedon"] == "2024-05-02T08:21:20Z"
    assert after["modifiedon"] == "2024-05-02T08:22:21Z"
    assert after["versionnumber"] > before["versionnumber"]


def test_versions_are_one_sequence_for_all_tables(sales: Any) -> None:
    versions = []
    for entity_set, body in (
        ("accounts", {"name": "A"}),
        ("contacts", {"lastname": "B"}),
        ("accounts", {"name": "C"}),
    ):
        url = f"{entity_set}?$select=versionnumber"
        versions.append(sales.post(url, body, prefer=REPRESENTATION).json["versionnumber"])
    assert versions == sorted(set(versions))


def test_null_clears_and_absence_leaves_alone(sales: Any) -> None:
    euro = sales.currency("EUR")
    row = sales.post(
        "accounts",
        {
            "name": "A",
            "fax": "1",
            "telephone1": "2",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})",
        },
    ).entity_id
    assert sales.patch(f"accounts({row})", {"fax": None, "name": "B"}).status == 204
    found = read(sales, row, "name,fax,telephone1,_transactioncurrencyid_value")
    assert (found["name"], found["fax"], found["telephone1"]) == ("B", None, "2")
    assert found["_transactioncurrencyid_value"] == euro
    for body in ({"transactioncurrencyid@odata.bind": None}, {"transactioncurrencyid": None}):
        bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro})"}
        assert sales.patch(f"accounts({row})", bind).status == 204
        assert sales.patch(f"accounts({row})", body).status == 204
        assert read(sales, row, "_transactioncurrencyid_value")["_transactioncurrencyid_value"] is None


@pytest.mark.parametrize(
    "reference",
    [
        "/accounts({0})",
        "accounts({0})",
        "https://sales.test/api/data/v9.2/accounts({0})",
        "/accounts(accountnumber='P%201')",
    ],
)
def test_binds_take_every_form_of_address(sales: Any, reference: str) -> None:
    parent = sales.post("accounts", {"name": "P", "accountnumber": "P 1"}).entity_id
    child = sales.post(
        "accounts", {"name": "C", "parentaccountid@odata.bind": reference.format(parent)}
    ).entity_id
    assert read(sales, child, "_parentaccountid_value")["_parentaccountid_value"] == parent


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"parentaccountid@odata.bind": f"/accounts({UNKNOWN})"}, (404, "0x80040217")),
        ({"parentaccountid@odata.bind": "/accounts(accountnumber='none')"}, (404, "0x80060891")),
        ({"parentaccountid@odata.bind": "/nothing(1)"}, (404, "0x8006088a")),
        ({"ParentAccountId@odata.bind": f"/accounts({UNKNOWN})"}, (400, "0x80048d19")),
        (
            {"transactioncurrencyid@odata.bind": "/transactioncurrencies(isocurrencycode='EUR')"},
            (400, "0x8006088a"),
        ),
        ({"parentaccountid@odata.bind": "/accounts(accountnumber='a%2Fb')"}, (400, "0x8006088a")),
        ({"parentaccountid@odata.bind": "https://elsewhere/api/data/v9.2/accounts(1)"}, (400, "0x80040203")),
        ({"_parentaccountid_value": UNKNOWN}, (400, "0x80048d19")),
        ({"Name": "A"}, (400, "0x80048d19")),
        ({"accountnumber": "x" * 21}, (400, "0x80044331")),
        ({"customertypecode": 99}, (400, "0x8004431A")),
        ({"numberofemployees": -1}, (400, "0x80044330")),
        ({"creditlimit": 100000000000001}, (400, "0x80044330")),
        ({"numberofemployees": "200"}, (400, "0x80048d19")),
        ({"numberofemployees": 1.5}, (400, "0x80048d19")),
        ({"name": 5}, (400, "0x80048d19")),
        ({"donotemail": 1}, (400, "0x80048d19")),
        ({"lastusedincampaign": "yesterday"}, (400, "0x80048d19")),
        ({"processid": "no-guid"}, (400, "0x80048d19")),
        ({"ownerid@odata.bind": None}, (400, "0x80040203")),
        ({"statecode": None}, (400, "0x80040203")),
        ({"statecode": 1, "statuscode": 1}, (400, "0x80048408")),
        ({"statuscode": 2}, (400, "0x80048408")),
        ({"@odata.type": "Microsoft.Dynamics.CRM.contact"}, (400, "0x80048d19")),
    ],
)
def test_refused_bodies_change_nothing(sales: Any, body: dict[str, Any], expected: tuple[int, str]) -> None:
    row = sales.post("accounts", {"name": "before"}).entity_id
    version = read(sales, row, "versionnumber")
    reply = sales.patch(f"accounts({row})", {"name": "after", **body})
    assert reply.error == expected
    assert "req_id" in reply.headers
    assert read(sales, row, "versionnumber") == version


def test_broken_bodies(sales: Any) -> None:
    json_type = {"content-type": "application/json"}
    assert sales("POST", "accounts", body=b"{", headers=json_type).error == (400, "0x80048d19")
    assert sales("POST", "accounts", body=b"[]", headers=json_type).error == (400, "0x80048d19")
    assert sales("POST", "accounts", body=b'{"name":"\\ud800"}', headers=json_type).status == 400
    assert sales("POST", "accounts", body=b"<a/>", headers={"content-type": "text/xml"}).status == 415


def test_required_columns(cds: Any) -> None:
    body = {"currencyname": "Yen", "isocurrencycode": "JPY", "currencysymbol": "¥", "exchangerate": 157.1}
    assert cds.post("transactioncurrencies", {**body, "exchangerate": None}).error == (400, "0x80040203")
    assert cds.post("transactioncurrencies", body).status == 204


def test_alternate_keys_are_unique(sales: Any) -> None:
    assert sales.post("accounts", {"name": "A", "accountnumber": "A1"}).status == 204
    other = sales.post("accounts", {"name": "B", "accountnumber": "B1"}).entity_id
    reply = sales.post("accounts", {"name": "C", "accountnumber": "a1 "})
    assert reply.error == (412, "0x80060892")
    assert "Account Number" in reply.json["error"]["message"]
    assert sales.patch(f"accounts({other})", {"accountnumber": "A1"}).error == (412, "0x80060892")


def test_details_of_errors_come_with_annotations(sales: Any) -> None:
    plain = sales.get("accounts(accountnumber='none')").json["error"]
    assert set(plain) == {"code", "message"}
    detailed = sales.get("accounts(accountnumber='none')", prefer='odata.include-annotations="*"').json[
        "error"
    ]
    assert "@Microsoft.PowerApps.CDS.InnerError.Message" in detailed


def test_state_and_status_go_together(sales: Any) -> None:
    row = sales.post("accounts", {"name": "A"}).entity_id
    assert sales.patch(f"accounts({row})", {"statecode": 1}).status == 204
    found = read(sales, row, "statecode,statuscode")
    assert (found["statecode"], found["statuscode"]) == (1, 2)
    assert sales.patch(f"accounts({row})", {"statecode": 0, "statuscode": 1}).status == 204


def test_money_is_rounded_to_its_currency_and_follows_it(sales: Any) -> None:
    row = sales.post("accounts", {"name": "A", "creditlimit": 10.126}).entity_id
    columns = "creditlimit,creditlimit_base,exchangerate"
    found = read(sales, row, columns)
    assert found["_transactioncurrencyid_value"] == sales.currency("USD")
    assert (found["creditlimit"], found["creditlimit_base"]) == (Decimal("10.1300"), Decimal("10.1300"))
    bind = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({sales.currency('GBP')})"}
    assert sales.patch(f"accounts({row})", bind).status == 204
    found = read(sales, row, columns)
    assert found["creditlimit"] == Decimal("10.1300")
    assert found["creditlimit_base"] == Decimal("12.8200")  # 10.13 / 0.79
    assert sales.patch(f"accounts({row})", {"creditlimit": None}).status == 204
    assert read(sales, row, columns)["creditlimit_base"] is None


def test_large_money_keeps_every_digit(sales: Any) -> None:
    body = b'{"name":"A","creditlimit":99999999999999.99}'
    reply = sales(
        "POST",
        "accounts?$select=creditlimit",
        body=body,
        headers={"content-type": "application/json"},
        prefer=REPRESENTATION,
    )
    assert b'"creditlimit":99999999999999.9900' in reply.body


def test_composed_columns_follow_their_parts(sales: Any) -> None:
    url = "contacts?$select=fullname,address1_composite"
    body = {"firstname": "Jo", "lastname": "Ek", "address1_line1": "Street 1", "address1_city": "Oslo"}
    created = sales.post(url, body, prefer=REPRESENTATION).json
    assert created["fullname"] == "Jo Ek"
    assert created["address1_composite"] == "Street 1\r\nOslo"
    changed = sales.patch(
        f"contacts({created['contactid']})?$select=fullname", {"middlename": "B"}, prefer=REPRESENTATION
    )
    assert changed.json["fullname"] == "Jo B Ek"


def test_read_only_columns_are_ignored_or_refused(sales: Any, open_client: Callable[..., Any]) -> None:
    body = {"name": "A", "versionnumber": 1, "creditlimit_base": 5}
    assert sales.post("accounts", body).status == 204
    strict = open_client("cds", unwritable_columns="reject")
    reply = strict.post(
        "publishers", {"uniquename": "a", "friendlyname": "b", "customizationprefix": "c", "versionnumber": 1}
    )
    assert reply.status == 400


def test_one_branch_of_a_polymorphic_lookup_replaces_the_other(sales: Any) -> None:
    account = sales.post("accounts", {"name": "A"}).entity_id
    boss = sales.post("contacts", {"lastname": "Boss"}).entity_id
    row = sales.post(
        "contacts", {"lastname": "C", "parentcustomerid_account@odata.bind": f"/accounts({account})"}
    ).entity_id
    annotation = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname"'
    target = "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"

    def parent() -> tuple[str, str]:
        found = sales.get(f"contacts({row})?$select=_parentcustomerid_value", prefer=annotation).json
        return found["_parentcustomerid_value"], found[target]

    assert parent() == (account, "account")
    both = {"parentcustomerid_account": None, "parentcustomerid_contact@odata.bind": f"/contacts({boss})"}
    assert sales.patch(f"contacts({row})", both).status == 204
    assert parent() == (boss, "contact")
    wrong = {"parentcustomerid_account@odata.bind": f"/contacts({boss})"}
    assert sales.patch(f"contacts({row})", wrong).error == (400, "0x80048d19")
    assert sales.patch(f"contacts({row})", {"parentcustomerid@odata.bind": f"/contacts({boss})"}).error == (
        400,
        "0x80048d19",
    )
    assert sales.get(f"contacts({row})/parentcustomerid_account").status == 204
    assert sales.get(f"contacts({row})/parentcustomerid_contact?$select=lastname").json["lastname"] == "Boss"


def test_rows_belong_to_their_owner_s_business_unit(sales: Any) -> None:
    me = sales.get("WhoAmI").json
    team = sales.post(
        "teams", {"name": "T", "businessunitid@odata.bind": f"/businessunits({me['BusinessUnitId']})"}
    ).entity_id
    row = sales.post("accounts", {"name": "A", "ownerid@odata.bind": f"/teams({team})"}).entity_id
    found = read(sales, row, "_ownerid_value,_owninguser_value,_owningteam_value,_owningbusinessunit_value")
    assert (found["_ownerid_value"], found["_owningteam_value"], found["_owninguser_value"]) == (
        team,
        team,
        None,
    )
    assert found["_owningbusinessunit_value"] == me["BusinessUnitId"]


def test_deleting_a_parent_follows_the_relationship(sales: Any) -> None:
    parent = sales.post("accounts", {"name": "P"}).entity_id
    child = sales.post(
        "accounts", {"name": "C", "parentaccountid@odata.bind": f"/accounts({parent})"}
    ).entity_id
    contact = sales.post(
        "contacts", {"lastname": "X", "parentcustomerid_account@odata.bind": f"/accounts({parent})"}
    ).entity_id
    assert sales.delete(f"accounts({parent})").status == 204
    assert read(sales, child, "_parentaccountid_value")["_parentaccountid_value"] is None
    assert sales.get(f"contacts({contact})").status == 404
    sales.post("accounts", {"name": "money", "creditlimit": 1})
    assert sales.delete(f"transactioncurrencies({sales.currency('USD')})").error == (405, "0x80040227")


def test_nested_rows_are_created_together(sales: Any) -> None:
    body = {
        "name": "A",
        "primarycontactid": {"firstname": "Ann", "lastname": "Ek"},
        "contact_customer_accounts": [{"lastname": "One"}, {"lastname": "Two"}],
    }
    expand = "primarycontactid($select=fullname),contact_customer_accounts($select=lastname)"
    url = f"accounts?$select=name&$expand={expand}"
    row = sales.post(url, body, prefer=REPRESENTATION).json
    assert row["primarycontactid"]["fullname"] == "Ann Ek"
    assert sorted(contact["lastname"] for contact in row["contact_customer_accounts"]) == ["One", "Two"]
    before = sales.get("contacts/$count").body
    broken = {"name": "B", "contact_customer_accounts": [{"lastname": "Three"}, {"lastname": "x" * 51}]}
    assert sales.post("accounts", broken).error == (400, "0x80044331")
    assert sales.get("contacts/$count").body == before
    assert len(sales.get("accounts").rows) == 1


def test_single_properties_and_references(sales: Any) -> None:
    row = sales.post("accounts", {"name": "A", "fax": "1"}).entity_id
    parent = sales.post("accounts", {"name": "P"}).entity_id
    url = f"accounts({row})"
    assert sales("PUT", f"{url}/name", {"value": "B"}).status == 204
    assert sales.delete(f"{url}/fax").status == 204
    assert sales("PUT", f"{url}/parentaccountid/$ref", {"@odata.id": f"/accounts({parent})"}).status == 204
    found = read(sales, row, "name,fax,_parentaccountid_value")
    assert (found["name"], found["fax"], found["_parentaccountid_value"]) == ("B", None, parent)
    assert sales.delete(f"{url}/parentaccountid/$ref").status == 204
    assert read(sales, row, "_parentaccountid_value")["_parentaccountid_value"] is None
    collection = f"accounts({parent})/account_parent_account"
    assert (
        sales.post(
            f"{collection}/$ref", {"@odata.id": f"https://sales.test/api/data/v9.2/accounts({row})"}
        ).status
        == 204
    )
    assert [found["accountid"] for found in sales.get(f"{collection}?$select=name").rows] == [row]
    assert sales.delete(f"{collection}({row})/$ref").status == 204
    assert sales.get(collection).rows == []


def test_rows_can_be_back_dated(sales: Any) -> None:
    url = "accounts?$select=createdon,overriddencreatedon,modifiedon"
    row = sales.post(
        url, {"name": "old", "overriddencreatedon": "2001-02-03T04:05:06.789Z"}, prefer=REPRESENTATION
    ).json
    assert row["createdon"] == "2001-02-03T04:05:06Z"
    assert row["overriddencreatedon"] == row["modifiedon"] == "2024-05-02T08:21:20Z"
