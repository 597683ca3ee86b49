"""python-odata creates, changes, reads and deletes rows of F&O; the database shows whether it is true."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import running

from tests.conformance.readback import Case, Readback, Rows
from tests.peers import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_DRIVER = Path(__file__).with_name("driver.py")
_CUSTOMERS = "CustomersV3"
_IN_USMF = ["P'07", "P-01", "P-02", "P-03", "P-04", "P-05", "P-06", "P-10"]


class Saying:
    """Equals the outcome of a call that was refused with these words."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and self._words in str(other.get("error"))

    def __hash__(self) -> int:
        return hash(self._words)

    def __repr__(self) -> str:
        return f"<an error that says {self._words!r}>"


@pytest.fixture(scope="module")
def readback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readback]:
    """A sandbox with small pages on which all calls have been made."""
    with running(tmp_path_factory.mktemp("sandbox"), options=("--fno-page-size", "4")) as sandbox:
        done = subprocess.run(
            [str(places.python("python-odata")), str(_DRIVER)],
            input=json.dumps({"fno": sandbox.fno, "token": sandbox.token("fno")}),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "REQUESTS_CA_BUNDLE": sandbox.ca_bundle},
        )
        assert done.returncode == 0, done.stderr
        outcomes = [json.loads(line) for line in done.stdout.splitlines()]
        yield Readback(sandbox, "fno", {each["call"]: each for each in outcomes})


def customer(call: str, result: Any, account: str, **values: Any) -> Case:
    """The customer of an account has these values at the end."""
    return Case(call, result, Rows(_CUSTOMERS, {"CustomerAccount": account}, [values]))


def absent(call: str, result: Any, account: str) -> Case:
    """There is no customer of this account."""
    return Case(call, result, Rows(_CUSTOMERS, {"CustomerAccount": account}, []))


def row(call: str, result: Any, entity_set: str, where: dict[str, Any], **values: Any) -> Case:
    """The row of any set has these values at the end."""
    return Case(call, result, Rows(entity_set, where, [values]))


def found(call: str, accounts: list[str], condition: Callable[[dict[str, Any]], Any]) -> Case:
    """The client finds these customers, and so does the condition among the rows of its company."""

    def wanted(row: dict[str, Any]) -> bool:
        return row["dataAreaId"] == "usmf" and bool(condition(row))

    values = [{"CustomerAccount": account} for account in sorted(accounts, key=lambda each: str([each]))]
    return Case(call, accounts, Rows(_CUSTOMERS, wanted, values))


def refused(call: str, words: str) -> Case:
    """The client passes the service's words on, and no row has come or gone."""
    everybody = Rows(
        _CUSTOMERS,
        {"dataAreaId": "usmf"},
        [{"CustomerAccount": account} for account in sorted(_IN_USMF, key=lambda each: str([each]))],
    )
    return Case(call, Saying(words), everybody)


def _rest(*accounts: str) -> list[str]:
    return [account for account in _IN_USMF if account not in accounts]


_CREATIONS = [
    customer("create", "Name of P-01", "P-01", CustomerGroupId="10", SalesCurrencyCode="USD"),
    customer("create_with_defaults", "en-us", "P-02", LanguageId="en-us", PartyType="Organization"),
    customer("create_with_decimal", "1250.75", "P-03", dataAreaId="usmf"),
    customer("create_with_enum", "Invoice", "P-04", OrganizationName="Name of P-04"),
    customer("create_with_date", "2026-01-31 12:00:00+00:00", "P-05",
             CredManCustomerSince="2026-01-31T12:00:00Z"),
    customer("create_with_umlauts", "Ä ß 漢 é", "P-06", OrganizationName="Ä ß 漢 é"),
    customer("create_with_apostrophe", "P'07", "P'07", OrganizationName="Name of P'07"),
    customer("create_in_company", "demf", "P-08", dataAreaId="demf"),
    absent("create_to_delete", "P-09", "P-09"),
    customer("create_retail", True, "P-10", OrganizationName="Retail house"),
    row("create_group", "T", "CustomerGroups", {"CustomerGroupId": "T1"}, dataAreaId="usmf"),
    row("create_site", "Nine", "OperationalSitesV2", {"SiteId": "9"}, SiteName="Nine"),
    row("create_warehouse", "90", "Warehouses", {"WarehouseId": "90"}, OperationalSiteId="9"),
    refused("create_duplicate", "The record already exists."),
    absent("create_bad_reference", Saying("'XX' in field 'Customer group' is not found"), "P-99"),
    absent("create_without_group", Saying("Field 'Customer group' must be filled in."), "P-98"),
    Case("create_read_only", Saying("read-only"), Rows("Companies", {"DataArea": "new"}, [])),
]  # fmt: skip
_CHANGES = [
    customer("update", None, "P-01", OrganizationName="Changed", CustomerGroupId="10"),
    customer("update_decimal", None, "P-03", CreditLimit=0.1),
    customer("update_enum", None, "P-04", OnHoldStatus="All"),
    customer("update_to_empty", None, "P-10", SalesMemo=""),
    customer("update_apostrophe", None, "P'07", SalesMemo="it's"),
    row("update_group", None, "CustomerGroups", {"CustomerGroupId": "T1"}, Description="Changed"),
    customer("update_bad_reference", Saying("'XX' in field 'Customer group'"), "P-02", CustomerGroupId="10"),
    customer("update_another_company", Saying("selecting for update"), "P-02", SalesMemo=""),
    absent("delete", None, "P-09"),
    absent("delete_again", Saying("No resources were found when selecting for update."), "P-09"),
    row("delete_with_children", Saying("cannot be deleted while dependent Customers exist"), "CustomerGroups",
        {"CustomerGroupId": "10", "dataAreaId": "usmf"}, CustomerGroupId="10"),
]  # fmt: skip
_READS = [
    customer("get", "Changed", "P-01", OrganizationName="Changed"),
    absent("get_absent", Saying("NoResultsFound"), "P-77"),
    found("eq", ["P-01"], lambda row: row["CustomerAccount"] == "P-01"),
    found("eq_ignores_case", ["P-01"], lambda row: row["CustomerAccount"].lower() == "p-01"),
    found("ne", _rest("P-01"), lambda row: row["CustomerAccount"] != "P-01"),
    found("gt", ["P-06", "P-10"], lambda row: row["CustomerAccount"] > "P-05"),
    found("ge_decimal", ["P-03"], lambda row: row["CreditLimit"] >= 0.1),
    found("lt_decimal", _rest("P-03"), lambda row: row["CreditLimit"] < 0.1),
    found("and", ["P-03", "P-04"], lambda row: "P-02" < row["CustomerAccount"] <= "P-04"),
    found("or", ["P-02", "P-04"], lambda row: row["CustomerAccount"] in {"P-02", "P-04"}),
    found("two_filters", ["P-05"], lambda row: "P-05" <= row["CustomerAccount"] < "P-06"),
    found("wildcard", ["P-10"], lambda row: row["OrganizationName"].endswith("house")),
    found("apostrophe", ["P'07"], lambda row: "'" in row["CustomerAccount"]),
    found("umlaut", ["P-06"], lambda row: row["OrganizationName"].lower() == "ä ß 漢 é"),
    found("startswith", ["P-10"], lambda row: row["OrganizationName"].lower().startswith("retail")),
    found("contains", ["P-10"], lambda row: "ail" in row["OrganizationName"]),
    found("endswith", ["P-10"], lambda row: row["OrganizationName"].endswith("house")),
    found("lacks", ["P-01", "P-06", "P-10"], lambda row: "Name of" not in row["OrganizationName"]),
    found("enum", ["P-04"], lambda row: row["OnHoldStatus"] == "All"),
    found("enum_ne", _rest("P-04"), lambda row: row["OnHoldStatus"] != "All"),
    refused("enum_order", "Enum values can only be compared with eq and ne"),
    found("date", ["P-05"], lambda row: row["CredManCustomerSince"] > "1900-01-01T12:00:00Z"),
    refused("trim_is_refused", "The function 'trim' is not supported"),
    refused("unknown_property", "Could not find a property named 'Fax'"),
    found("pages", _IN_USMF, lambda _: True),
    Case("order", ["P-10", "P-06"], Rows(_CUSTOMERS, lambda row: row["dataAreaId"] == "usmf"
         and row["CustomerAccount"] > "P-06", [{"CustomerAccount": "P-10"}])),
    customer("order_by_two", ["P-03", "P'07"], "P-03", CreditLimit=0.1),
    found("limit_and_offset", ["P-01", "P-02"], lambda row: "P-" < row["CustomerAccount"] < "P-03"),
    Case("first", "P'07", Rows(_CUSTOMERS, lambda row: row["CustomerAccount"] < "P-01",
         [{"CustomerAccount": "P'07"}])),
    customer("select", [["@odata.etag", "OrganizationName"]], "P-01", OrganizationName="Changed"),
    refused("count_has_a_mark", r"'\ufeff8'"),
    row("raw_cross_company", ["P-08"], _CUSTOMERS, {"dataAreaId": "demf"}, CustomerAccount="P-08"),
    found("raw_arithmetic", ["P-03"], lambda row: row["CreditLimit"] == 0.1),
    refused("apply_is_refused", "$apply is not supported"),
    row("expand", "Nine", "OperationalSitesV2", {"SiteId": "9"}, SiteName="Nine"),
    row("navigate", "Nine", "Warehouses", {"WarehouseId": "90"}, OperationalSiteId="9"),
    row("filter_over_navigation", ["90"], "Warehouses", {"OperationalSiteId": "9"}, WarehouseId="90"),
    row("shared_set", "EUR", "Currencies", {"CurrencyCode": "EUR"}, CurrencyCode="EUR"),
    row("action", None, "DataManagementTargetMapEntities",
        {"Entity": "Customers V3", "StagingField": "CustomerAccount"}, FieldLength=20),
    refused("action_not_built", "dynamics-sandbox does not support the action 'GetExecutionSummaryStatus'"),
]  # fmt: skip


@pytest.mark.parametrize("case", [*_CREATIONS, *_CHANGES, *_READS], ids=str)
def test_each_call_does_what_the_database_shows(readback: Readback, case: Case) -> None:
    readback.check(case)


def test_the_client_learns_from_the_metadata_what_the_metadata_service_says(readback: Readback) -> None:
    def metadata(path: str) -> Any:
        status, _, answer = readback.sandbox.call("GET", "fno", f"/metadata/{path}")
        assert status == 200
        return answer

    results = {call: outcome["result"] for call, outcome in readback.outcomes.items()}
    keys = [each["Name"] for each in metadata("PublicEntities('CustomerV3')")["Properties"] if each["IsKey"]]
    assert results["key_of_metadata"] == sorted(keys) == ["CustomerAccount", "dataAreaId"]
    members = [each["Name"] for each in metadata("PublicEnumerations('NoYes')")["Members"]]
    assert results["enum_of_metadata"] == members == ["No", "Yes"]
    enabled = metadata("DataEntities?$filter=DataServiceEnabled eq true")["value"]
    assert results["set_names"] == sorted(each["PublicCollectionName"] for each in enabled)


def test_pages_were_followed_by_their_links(readback: Readback) -> None:
    paths = [each["path"] for each in readback.sandbox.requests("fno") if each["method"] == "GET"]
    assert any(path.endswith("/CustomersV3?$skip=4") for path in paths)
