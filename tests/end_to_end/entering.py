"""Enters accounts in Sales as a person would: through the service, which numbers and stamps them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynamics_sandbox.testing import Sandbox

_ACCOUNTS = "/api/data/v9.2/accounts"


def enter(sandbox: Sandbox, **columns: Any) -> dict[str, Any]:
    """Create one account in Sales; returns the row as Sales holds it, with its generated number."""
    status, _, row = sandbox.call(
        "POST", "sales", _ACCOUNTS, json=columns, headers={"Prefer": "return=representation"}
    )
    assert status == 201, row
    return dict(row)


def change(sandbox: Sandbox, account: dict[str, Any], **columns: Any) -> None:
    """Change columns of one account in Sales."""
    status, _, answer = sandbox.call("PATCH", "sales", f"{_ACCOUNTS}({account['accountid']})", json=columns)
    assert status == 204, answer
