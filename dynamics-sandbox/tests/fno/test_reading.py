"""GET: companies, query options, paging, expand, shapes of answers (…/data-entities/odata)."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Answer, Client

NO_YES = "Microsoft.Dynamics.DataEntities.NoYes"
KEYS = "$select=dataAreaId,CustomerAccount"


@pytest.fixture
def two_companies(fno: Client) -> Client:
    """C-1 and C-2 in usmf, C-1 and C-3 in demf."""
    for account, company, name, limit in [
        ("C-1", "usmf", "Alpha Retail", Decimal("10.5")),
        ("C-2", "usmf", "B's Beverages", 100),
        ("C-1", "demf", "Älter & Söhne Retail", 9),
        ("C-3", "demf", "100% Wolle", Decimal("0.25")),
    ]:
        fields = {"dataAreaId": company, "OrganizationName": name}
        text = f'{{"CreditLimit":{limit}}}'.encode()
        assert fno.customer(account, **fields).status == 201
        row = f"/data/CustomersV3(dataAreaId='{company}',CustomerAccount='{account}')?cross-company=true"
        assert fno.call("PATCH", row, text).status == 204
    return fno


def pairs(answer: Answer) -> list[tuple[str, str]]:
    return [(row["dataAreaId"], row["CustomerAccount"]) for row in answer.rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [("usmf", "C-1"), ("usmf", "C-2")]),
        ("&$filter=dataAreaId eq 'demf'", []),
        ("&cross-company=false", [("usmf", "C-1"), ("usmf", "C-2")]),
        ("&cross-company=true", [("demf", "C-1"), ("demf", "C-3"), ("usmf", "C-1"), ("usmf", "C-2")]),
        ("&cross-company=true&$filter=dataAreaId eq 'demf'", [("demf", "C-1"), ("demf", "C-3")]),
        ("&cross-company=true&$filter=dataAreaId eq 'DEMF'", [("demf", "C-1"), ("demf", "C-3")]),
    ],
)
def test_only_the_default_company_is_read_unless_cross_company_is_asked_for(
    two_companies: Client, query: str, expected: Any
) -> None:
    answer = two_companies.get(f"/data/CustomersV3?{KEYS}{query}")
    assert answer.status == 200
    assert pairs(answer) == expected


def test_a_key_of_another_company_is_not_found_without_cross_company(two_companies: Client) -> None:
    row = "/data/CustomersV3(dataAreaId='demf',CustomerAccount='C-3')"
    missing = two_companies.get(row)
    assert (missing.status, missing.body) == (404, b"")
    assert two_companies.get(row + "?cross-company=true").json["OrganizationName"] == "100% Wolle"


def test_shared_entities_know_no_company(fno: Client) -> None:
    assert [row["DataArea"] for row in fno.get("/data/Companies").rows] == ["dat", "demf", "usmf", "usrt"]
    assert "dataAreaId" not in fno.get("/data/Currencies('EUR')").json


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("CustomerAccount eq 'C-1'", {"usmf C-1", "demf C-1"}),
        ("CustomerAccount eq 'c-1'", {"usmf C-1", "demf C-1"}),
        ("CustomerAccount ne 'C-1'", {"usmf C-2", "demf C-3"}),
        ("OrganizationName eq 'B''s Beverages'", {"usmf C-2"}),
        ("OrganizationName eq '*retail*'", {"usmf C-1", "demf C-1"}),
        ("OrganizationName eq 'älter*'", {"demf C-1"}),
        ("OrganizationName ne '*retail'", {"usmf C-2", "demf C-3"}),
        ("OrganizationName eq '100% *'", {"demf C-3"}),
        ("CreditLimit gt 9", {"usmf C-1", "usmf C-2"}),
        ("CreditLimit ge 9 and CreditLimit lt 100", {"usmf C-1", "demf C-1"}),
        ("CreditLimit mul 4 eq 1", {"demf C-3"}),
        ("not (CreditLimit le 10.5)", {"usmf C-2"}),
        ("CreditLimit eq 0.250", {"demf C-3"}),
        ("startswith(OrganizationName,'b')", {"usmf C-2"}),
        ("contains(OrganizationName,'retail')", {"usmf C-1", "demf C-1"}),
        (f"IsExternallyMaintained eq {NO_YES}'Yes'", set()),
        (f"IsExternallyMaintained ne {NO_YES}'Yes' and CreditLimit eq 100", {"usmf C-2"}),
        ("AddressValidFrom eq 1900-01-01T00:00:00Z and CreditLimit eq 100", {"usmf C-2"}),
        ("AddressStreet eq '' or CustomerAccount eq 'C-9'", {"usmf C-1", "usmf C-2", "demf C-1", "demf C-3"}),
    ],
)
def test_filters(two_companies: Client, condition: str, expected: Any) -> None:
    answer = two_companies.get(
        f"/data/CustomersV3?cross-company=true&{KEYS}&$filter={condition.replace('%', '%25')}"
    )
    assert answer.status == 200, answer.body
    assert {" ".join(pair) for pair in pairs(answer)} == expected


@pytest.mark.parametrize(
    ("query", "status", "part"),
    [
        (
            "$filter=Fax eq '1'",
            400,
            "property named 'Fax' on type 'Microsoft.Dynamics.DataEntities.CustomerV3'",
        ),
        ("$filter=IsExternallyMaintained eq 'Yes'", 400, "incompatible types"),
        ("$filter=IsExternallyMaintained eq 1", 400, "incompatible types"),
        (f"$filter=IsExternallyMaintained eq {NO_YES}'Maybe'", 400, "Maybe"),
        (f"$filter=IsExternallyMaintained gt {NO_YES}'No'", 400, "eq and ne"),
        ("$filter=AddressValidFrom ge '2026-01-31T00:00:00Z'", 400, "incompatible types"),
        ("$filter=CustomerAccount in ('C-1','C-2')", 400, "'in' is not supported"),
        ("$filter=Warehouses/any(w:w/WarehouseId eq '1')", 400, "lambda"),
        ("$filter=CustomerAccount eq 'C-1", 400, "unterminated"),
        ("$select=Nonsense", 400, "property named 'Nonsense'"),
        ("$orderby=Nonsense", 400, "property named 'Nonsense'"),
        ("$expand=Nonsense", 400, "property named 'Nonsense'"),
        ("$expand=Warehouses($expand=OperationalSite)", 400, "$expand"),
        ("$top=-1", 400, "$top"),
        ("cross-company=maybe", 400, "cross-company"),
        ("$apply=aggregate(CreditLimit with sum as Total)", 400, "$apply is not supported"),
        ("$search=wolle", 400, "$search is not supported"),
        ("$compute=CreditLimit mul 2 as Twice", 400, "$compute is not supported"),
        ("$deltatoken=1", 400, "$deltatoken is not supported"),
        (f"$filter=IsExternallyMaintained has {NO_YES}'Yes'", 400, "'has' is not supported"),
        ("$filter=Warehouses/all(w:w/WarehouseId eq '1')", 400, "lambda"),
        ("$filter=length(CustomerAccount) eq 3", 400, "'length' is not supported"),
        ("$expand=Warehouses($levels=2)", 400, "$levels is not supported"),
    ],
)
def test_refused_queries_say_what_is_wrong(fno: Client, query: str, status: int, part: str) -> None:
    answer = fno.get(f"/data/CustomersV3?{query}")
    assert answer.status == status
    assert part in answer.problem
    assert answer.json["error"]["message"] == answer.problem


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("CustomerAccount desc,dataAreaId", ["demf C-3", "usmf C-2", "demf C-1", "usmf C-1"]),
        ("CreditLimit", ["demf C-3", "demf C-1", "usmf C-1", "usmf C-2"]),
        ("OrganizationName desc", ["demf C-1", "usmf C-2", "usmf C-1", "demf C-3"]),
    ],
)
def test_order(two_companies: Client, order: str, expected: Any) -> None:
    answer = two_companies.get(f"/data/CustomersV3?cross-company=true&{KEYS}&$orderby={order}")
    assert [" ".join(pair) for pair in pairs(answer)] == expected


def test_top_skip_and_count(two_companies: Client) -> None:
    answer = two_companies.get(f"/data/CustomersV3?cross-company=true&{KEYS}&$count=true&$top=2&$skip=1")
    assert answer.json["@odata.count"] == 4
    assert pairs(answer) == [("demf", "C-3"), ("usmf", "C-1")]
    assert "@odata.nextLink" not in answer.json
    assert two_companies.get("/data/CustomersV3?$top=0").rows == []


def test_count_has_a_byte_order_mark(two_companies: Client) -> None:
    answer = two_companies.get("/data/CustomersV3/$count?cross-company=true&$filter=CreditLimit gt 9")
    assert (answer.headers["content-type"], answer.body) == ("text/plain; charset=utf-8", b"\xef\xbb\xbf2")


def test_select_adds_no_keys_and_keeps_the_etag(two_companies: Client) -> None:
    answer = two_companies.get("/data/CustomersV3?$select=OrganizationName&$top=1")
    assert list(answer.rows[0]) == ["@odata.etag", "OrganizationName"]
    assert answer.json["@odata.context"].endswith("/data/$metadata#CustomersV3(OrganizationName)")


def test_values_have_no_nulls(two_companies: Client) -> None:
    row = two_companies.get("/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-2')").json
    assert len(row) == 305 + 2  # context and etag
    assert None not in row.values()
    expected = {
        "AddressStreet": "",
        "CreditLimit": 100,
        "ConsolidationDay": 0,
        "AddressRecordId": 0,
        "IsExternallyMaintained": "No",
        "OrganizationABCCode": "None",
        "AddressValidFrom": "1900-01-01T00:00:00Z",
        "AddressValidTo": "2154-12-31T23:59:59Z",
        "CredManCustomerSince": "1900-01-01T12:00:00Z",
        "LanguageId": "en-us",
        "PartyType": "Organization",
    }
    assert {name: row[name] for name in expected} == expected


def test_an_etag_lists_version_and_record_id_per_data_source(fno: Client) -> None:
    # As decoded in public: '1,<RecId>' for a fresh row of one source, "0,0" for each source not joined.
    group = fno.post("/data/CustomerGroups", {"CustomerGroupId": "T1"})
    etag = group.json["@odata.etag"]
    version, record_id = base64.b64decode(etag[3:-1]).decode().strip("'").split(",")
    assert (etag[:3], version, group.headers["etag"]) == ('W/"', "1", etag)
    customer = fno.customer("C-1")
    assert base64.b64decode(customer.json["@odata.etag"][3:-1]).decode().endswith(";0,0;0,0;0,0;0,0;0,0'")
    fno.patch("/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='T1')", {"Description": "Test"})
    changed = fno.get("/data/CustomerGroups(dataAreaId='usmf',CustomerGroupId='T1')").json["@odata.etag"]
    new_version, same_id = base64.b64decode(changed[3:-1]).decode().strip("'").split(",")
    assert same_id == record_id
    assert 1 < int(new_version) < 2**31


def test_metadata_none_leaves_annotations_out(fno: Client) -> None:
    answer = fno.get(
        "/data/Currencies('EUR')?$select=CurrencyCode", accept="application/json;odata.metadata=none"
    )
    assert answer.json == {"CurrencyCode": "EUR"}
    assert answer.headers["content-type"] == "application/json; odata.metadata=none; charset=utf-8"


def test_two_sets_over_the_same_rows(fno: Client) -> None:
    fno.customer("C-1", OrganizationName="One row")
    row = fno.get("/data/CustomersV2(dataAreaId='usmf',CustomerAccount='C-1')").json
    assert row["OrganizationName"] == "One row"
    assert len(row) == 257 + 2  # context and etag
    assert "CredManNotes" not in row
