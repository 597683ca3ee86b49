"""Reading OData v4 services that are not Dataverse, and saved metadata documents.

The service is a small one of the tests' own: keys of numbers, relative next links, ``$metadata`` only.
"""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from dynamics_odata.errors import DynamicsError
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request

PAGE = 3
CSDL = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Northwind" xmlns="http://docs.oasis-open.org/odata/ns/edm">
 <EntityType Name="Customer"><Key><PropertyRef Name="CustomerID"/></Key>
  <Property Name="CustomerID" Type="Edm.String" MaxLength="5" Nullable="false"/>
  <Property Name="CompanyName" Type="Edm.String" MaxLength="40"/></EntityType>
 <EntityType Name="Order"><Key><PropertyRef Name="OrderID"/></Key>
  <Property Name="OrderID" Type="Edm.Int32" Nullable="false"/>
  <Property Name="CustomerID" Type="Edm.String"/><Property Name="Changed" Type="Edm.DateTimeOffset"/>
  <Property Name="Freight" Type="Edm.Decimal" Scale="4"/>
  <NavigationProperty Name="Customer" Type="Northwind.Customer">
   <ReferentialConstraint Property="CustomerID" ReferencedProperty="CustomerID"/></NavigationProperty>
 </EntityType>
 <EntityType Name="Line"><Key><PropertyRef Name="OrderID"/><PropertyRef Name="ProductID"/></Key>
  <Property Name="OrderID" Type="Edm.Int32"/><Property Name="ProductID" Type="Edm.Int32"/>
  <Property Name="Tags" Type="Collection(Edm.String)"/></EntityType>
 <EntityContainer Name="All"><EntitySet Name="Customers" EntityType="Northwind.Customer"/>
  <EntitySet Name="Orders" EntityType="Northwind.Order"/><EntitySet Name="Lines" EntityType="Northwind.Line"/>
 </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"""
KEYS = {"Customers": ["CustomerID"], "Orders": ["OrderID"], "Lines": ["OrderID", "ProductID"]}


def order(number: int, customer: str, changed: str, freight: str) -> dict[str, Any]:
    """A row of Orders; its freight is shown with the very digits given."""
    return {"OrderID": number, "CustomerID": customer, "Changed": changed, "Freight": f"#{freight}"}


class Northwind:
    """The rows by entity set, and the targets asked for so far; `url` is where the service listens."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[str] = []
        self.rows: dict[str, list[dict[str, Any]]] = {
            "Customers": [{"CustomerID": "ALFKI", "CompanyName": "Alfreds Futterkiste"}],
            "Orders": [
                order(number, "ALFKI", f"2024-05-0{number}T10:00:00Z", f"{number}.5000")
                for number in range(1, 8)
            ],
            "Lines": [{"OrderID": 1, "ProductID": number, "Tags": ["a"]} for number in range(1, 5)],
        }

    def metadata(self, request: Request) -> Response:
        """The CSDL document, or 304 when the client has it."""
        self.seen.append("$metadata")
        if request.headers.get("if-none-match") == 'W/"1"':
            return Response(status_code=304)
        return Response(CSDL, media_type="application/xml", headers={"ETag": 'W/"1"'})

    def collection(self, request: Request) -> Response:
        """A page of a set: $select, one kind of $filter, $orderby by one column and key, one $expand."""
        name = request.path_params["name"]
        options = dict(request.query_params)
        self.seen.append(f"{name}?{request.url.query}")
        if name not in self.rows or options.keys() - _OPTIONS:
            return _refused(404 if name not in self.rows else 400)
        rows = self.rows[name]
        if "$filter" in options:
            found = re.fullmatch(r"Changed ge (\S+)", options["$filter"])
            if found is None:
                return _refused(400)
            rows = [row for row in rows if row["Changed"] >= found[1]]
        order_of = [each.split()[0] for each in options.get("$orderby", ",".join(KEYS[name])).split(",")]
        rows = sorted(rows, key=lambda row: [row[column] for column in order_of])
        start = int(options.pop("$skiptoken", 0))
        page = [self._shown(row, options) for row in rows[start : start + PAGE]]
        answer: dict[str, Any] = {"@odata.context": f"$metadata#{name}", "value": page}
        if start + PAGE < len(rows):
            query = request.url.query.partition("&$skiptoken")[0]
            answer["@odata.nextLink"] = f"{name}?{query}&$skiptoken={start + PAGE}"
        exact = re.sub(r'"#([0-9.]+)"', r"\1", json.dumps(answer))
        return Response(exact, media_type="application/json")

    def _shown(self, row: dict[str, Any], options: dict[str, str]) -> dict[str, Any]:
        names = options["$select"].split(",") if "$select" in options else list(row)
        shown = {name: row[name] for name in names}
        if options.get("$expand", "").startswith("Customer("):
            [customer] = [each for each in self.rows["Customers"] if each["CustomerID"] == row["CustomerID"]]
            shown["Customer"] = {"CompanyName": customer["CompanyName"]}
        return shown


_OPTIONS = {"$select", "$filter", "$orderby", "$expand", "$skiptoken", "$top"}


def _refused(status: int) -> Response:
    return Response('{"error":{"code":"","message":"Not here."}}', status, media_type="application/json")


@contextmanager
def serving() -> Iterator[Northwind]:
    """The service on a free port of this machine."""
    service = Northwind()
    application = Starlette(
        routes=[
            Route("/V4/Northwind/$metadata", service.metadata),
            Route("/V4/Northwind/{name}", service.collection),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    service.url = f"http://127.0.0.1:{port}"
    yield service
    server.should_exit = True
    thread.join()


BY_CHANGE = {"replication_keys": {"Orders": "Changed"}}


@pytest.fixture
def service() -> Iterator[Northwind]:
    with serving() as listening:
        yield listening


def settings(service: Northwind, **more: Any) -> dict[str, Any]:
    return {
        "environment_url": service.url,
        "auth": "access_token",
        "access_token": "any",
        "ca_bundle": None,
        "service_path": "/V4/Northwind",
        "streams": ["*"],
        **more,
    }


def numbers(done: Any) -> list[int]:
    return [record["OrderID"] for record in done.records("Orders")]


def test_every_set_is_read_along_relative_links(bench: Any, service: Northwind) -> None:
    done = bench.run(**settings(service))
    assert done.code == 0, done.log
    assert numbers(done) == [1, 2, 3, 4, 5, 6, 7]
    assert '"Freight":3.5000' in done.text
    assert [record["ProductID"] for record in done.records("Lines")] == [1, 2, 3, 4]
    assert done.schema("Lines")["key_properties"] == ["OrderID", "ProductID"]
    tags = done.schema("Lines")["schema"]["properties"]["Tags"]
    assert tags == {"type": ["array", "null"], "items": {"type": "string"}}
    assert "EntityDefinitions" not in "".join(service.seen)


def test_a_replication_key_reads_what_changed(bench: Any, service: Northwind) -> None:
    asked = settings(service, streams=["Orders"], expand={"Orders": ["Customer.CompanyName"]}, **BY_CHANGE)
    first = bench.sync(**asked)
    assert first.schema("Orders")["bookmark_properties"] == ["Changed"]
    assert first.records("Orders")[0]["Customer"] == {"CompanyName": "Alfreds Futterkiste"}
    assert bench.sync(**asked, state=first.states()[-1]).records("Orders") == []
    service.rows["Orders"].append(order(8, "ALFKI", "2024-05-07T10:00:00Z", "1.00"))
    service.rows["Orders"][2]["Changed"] = "2024-05-08T10:00:00Z"
    second = bench.sync(**asked, state=first.states()[-1])
    assert numbers(second) == [8, 3]


def test_without_a_replication_key_everything_is_read_each_time(bench: Any, service: Northwind) -> None:
    done = bench.sync(**settings(service, streams=["Orders"]))
    assert done.schema("Orders").get("bookmark_properties", []) == []
    assert numbers(done) == [1, 2, 3, 4, 5, 6, 7]


def test_an_unchanged_document_is_not_sent_again(bench: Any, service: Northwind) -> None:
    asked = settings(service, streams=["Customers"])
    assert [len(bench.sync(**asked).records("Customers")) for _ in range(2)] == [1, 1]
    assert service.seen.count("$metadata") == 2


@pytest.mark.parametrize(
    ("column", "message"),
    [("Chnged", "'Chnged' does not exist.*Changed"), ("OrderID", "'OrderID' is no instant.*Changed")],
)
def test_a_wrong_replication_key_names_the_instants(
    bench: Any, service: Northwind, column: str, message: str
) -> None:
    with pytest.raises(DynamicsError, match=f"`replication_keys`, stream `Orders`: column {message}"):
        bench.tap(**settings(service, streams=["Orders"], replication_keys={"Orders": column}))


def test_a_saved_document_gives_the_catalog_without_asking_anybody(bench: Any, tmp_path: Path) -> None:
    saved = tmp_path / "metadata.xml"
    saved.write_text(CSDL)
    done = bench.run("--discover", metadata_path=str(saved), streams=["*"])
    assert {entry["stream"] for entry in json.loads(done.text)["streams"]} == {"Customers", "Lines", "Orders"}
    assert bench.sandbox.requests("sales") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("<html>", "no well-formed XML"), ("", "well-formed")],
)
def test_a_document_that_is_none_is_refused(
    bench: Any, tmp_path: Path, content: str | None, message: str
) -> None:
    saved = tmp_path / "metadata.xml"
    if content is not None:
        saved.write_text(content)
    with pytest.raises(DynamicsError, match=message):
        bench.tap(metadata_path=str(saved), streams=["*"])
