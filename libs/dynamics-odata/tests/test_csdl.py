"""CSDL documents into tables: types, inheritance, keys, lookups; what is kept, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dynamics_odata.errors import ProtocolError, UnknownNameError
from dynamics_odata.metadata.csdl import CsdlMetadata
from dynamics_odata.metadata.document import metadata_document

if TYPE_CHECKING:
    from conftest import ScriptedServer
    from dynamics_odata.transport import Transport

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "dataverse-metadata.xml"

SHOP = b"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="Shop" Alias="self" xmlns="http://docs.oasis-open.org/odata/ns/edm">
 <EnumType Name="Color"><Member Name="Red" Value="0"/></EnumType>
 <TypeDefinition Name="Weight" UnderlyingType="Edm.Decimal"/>
 <ComplexType Name="Address"><Property Name="Street" Type="Edm.String"/></ComplexType>
 <EntityType Name="Party" Abstract="true"><Key><PropertyRef Name="Id"/></Key>
  <Property Name="Id" Type="Edm.Int64" Nullable="false"/></EntityType>
 <EntityType Name="Person" BaseType="self.Party">
  <Property Name="Name" Type="Edm.String" MaxLength="40">
   <Annotation Term="Org.OData.Core.V1.Description" String="Full name."/></Property>
  <Property Name="Note" Type="Edm.String" MaxLength="max"/>
  <Property Name="Home" Type="self.Address"/>
 </EntityType>
 <EntityType Name="Customer" BaseType="self.Person">
  <Property Name="Balance" Type="Edm.Decimal" Precision="19" Scale="4"/>
  <Property Name="Paint" Type="self.Color"/><Property Name="Mass" Type="self.Weight"/>
  <Property Name="Tags" Type="Collection(Edm.String)"/><Property Name="Photo" Type="Edm.Stream"/>
  <Property Name="Born" Type="Edm.Date"/><Property Name="Seen" Type="Edm.DateTimeOffset"/>
  <Property Name="Total" Type="Edm.Decimal" Scale="variable">
   <Annotation Term="Org.OData.Core.V1.Computed" Bool="true"/></Property>
  <Annotation Term="OData.Community.Keys.V1.AlternateKeys"><Collection>
   <Record Type="OData.Community.Keys.V1.AlternateKey"><PropertyValue Property="Key"><Collection>
    <Record Type="OData.Community.Keys.V1.PropertyRef"><PropertyValue Property="Alias" String="Name"/>
     <PropertyValue Property="Name" PropertyPath="Name"/></Record>
   </Collection></PropertyValue></Record></Collection></Annotation>
 </EntityType>
 <EntityType Name="Line"><Key><PropertyRef Name="Order"/><PropertyRef Name="Number"/></Key>
  <Property Name="Order" Type="Edm.Int32"/><Property Name="Number" Type="Edm.Int32"/>
  <Property Name="Buyer" Type="Edm.Int64"/>
  <NavigationProperty Name="Customer" Type="Shop.Customer">
   <ReferentialConstraint Property="Buyer" ReferencedProperty="Id"/></NavigationProperty>
  <NavigationProperty Name="Giver" Type="Shop.Customer"/>
  <NavigationProperty Name="Parts" Type="Collection(Shop.Line)"/>
 </EntityType>
 <EntityContainer Name="C"><EntitySet Name="Customers" EntityType="Shop.Customer">
   <Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>
    <PropertyValue Property="Supported" Bool="true"/></Record></Annotation></EntitySet>
  <EntitySet Name="Lines" EntityType="self.Line"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""


@pytest.fixture
def shop() -> CsdlMetadata:
    return CsdlMetadata(SHOP)


def test_entity_sets_are_named_with_their_types(shop: CsdlMetadata) -> None:
    assert shop.entity_sets() == {"Customers": "Customer", "Lines": "Line"}


def test_properties_and_key_are_inherited_through_the_alias(shop: CsdlMetadata) -> None:
    customer = shop.table("Customer")
    assert customer.key_columns == ("Id",)
    assert list(customer.columns)[:4] == ["Id", "Name", "Note", "Home"]
    assert customer.change_tracking
    assert [key.columns for key in customer.keys] == [("Name",)]


def test_every_property_has_its_type(shop: CsdlMetadata) -> None:
    columns = shop.table("Customer").columns
    assert {name: (column.edm_type, column.kind) for name, column in columns.items()} == {
        "Id": ("Edm.Int64", "bigint"),
        "Name": ("Edm.String", "string"),
        "Note": ("Edm.String", "string"),
        "Home": ("Shop.Address", "other"),
        "Balance": ("Edm.Decimal", "decimal"),
        "Paint": ("Edm.String", "string"),
        "Mass": ("Edm.Decimal", "decimal"),
        "Tags": ("Collection(Edm.String)", "other"),
        "Born": ("Edm.Date", "date"),
        "Seen": ("Edm.DateTimeOffset", "datetime"),
        "Total": ("Edm.Decimal", "decimal"),
    }
    assert (columns["Name"].max_length, columns["Name"].description) == (40, "Full name.")
    assert columns["Note"].max_length is None
    assert (columns["Balance"].scale, columns["Total"].scale) == (4, None)
    assert not columns["Total"].creatable


def test_keys_of_several_properties_and_lookups(shop: CsdlMetadata) -> None:
    line = shop.table("Line")
    assert line.key_columns == ("Order", "Number")
    assert [(each.column, each.navigation, each.target_set) for each in line.lookups] == [
        ("Buyer", "Customer", "Customers"),
        ("", "Giver", "Customers"),
    ]
    assert line.columns["Buyer"].targets == ("Customer",)


def test_an_unknown_type_names_the_nearest(shop: CsdlMetadata) -> None:
    with pytest.raises(UnknownNameError, match="Nearest names: Customer"):
        shop.table("Custumer")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"<html>", "no well-formed XML"),
        (b"{}", "no well-formed XML"),
        (b"<Edmx/>", "declares no entity set"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type declaration"),
        (b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><x/>', "document type declaration"),
    ],
)
def test_what_is_no_csdl_is_refused(document: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        CsdlMetadata(document)


def test_an_unchanged_document_is_taken_from_the_folder(
    server: ScriptedServer, transport: Transport, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    server.reply(200, SHOP, {"ETag": '"7"'})
    server.reply(304)
    server.reply(200, b"new", {"ETag": '"8"'})
    assert [metadata_document(transport, folder) for _ in range(3)] == [SHOP, SHOP, b"new"]
    assert [seen.headers["If-None-Match"] for seen in server.seen] == ["null", '"7"', '"7"']
    [file] = folder.iterdir()
    assert file.read_bytes() == b'"8"\nnew'
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_without_an_etag_or_a_folder_nothing_is_kept(
    server: ScriptedServer, transport: Transport, tmp_path: Path
) -> None:
    server.reply(200, SHOP)
    server.reply(200, SHOP, {"ETag": '"7"'})
    server.reply(200, SHOP, {"ETag": '"7"'})
    assert metadata_document(transport, tmp_path) == SHOP
    assert metadata_document(transport) == SHOP
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_bytes(b"")
    assert metadata_document(transport, tmp_path / "file") == SHOP


if REAL.is_file():

    def test_a_real_environments_document_gives_all_its_tables() -> None:
        metadata = CsdlMetadata(REAL.read_bytes())
        tables = {name: metadata.table(logical) for name, logical in metadata.entity_sets().items()}
        assert len(tables) == 331
        assert all(table.primary_id in table.columns for table in tables.values())
        assert tables["systemusers"].key_columns == ("ownerid",)
        assert tables["accounts"].key_columns == ("accountid",)
        assert tables["emails"].key_columns == ("activityid",)
        assert {"subject", "activityid", "torecipients"} <= tables["emails"].columns.keys()
        kinds = {column.kind for table in tables.values() for column in table.columns.values()}
        assert {"lookup", "bigint", "decimal", "date", "datetime", "image", "boolean"} <= kinds
        contact = tables["contacts"]
        assert set(contact.columns["_parentcustomerid_value"].targets) == {"account", "contact"}
