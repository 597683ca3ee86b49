"""Entities against metadata of a real environment; collected where a copy lies beside the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from dynamics_sandbox.fno.actions import Actions
from dynamics_sandbox.fno.model_files import load_model
from dynamics_sandbox.fno.schema_document import schema_document

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
FILE = Path("shared", "data", "fno-p2c-metadata.xml")
# Not part of the sandbox: parties and addresses of their own, payment journals, the oldest invoice sets.
SETS = [
    "CDSReleasedDistinctProducts",
    "CDSSalesOrderHeaders",
    "CDSSalesOrderLines",
    "CDSSalesOrderLinesV2",
    "CDSSalesQuotationHeaders",
    "CDSSalesQuotationLines",
    "CustomerGroups",
    "CustomersV2",
    "CustomersV3",
    "LegalEntities",
    "ProductsV2",
    "ReleasedProductsV2",
    "SalesInvoiceHeadersV2",
    "SalesInvoiceHeadersV4",
    "SalesInvoiceV4Lines",
    "SalesOrderHeaders",
    "SalesOrderHeadersV2",
    "SalesOrderHeadersV3",
    "SalesOrderHeadersV4",
    "SalesOrderLines",
    "SalesOrderLinesV3",
    "SalesQuotationHeaders",
    "SalesQuotationHeadersV2",
    "SalesQuotationLines",
    "SellableReleasedProducts",
]


@pytest.fixture(scope="module")
def real() -> dict[str, Any]:
    folder = next(folder for folder in Path(__file__).resolve().parents if (folder / FILE).is_file())
    return shapes(ElementTree.parse(folder / FILE).getroot())


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    return shapes(ElementTree.fromstring(schema_document(load_model(), Actions(())).encode()))


def shapes(root: Any) -> dict[str, Any]:
    """Keys and property types by entity set; enums by their members and values."""
    enums = {
        item.get("Name"): {member.get("Name"): member.get("Value") for member in item}
        for item in root.iter(f"{EDM}EnumType")
    }
    types = {item.get("Name"): item for item in root.iter(f"{EDM}EntityType")}
    found = {}
    for item in root.iter(f"{EDM}EntitySet"):
        entity = types[item.get("EntityType").rsplit(".", 1)[1]]
        kinds = {part.get("Name"): part.get("Type") for part in entity.findall(f"{EDM}Property")}
        found[item.get("Name")] = {
            "key": {part.get("Name") for part in entity.iter(f"{EDM}PropertyRef")},
            "properties": {name: enums.get(kind.rsplit(".", 1)[1], kind) for name, kind in kinds.items()},
        }
    return found


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_the_keys_and_property_types_of_the_service(
    own: dict[str, Any], real: dict[str, Any], name: str
) -> None:
    assert own[name] == real[name]
