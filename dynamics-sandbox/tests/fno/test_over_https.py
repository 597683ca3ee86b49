"""The service in a real server process over verified TLS: what a connector does, restarts, many at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.testing import Sandbox, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROW = "CustomersV3(dataAreaId='{}',CustomerAccount='{}')"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), options=("--fno-page-size", "3")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    process.reset("none")
    process.forget_requests()
    return process


def customer(account: str, **fields: Any) -> dict[str, Any]:
    return {
        "CustomerAccount": account,
        "OrganizationName": f"Name of {account}",
        "CustomerGroupId": "10",
        "SalesCurrencyCode": "USD",
        **fields,
    }


def test_a_customer_is_created_changed_read_and_deleted(sandbox: Sandbox) -> None:
    new = customer("ACC-01001-MÜLLER", CreditLimit=Decimal("12345678901234.56"), dataAreaId="demf")
    status, headers, row = sandbox.call("POST", "fno", "CustomersV3", json=new)
    assert (status, row["CreditLimit"]) == (201, Decimal("12345678901234.56"))
    assert headers["ETag"] == row["@odata.etag"]
    assert sandbox.call("GET", "fno", headers["Location"])[0] == 404
    address = headers["Location"] + "?cross-company=true"
    assert sandbox.call("GET", "fno", address)[2]["CustomerAccount"] == "ACC-01001-MÜLLER"
    status, _, nothing = sandbox.call("PATCH", "fno", address, json={"OrganizationName": "Other"})
    assert (status, nothing) == (204, None)
    assert sandbox.call("GET", "fno", address)[2]["OrganizationName"] == "Other"
    assert sandbox.call("DELETE", "fno", address)[0] == 204
    assert sandbox.call("GET", "fno", address)[0] == 404


def test_pages_are_followed_by_their_links(sandbox: Sandbox) -> None:
    for number in range(7):
        sandbox.call(
            "POST",
            "fno",
            "CustomersV3",
            json=customer(f"C-{number}", dataAreaId=["usmf", "demf"][number % 2]),
        )
    link: str | None = "CustomersV3?cross-company=true&$select=CustomerAccount&$orderby=CustomerAccount"
    pages = []
    while link:
        status, _, page = sandbox.call("GET", "fno", link)
        assert status == 200
        pages.append([row["CustomerAccount"] for row in page["value"]])
        link = page.get("@odata.nextLink")
    assert pages == [["C-0", "C-1", "C-2"], ["C-3", "C-4", "C-5"], ["C-6"]]
    paths = [entry["path"] for entry in sandbox.requests("fno") if entry["method"] == "GET"]
    assert all("cross-company=true" in path for path in paths)


def test_keys_are_looked_up_in_one_batch(sandbox: Sandbox) -> None:
    sandbox.call("POST", "fno", "CustomersV3", json=customer("C-1"))
    reads = [
        f"{sandbox.fno}/data/{ROW.format('usmf', account)}?$select=CustomerAccount"
        for account in ("C-1", "C-2")
    ]
    head = "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    parts = [f"{head}GET {url} HTTP/1.1\r\nAccept: application/json\r\n\r\n" for url in reads]
    status, headers, text = sandbox.call(
        "POST",
        "fno",
        "$batch",
        body=("".join(parts) + "\r\n--b--\r\n").encode(),
        headers={"Content-Type": "multipart/mixed; boundary=b"},
    )
    assert (status, headers.get_content_type()) == (200, "multipart/mixed")
    assert text.index("HTTP/1.1 200 OK") < text.index("HTTP/1.1 404 Not Found")


def test_metadata_is_served(sandbox: Sandbox) -> None:
    wanted = "/metadata/DataEntities?$filter=PublicCollectionName eq 'CustomersV3'"
    name = sandbox.call("GET", "fno", wanted)[2]["value"][0]["PublicEntityName"]
    entity = sandbox.call("GET", "fno", f"/metadata/PublicEntities('{name}')")[2]
    assert len(entity["Properties"]) == 305
    status, headers, _ = sandbox.call("GET", "fno", "$metadata")
    assert (status, headers["Content-Type"]) == (200, "application/xml")


def test_a_token_for_another_environment_is_refused(sandbox: Sandbox) -> None:
    header = {"Authorization": f"Bearer {sandbox.token('sales')}"}
    status, headers, body = sandbox.call("GET", "fno", "CustomersV3", headers=header)
    assert (status, body) == (401, None)
    assert headers["WWW-Authenticate"].startswith("Bearer")


def test_one_of_many_creations_wins(sandbox: Sandbox) -> None:
    def create(number: int) -> int:
        return sandbox.call("POST", "fno", "CustomersV3", json=customer("C-1", SalesMemo=str(number)))[0]

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(16)))
    assert sorted(statuses) == [201] + [400] * 15


def test_readers_see_whole_change_sets(sandbox: Sandbox) -> None:
    """Two customers always change together; a reader never sees them differ."""
    for account in ("C-1", "C-2"):
        sandbox.call("POST", "fno", "CustomersV3", json=customer(account, SalesMemo="0"))

    def change(number: int) -> int:
        part = "--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        content = json.dumps({"SalesMemo": str(number)})
        patches = [
            f"{part}PATCH {ROW.format('usmf', account)} HTTP/1.1\r\n"
            f"Content-Type: application/json\r\n\r\n{content}\r\n"
            for account in ("C-1", "C-2")
        ]
        body = (
            "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
            + "".join(patches)
            + "--c--\r\n--b--\r\n"
        )
        headers = {"Content-Type": "multipart/mixed; boundary=b"}
        return sandbox.call("POST", "fno", "$batch", body=body.encode(), headers=headers)[0]

    def memos(_: int) -> set[str]:
        rows = sandbox.call("GET", "fno", "CustomersV3?$select=SalesMemo")[2]["value"]
        return {row["SalesMemo"] for row in rows}

    with ThreadPoolExecutor(4) as pool:
        changes = pool.map(change, range(1, 11))
        seen = list(pool.map(memos, range(20)))
        assert list(changes) == [200] * 10
    assert {len(values) for values in seen} == {1}


def test_rows_outlive_the_process(tmp_path: Path) -> None:
    with running(tmp_path, seed="demo") as first:
        before = first.call("GET", "fno", "CustomersV3")[2]["value"]
        first.call("POST", "fno", "CustomersV3", json=customer("C-1"))
    with running(tmp_path, seed="none") as second:
        after = second.call("GET", "fno", "CustomersV3")[2]["value"]
    assert [row["CustomerAccount"] for row in after] == ["C-1", *(row["CustomerAccount"] for row in before)]
    assert after[1:] == before
