"""What the tests share: tables as metadata describes them, and the target as a process before a sandbox."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from dynamics_odata.errors import DynamicsError
from dynamics_odata.metadata.model import AlternateKey, Column, Lookup, Option, Table
from dynamics_sandbox.testing import Sandbox, running
from target_dynamics_cds.naming import Naming
from target_dynamics_cds.plan import Planner
from target_dynamics_cds.target import TargetDynamicsCds

if TYPE_CHECKING:
    from dynamics_odata.metadata.dataverse import DataverseMetadata


def text(name: str, length: int = 100, kind: str = "string") -> Column:
    return Column(name, name, "Edm.String", kind, max_length=length)


def lookup(name: str, target: str) -> Column:
    return Column(f"_{name}_value", name, "Edm.Guid", "lookup", targets=(target,))


def row_id(name: str) -> Column:
    return Column(name, name, "Edm.Guid", "guid", updatable=False)


def by_name(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


@pytest.fixture
def organization() -> Table:
    return Table(
        logical_name="cdm_organization",
        schema_name="cdm_Organization",
        entity_set="cdm_organizations",
        primary_id="cdm_organizationid",
        primary_name="cdm_organization_organizationid",
        change_tracking=True,
        columns=by_name(row_id("cdm_organizationid"), text("cdm_organization_organizationid", 20)),
        keys=(AlternateKey("cdm_organization_key", ("cdm_organization_organizationid",), active=True),),
    )


@pytest.fixture
def account() -> Table:
    limit = Decimal(922337203685477)
    return Table(
        logical_name="cdm_account",
        schema_name="cdm_Account",
        entity_set="cdm_accounts",
        primary_id="cdm_accountid",
        primary_name="cdm_account_accountid",
        change_tracking=True,
        columns=by_name(
            row_id("cdm_accountid"),
            text("cdm_account_accountid", 20),
            text("cdm_organizationname", 128),
            text("cdm_description", 2000, "memo"),
            Column("cdm_employeecount", "cdm_EmployeeCount", "Edm.Int32", "integer"),
            Column(
                "cdm_creditlimitamount",
                "cdm_CreditLimitAmount",
                "Edm.Decimal",
                "money",
                scale=4,
                minimum=-limit,
                maximum=limit,
            ),
            Column(
                "statecode",
                "statecode",
                "Edm.Int32",
                "state",
                options=(Option(0, "Active"), Option(1, "Inactive")),
            ),
            Column(
                "modifiedon", "ModifiedOn", "Edm.DateTimeOffset", "datetime", creatable=False, updatable=False
            ),
            Column("cdm_code", "cdm_Code", "Edm.String", "string", max_length=10, updatable=False),
            lookup("cdm_organizationid", "cdm_organization"),
            lookup("cdm_parentaccountid", "cdm_account"),
        ),
        keys=(AlternateKey("cdm_account_key", ("cdm_organizationid", "cdm_account_accountid"), active=True),),
        lookups=(
            Lookup(
                "_cdm_organizationid_value", "cdm_OrganizationId", "cdm_organization", "cdm_organizations"
            ),
            Lookup("_cdm_parentaccountid_value", "cdm_ParentAccountId", "cdm_account", "cdm_accounts"),
        ),
    )


class Catalogue:
    """The two questions a planner asks of metadata, answered from given tables."""

    def __init__(self, *tables: Table) -> None:
        self._tables = {table.logical_name: table for table in tables}

    def entity_sets(self) -> dict[str, str]:
        return {table.entity_set: table.logical_name for table in self._tables.values()}

    def table(self, logical: str) -> Table:
        return self._tables[logical]


MakePlanner = Callable[..., Planner]


@pytest.fixture
def planner() -> MakePlanner:
    """A planner for a prefix and the tables of an environment."""

    def make(prefix: str, *tables: Table) -> Planner:
        return Planner(cast("DataverseMetadata", Catalogue(*tables)), Naming(prefix))

    return make


@pytest.fixture
def hub(planner: MakePlanner, account: Table, organization: Table) -> Planner:
    return planner("cdm", account, organization)


@dataclass(frozen=True)
class Run:
    """What a run of the target left: exit code, log, states, rejects and summary."""

    code: int
    log: str
    states: list[Any]
    rejects: list[dict[str, Any]]
    summary: list[dict[str, Any]]


@dataclass(frozen=True)
class TargetProcess:
    """Runs the target as a real process against a sandbox."""

    sandbox: Sandbox
    folder: Path

    def run(self, lines: Iterable[str | dict[str, Any]], **settings: Any) -> Run:
        """Feed Singer messages to a process with the hub's settings, changed or completed by `settings`."""
        config_file = self.folder / "config.json"
        config_file.write_text(json.dumps(self.config(settings)), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "target_dynamics_cds", "--config", str(config_file)],
            input=_input(lines),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return self._result(done.returncode, done.stderr, done.stdout)

    def run_here(self, lines: Iterable[str | dict[str, Any]], **settings: Any) -> Run:
        """The same within this process, which spares its start; the log is the error that ended the run."""
        log, code = "", 0
        with contextlib.redirect_stdout(io.StringIO()) as output:
            try:
                TargetDynamicsCds(config=self.config(settings)).listen(io.BytesIO(_input(lines).encode()))
            except DynamicsError as error:
                log, code = str(error), 1
        return self._result(code, log, output.getvalue())

    def config(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The hub's settings, changed or completed by `settings`."""
        (self.folder / "summary.jsonl").unlink(missing_ok=True)
        return {
            **self.sandbox.config("cds"),
            "publisher_prefix": "cdm",
            "create_missing": True,
            "rejects_path": str(self.folder / "rejects"),
            "summary_path": str(self.folder / "summary.jsonl"),
            **settings,
        }

    def _result(self, code: int, log: str, output: str) -> Run:
        return Run(
            code=code,
            log=log,
            states=[json.loads(line) for line in output.splitlines()],
            rejects=self._rejects(),
            summary=_lines(self.folder / "summary.jsonl"),
        )

    def rows(self, entity_set: str, query: str = "") -> list[dict[str, Any]]:
        """Rows of the environment, read without our own client."""
        status, _headers, found = self.sandbox.call("GET", "cds", entity_set + query)
        assert status == 200, found
        return list(found["value"])

    def entity_set(self, logical_name: str) -> str:
        """Entity set of a table."""
        status, _headers, found = self.sandbox.call(
            "GET", "cds", f"EntityDefinitions(LogicalName='{logical_name}')?$select=EntitySetName"
        )
        assert status == 200, found
        return str(found["EntitySetName"])

    def messages(self) -> list[str]:
        """The bulk messages sent so far, in order."""
        paths = [one["path"] for one in self.sandbox.requests("cds")]
        return [
            path.rpartition(".")[2]
            for path in paths
            if "/Microsoft.Dynamics.CRM." in path and "?" not in path
        ]

    def _rejects(self) -> list[dict[str, Any]]:
        files = sorted((self.folder / "rejects").glob("*.singer"))
        return [line for file in files for line in _lines(file) if line["type"] == "RECORD"]


def _input(lines: Iterable[str | dict[str, Any]]) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines)


def _lines(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    return [json.loads(line, parse_float=Decimal) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), seed="none") as sandbox:
        yield sandbox


@pytest.fixture
def target(running_sandbox: Sandbox, tmp_path: Path) -> TargetProcess:
    """The target before an empty environment."""
    running_sandbox.reset("none")
    running_sandbox.clear_faults()
    running_sandbox.forget_requests()
    return TargetProcess(running_sandbox, tmp_path)


@pytest.fixture
def organizations() -> list[str]:
    return singer_file("organizations")


@pytest.fixture
def accounts() -> list[str]:
    return singer_file("accounts")


def singer_file(name: str) -> list[str]:
    file = Path(__file__).parent / "singer" / f"{name}.singer"
    return file.read_text(encoding="utf-8").splitlines()
