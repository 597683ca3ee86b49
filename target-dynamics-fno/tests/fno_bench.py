"""Runs the target against the sandbox over HTTPS, and reads F&O back without our code."""

from __future__ import annotations

import io
import json
import logging
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from target_dynamics_fno.target import TargetDynamicsFno

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_sandbox.testing import Sandbox

COMMAND = shutil.which("target-dynamics-fno", path=str(Path(sys.executable).parent)) or "target-dynamics-fno"

FIELDS: dict[str, dict[str, Any]] = {
    "CustomerAccount": {"type": "string", "maxLength": 20},
    "OrganizationName": {"type": ["string", "null"]},
    "CustomerGroupId": {"type": ["string", "null"]},
    "SalesCurrencyCode": {"type": ["string", "null"]},
    "PartyType": {"type": ["string", "null"]},
    "IsExternallyMaintained": {"type": ["string", "null"]},
    "CreditLimit": {"type": ["number", "null"], "x-scale": 6},
    "OrganizationNumberOfEmployees": {"type": ["integer", "null"]},
    "SalesMemo": {"type": ["string", "null"]},
    "AddressStreet": {"type": ["string", "null"]},
    "AddressCity": {"type": ["string", "null"]},
    "AddressDescription": {"type": ["string", "null"]},
    "AddressCountryRegionISOCode": {"type": ["string", "null"]},
}


def schema(stream: str = "CustomersV3", task: str = "accounts-to-fno", **fields: Any) -> dict[str, Any]:
    properties = fields or FIELDS
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties, "x-task": task},
        "key_properties": [next(iter(properties))],
    }


def customer(account: str | None, **values: Any) -> dict[str, Any]:
    row = {
        "CustomerAccount": account,
        "OrganizationName": f"Customer {account}",
        "CustomerGroupId": "10",
        "SalesCurrencyCode": "USD",
        "PartyType": "Organization",
        "IsExternallyMaintained": "Yes",
        **values,
    }
    return {"type": "RECORD", "stream": "CustomersV3", "record": row}


def state(value: Any) -> dict[str, Any]:
    return {"type": "STATE", "value": {"at": value}}


def as_input(messages: Iterable[dict[str, Any] | str]) -> str:
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in messages)


@dataclass
class Run:
    """What a run left on its three channels."""

    code: int
    states: list[Any]
    log: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.log.splitlines() if " ERROR " in line or "| ERROR" in line]


@dataclass
class FnoBench:
    """One rejects folder, one summary file, as many runs as a test likes."""

    sandbox: Sandbox
    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)

    def config(self, **settings: Any) -> Path:
        """A configuration file; a setting given as None is left out."""
        merged = {
            **self.sandbox.config("fno"),
            "company": "usmf",
            "skip_unchanged": True,
            "max_retries": 2,
            "rejects_path": str(self.folder / "rejects"),
            "summary_path": str(self.folder / "summary.jsonl"),
            **self.settings,
            **settings,
        }
        path = self.folder / "config.json"
        path.write_text(json.dumps({name: value for name, value in merged.items() if value is not None}))
        return path

    def run(self, messages: Iterable[dict[str, Any] | str], **settings: Any) -> Run:
        """A run inside this process, for what the target does at F&O; its errors are raised."""
        log, out = io.StringIO(), io.StringIO()
        handler = logging.StreamHandler(log)
        config = json.loads(self.config(**settings).read_text())
        TargetDynamicsFno.logger.addHandler(handler)
        TargetDynamicsFno.logger.setLevel(logging.INFO)
        try:
            with redirect_stdout(out):
                TargetDynamicsFno(config=config).listen(io.StringIO(as_input(messages)))
        finally:
            TargetDynamicsFno.logger.removeHandler(handler)
        return Run(0, [json.loads(line) for line in out.getvalue().splitlines()], log.getvalue())

    def command(self, messages: Iterable[dict[str, Any] | str], **settings: Any) -> Run:
        """A run of the installed command in a process of its own, for exit codes and what people see."""
        done = subprocess.run(
            [COMMAND, "--config", str(self.config(**settings))],
            input=as_input(messages).encode(),
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Run(
            done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()
        )

    def start(self, **settings: Any) -> subprocess.Popen[str]:
        """A run whose input the test feeds bit by bit."""
        return subprocess.Popen(
            [COMMAND, "--config", str(self.config(**settings))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def stored(self, account: str, company: str = "usmf") -> dict[str, Any] | None:
        doubled = quote(account.replace("'", "''"), safe="")
        key = f"dataAreaId='{company}',CustomerAccount='{doubled}'"
        status, _headers, row = self.sandbox.call(
            "GET", "fno", f"/data/CustomersV3({key})?cross-company=true"
        )
        assert status in {200, 404}
        return row if status == 200 else None

    def accounts(self, company: str = "usmf") -> dict[str, str]:
        """Etag by customer account: an etag changes with every write."""
        query = f"cross-company=true&$filter=dataAreaId%20eq%20%27{company}%27"
        _status, _headers, page = self.sandbox.call("GET", "fno", f"/data/CustomersV3?{query}")
        return {row["CustomerAccount"]: row["@odata.etag"] for row in page["value"]}

    def rejects(self, owner: str = "accounts-to-fno") -> list[dict[str, Any]]:
        path = self.folder / "rejects" / f"{owner}.singer"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in map(json.loads, lines) if line["type"] == "RECORD"]

    def summary(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "summary.jsonl").read_text().splitlines()]
