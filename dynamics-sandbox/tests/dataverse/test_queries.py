"""Reading rows: options, addresses, values, pages, expansion, annotations, refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

NAMES = ["Alpha", "beta", "Gamma", "Müller & Söhne", "O'Neil", "100% Cotton"]


@pytest.fixture
def crm(open_client: Any) -> Any:
    """A Sales environment with six accounts: numbers A1 to A6, employees 10 to 60, odd ones in euros."""
    client = open_client("sales")
    euro, dollar = client.currency("EUR"), client.currency("USD")
    for index, name in enumerate(NAMES, start=1):
        body = {
            "name": name,
            "accountnumber": f"A{index}",
            "numberofemployees": index * 10 if index != 4 else None,
            "creditlimit": index * 1000.25,
            "donotemail": index == 2,
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({euro if index % 2 else dollar})",
        }
        assert client.post("accounts", body).status == 204
        client.clock.forward(seconds=10)
    return client


def numbers(crm: Any, options: str, **more: Any) -> list[str]:
    return [row["accountnumber"] for row in crm.get(f"accounts?$select=accountnumber&{options}", **more).rows]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name eq 'ALPHA'", ["A1"]),
        ("name eq 'Müller & Söhne'", ["A4"]),
        ("name eq 'O''Neil'", ["A5"]),
        ("startswith(name,'g') or endswith(name,'TA')", ["A2", "A3"]),
        ("contains(name,'[%]')", ["A6"]),
        ("not contains(name,'a')", ["A4", "A5", "A6"]),
        ("numberofemployees gt 20 and numberofemployees le 50", ["A3", "A5"]),
        ("numberofemployees eq null", ["A4"]),
        ("numberofemployees ne null and statecode eq 0", ["A1", "A2", "A3", "A5", "A6"]),
        ("creditlimit ge 5001.25", ["A5", "A6"]),
        ("creditlimit eq 1000.25", ["A1"]),
        ("creditlimit lt 10000", ["A1", "A2", "A3", "A4", "A5", "A6"]),
        ("donotemail eq true", ["A2"]),
        ("transactioncurrencyid/isocurrencycode eq 'EUR'", ["A1", "A3", "A5"]),
        ("modifiedon ge 2024-05-02T08:22:00Z", ["A5", "A6"]),
        ("modifiedon gt 2024-05-02T08:21:59.5Z", ["A5", "A6"]),
        (
            'Microsoft.Dynamics.CRM.In(PropertyName=\'accountnumber\',PropertyValues=["a1","A6"])',
            ["A1", "A6"],
        ),
        ("accountnumber eq @n&@n='A3'", ["A3"]),
    ],
)
def test_filters(crm: Any, condition: str, expected: list[str]) -> None:
    text, _, alias = condition.partition("&@")
    query = f"$filter={quote(text, safe='')}" + (f"&@{alias}" if alias else "")
    assert sorted(numbers(crm, query)) == expected


def test_a_lookup_is_filtered_by_its_value_quoted_or_not(crm: Any) -> None:
    euro = crm.currency("EUR")
    assert sorted(numbers(crm, f"$filter=_transactioncurrencyid_value%20eq%20{euro}")) == ["A1", "A3", "A5"]
    assert sorted(numbers(crm, f"$filter=_transactioncurrencyid_value%20eq%20'{euro}'")) == ["A1", "A3", "A5"]


def test_lambdas_reach_the_related_rows(crm: Any) -> None:
    row = crm.get("accounts(accountnumber='A2')?$select=name").json
    crm.post(
        "contacts",
        {"lastname": "Zorn", "parentcustomerid_account@odata.bind": f"/accounts({row['accountid']})"},
    )
    found = numbers(crm, "$filter=contact_customer_accounts/any(c:c/lastname%20eq%20'zorn')")
    assert found == ["A2"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name asc", ["A6", "A1", "A2", "A3", "A4", "A5"]),
        ("numberofemployees desc", ["A6", "A5", "A3", "A2", "A1", "A4"]),
        ("creditlimit desc", ["A6", "A5", "A4", "A3", "A2", "A1"]),
        ("transactioncurrencyid/isocurrencycode desc,name", ["A6", "A2", "A4", "A1", "A3", "A5"]),
    ],
)
def test_orders_and_their_pages(crm: Any, order: str, expected: list[str]) -> None:
    encoded = quote(order, safe=",/")
    assert numbers(crm, f"$orderby={encoded}") == expected
    bodies = crm.pages(f"accounts?$select=accountnumber&$orderby={encoded}", prefer="odata.maxpagesize=2")
    assert [[row["accountnumber"] for row in body["value"]] for body in bodies] == [
        expected[:2],
        expected[2:4],
        expected[4:],
    ]


def test_values_have_the_service_s_forms(crm: Any) -> None:
    reply = crm.get("accounts?$filter=accountnumber%20eq%20'A1'")
    (row,) = reply.rows
    assert b'"creditlimit":1000.2500' in reply.body
    assert row["creditlimit_base"] == Decimal(
        "1087.2300"
    )  # 1000.25 / 0.92, to the base currency's two digits
    assert row["exchangerate"] == Decimal("0.920000000000")
    assert row["statecode"] == 0
    assert row["statuscode"] == 1
    assert row["donotemail"] is False
    assert row["createdon"] == "2024-05-02T08:21:20Z"
    assert row["@odata.etag"] == f'W/"{row["versionnumber"]}"'
    assert row["versionnumber"] > 2**31
    assert row["address1_line1"] is None
    assert row["_ownerid_value"] == row["_owninguser_value"]
    assert "customeridname" not in row
    assert "accountcategorycodename" not in row


def test_select_brings_the_id_and_with_money_the_currency(crm: Any) -> None:
    (row,) = crm.get("accounts?$select=creditlimit&$filter=accountnumber%20eq%20'A1'").rows
    assert set(row) == {"@odata.etag", "creditlimit", "accountid", "_transactioncurrencyid_value"}


def test_count_and_top(crm: Any) -> None:
    assert crm.get("accounts?$count=true&$top=1").json["@odata.count"] == 6
    assert crm.get("accounts/$count").body == b"6"
    assert len(crm.get("accounts?$top=4").rows) == 4
    assert "@odata.nextLink" not in crm.get("accounts?$top=4").json
    # $top has no say once a page size is preferred.
    assert len(crm.get("accounts?$top=1", prefer="odata.maxpagesize=5").rows) == 5


def test_counts_stop_at_the_limit(open_client: Any) -> None:
    client = open_client("sales", count_limit=2)
    body = client.get("transactioncurrencies?$count=true", prefer='odata.include-annotations="*"').json
    assert body["@odata.count"] == 2
    assert body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is True


def test_next_links_keep_the_query_and_have_the_outer_shape(crm: Any) -> None:
    body = crm.get("accounts?$select=name&$filter=statecode%20eq%200", prefer="odata.maxpagesize=4").json
    link = body["@odata.nextLink"]
    assert link.startswith(
        "https://sales.test/api/data/v9.2/accounts?$select=name&$filter=statecode%20eq%200&$skiptoken="
    )
    assert "%3Ccookie%20pagenumber%3D%222%22%20pagingcookie%3D%22" in link
    assert link.endswith("%20istracking%3D%22False%22%20%2F%3E")
    assert len(crm.get(link, prefer="odata.maxpagesize=4").rows) == 2


def test_a_page_that_is_exactly_full_is_the_last(crm: Any) -> None:
    assert "@odata.nextLink" not in crm.get("accounts", prefer="odata.maxpagesize=6").json


def test_pages_are_stable_while_rows_come_and_go(crm: Any) -> None:
    first = crm.get(
        "accounts?$select=accountnumber&$orderby=accountnumber", prefer="odata.maxpagesize=2"
    ).json
    crm.delete("accounts(accountnumber='A1')")
    crm.post("accounts", {"name": "early", "accountnumber": "A0"})
    rest = crm.get(first["@odata.nextLink"], prefer="odata.maxpagesize=9").rows
    assert [row["accountnumber"] for row in rest] == ["A3", "A4", "A5", "A6"]


def test_the_page_size_is_capped(open_client: Any) -> None:
    client = open_client("sales", page_size=2)
    assert [len(body["value"]) for body in client.pages("transactioncurrencies")] == [2, 1]
    assert len(client.get("transactioncurrencies", prefer="odata.maxpagesize=5000").rows) == 2


def test_expand_of_a_lookup_and_of_a_collection(crm: Any) -> None:
    owner = crm.get("accounts(accountnumber='A3')?$select=name").json["accountid"]
    for name in ("Young", "Abel"):
        crm.post("contacts", {"lastname": name, "parentcustomerid_account@odata.bind": f"/accounts({owner})"})
    url = (
        "accounts?$select=accountnumber&$orderby=accountnumber"
        "&$expand=transactioncurrencyid($select=isocurrencycode),primarycontactid($select=fullname),"
        "contact_customer_accounts($select=fullname;$orderby=fullname;$expand=createdby($select=fullname))"
    )
    assert crm.get(url).error == (400, "0x80060888")  # nested expansion forbids an inner order
    rows = crm.get(url.replace(";$expand=createdby($select=fullname)", "")).rows
    assert [row["transactioncurrencyid"]["isocurrencycode"] for row in rows[:3]] == ["EUR", "USD", "EUR"]
    assert rows[0]["primarycontactid"] is None
    assert [contact["fullname"] for contact in rows[2]["contact_customer_accounts"]] == ["Abel", "Young"]
    assert rows[0]["contact_customer_accounts"] == []
    context = crm.get("accounts?$select=name&$expand=transactioncurrencyid($select=isocurrencycode)").json
    assert context["@odata.context"].endswith("#accounts(name,transactioncurrencyid(isocurrencycode))")


def test_expand_goes_two_levels_and_limits_collections(crm: Any) -> None:
    owner = crm.get("accounts(accountnumber='A3')?$select=name").json["accountid"]
    for name in ("Young", "Abel", "Zorn"):
        crm.post("contacts", {"lastname": name, "parentcustomerid_account@odata.bind": f"/accounts({owner})"})
    url = f"accounts({owner})?$select=name&$expand=contact_customer_accounts"
    top = crm.get(
        f"{url}($select=lastname;$filter=lastname%20ne%20'Abel';$orderby=lastname%20desc;$top=1)"
    ).json
    assert [contact["lastname"] for contact in top["contact_customer_accounts"]] == ["Zorn"]
    nested = crm.get(f"{url}($select=lastname;$expand=parentcustomerid_account($select=name))").json
    assert {c["parentcustomerid_account"]["name"] for c in nested["contact_customer_accounts"]} == {"Gamma"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("accounts?$skip=1", "0x80060888"),
        ("accounts?$search=x", "0x80060888"),
        ("accounts?$filter=name%20in%20('a')", "0x80060888"),
        ("accounts?$filter=year(createdon)%20eq%202024", "0x80060888"),
        ("accounts?$filter=name%20eq%205", "0x80060888"),
        ("accounts?$filter=name%20eq%20'open", "0x80060888"),
        ("accounts?$select=Name", "0x0"),
        ("accounts?$select=accountcategorycodename", "0x0"),
        ("accounts?$filter=nothing%20eq%201", "0x0"),
        ("accounts?$orderby=nothing", "0x0"),
        ("accounts?$expand=nothing", "0x0"),
        ("accounts?$skiptoken=nonsense", "0x80040203"),
        ("accounts?$expand=primarycontactid($top=1)", "0x80060888"),
        ("accounts?$expand=contact_customer_accounts/$ref", "0x80060888"),
        ("accounts?Select=name", "0x80060888"),
    ],
)
def test_refusals(crm: Any, url: str, code: str) -> None:
    assert crm.get(url).error == (400, code)


def test_cookies_of_other_queries_are_refused(crm: Any) -> None:
    body = crm.get("accounts?$select=name", prefer="odata.maxpagesize=2").json
    token = body["@odata.nextLink"].partition("$skiptoken=")[2]
    assert crm.get(f"accounts?$orderby=name&$skiptoken={token}").error == (400, "0x80040203")
    tracking = token.replace("%22False%22", "%22True%22")
    assert crm.get(f"accounts?$skiptoken={tracking}").error == (400, "0x80040203")


@pytest.mark.parametrize("size", ["0", "abc", "-5", "9" * 30, ""])
def test_page_sizes_that_make_no_sense_are_no_preference(crm: Any, size: str) -> None:
    reply = crm.get("accounts", prefer=f"odata.maxpagesize={size}")
    assert len(reply.rows) == 6
    assert "preference-applied" not in reply.headers


def test_what_the_sandbox_lacks_is_refused_loudly(crm: Any) -> None:
    for query in (
        "fetchXml=%3Cfetch%2F%3E",
        "$filter=Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid')",
        "$expand=ownerid($select=ownerid)",
    ):
        reply = crm.get(f"accounts?{query}")
        assert reply.status == 501
        assert "sandbox does not support" in reply.json["error"]["message"]


def test_too_long_a_url(crm: Any) -> None:
    assert crm.get("accounts?$filter=name%20eq%20'" + "x" * 33000 + "'").status == 414


def test_one_row_by_id_by_key_and_what_hangs_on_it(crm: Any) -> None:
    by_key = crm.get("accounts(accountnumber='a1')?$select=name,_transactioncurrencyid_value")
    row = by_key.json
    assert by_key.headers["etag"] == row["@odata.etag"]
    assert row["@odata.context"].endswith("$metadata#accounts(name,_transactioncurrencyid_value)/$entity")
    by_id = crm.get(f"accounts({row['accountid']})?$select=name").json
    assert by_id["name"] == "Alpha"
    assert crm.get(f"accounts(accountid={row['accountid']})?$select=name").json["name"] == "Alpha"
    assert crm.get("accounts(accountnumber='A1')/name").json["value"] == "Alpha"
    assert crm.get("accounts(accountnumber='A1')/creditlimit").body.endswith(b'"value":1000.2500}')
    assert crm.get("accounts(accountnumber='A1')/name/$value").body == b"Alpha"
    assert crm.get("accounts(accountnumber='A1')/fax").status == 204
    assert (
        crm.get("accounts(accountnumber='A1')/transactioncurrencyid?$select=isocurrencycode").json[
            "isocurrencycode"
        ]
        == "EUR"
    )
    assert crm.get("accounts(accountnumber='A1')/primarycontactid").status == 204
    reference = crm.get("accounts(accountnumber='A1')/transactioncurrencyid/$ref").json["@odata.id"]
    assert reference.endswith(f"transactioncurrencies({row['_transactioncurrencyid_value']})")


def test_if_none_match_saves_the_body(crm: Any) -> None:
    url = "accounts(accountnumber='A1')?$select=name"
    tag = crm.get(url).headers["etag"]
    assert crm.get(url, headers={"if-none-match": tag}).status == 304
    assert crm.get(url, headers={"if-none-match": "null"}).status == 200


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("11111111-0000-0000-0000-000000000000", (404, "0x80040217")),
        ("accountnumber='none'", (404, "0x80060891")),
        ("name='Alpha'", (400, "0x8006088a")),
        ("accountnumber='A1',name='Alpha'", (400, "0x8006088a")),
        ("accountnumber=null", (400, "0x8006088a")),
        ("accountnumber='a%2Fb'", (400, "0x8006088a")),
        ("accountnumber='a%25b'", (400, "0x8006088a")),
        ("accountnumber='a%26b'", (400, "0x8006088a")),
        ("accountnumber='a%23b'", (400, "0x8006088a")),
        ("accountnumber='a+b'", (400, "0x8006088a")),
        ("accountnumber='a:b'", (400, "0x8006088a")),
        ("accountnumber='open", (400, "0x8006088a")),
    ],
)
def test_addresses_that_fail(crm: Any, key: str, expected: tuple[int, str]) -> None:
    assert crm.get(f"accounts({key})").error == expected


def test_a_key_may_come_as_a_parameter_alias(crm: Any) -> None:
    crm.post("accounts", {"name": "slash", "accountnumber": "a/b"})
    assert crm.get("accounts(accountnumber=@p)?@p='a%2Fb'&$select=name").json["name"] == "slash"


def test_apostrophes_in_keys_are_doubled(crm: Any) -> None:
    crm.post("accounts", {"name": "quote", "accountnumber": "B's"})
    assert crm.get("accounts(accountnumber='B''s')?$select=name").json["name"] == "quote"


def test_users_are_not_addressed_by_the_name_of_their_id(crm: Any) -> None:
    user = crm.get("WhoAmI").json["UserId"]
    assert crm.get(f"systemusers({user})?$select=ownerid").json["ownerid"] == user
    assert crm.get(f"systemusers(systemuserid={user})").error == (400, "0x8006088a")


def test_annotations_come_when_asked_for(crm: Any) -> None:
    columns = "creditlimit,statecode,donotemail,createdon,numberofemployees,_ownerid_value"
    url = f"accounts?$select={columns}&$filter=accountnumber%20eq%20'A1'"
    (plain,) = crm.get(url).rows
    assert not [name for name in plain if "@" in name and name != "@odata.etag"]
    reply = crm.get(url, prefer='odata.include-annotations="*"')
    assert reply.headers["preference-applied"] == 'odata.include-annotations="*"'
    (row,) = reply.rows
    formatted = "@OData.Community.Display.V1.FormattedValue"
    assert row["creditlimit" + formatted] == "€1,000.25"
    assert row["statecode" + formatted] == "Active"
    assert row["donotemail" + formatted] == "Allow"
    assert row["createdon" + formatted] == "5/2/2024 8:21 AM"
    assert row["numberofemployees" + formatted] == "10"
    assert row["_ownerid_value" + formatted] == "# Integration"
    assert row["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert row["_ownerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "ownerid"
    assert row["_transactioncurrencyid_value" + formatted] == "Euro"
    prefer = 'odata.include-annotations="Microsoft.Dynamics.CRM.lookup*"'
    (some,) = crm.get(url, prefer=prefer).rows
    assert some["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert "statecode" + formatted not in some


def test_related_rows(crm: Any) -> None:
    owner = crm.get("accounts(accountnumber='A3')?$select=name").json["accountid"]
    for name in ("Young", "Abel", "Zorn"):
        crm.post("contacts", {"lastname": name, "parentcustomerid_account@odata.bind": f"/accounts({owner})"})
    url = f"accounts({owner})/contact_customer_accounts"
    assert crm.get(f"{url}/$count").body == b"3"
    bodies = crm.pages(f"{url}?$select=lastname&$orderby=lastname", prefer="odata.maxpagesize=2")
    assert [[row["lastname"] for row in body["value"]] for body in bodies] == [["Abel", "Young"], ["Zorn"]]


def test_references_of_related_rows(crm: Any) -> None:
    owner = crm.get("accounts(accountnumber='A3')?$select=name").json["accountid"]
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({owner})"}
    ids = [crm.post("contacts", {"lastname": name, **bind}).entity_id for name in ("Young", "Abel")]
    body = crm.get(f"accounts({owner})/contact_customer_accounts/$ref").json
    assert body["@odata.context"].endswith("$metadata#Collection($ref)")
    root = "https://sales.test/api/data/v9.2"
    assert [row["@odata.id"] for row in body["value"]] == [f"{root}/contacts({row})" for row in sorted(ids)]
    assert crm.get(f"accounts({owner})/account_parent_account/$ref").json["value"] == []


@pytest.mark.parametrize(("length", "status"), [(60_000, 200), (66_000, 414)])
def test_a_url_inside_a_batch_may_be_twice_as_long(crm: Any, length: int, status: int) -> None:
    url = "accounts?$select=name&$filter=name%20eq%20'" + "x" * length + "'"
    part = f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nGET {url} HTTP/1.1"
    body = f"--b\r\n{part}\r\n\r\n\r\n--b--\r\n".encode()
    headers = {"content-type": "multipart/mixed; boundary=b", "prefer": "odata.continue-on-error"}
    reply = crm("POST", "$batch", body=body, headers=headers)
    assert reply.status == 200
    assert f"HTTP/1.1 {status} ".encode() in reply.body


def test_an_expanded_lookup_goes_along_with_every_piece_of_a_page(sales: Any) -> None:
    people = [
        sales.post("contacts", {"lastname": name}, prefer="return=representation").json["contactid"]
        for name in ("One", "Two")
    ]
    targets = [
        {
            "@odata.type": "Microsoft.Dynamics.CRM.account",
            "name": f"{number:03}",
            "primarycontactid@odata.bind": f"/contacts({people[number % 2]})",
        }
        for number in range(600)
    ]
    assert sales.post("accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": targets}).status == 200
    rows = sales.get("accounts?$select=name&$orderby=name&$expand=primarycontactid($select=lastname)").rows
    found = [(row["name"], row["primarycontactid"]["lastname"]) for row in rows]
    assert found == [(f"{number:03}", ("One", "Two")[number % 2]) for number in range(600)]
