"""Data management: its actions by name, and the entity list with the length of every field.

Lengths stand nowhere in the metadata; ``DataManagementTargetMapEntities`` holds them once the entity list
has been refreshed (action ``InitializeDataManagement``).
"""

# Every name in the SQL comes from the model and is quoted; values travel as parameters.
# ruff: noqa: S608

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.actions import Action, ActionCall
from dynamics_sandbox.fno.store import etag

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from dynamics_sandbox.fno.model import Model

TARGET_MAP: Final = "DataManagementTargetMapEntities"
_GROUPS: Final = "DataManagementDefinitionGroups"
_STRING, _FLAG = "Edm.String", "Edm.Boolean"


def refresh_entity_list(connection: sqlite3.Connection, model: Model) -> None:
    """Writes one row per field of every entity, in place of those that are there."""
    table = model.entities[TARGET_MAP].table
    connection.execute(f"DELETE FROM {quoted(table.name)}")
    names = ["_record_id", "_etag", *table.columns]
    statement = (
        f"INSERT INTO {quoted(table.name)} ({', '.join(map(quoted, names))}) "
        f"VALUES ({', '.join('?' * len(names))})"
    )
    rows = enumerate(_fields(model), 1)
    connection.executemany(
        statement,
        ((number, etag(0, number, 1), *(row[name] for name in table.columns)) for number, row in rows),
    )


def _fields(model: Model) -> Iterator[dict[str, str | int]]:
    for entity in model.public.values():
        for item in entity.properties.values():
            yield {
                "Entity": entity.label,
                "StagingField": item.name,
                "EntityLabel": entity.label,
                "FieldAOTName": item.name,
                "FieldLength": item.length or 0,
                "FieldDataTypeValue": item.data_type,
                "IsRequired": "Yes" if item.mandatory else "No",
            }


def _initialize(call: ActionCall) -> None:
    refresh_entity_list(call.connection, call.environment.model)


def _package(name: str, *parameters: tuple[str, str], returns: str = _STRING) -> Action:
    """An action of the package API, which the sandbox only knows by name."""
    return Action(name, _GROUPS, "set", parameters=parameters, returns=returns)


_EXECUTION: Final = ("executionId", _STRING)
_ENTITY: Final = ("entityName", _STRING)

DATA_MANAGEMENT_ACTIONS: Final = (
    Action("InitializeDataManagement", _GROUPS, "set", run=_initialize),
    _package(
        "ExportToPackage",
        ("definitionGroupId", _STRING),
        ("packageName", _STRING),
        _EXECUTION,
        ("reExecute", _FLAG),
        ("legalEntityId", _STRING),
    ),
    _package(
        "ImportFromPackage",
        ("packageUrl", _STRING),
        ("definitionGroupId", _STRING),
        _EXECUTION,
        ("execute", _FLAG),
        ("overwrite", _FLAG),
        ("legalEntityId", _STRING),
    ),
    _package("GetExecutionSummaryStatus", _EXECUTION),
    _package("GetExportedPackageUrl", _EXECUTION),
    _package("GetAzureWriteUrl", ("uniqueFileName", _STRING)),
    _package("GetExecutionErrors", _EXECUTION),
    _package("GetImportStagingErrorFileUrl", _EXECUTION, _ENTITY),
    _package("GenerateImportTargetErrorKeysFile", _EXECUTION, _ENTITY, returns=_FLAG),
    _package("GetImportTargetErrorKeysFileUrl", _EXECUTION, _ENTITY),
    _package("GetMessageStatus", ("messageId", _STRING)),
    _package("GetExecutionSummaryPageUrl", _EXECUTION),
    _package("DeleteExecutionHistoryJob", _EXECUTION, returns=""),
)
