"""An environment of its own per test and a client that speaks to its application without a network."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.dataverse.application import create_application
from dynamics_sandbox.dataverse.environment import DataverseEnvironment
from dynamics_sandbox.dataverse.settings import DataverseSettings
from dynamics_sandbox.tokens import TokenChecker, TokenIssuer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TENANT = "11111111-2222-3333-4444-555555555555"
APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
KEY = b"k" * 32


@dataclass
class Clock:
    """The environment's clock; tests move it."""

    now: dt.datetime = field(
        default_factory=lambda: dt.datetime(2024, 5, 2, 8, 21, 20, tzinfo=dt.timezone.utc)
    )

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **step: float) -> None:
        self.now += dt.timedelta(**step)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def rows(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.body
        return list(self.json["value"])

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.json["error"]["code"]

    @property
    def entity_id(self) -> str:
        assert self.status == 204, self.body
        return self.headers["odata-entityid"].rpartition("(")[2].rstrip(")")


@dataclass
class Client:
    """Calls the application as uvicorn does."""

    environment: DataverseEnvironment
    clock: Clock
    client_id: str = APPLICATION

    def __post_init__(self) -> None:
        self._issuer = TokenIssuer(KEY, TENANT, clock=time.time)
        self._app = create_application(self.environment, TokenChecker(KEY, TENANT, clock=time.time))

    def __call__(
        self,
        method: str,
        url: str,
        content: Any = None,
        *,
        prefer: str = "",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send a request; `url` is relative to the service root or absolute, and sent letter for letter."""
        given = {"host": "localhost", **(headers or {})}
        if "authorization" not in given:
            given["authorization"] = f"Bearer {self._issuer.issue(self.client_id, self.environment.url)}"
        if prefer:
            given["prefer"] = prefer
        if content is not None:
            body = json.dumps(content).encode()
            given.setdefault("content-type", "application/json")
        path = url.removeprefix(self.environment.url)
        path = path if path.startswith("/") else f"/api/data/v9.2/{path}"
        return asyncio.run(self._send(method, path, given, body or b""))

    async def _send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        raw_path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": raw_path,
            "raw_path": raw_path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 443),
        }
        sent: list[dict[str, Any]] = []

        pending = [{"type": "http.request", "body": body, "more_body": False}]
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if pending:
                return pending.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        fields = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Reply(sent[0]["status"], fields, content)

    def get(self, url: str, **options: Any) -> Reply:
        return self("GET", url, **options)

    def post(self, url: str, content: Any, **options: Any) -> Reply:
        return self("POST", url, content, **options)

    def patch(self, url: str, content: Any, **options: Any) -> Reply:
        return self("PATCH", url, content, **options)

    def delete(self, url: str, **options: Any) -> Reply:
        return self("DELETE", url, **options)

    def currency(self, code: str) -> str:
        rows = self.get(
            f"transactioncurrencies?$select=isocurrencycode&$filter=isocurrencycode eq '{code}'"
        ).rows
        return str(rows[0]["transactioncurrencyid"])

    def pages(self, url: str, **options: Any) -> list[dict[str, Any]]:
        """Follow next links to the end; give the bodies."""
        bodies = [self.get(url, **options).json]
        while "@odata.nextLink" in bodies[-1]:
            bodies.append(self.get(bodies[-1]["@odata.nextLink"], **options).json)
        return bodies


def _opening(folder: Path) -> Iterator[Callable[..., Client]]:
    opened: list[DataverseEnvironment] = []

    def open_one(name: str = "sales", seed: str | None = "none", **settings: Any) -> Client:
        clock = Clock()
        chosen = DataverseSettings(application_id=APPLICATION, **settings)
        environment = DataverseEnvironment.open(
            folder / f"{name}.sqlite", name=name, url=f"https://{name}.test", settings=chosen, clock=clock
        )
        opened.append(environment)
        if seed is not None:
            environment.reset(seed)
        return Client(environment, clock)

    yield open_one
    for environment in opened:
        environment.close()


@pytest.fixture
def open_client(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Open environments: `open_client("sales", seed="demo", page_size=3)`."""
    yield from _opening(tmp_path)


@pytest.fixture(scope="module")
def open_shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Client]]:
    """Open environments that all tests of a module read."""
    yield from _opening(tmp_path_factory.mktemp("shared"))


@pytest.fixture
def sales(open_client: Callable[..., Client]) -> Client:
    return open_client("sales")


@pytest.fixture
def cds(open_client: Callable[..., Client]) -> Client:
    return open_client("cds")


@pytest.fixture
def northwind(tmp_path: Path) -> Path:
    """A folder of customers with the hard cases of the sample: umlauts, apostrophes, leading zeros."""
    folder = tmp_path / "northwind"
    folder.mkdir()
    address = "address,city,region,postal_code,country,phone,fax"
    header = f"customer_id,company_name,contact_name,contact_title,{address}"
    rows = [
        "BERGS,Berglunds snabbköp,Christina Berglund,,Berguvsvägen  8,Luleå,,S-958 22,Sweden,0921-12 34 65,",
        "BSBEV,B's Beverages,Victoria Ashworth,,Fauntleroy Circus,London,,EC2 5NT,UK,(171) 555-1212,",
        "QUICK,QUICK-Stop,Horst Kloss,,Taucherstraße 10,Cunewalde,,01307,Germany,0372-035188,",
        "GROSR,GROSELLA-Restaurante,,,5ª Ave. Los Palos Grandes,Caracas,DF,1081,Venezuela,(2) 283-2951,",
    ]
    (folder / "customers.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return folder
