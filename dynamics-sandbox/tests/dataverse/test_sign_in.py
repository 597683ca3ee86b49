"""Who may call: tokens, application users, and the two functions clients check a connection with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def test_without_a_token_the_answer_names_the_sign_in_and_the_resource(sales: Any) -> None:
    reply = sales.get("WhoAmI", headers={"authorization": ""})
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Bearer authorization_uri=https://")
    assert reply.headers["www-authenticate"].endswith("resource_id=https://sales.test/")
    assert reply.body == b""


def test_a_client_without_application_user_is_no_member(open_client: Callable[..., Any]) -> None:
    client = open_client("sales")
    client.client_id = "99999999-0000-0000-0000-000000000000"
    assert client.get("WhoAmI").error == (403, "0x80072560")
    assert client.post("$batch", {}).error == (403, "0x80072560")


def test_who_am_i_names_rows_that_exist(sales: Any) -> None:
    reply = sales.get("WhoAmI")
    assert reply.status == 200
    assert reply.headers["odata-version"] == "4.0"
    assert "x-ms-dop-hint" in reply.headers
    answer = reply.json
    assert sales.get(f"systemusers({answer['UserId']})?$select=fullname").status == 200
    assert sales.get(f"businessunits({answer['BusinessUnitId']})?$select=name").json["name"] == "sandbox"
    assert sales.get(f"organizations({answer['OrganizationId']})?$select=name").status == 200


def test_who_am_i_is_a_function_and_no_action(sales: Any) -> None:
    reply = sales.post("WhoAmI", {})
    assert reply.status == 404
    assert "No HTTP resource was found" in reply.json["error"]["message"]


def test_version_and_total_counts(sales: Any) -> None:
    assert sales.get("RetrieveVersion()").json["Version"].startswith("9.2.")
    counts = sales.get("RetrieveTotalRecordCount(EntityNames=['transactioncurrency','account'])").json
    assert counts["EntityRecordCountCollection"]["Values"] == [3, 0]


def test_unknown_names_are_refused(sales: Any) -> None:
    assert sales.get("Accounts").error == (404, "0x8006088a")
    assert sales.get("accounts/nothing").error == (404, "0x8006088a")
    assert sales.get("https://sales.test/api/data/v8.2/accounts").status == 404
    assert sales.get("GlobalOptionSetDefinitions").status == 501


def test_nobody_else_s_name_is_taken_silently(sales: Any) -> None:
    user = sales.get("WhoAmI").json["UserId"]
    assert sales.get("WhoAmI", headers={"mscrmcallerid": user}).status == 501


def test_the_older_minor_versions_answer_too(sales: Any) -> None:
    assert sales.get("https://sales.test/api/data/v9.1/WhoAmI").status == 200
