"""Bound actions: addresses, arguments, results, failures and metadata (…/data-entities/odata)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from defusedxml import ElementTree
from dynamics_sandbox.fno.actions import Action, ActionCall, ActionFailedError, Actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Client

URL = "https://fno.example.com"
NAMESPACE = "Microsoft.Dynamics.DataEntities"
ROW = "/data/CustomersV3(dataAreaId='usmf',CustomerAccount='C-1')"
GROUPS = f"/data/DataManagementDefinitionGroups/{NAMESPACE}"
LENGTHS = "/data/DataManagementTargetMapEntities"


def rename(call: ActionCall) -> str:
    """An action of a row: changes it and gives its account and the new name."""
    if call.key is None or not call.arguments["name"]:
        raise ActionFailedError("The name is empty.")
    writer = call.environment.writer
    writer.update(call.connection, call.entity, call.key, {"OrganizationName": call.arguments["name"]})
    return f"{call.key['CustomerAccount']} {call.arguments['name']} {call.arguments['times']}"


PARAMETERS = (("name", "Edm.String"), ("times", "Edm.Int32"))
RENAME = Action("rename", "CustomersV3", "row", run=rename, parameters=PARAMETERS, returns="Edm.String")


@pytest.fixture
def acting(open_environment: Callable[..., Client]) -> Client:
    """An environment that offers the action, with one customer."""
    client = open_environment(actions=[RENAME])
    client.customer("C-1")
    return client


def test_an_action_of_a_row(acting: Client) -> None:
    answer = acting.post(f"{ROW}/{NAMESPACE}.rename", {"name": "New", "times": 2})
    assert answer.status == 200
    assert answer.json == {"@odata.context": f"{URL}/data/$metadata#Edm.String", "value": "C-1 New 2"}
    assert acting.get(ROW).json["OrganizationName"] == "New"


@pytest.mark.parametrize(
    ("path", "arguments", "status", "part"),
    [
        (f"{ROW}/{NAMESPACE}.rename", {"name": "", "times": 1}, 400, "action rename on Entity CustomerV3: "),
        (f"{ROW}/{NAMESPACE}.rename", {"name": "New"}, 400, "'times'"),
        (f"{ROW}/{NAMESPACE}.rename", {"name": "New", "times": "1"}, 400, "Cannot convert the literal '1'"),
        (f"{ROW}/{NAMESPACE}.rename", {"name": "New", "times": True}, 400, "Cannot convert"),
        (f"{ROW}/{NAMESPACE}.rename", {"name": "New", "times": 1, "x": 1}, 400, "'x'"),
        (f"{ROW}/{NAMESPACE}.nothing", {}, 404, f"'{NAMESPACE}.nothing'"),
        (f"/data/CustomersV3/{NAMESPACE}.rename", {}, 404, "not found"),
    ],
)  # fmt: skip
def test_calls_that_fail(acting: Client, path: str, arguments: Any, status: int, part: str) -> None:
    answer = acting.post(path, arguments)
    assert (answer.status, part in answer.problem) == (status, True), answer.body
    assert acting.get(ROW).json["OrganizationName"] == "Name of C-1"


def test_the_row_must_be_within_reach(acting: Client) -> None:
    acting.customer("C-2", dataAreaId="demf")
    row = ROW.replace("usmf", "demf").replace("C-1", "C-2")
    arguments = {"name": "New", "times": 1}
    assert acting.post(f"{row}/{NAMESPACE}.rename", arguments).status == 404
    assert acting.post(f"{row}/{NAMESPACE}.rename?cross-company=true", arguments).status == 200


def test_actions_are_in_both_metadata(acting: Client) -> None:
    root = ElementTree.fromstring(acting.get("/data/$metadata").body)
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    (action,) = (item for item in root.iter(f"{edm}Action") if item.get("Name") == "rename")
    parameters = [(item.get("Name"), item.get("Type")) for item in action.iter(f"{edm}Parameter")]
    assert parameters == [("bindingParameter", f"{NAMESPACE}.CustomerV3"), *PARAMETERS]
    assert [item.get("Type") for item in action.iter(f"{edm}ReturnType")] == ["Edm.String"]
    (described,) = acting.get("/metadata/PublicEntities('CustomerV3')").json["Actions"]
    assert (described["Name"], described["BindingKind"]) == ("rename", "BoundToEntityInstance")
    assert described["ReturnType"] == {"TypeName": "Edm.String", "IsCollection": False}
    names = [item["Name"] for item in described["Parameters"]]
    assert names == ["name", "times"]


def test_names_are_unique_within_a_set() -> None:
    with pytest.raises(ValueError, match="two actions of CustomersV3 are called rename"):
        Actions([RENAME, Action("rename", "CustomersV3", "set")])


def test_lengths_are_there_once_the_entity_list_is_refreshed(open_environment: Callable[..., Client]) -> None:
    fno = open_environment("demo", entity_list_refreshed=False)
    query = f"{LENGTHS}?$filter=Entity eq 'Customers V3'&$select=FieldAOTName,FieldLength,IsRequired"
    assert fno.get(query).rows == []
    assert fno.post(f"{GROUPS}.InitializeDataManagement", {}).status == 204
    rows = {row["FieldAOTName"]: row for row in fno.get(query).rows}
    # The lengths a public table script shows.
    lengths = {"CustomerAccount": 20, "OrganizationName": 100, "NameAlias": 20, "dataAreaId": 4}
    assert {name: rows[name]["FieldLength"] for name in lengths} == lengths
    assert rows["CustomerGroupId"]["IsRequired"] == "Yes"
    assert len(rows) == 305


def test_the_package_api_is_known_and_refused(fno: Client) -> None:
    answer = fno.post(f"{GROUPS}.ExportToPackage", {})
    text = "dynamics-sandbox does not support the action 'ExportToPackage' of DataManagementDefinitionGroups."
    assert (answer.status, answer.problem) == (501, text)
