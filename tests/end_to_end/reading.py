"""Reads what arrived, through the services' own Web APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

_DATAVERSE = "/api/data/v9.2"


def hub_accounts(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The hub's Account rows by account number."""
    rows = _all(sandbox, "cds", f"{_DATAVERSE}/cdm_accounts")
    return {row["cdm_account_accountid"]: row for row in rows}


def sales_accounts(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The accounts in Sales by account number."""
    rows = _all(sandbox, "sales", f"{_DATAVERSE}/accounts")
    return {row["accountnumber"]: row for row in rows}


def customers(sandbox: Sandbox, company: str) -> dict[str, dict[str, Any]]:
    """The customers of one legal entity by account number."""
    condition = quote(f"dataAreaId eq '{company}'")
    rows = _all(sandbox, "fno", f"/data/CustomersV3?cross-company=true&$filter={condition}")
    return {row["CustomerAccount"]: row for row in rows}


def everything(sandbox: Sandbox) -> list[dict[str, Any]]:
    """All rows of the three systems with their versions (``@odata.etag``), which every write moves."""
    return [
        *_all(sandbox, "sales", f"{_DATAVERSE}/accounts"),
        *_all(sandbox, "cds", f"{_DATAVERSE}/cdm_accounts"),
        *_all(sandbox, "fno", "/data/CustomersV3?cross-company=true"),
    ]


def _all(sandbox: Sandbox, environment: str, url: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while url:
        status, _, page = sandbox.call("GET", environment, url)
        assert status == 200, page
        rows += page["value"]
        url = page.get("@odata.nextLink", "")
    return rows
