"""Rows of all companies asked for, each once, with bookmarks of their own."""

from __future__ import annotations

from typing import Any

import pytest
from dynamics_odata.errors import SettingsError

GROUPS: dict[str, Any] = {
    "streams": ["CustomerGroups"],
    "select": {"CustomerGroups": ["Description", "PaymentTermId"]},
}
#: An entity with a time of change: the plain table behind the customers.
STAMPED: dict[str, Any] = {
    "streams": ["CustTableBiEntities"],
    "select": {"CustTableBiEntities": ["AccountNum"]},
}


def of_stream(state: Any, stream: str) -> dict[str, dict[str, Any]]:
    """The bookmarks of a stream in a state, by company."""
    parts = state["bookmarks"][stream]["partitions"]
    return {part["context"]["company"]: part for part in parts}


def customer(bench: Any, number: str, company: str = "usmf") -> str:
    """Create a customer; gives its number."""
    row = {"dataAreaId": company, "CustomerAccount": number, "OrganizationName": number}
    bench.call("POST", "CustomersV3", {**row, "CustomerGroupId": "10", "SalesCurrencyCode": "USD"})
    return number


def numbers(done: Any, company: str = "usmf") -> list[str]:
    found = done.records("CustTableBiEntities")
    return [record["AccountNum"] for record in found if record["dataAreaId"] == company]


def test_every_company_that_the_user_may_see(bench: Any) -> None:
    """F&O alone would answer with the rows of the user's own company, and say nothing of the others."""
    for company in ("usmf", "demf"):
        bench.group("Z1", company)
    done = bench.sync(**GROUPS)
    assert {"Z1"} <= set(bench.groups(done, "usmf")) & set(bench.groups(done, "demf"))
    assert all("cross-company=true" in path for path in bench.reads("/CustomerGroups?"))
    only = bench.sync(**GROUPS, companies=["DEMF"])
    assert bench.groups(only, "usmf") == []
    assert bench.groups(only, "demf") == bench.groups(done, "demf")
    assert only.schema("CustomerGroups")["key_properties"] == ["dataAreaId", "CustomerGroupId"]


def test_shared_rows_are_read_once(bench: Any) -> None:
    done = bench.sync(streams=["Currencies"], select={"Currencies": ["Name"]}, companies=["usmf", "demf"])
    codes = [record["CurrencyCode"] for record in done.records("Currencies")]
    assert len(codes) == len(set(codes)) > 5
    assert not any("cross-company" in path for path in bench.reads("/Currencies?"))


def test_without_cross_company_the_users_own_company_is_read(bench: Any) -> None:
    bench.group("Z1", "usmf")
    bench.group("Z1", "demf")
    done = bench.sync(**GROUPS, cross_company=False)
    assert {record["dataAreaId"] for record in done.records("CustomerGroups")} == {"usmf"}
    assert not any("cross-company" in path for path in bench.reads("/CustomerGroups?"))
    assert bench.sync(**GROUPS, cross_company=False, state=done.states()[-1]).records("CustomerGroups") == []


def test_rows_inserted_between_pages_are_no_reason_to_send_others_twice(bench: Any) -> None:
    made = [bench.group(f"M{number}") for number in range(12)]
    bench.sandbox.faults(
        environment="fno",
        method="GET",
        path=r"CustomerGroups.*skip",
        times=1,
        meanwhile=[
            {
                "environment": "fno",
                "method": "POST",
                "path": "/data/CustomerGroups",
                "json": {"dataAreaId": "usmf", "CustomerGroupId": "00", "Description": "first of all"},
            }
        ],
    )
    found = bench.groups(bench.sync(**GROUPS, companies=["usmf"]))
    assert bench.sandbox.pending_faults() == []
    assert len(found) == len(set(found))
    assert set(made) <= set(found)
    assert found == sorted(found)


def test_filters_in_plain_values(bench: Any) -> None:
    bench.group("F1", Description="one")
    bench.group("F2", Description="two", IsSalesTaxIncludedInPrice="Yes")
    condition = "IsSalesTaxIncludedInPrice eq 'Yes' and Description eq 't*'"
    done = bench.sync(**GROUPS, companies=["usmf"], filter={"CustomerGroups": condition})
    assert bench.groups(done) == ["F2"]


def test_changed_rows_only_company_by_company(bench: Any) -> None:
    for company in ("usmf", "demf"):
        customer(bench, "P1", company)
    first = bench.sync(**STAMPED, companies=["usmf", "demf"])
    assert (numbers(first, "usmf"), numbers(first, "demf")) == (["P1"], ["P1"])
    state = first.states()[-1]
    assert set(of_stream(state, "CustTableBiEntities")) == {"usmf", "demf"}

    quiet = bench.sync(**STAMPED, companies=["usmf", "demf"], state=state)
    assert quiet.records("CustTableBiEntities") == []
    customer(bench, "P2", "demf")
    second = bench.sync(**STAMPED, companies=["usmf"], state=state)
    assert second.records("CustTableBiEntities") == []
    kept = second.states()[-1]
    assert of_stream(kept, "CustTableBiEntities")["demf"] == of_stream(state, "CustTableBiEntities")["demf"]
    third = bench.sync(**STAMPED, companies=["usmf", "demf"], state=kept)
    assert numbers(third, "demf") == ["P2"]
    since = bench.reads("SysModifiedDateTime%20ge")
    assert since
    assert all("dataAreaId%20eq" in path for path in since)


def test_a_company_that_is_added_is_read_from_its_beginning(bench: Any) -> None:
    for company in ("usmf", "demf"):
        customer(bench, "P1", company)
    state = bench.sync(**STAMPED, companies=["usmf"]).states()[-1]
    both = bench.sync(**STAMPED, companies=["usmf", "demf"], state=state)
    assert (numbers(both, "usmf"), numbers(both, "demf")) == ([], ["P1"])


def test_a_run_that_breaks_in_the_second_company_keeps_the_first(bench: Any) -> None:
    for company in ("usmf", "demf"):
        customer(bench, "P1", company)
    bench.sandbox.faults(
        environment="fno", method="GET", path="CustTableBiEntities.*'usmf'", times=9, status=500
    )
    broken = bench.run(**STAMPED, companies=["demf", "usmf"], max_retries=0)
    assert broken.code == 1
    assert broken.errors()[0].startswith("stream `CustTableBiEntities`")
    bench.sandbox.clear_faults()
    rest = bench.sync(**STAMPED, companies=["demf", "usmf"], state=broken.states()[-1])
    assert (numbers(rest, "demf"), numbers(rest, "usmf")) == ([], ["P1"])


def test_another_selection_or_filter_starts_anew(bench: Any) -> None:
    customer(bench, "P1")
    state = bench.sync(**STAMPED, companies=["usmf"]).states()[-1]
    other = {**STAMPED, "filter": {"CustTableBiEntities": "AccountNum eq 'P*'"}}
    assert numbers(bench.sync(**other, companies=["usmf"], state=state)) == ["P1"]


def test_empty_values_are_null_unless_asked(bench: Any) -> None:
    bench.group("E1", PaymentTermId="")
    [record] = [
        each
        for each in bench.sync(**GROUPS, companies=["usmf"]).records("CustomerGroups")
        if each["CustomerGroupId"] == "E1"
    ]
    assert record == {
        "dataAreaId": "usmf",
        "CustomerGroupId": "E1",
        "Description": "made",
        "PaymentTermId": None,
    }
    done = bench.sync(**GROUPS, companies=["usmf"], empty_as_null=False)
    assert "" in {each["PaymentTermId"] for each in done.records("CustomerGroups")}


def test_p2c_offers_the_newest_versions_with_their_filters(bench: Any) -> None:
    catalog = bench.tap(streams="p2c").catalog_dict
    assert {entry["stream"] for entry in catalog["streams"]} == {
        "CustomersV3",
        "CDSContactPersonsV2",
        "SellableReleasedProducts",
        "CDSSalesQuotationHeaders",
        "CDSSalesQuotationLines",
        "CDSSalesOrderHeaders",
        "CDSSalesOrderLinesV2",
        "ExternallyMaintainedCustomerSalesInvoiceHeaders",
        "ExternallyMaintainedCustomerSalesInvoiceLinesV2",
    }
    bench.sync(fno_entities={"CDSSalesOrderLinesV2": "CDSSalesOrderLines"}, companies=["usmf"])
    [lines] = bench.reads("/CDSSalesOrderLines?")
    assert "OrderingCustomerIsExternallyMaintained%20eq%20Microsoft.Dynamics.DataEntities.NoYes'Yes'" in lines
    assert "SalesOrderProcessingStatus%20ne%20" in lines


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"streams": ["customersv3"]}, "Setting `streams` names 'customersv3'.*Nearest: CustomersV3"),
        ({"streams": ["CustomerV3"]}, "Setting `streams` names 'CustomerV3'.*Nearest: CustomersV3"),
        ({**GROUPS, "companies": ["demf"], "cross_company": False}, "`cross_company` is off"),
        ({**GROUPS, "companies": ["usfm"]}, "Setting `companies` names 'usfm'.*Nearest: usmf"),
        ({**GROUPS, "companies": ["zzzz"]}, "Setting `companies` names 'zzzz'.*It shows dat, demf, usmf"),
        (
            {**GROUPS, "select": {"CustomerGroups": ["Descripton"]}},
            "no field 'Descripton'.*Nearest: Description",
        ),
        ({**GROUPS, "filter": {"CustomerGroups": "contains(Description,'x')"}}, "write Name eq"),
        ({**GROUPS, "replication_keys": {"CustomerGroups": "Description"}}, "'Description' is no instant"),
        ({"fno_entities": {"CustomersV3": "CustomersV9"}}, "names 'CustomersV9'.*Nearest: Customers"),
        ({**GROUPS, "start_date": "soon"}, "`start_date` is 'soon'"),
    ],
)
def test_bad_settings_are_told_before_anything_is_read(bench: Any, config: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        bench.sync(**config)
    assert bench.reads("/CustomerGroups?") == []


def test_a_method_that_the_entity_does_not_allow_is_said_once(bench: Any) -> None:
    bench.group("Z1")
    done = bench.sync(**GROUPS, companies=["usmf"], replication={"CustomerGroups": "modified"})
    [warning] = done.warnings()
    assert "cannot be read by `modified`, since CustomerGroups has no field with the time" in warning
    assert "Z1" in bench.groups(done)


def test_catalog_selection_becomes_select(bench: Any) -> None:
    catalog = bench.tap(streams=["CustomerGroups"]).catalog_dict
    [entry] = catalog["streams"]
    assert entry["schema"]["x-entity"] == "CustomerGroup"
    for part in entry["metadata"]:
        name = part["breadcrumb"][-1:]
        part["metadata"]["selected"] = name in ([], ["Description"])
    bench.group("Z1")
    done = bench.sync(streams=["CustomerGroups"], companies=["usmf"], catalog=catalog)
    assert {tuple(record) for record in done.records("CustomerGroups")} == {
        ("dataAreaId", "CustomerGroupId", "Description")
    }
    assert "$select=dataAreaId,CustomerGroupId,Description&" in bench.reads("/CustomerGroups?")[0]
