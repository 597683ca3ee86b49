"""Each check passing on a sandbox with its demo rows, and failing on one where what it asks for is not so."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import Sandbox, running
from mapper_p2c.jobs import JOBS
from prospect_to_cash.checking.every import CHECKS, findings
from prospect_to_cash.checking.scope import Scope
from prospect_to_cash.project import Project
from prospect_to_cash.systems import connected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Office

API = "/api/data/v9.2"

#: A project with every job, direct: one block for each template.
TAPS = {"sales": "tap-dynamics-sales", "fno": "tap-dynamics-fno"}
TARGETS = {"sales": "target-dynamics-sales", "fno": "target-dynamics-fno"}


def meltano() -> str:
    """A meltano.yml of the direct jobs."""
    jobs, mappings = [], []
    for job, (template,) in ((job, names) for job, names in JOBS.items() if job.endswith("-direct")):
        to_sales = any(word in job for word in ("products", "orders-to-sales", "invoices"))
        ends = ("tap-dynamics-fno", "target-dynamics-sales") if to_sales else (TAPS["sales"], TARGETS["fno"])
        jobs.append({"name": job, "tasks": [f"{ends[0]} p2c-{template} {ends[1]}"]})
        mappings.append({"name": f"p2c-{template}", "config": {"template": template}})
    mapper = {"name": "mapper-p2c", "mappings": mappings}
    return json.dumps({"jobs": jobs, "plugins": {"mappers": [mapper]}})


def rows(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    status, _, answer = sandbox.call("GET", "sales", f"{API}/{path}")
    assert status == 200, answer
    return list(answer["value"])


def send(sandbox: Sandbox, method: str, environment: str, path: str, content: dict[str, Any]) -> None:
    root = API if environment == "sales" else "/data"
    status, _, answer = sandbox.call(method, environment, f"{root}/{path}", json=content)
    assert status in {201, 204}, answer


def organization(sandbox: Sandbox, **settings: Any) -> None:
    [row] = rows(sandbox, "organizations?$select=organizationid")
    send(sandbox, "PATCH", "sales", f"organizations({row['organizationid']})", settings)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The demo rows, with the price list, units and setting that Microsoft's templates take for granted."""
    with running(tmp_path_factory.mktemp("check") / "sandbox", seed="demo") as service:
        organization(service, createproductswithoutparentinactivestate=True)
        [dollar] = rows(
            service, "transactioncurrencies?$select=isocurrencycode&$filter=isocurrencycode eq 'USD'"
        )
        currency = f"/transactioncurrencies({dollar['transactioncurrencyid']})"
        price_list = {"name": "CRM Service USA", "transactioncurrencyid@odata.bind": currency}
        send(service, "POST", "sales", "pricelevels", price_list)
        base = rows(service, "uoms?$select=name&$expand=uomscheduleid($select=name)")[0]
        for name in ("Each", "Pound"):
            unit = {
                "name": name,
                "quantity": 1,
                "uomscheduleid@odata.bind": f"/uomschedules({base['uomscheduleid']['uomscheduleid']})",
                "baseuom@odata.bind": f"/uoms({base['uomid']})",
            }
            send(service, "POST", "sales", "uoms", unit)
        yield service


@pytest.fixture
def undone(sandbox: Sandbox) -> Iterator[None]:
    """Whatever the test does to the sandbox is undone."""
    sandbox.control("POST", "snapshots", {"name": "before"})
    yield
    sandbox.control("POST", "snapshots/before/restore")
    sandbox.control("DELETE", "snapshots/before")


def results(sandbox: Sandbox, office: Office, *jobs: str) -> dict[int, set[tuple[str, str]]]:
    """Result and text of every finding, by number of the check."""
    (office.root / "meltano.yml").write_text(meltano(), encoding="utf-8")
    project = Project.here(office.root)
    scope = Scope.of(project, jobs or project.jobs)
    found: dict[int, set[tuple[str, str]]] = {}
    with connected({name: sandbox.config(name) for name in ("sales", "fno")}) as systems:
        for check, finding in findings(systems, scope):
            found.setdefault(check.number, set()).add((finding.result, finding.found))
            assert bool(finding.remedy) == (finding.result != "ok")
    return found


def test_all_is_well_in_systems_that_are_set_up(sandbox: Sandbox, office: Office) -> None:
    found = results(sandbox, office)
    assert {
        number: parts for number, parts in found.items() if {result for result, _ in parts} != {"ok"}
    } == {}
    assert set(found) == {check.number for check in CHECKS}


def told(found: dict[int, set[tuple[str, str]]], number: int) -> set[str]:
    """What a check found that is not well, with its result."""
    return {f"{result}: {text}" for result, text in found.get(number, set()) if result != "ok"}


def test_without_the_solution(tmp_path: Path, office: Office) -> None:
    with running(tmp_path / "sandbox", options=("--no-p2c-solution",)) as service:
        for number in ("A-1", "a-1", "A-2", None):
            send(service, "POST", "sales", "accounts", {"name": "Somebody", "accountnumber": number})
        found = results(service, office, "accounts-direct", "contacts-direct", "orders-to-fno-direct")
    [absent] = told(found, 2)
    assert absent.startswith("error: The solution msdynce_ProspectToCashIntegration is not installed")
    assert 3 not in found
    assert "error: contacts has no column msdynce_contactnumber" in " ".join(sorted(told(found, 4)))
    assert {text.split(":")[0] for text in told(found, 5)} == {"warning"}
    assert {text for text in told(found, 6) if "accounts" in text} == {
        "error: Several rows of accounts share accountnumber a-1",
        "warning: 1 rows of accounts have no accountnumber: they are rejected",
    }


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.13.9.9", {"error: The solution is version 1.13.9.9"}),
        ("1.14.1.0", {"error: The solution is version 1.14.1.0: no orders from Sales, no Freight Tax line"}),
        ("1.15.0.1", set()),
        ("15.0.0.2", {"warning: The solution is version 15.0.0.2, which has no key on account numbers"}),
    ],
)
def test_versions_of_the_solution(sandbox: Sandbox, office: Office, version: str, expected: set[str]) -> None:
    [row] = [one for one in rows(sandbox, "solutions") if one["uniquename"].startswith("msdynce")]
    send(sandbox, "PATCH", "sales", f"solutions({row['solutionid']})", {"version": version})
    assert told(results(sandbox, office, "orders-to-fno-direct"), 3) == expected


@pytest.mark.usefixtures("undone")
def test_settings_and_rows_of_sales(sandbox: Sandbox, office: Office) -> None:
    organization(sandbox, discountcalculationmethod=1)
    for price_list in rows(sandbox, "pricelevels?$filter=name eq 'CRM Service USA'"):
        send(sandbox, "PATCH", "sales", f"pricelevels({price_list['pricelevelid']})", {"name": "Other"})
    for unit in rows(sandbox, "uoms?$filter=name eq 'Pound'"):
        send(sandbox, "PATCH", "sales", f"uoms({unit['uomid']})", {"name": "Stone"})
    found = results(sandbox, office)
    assert told(found, 7) == {
        "error: The discount calculation method of Sales is Per unit: discounts are multiplied by quantities"
    }
    assert told(found, 8) == {"error: Sales has no active price list CRM Service USA"}
    assert told(found, 9) == {"error: Sales has no unit Pound"}
    organization(sandbox, discountcalculationmethod=0, oobpricecalculationenabled=False)
    [pricing] = told(results(sandbox, office, "invoices-direct"), 7)
    assert pricing.startswith("warning: Sales does not use system pricing calculation")
    organization(sandbox, oobpricecalculationenabled=True, createproductswithoutparentinactivestate=False)
    [drafts] = told(results(sandbox, office, "products-direct"), 7)
    assert drafts.startswith("warning: New products are created as drafts")


@pytest.mark.usefixtures("undone")
def test_rows_of_finance_and_operations(sandbox: Sandbox, office: Office) -> None:
    for number in ("ACC-09999-OURS", "X-1"):
        customer = {
            "dataAreaId": "usmf",
            "CustomerAccount": number,
            "CustomerGroupId": "10",
            "SalesCurrencyCode": "USD",
            "OrganizationName": "Made in F&O",
        }
        send(sandbox, "POST", "fno", "CustomersV3", customer)
    found = results(sandbox, office, "accounts-direct")
    assert told(found, 16) == {
        "warning: 1 rows of CustomersV3 bear numbers ACC-… and are not from Sales",
    }
    office.root.joinpath(".env").write_text("P2C_COMPANY=xxxx\nP2C_HOME=kept\n", encoding="utf-8")
    found = results(sandbox, office, "accounts-direct")
    [unknown] = told(found, 14)
    assert unknown.startswith("error: F&O has no legal entity xxxx that this user may see; it shows ")
    assert "error: CustomerGroups of xxxx has no CustomerGroupId 10" in told(found, 13)


def test_an_entity_that_finance_and_operations_does_not_offer(
    sandbox: Sandbox, office: Office, tmp_path: Path
) -> None:
    shipped = resources.files("mapper_p2c.templates").joinpath("accounts-direct.yml").read_text("utf-8")
    (tmp_path / "own.yml").write_text(shipped.replace("CustomersV3", "CustomersV9"), encoding="utf-8")
    content = json.loads(meltano())
    content["plugins"]["mappers"][0]["mappings"][0]["config"]["template"] = str(tmp_path / "own.yml")
    (office.root / "meltano.yml").write_text(json.dumps(content), encoding="utf-8")
    scope = Scope.of(Project.here(office.root), ["accounts-direct"])
    with connected({name: sandbox.config(name) for name in ("sales", "fno")}) as systems:
        [finding] = [finding for check, finding in findings(systems, scope) if check.number == 10]
    assert (finding.result, finding.found) == ("error", "F&O has no data entity CustomersV9")


@pytest.mark.usefixtures("undone")
def test_confirmed_orders_without_totals(sandbox: Sandbox, office: Office) -> None:
    status, _, answer = sandbox.call("GET", "fno", "/data/CustomersV3?$top=1&$select=CustomerAccount")
    assert status == 200, answer
    order = {
        "dataAreaId": "usmf",
        "SalesOrderNumber": "SO-CHECK-1",
        "OrderingCustomerAccountNumber": answer["value"][0]["CustomerAccount"],
    }
    send(sandbox, "POST", "fno", "CDSSalesOrderHeaders", order)
    line = {"SalesOrderNumber": "SO-CHECK-1", "LineCreationSequenceNumber": 1, "OrderedSalesQuantity": 1}
    product = sandbox.call("GET", "fno", "/data/SellableReleasedProducts?$top=1&$select=ProductNumber")[2]
    line |= {"dataAreaId": "usmf", "ProductNumber": product["value"][0]["ProductNumber"]}
    send(sandbox, "POST", "fno", "CDSSalesOrderLines", line)
    sandbox.control("POST", "fno/orders/SO-CHECK-1/confirm", {"company": "usmf"})
    found = told(results(sandbox, office, "orders-to-sales-direct"), 15)
    assert found == {"warning: 1 of 1 confirmed orders have no totals: they wait"}
