"""What the sandbox does not do by itself: services that stop at the first refusal, races, half-known answers.

The service here is a stand-in at the wire: it takes whole batches as bytes and answers as F&O does, from a
dict of rows and a list of things to go wrong.
"""

from __future__ import annotations

import email
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

import pytest
from dynamics_odata.errors import UnreachableError
from dynamics_odata.exchange import Request, Response, headers_of
from dynamics_odata.metadata.model import FnoEntity, FnoProperty
from dynamics_singer.target import Row, TargetSettings
from dynamics_singer.target.schema import parse_schema
from target_dynamics_fno.plan import make_plan
from target_dynamics_fno.writer import FnoWriter

if TYPE_CHECKING:
    from collections.abc import Container

    from dynamics_odata.transport import Transport

ROOT = "https://fno.example/data/"
EXISTS = "Info: Cannot create a record in Customers (CustTable).\nThe record already exists."
ABSENT = "No resources were found when selecting for update."
CONFLICT = (
    "Write failed for table row of type 'X'. Cannot edit a record in Customers (CustTable). An update "
    "conflict occurred due to another user process deleting the record or changing one or more fields in the "
    "record."
)
ENTITY = FnoEntity(
    "CustomersV3",
    "CustomerV3",
    "CustCustomerV3Entity",
    ("CustomerAccount",),
    {
        "CustomerAccount": FnoProperty("CustomerAccount", "Edm.String", "String", is_key=True),
        "Name": FnoProperty("Name", "Edm.String", "String"),
    },
)


@dataclass
class Service:
    """Rows by key; `troubles` maps a write (method, key) to the answers it is refused with, one per try."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    troubles: dict[tuple[str, str], list[tuple[int, str]]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    stops_at_refusal: bool = False
    lose_answer_of_write: int | None = None
    batches: list[list[str]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return ROOT + path

    def send(self, request: Request, *, accept: Container[int] = ()) -> Response:
        del accept
        content_type = dict(request.headers)["Content-Type"]
        message = email.message_from_bytes(
            f"Content-Type: {content_type}\r\n\r\n".encode() + (request.body or b"")
        )
        answers, done = [], []
        for part in cast("list[email.message.Message]", message.get_payload()):
            change_set = part.get_content_maintype() == "multipart"
            inner = cast("list[email.message.Message]", part.get_payload())[0] if change_set else part
            answer, what = self.one(cast("bytes", inner.get_payload(decode=True)))
            done.append(what)
            answers.append(_framed(answer) if change_set and answer[0] < 400 else _http(answer))
            if self.stops_at_refusal and answer[0] >= 400:
                break
        self.batches.append(done)
        if self.lose_answer_of_write is not None and any(not what.startswith("GET") for what in done):
            self.lose_answer_of_write -= 1
            if self.lose_answer_of_write < 0:
                self.lose_answer_of_write = None
                raise UnreachableError("The connection broke")
        body = b"".join(b"--r\r\n" + answer + b"\r\n" for answer in answers) + b"--r--\r\n"
        return Response(200, headers_of({"Content-Type": "multipart/mixed; boundary=r"}), body, request.url)

    def one(self, content: bytes) -> tuple[tuple[int, bytes], str]:
        head, _blank, body = content.partition(b"\r\n\r\n")
        method, url, _version = head.split(b"\r\n")[0].decode().split(" ")
        values = json.loads(body) if body.strip() else {}
        found = re.search(r"CustomerAccount='([^']*)'", unquote(url))
        key = found.group(1) if found else values["CustomerAccount"]
        return self.answer(method, key, values), f"{method} {key}"

    def answer(self, method: str, key: str, values: dict[str, Any]) -> tuple[int, bytes]:
        if method == "GET":
            known = key in self.rows and key not in self.hidden
            return (200, json.dumps(self.rows[key]).encode()) if known else (404, b"")
        planned = self.troubles.get((method, key))
        if planned:
            status, text = planned.pop(0)
            return status, _error(text)
        if method == "POST":
            if key in self.rows:
                return 500, _error(EXISTS)
            self.rows[key] = values
            return 201, json.dumps(values).encode()
        if key not in self.rows:
            return 400, _error(ABSENT)
        self.rows[key].update(values)
        return 204, b""


def _error(text: str) -> bytes:
    inner = {
        "message": text,
        "type": "X.AxODataWriteException" if "failed" in text or "Info" in text else "X",
    }
    return json.dumps(
        {"error": {"code": "", "message": "An error has occurred.", "innererror": inner}}
    ).encode()


def _http(answer: tuple[int, bytes]) -> bytes:
    status, body = answer
    head = (
        f"Content-Type: application/http\r\n\r\nHTTP/1.1 {status} X\r\nContent-Type: application/json\r\n\r\n"
    )
    return head.encode() + body


def _framed(answer: tuple[int, bytes]) -> bytes:
    return b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n" + _http(answer) + b"\r\n--c--"


def writer(service: Service, waits: list[float] | None = None, **settings: Any) -> FnoWriter:
    fields = {"CustomerAccount": {"type": "string"}, "Name": {"type": ["string", "null"]}}
    schema = parse_schema("CustomersV3", {"properties": fields}, ("CustomerAccount",), b"{}")
    plan = make_plan(schema, ENTITY, "", frozenset())
    sleep = (waits if waits is not None else []).append
    return FnoWriter(cast("Transport", service), plan, TargetSettings(**settings), sleep)


def row(key: str, name: str = "n") -> Row:
    return Row("CustomersV3", {"CustomerAccount": key, "Name": name}, b"{}")


def kinds(service: Service, rows: list[Row], **settings: Any) -> list[str]:
    return [outcome.kind for outcome in writer(service, **settings).write(rows)]


def test_service_that_stops_at_the_first_refusal() -> None:
    bad = {f"K{number}" for number in (0, 3, 4, 11)}
    refusals = {
        ("POST", key): [(400, "Write failed for table row of type 'X'. Infolog: Error: No.")] for key in bad
    }
    service = Service(troubles=refusals, stops_at_refusal=True)
    got = kinds(service, [row(f"K{number}") for number in range(12)])
    assert got == ["rejected" if f"K{number}" in bad else "created" for number in range(12)]
    assert service.rows.keys() == {f"K{number}" for number in range(12)} - bad


def test_somebody_else_creates_the_row_first() -> None:
    service = Service(rows={"A": {"CustomerAccount": "A", "Name": "theirs"}}, hidden={"A"})
    answers = service.answer

    def seen_after_the_post(method: str, key: str, values: dict[str, Any]) -> tuple[int, bytes]:
        answer = answers(method, key, values)
        if method == "POST":
            service.hidden.clear()
        return answer

    service.answer = seen_after_the_post  # type: ignore[method-assign]  # the stand-in changes its mind in the middle
    assert kinds(service, [row("A", "ours")]) == ["updated"]
    assert service.rows["A"]["Name"] == "ours"


def test_somebody_else_deletes_the_row_first() -> None:
    service = Service(rows={"A": {"CustomerAccount": "A", "Name": "old"}})
    answers = service.answer

    def gone_before_the_patch(method: str, key: str, values: dict[str, Any]) -> tuple[int, bytes]:
        if method == "PATCH":
            service.rows.clear()
        return answers(method, key, values)

    service.answer = gone_before_the_patch  # type: ignore[method-assign]  # the stand-in changes its mind in the middle
    assert kinds(service, [row("A", "ours")]) == ["created"]


def test_another_unique_value_is_taken() -> None:
    service = Service(rows={"A": {"CustomerAccount": "A"}}, hidden={"A"})
    (outcome,) = writer(service).write([row("A")])
    assert (outcome.kind, outcome.code) == ("rejected", "AxODataWriteException")
    assert "already exists" in outcome.reason


def test_update_conflicts_are_tried_again_after_a_pause() -> None:
    service = Service(
        rows={"A": {"CustomerAccount": "A", "Name": "old"}},
        troubles={("PATCH", "A"): [(400, CONFLICT), (400, CONFLICT)]},
    )
    waits: list[float] = []
    (outcome,) = writer(service, waits).write([row("A", "new")])
    assert outcome.kind == "updated"
    assert waits == [0.5, 1]


def test_endless_conflict_becomes_a_reject() -> None:
    service = Service(rows={"A": {"CustomerAccount": "A"}}, troubles={("PATCH", "A"): [(400, CONFLICT)] * 99})
    (outcome,) = writer(service).write([row("A", "new")])
    assert outcome.kind == "rejected"
    assert "update conflict" in outcome.reason


def test_part_that_fails_without_a_verdict_is_read_before_it_is_repeated() -> None:
    service = Service(troubles={("POST", "A"): [(503, "busy")]})
    assert kinds(service, [row("A"), row("B")]) == ["created", "created"]
    assert service.batches == [["GET A", "GET B"], ["POST A", "POST B"], ["GET A"], ["POST A"]]


def test_lost_answer_is_read_back_and_not_written_twice() -> None:
    service = Service(rows={"B": {"CustomerAccount": "B", "Name": "old"}}, lose_answer_of_write=0)
    assert kinds(service, [row("A"), row("B", "new")]) == ["created", "updated"]
    assert service.batches == [["GET A", "GET B"], ["POST A", "PATCH B"], ["GET A", "GET B"]]


def test_lost_answers_without_end_end_the_run() -> None:
    class Dead(Service):
        def send(self, request: Request, *, accept: Container[int] = ()) -> Response:
            self.lose_answer_of_write = 0
            return super().send(request, accept=accept)

    service = Dead(troubles={("POST", "A"): [(503, "busy")] * 99})
    with pytest.raises(UnreachableError):
        writer(service).write([row("A")])


def test_create_mode_counts_its_own_lost_write_as_created() -> None:
    service = Service(lose_answer_of_write=0)
    assert kinds(service, [row("A")], write_mode="create") == ["created"]
    assert kinds(service, [row("A", "new")], write_mode="create") == ["skipped"]
    assert service.rows["A"]["Name"] == "n"
