"""An F&O environment in memory of one test, called through its ASGI application."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from dynamics_sandbox.fno.application import create_application
from dynamics_sandbox.fno.environment import FnoEnvironment
from dynamics_sandbox.fno.orders.advance import Advance, advance_order
from dynamics_sandbox.fno.settings import FnoSettings
from dynamics_sandbox.tokens import TokenChecker, TokenIssuer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dynamics_sandbox.fno.actions import Action
    from starlette.applications import Starlette

_METADATA = Path("shared", "data", "fno-p2c-metadata.xml")
_KEPT = any((folder / _METADATA).is_file() for folder in Path(__file__).resolve().parents)
collect_ignore = [] if _KEPT else ["test_real_metadata.py"]

URL = "https://fno.example.com"
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-555555555555"
LITERAL = "%/:=&?~#+!$,;'@()*[]"
KEY = b"key of the tests"


@dataclass(frozen=True)
class Answer:
    """What came back: header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body with exact numbers."""
        return json.loads(self.body, parse_float=Decimal)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a collection."""
        rows: list[dict[str, Any]] = self.json["value"]
        return rows

    @property
    def problem(self) -> str:
        """The text that says what went wrong."""
        return str(self.json["error"]["innererror"]["message"])


class Client:
    """Calls one application in process, signed in as the registered application."""

    def __init__(self, environment: FnoEnvironment) -> None:
        self.environment = environment
        self.issuer = TokenIssuer(KEY, TENANT)
        self._application: Starlette = create_application(environment, TokenChecker(KEY, TENANT))

    def call(
        self,
        method: str,
        path: str,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends a request; ``path`` may be an absolute URL of the environment; bytes go as they are."""
        token = self.issuer.issue(CLIENT, URL)
        given = {"authorization": f"Bearer {token}", "content-type": "application/json", **(headers or {})}
        body = (
            content
            if isinstance(content, bytes)
            else b""
            if content is None
            else json.dumps(content).encode()
        )
        target, _, query = path.removeprefix(URL).partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "https",
            "path": target,
            "raw_path": quote(target, safe=LITERAL).encode(),
            "query_string": quote(query, safe=LITERAL).encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items() if value],
            "server": ("fno.example.com", 443),
            "client": ("127.0.0.1", 1),
        }
        return asyncio.run(self._exchange(scope, body))

    async def _exchange(self, scope: dict[str, Any], body: bytes) -> Answer:
        sent: list[dict[str, Any]] = []
        pending = [{"type": "http.request", "body": body, "more_body": False}]
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if pending:
                return pending.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(dict(message))

        await self._application(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, b"".join(item.get("body", b"") for item in sent[1:]))

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.call("GET", path, headers=headers)

    def post(self, path: str, content: Any) -> Answer:
        """POST."""
        return self.call("POST", path, content)

    def patch(self, path: str, content: Any, **headers: str) -> Answer:
        """PATCH."""
        return self.call("PATCH", path, content, headers)

    @property
    def orders(self) -> Orders:
        """The orders of the environment."""
        return Orders(self)

    def customer(self, account: str, **fields: Any) -> Answer:
        """Creates a customer with the least a customer needs."""
        least = {
            "CustomerAccount": account,
            "OrganizationName": f"Name of {account}",
            "CustomerGroupId": "10",
        }
        return self.post("/data/CustomersV3", {**least, "SalesCurrencyCode": "USD", **fields})


class Orders:
    """Orders of usmf: written through the service, moved on by the steps of their life."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def post(self, number: str = "SO-1", customer: str = "US-001", **fields: Any) -> Answer:
        """Creates an order header."""
        content = {"SalesOrderNumber": number, "OrderingCustomerAccountNumber": customer, **fields}
        return self._client.post("/data/CDSSalesOrderHeaders", content)

    def line(self, sequence: int, product: str, quantity: str, **amounts: str) -> Answer:
        """Creates a line of SO-1; amounts are given as text, so that their digits are the test's."""
        fields = {"LineCreationSequenceNumber": sequence, "OrderedSalesQuantity": quantity, **amounts}
        numbers = "".join(f',"{name}":{value}' for name, value in fields.items())
        text = f'{{"SalesOrderNumber":"SO-1","ProductNumber":"{product}"{numbers}}}'
        return self._client.call("POST", "/data/CDSSalesOrderLines", text.encode())

    def advance(self, step: Any, number: str = "SO-1", **how: Any) -> str:
        """Takes a step; ``lines`` maps sequence numbers to quantities as text, ``amount`` is a text, too."""
        lines = {sequence: Decimal(text) for sequence, text in how.pop("lines", {}).items()}
        amount = Decimal(how.pop("amount", "0"))
        order = Advance(lines=lines, amount=amount, **how)
        return advance_order(self._client.environment, number, step, order)

    def header(self, number: str = "SO-1", entity_set: str = "CDSSalesOrderHeaders") -> dict[str, Any]:
        """The header."""
        key = f"dataAreaId='usmf',SalesOrderNumber='{number}'"
        row: dict[str, Any] = self._client.get(f"/data/{entity_set}({key})").json
        return row

    def lines(self, number: str = "SO-1", entity_set: str = "CDSSalesOrderLines") -> list[dict[str, Any]]:
        """The lines in their order."""
        query = f"$filter=SalesOrderNumber eq '{number}'&$orderby=LineCreationSequenceNumber"
        return self._client.get(f"/data/{entity_set}?{query}").rows


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed database with the set-up seed, to be copied."""
    path = tmp_path_factory.mktemp("seeded") / "fno.sqlite"
    environment = FnoEnvironment.open(path, url=URL, settings=FnoSettings(client_id=CLIENT))
    environment.reset("none")
    environment.close()
    return path


@pytest.fixture
def open_environment(tmp_path: Path, seeded: Path) -> Iterator[Callable[..., Client]]:
    """Opens environments with settings of the test's own; the set-up seed is planted."""
    opened: list[FnoEnvironment] = []

    def open_one(seed: str = "none", *, actions: Iterable[Action] = (), **settings: Any) -> Client:
        path = tmp_path / f"fno-{len(opened)}.sqlite"
        shutil.copy(seeded, path)
        chosen = FnoSettings(client_id=CLIENT, **settings)
        environment = FnoEnvironment.open(path, url=URL, settings=chosen, actions=actions)
        if seed == "demo":
            environment.reset("demo")
        opened.append(environment)
        return Client(environment)

    yield open_one
    for environment in opened:
        environment.close()


@pytest.fixture
def client_of() -> type[Client]:
    """Makes a client of an environment that a test opened itself."""
    return Client


@pytest.fixture
def fno(open_environment: Callable[..., Client]) -> Client:
    """An environment with default settings and the set-up data only."""
    return open_environment()


@pytest.fixture
def demo(open_environment: Callable[..., Client]) -> Client:
    """An environment with default settings and the demo customers."""
    return open_environment("demo")
