"""The page's files and its JSON API: rows found and changed by the services' rules, other origins refused."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from dynamics_sandbox.testing import Sandbox, SandboxProcessError, running

if TYPE_CHECKING:
    from collections.abc import Iterator

CUSTOMER = "dataAreaId='usmf',CustomerAccount='US-001'"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("page"), seed="demo") as service:
        yield service


def _account(sandbox: Sandbox, **values: Any) -> str:
    """Creates an account; gives its key."""
    prefer = {"Prefer": "return=representation"}
    status, _, row = sandbox.call("POST", "sales", "accounts", json=values, headers=prefer)
    assert status == 201
    return str(row["accountid"])


def _ask(sandbox: Sandbox, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(f"{sandbox.authority}{path}", headers=headers, method=method)  # noqa: S310 - https
    context = ssl.create_default_context(cafile=sandbox.ca_bundle)
    try:
        with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310 - https
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_the_page_and_its_files_come_from_here_alone(sandbox: Sandbox) -> None:
    for path, kind in (("/", "text/html"), ("/_sandbox/page/page.js", "text/javascript")):
        status, headers, body = _ask(sandbox, "GET", path, {})
        assert (status, headers.get_content_type()) == (200, kind)
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert b"https://" not in body
    assert _ask(sandbox, "GET", "/_sandbox/page/routes.py", {})[0] == 404


def test_entity_sets_come_with_their_columns(sandbox: Sandbox) -> None:
    sets = sandbox.control("GET", "sets")
    assert set(sets) == {"sales", "cds", "fno"}
    columns = {each["name"]: each for each in sets["sales"]["sets"]["accounts"]["columns"]}
    assert (columns["revenue"]["kind"], columns["revenue"]["editable"]) == ("number", True)
    assert (columns["accountid"]["key"], columns["createdon"]["editable"]) == (True, False)
    assert sets["fno"]["sets"]["CustomersV3"]["root"] == "/data/CustomersV3"


def test_rows_are_found_by_any_value_and_come_page_by_page(sandbox: Sandbox) -> None:
    found = sandbox.control("GET", f"rows/sales/accounts?search={quote('söhne')}")
    assert [row["values"]["name"] for row in found["rows"]] == ["Müller & Söhne GmbH"]
    first = sandbox.control("GET", "rows/fno/CustomersV3?top=2")
    second = sandbox.control("GET", "rows/fno/CustomersV3?skip=2&top=2")
    assert first["more"]
    assert first["rows"][0]["key"] == CUSTOMER
    assert not {row["key"] for row in first["rows"]} & {row["key"] for row in second["rows"]}


def test_values_keep_every_digit(sandbox: Sandbox) -> None:
    key = _account(sandbox, name="Digits", revenue=99999999999999)
    row = sandbox.control("GET", f"rows/sales/accounts/{key}")
    assert row["values"]["revenue"].startswith("99999999999999")
    sandbox.control("PATCH", f"rows/sales/accounts/{key}", {"changes": {"creditlimit": "12345678901234.56"}})
    _, _, stored = sandbox.call("GET", "sales", f"accounts({key})?$select=creditlimit")
    assert f"{stored['creditlimit']:.2f}" == "12345678901234.56"


def test_a_change_moves_the_version_on_and_clears_what_is_null(sandbox: Sandbox) -> None:
    key = _account(sandbox, name="Before", telephone1="555")
    path = f"accounts({key})?$select=name,telephone1,versionnumber"
    before = sandbox.call("GET", "sales", path)[2]
    sandbox.control("PATCH", f"rows/sales/accounts/{key}", {"changes": {"name": "After", "telephone1": None}})
    after = sandbox.call("GET", "sales", path)[2]
    assert (after["name"], after["telephone1"]) == ("After", None)
    assert after["versionnumber"] > before["versionnumber"]


def test_fno_rows_are_changed_by_their_key(sandbox: Sandbox) -> None:
    path = f"rows/fno/CustomersV3/{quote(CUSTOMER)}"
    sandbox.control("PATCH", path, {"changes": {"CreditLimit": "777.25", "AddressCity": "Graz"}})
    _, _, row = sandbox.call("GET", "fno", f"CustomersV3({CUSTOMER})?$select=CreditLimit,AddressCity")
    assert (str(row["CreditLimit"]), row["AddressCity"]) == ("777.25", "Graz")


@pytest.mark.parametrize(
    ("method", "path", "content", "problem"),
    [
        ("PATCH", "rows/sales/accounts/{key}", {"changes": {"name": "x" * 161}}, "maximum allowed length"),
        ("PATCH", "rows/sales/accounts/{key}", {"changes": {"revenue": "much"}}, "'much' is no number"),
        ("PATCH", "rows/sales/accounts/{key}", {"changes": {"creditonhold": "1"}}, "'1' is no boolean"),
        ("PATCH", "rows/sales/accounts/{key}", {"changes": {"colour": "red"}}, "no column 'colour'"),
        ("GET", "rows/sales/nothing", None, "no entity set 'nothing'"),
        ("GET", "rows/moon/accounts", None, "no environment 'moon'"),
        ("GET", "rows/sales/accounts?top=100000", None, "'top' is 0 to 200"),
    ],
)
def test_what_cannot_be_is_refused_in_clear_words(
    sandbox: Sandbox, method: str, path: str, content: Any, problem: str
) -> None:
    key = sandbox.control("GET", "rows/sales/accounts?top=1")["rows"][0]["key"]
    with pytest.raises(SandboxProcessError, match=problem):
        sandbox.control(method, path.format(key=key), content)


def test_other_origins_and_other_names_are_refused(sandbox: Sandbox) -> None:
    port = urlsplit(sandbox.authority).port
    refused = [
        ("DELETE", {"Origin": "https://elsewhere.example"}),
        ("DELETE", {"Origin": "null"}),
        ("DELETE", {"Origin": f"https://localhost:{int(port or 0) + 1}"}),
        ("GET", {"Host": f"elsewhere.example:{port}"}),
    ]
    for method, headers in refused:
        assert _ask(sandbox, method, "/_sandbox/requests", headers)[0] == 403
    assert _ask(sandbox, "DELETE", "/_sandbox/requests", {"Origin": sandbox.authority})[0] == 204
