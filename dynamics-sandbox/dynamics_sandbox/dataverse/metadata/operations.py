"""Functions and actions in $metadata (Dataverse: web-api-service-documents, use-web-api-actions)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dynamics_sandbox.dataverse.pipeline import Action, Pipeline
    from dynamics_sandbox.dataverse.schema.model import Schema

#: Functions and actions of every environment: their parameters, and the members of their answers.
FUNCTIONS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "WhoAmI": ({}, {"BusinessUnitId": "Edm.Guid", "UserId": "Edm.Guid", "OrganizationId": "Edm.Guid"}),
    "RetrieveVersion": ({}, {"Version": "Edm.String"}),
    "RetrieveTotalRecordCount": (
        {"EntityNames": "Collection(Edm.String)"},
        {"EntityRecordCountCollection": "mscrm.EntityRecordCountCollection"},
    ),
    "RetrieveMetadataChanges": (
        {"Query": "mscrm.EntityQueryExpression"},
        {"EntityMetadata": "Collection(mscrm.ComplexEntityMetadata)", "ServerVersionStamp": "Edm.String"},
    ),
}
ACTIONS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "CreateEntities": (
        {"Entities": "Collection(mscrm.ComplexEntityMetadata)"},
        {"EntityIds": "Collection(Edm.Guid)"},
    ),
    "PublishAllXml": ({}, {}),
    "PublishXml": ({"ParameterXml": "Edm.String"}, {}),
}
#: Complex types whose members depend on what is asked.
_OPEN_TYPES = ("EntityQueryExpression", "ComplexEntityMetadata")
_COUNTS = {
    "Count": "Edm.Int32",
    "IsReadOnly": "Edm.Boolean",
    "Keys": "Collection(Edm.String)",
    "Values": "Collection(Edm.Int64)",
}
_CREATED = {"Ids": "Collection(Edm.Guid)"}


@dataclass(frozen=True, slots=True)
class Operations:
    """Functions and actions of an environment as CSDL.

    Attributes:
        elements: of the schema: complex types, functions and actions, those bound to rows and sets included.
        imports: of the entity container: what can be called below the service root.
    """

    elements: tuple[str, ...]
    imports: tuple[str, ...]


def operations_of(schema: Schema, pipeline: Pipeline, *, bulk: bool) -> Operations:
    """Describe what an environment offers; ``bulk`` says whether its version has the bulk messages."""
    bound = _bulk_messages(schema) if bulk else ()
    return Operations((*_elements(pipeline), *bound), tuple(_imports(pipeline)))


def _elements(pipeline: Pipeline) -> Iterator[str]:
    for name in _OPEN_TYPES:
        yield f'<ComplexType Name="{name}" OpenType="true" />'
    yield _complex("EntityRecordCountCollection", _COUNTS)
    yield _complex("CreateMultipleResponse", _CREATED)
    for kind, operations in (("Function", FUNCTIONS), ("Action", ACTIONS)):
        for name, (parameters, members) in operations.items():
            if members:
                yield _complex(f"{name}Response", members)
            yield _operation(kind, name, parameters, f"mscrm.{name}Response" if members else "")
    for action in pipeline.actions:
        yield from _registered(action)


def _bulk_messages(schema: Schema) -> Iterator[str]:
    for table in schema.tables.values():
        rows = f"Collection(mscrm.{table.logical_name})"
        for message in table.bulk_messages:
            returns = f"mscrm.{message}Response" if message == "CreateMultiple" else ""
            yield _operation("Action", message, {"entityset": rows, "Targets": rows}, returns, bound=True)


def _imports(pipeline: Pipeline) -> Iterator[str]:
    for name in FUNCTIONS:
        yield f'<FunctionImport Name="{name}" Function="Microsoft.Dynamics.CRM.{name}" />'
    for name in (*ACTIONS, *(action.name for action in pipeline.actions)):
        yield f'<ActionImport Name="{name}" Action="Microsoft.Dynamics.CRM.{name}" />'


def _registered(action: Action) -> Iterator[str]:
    """An action of an application: alone, with its row in a parameter, and bound to the row."""
    returns = f"mscrm.{action.returns}" if action.returns else ""
    yield _operation("Action", action.name, action.parameters, returns)
    if action.table:
        own = {name: kind for name, kind in action.parameters.items() if kind != "Edm.Guid"}
        bound = {"entity": f"mscrm.{action.table}", **own}
        yield _operation("Action", action.name, bound, returns, bound=True)


def _operation(
    kind: str, name: str, parameters: Mapping[str, str], returns: str, *, bound: bool = False
) -> str:
    inner = "".join(
        f"<Parameter Name={quoteattr(parameter)} Type={quoteattr(of)} />"
        for parameter, of in parameters.items()
    )
    inner += f"<ReturnType Type={quoteattr(returns)} />" if returns else ""
    head = f"<{kind} Name={quoteattr(name)}" + (' IsBound="true"' if bound else "")
    return f"{head}>{inner}</{kind}>" if inner else f"{head} />"


def _complex(name: str, members: Mapping[str, str]) -> str:
    inner = "".join(f'<Property Name="{member}" Type="{of}" />' for member, of in members.items())
    return f'<ComplexType Name="{name}">{inner}</ComplexType>'
