"""What the tests share: metadata of one entity, and a sandbox to read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_odata.metadata.model import FnoEntity, FnoProperty
from dynamics_sandbox.testing import Sandbox, running
from tap_dynamics_fno.tap import TapDynamicsFno

from tests.tap_bench import TapBench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.tap_bench import Done


@dataclass(frozen=True)
class Bench(TapBench):
    """tap-dynamics-fno and its sandbox."""

    plugin = TapDynamicsFno
    home = "fno"

    def call(self, method: str, path: str, content: Any = None) -> Any:
        """Send a request that must succeed; gives its answer."""
        status, _, answer = self.sandbox.call(method, "fno", f"/data/{path}", json=content)
        assert status < 300, answer
        return answer

    def group(self, number: str, company: str = "usmf", **fields: Any) -> str:
        """Create a customer group; gives its number."""
        row = {"dataAreaId": company, "CustomerGroupId": number, "Description": "made", **fields}
        self.call("POST", "CustomerGroups", row)
        return number

    @staticmethod
    def groups(done: Done, company: str = "usmf") -> list[str]:
        """Customer groups of a company among the records, as they came."""
        found = done.records("CustomerGroups")
        return [record["CustomerGroupId"] for record in found if record["dataAreaId"] == company]

    def reads(self, path: str) -> list[str]:
        """Paths of the reading requests so far that contain `path`."""
        requests = self.sandbox.requests("fno")
        return [each["path"] for each in requests if each["method"] == "GET" and path in each["path"]]


@pytest.fixture
def entity() -> FnoEntity:
    """An entity with a property of each kind."""
    properties = (
        FnoProperty("dataAreaId", "Edm.String", "String", is_key=True),
        FnoProperty("Number", "Edm.String", "String", is_key=True),
        FnoProperty("Note", "Edm.String", "String"),
        FnoProperty("Amount", "Edm.Decimal", "Real"),
        FnoProperty("Id", "Edm.Int64", "Int64"),
        FnoProperty("Row", "Edm.Guid", "Guid"),
        FnoProperty("InvoiceDate", "Edm.DateTimeOffset", "Date"),
        FnoProperty("ChangedDateTime", "Edm.DateTimeOffset", "UtcDateTime"),
        FnoProperty(
            "Status", "Microsoft.Dynamics.DataEntities.SalesStatus", "Enum", ("None", "Backorder", "Invoiced")
        ),
        FnoProperty("IsOpen", "Microsoft.Dynamics.DataEntities.NoYes", "Enum", ("No", "Yes")),
    )
    return FnoEntity(
        entity_set="Things",
        name="Thing",
        aot_name="ThingEntity",
        keys=("dataAreaId", "Number"),
        properties={each.name: each for each in properties},
        read_only=False,
    )


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    options = ("--fno-page-size", "5")
    with running(tmp_path_factory.mktemp("sandbox"), seed="none", options=options) as started:
        yield started


@pytest.fixture
def bench(sandbox: Sandbox, tmp_path: Path) -> Bench:
    """An environment with set-up data only, no faults and an empty request log."""
    sandbox.clear_faults()
    sandbox.reset("none")
    sandbox.forget_requests()
    return Bench(sandbox, tmp_path)
