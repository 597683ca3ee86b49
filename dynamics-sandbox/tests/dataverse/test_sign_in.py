"""Who may call: tokens, application users, and the two functions clients check a connection with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

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
    assert sales.get("https://sales.test/api/data/v7.0/accounts").status == 404
    assert sales.get("https://sales.test/api/data/v9.3/accounts").status == 404
    assert sales.get("GlobalOptionSetDefinitions").status == 501


def test_a_user_acts_for_another(sales: Any) -> None:
    me = sales.get("WhoAmI").json
    other = sales.post(
        "systemusers",
        {
            "firstname": "Ada",
            "lastname": "Byron",
            "domainname": "ada@contoso.com",
            "azureactivedirectoryobjectid": "99999999-0000-0000-0000-000000000001",
            "businessunitid@odata.bind": f"/businessunits({me['BusinessUnitId']})",
        },
    ).entity_id
    for header, value in (
        ("CallerObjectId", "99999999-0000-0000-0000-000000000001"),
        ("MSCRMCallerID", other),
    ):
        assert sales.get("WhoAmI", headers={header: value}).json["UserId"] == other
        account = sales.post("accounts", {"name": "x"}, headers={header: value}).entity_id
        columns = "_createdby_value,_createdonbehalfby_value,_ownerid_value,_modifiedonbehalfby_value"
        row = sales.get(f"accounts({account})?$select={columns}").json
        assert row["_createdby_value"] == row["_ownerid_value"] == other
        assert row["_createdonbehalfby_value"] == row["_modifiedonbehalfby_value"] == me["UserId"]
        sales.patch(f"accounts({account})", {"name": "y"})
        assert sales.get(f"accounts({account})?$select={columns}").json["_modifiedonbehalfby_value"] is None


def test_unknown_users_cannot_be_impersonated(sales: Any) -> None:
    unknown = "99999999-0000-0000-0000-000000000009"
    for header in ("CallerObjectId", "MSCRMCallerID"):
        assert sales.get("WhoAmI", headers={header: unknown}).error == (403, "0x80040204")


def test_8_2_knows_the_older_header_only(sales: Any) -> None:
    url = "https://sales.test/api/data/v8.2/WhoAmI"
    unknown = {"CallerObjectId": "99999999-0000-0000-0000-000000000009"}
    assert sales.get(url, headers=unknown).status == 200
    assert sales.get(url, headers={"MSCRMCallerID": unknown["CallerObjectId"]}).status == 403


@pytest.mark.parametrize("version", ["v8.0", "v8.1", "v8.2", "v9.0", "v9.1", "v9.2"])
def test_links_stay_on_the_version_of_the_request(sales: Any, version: str) -> None:
    root = f"https://sales.test/api/data/{version}"
    body = sales.get(
        f"{root}/transactioncurrencies?$select=isocurrencycode", prefer="odata.maxpagesize=1"
    ).json
    assert body["@odata.context"].startswith(f"{root}/$metadata#transactioncurrencies")
    assert body["@odata.nextLink"].startswith(f"{root}/transactioncurrencies?")
    assert (
        sales.post(f"{root}/accounts", {"name": "x"})
        .headers["odata-entityid"]
        .startswith(f"{root}/accounts(")
    )


def test_8_2_has_no_bulk_messages_and_explains_errors(sales: Any) -> None:
    target = {"@odata.type": "Microsoft.Dynamics.CRM.account", "name": "x"}
    url = "https://sales.test/api/data/v8.2/accounts"
    for message in ("CreateMultiple", "UpdateMultiple", "UpsertMultiple"):
        reply = sales.post(f"{url}/Microsoft.Dynamics.CRM.{message}", {"Targets": [target]})
        assert reply.error == (404, "0x8006088a")
    assert set(reply.json["error"]["innererror"]) == {"message", "type", "stacktrace"}
    assert "innererror" not in sales.get("accounts?$select=Name").json["error"]


def test_headers_that_skip_logic_are_refused_unless_they_say_no(sales: Any) -> None:
    header = "MSCRM.BypassCustomPluginExecution"
    assert sales.get("accounts", headers={header: "true"}).status == 501
    assert sales.get("accounts", headers={header: "false"}).status == 200
    quiet = {"MSCRM.SuppressCallbackRegistrationExpanderJob": "true", "Consistency": "Strong"}
    assert sales.post("accounts", {"name": "x"}, headers=quiet).status == 204
