"""Rows a Dataverse environment starts with: the platform's own ones, and the demo's accounts."""

from __future__ import annotations

import uuid
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from dynamics_sandbox.database import quoted
from dynamics_sandbox.dataverse.metadata.messages import register_messages
from dynamics_sandbox.dataverse.session import Caller
from dynamics_sandbox.dataverse.writing.references import References
from dynamics_sandbox.dataverse.writing.rows import change, create_row, insert, update_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dynamics_sandbox.dataverse.session import Session
    from dynamics_sandbox.dataverse.solution.package import Solution


class SeedIds:
    """Ids of seed rows: the same after every reset, but different in every environment."""

    def __init__(self, environment: str) -> None:
        self._environment = environment

    def __call__(self, name: str) -> str:
        """Give the id of a seed row, such as `currency/EUR`."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dynamics-sandbox/{self._environment}/{name}"))

    def caller(self) -> Caller:
        """Give the caller seeds and the command line write as: the application user."""
        return Caller(self("systemuser/application"), self("businessunit/root"), self("organization"))


_FOLDER = files("dynamics_sandbox.seeds") / "data"


class Currency(msgspec.Struct, frozen=True):
    """A currency of the platform seed; rates are units per unit of the base currency, which has 1."""

    code: str
    name: str
    symbol: str
    rate: str


class Platform(msgspec.Struct, frozen=True):
    """The platform seed's file."""

    organization: str
    business_unit: str
    user: dict[str, str]
    publisher: dict[str, Any]
    base_currency: str
    currencies: tuple[Currency, ...]


class EntityRows(msgspec.Struct, frozen=True):
    """Rows of one table in the demo's file, as request bodies; binds name seed rows.

    `changes` are update bodies for rows made before, by number (`"row": 0`): products are published, quotes
    activated. A group of the `solution` is left out where Sales lacks Prospect-to-cash.
    """

    table: str
    rows: tuple[dict[str, Any], ...] = ()
    changes: tuple[dict[str, Any], ...] = ()
    solution: bool = False


def seed_platform(session: Session, ids: SeedIds, *, application_id: str) -> None:
    """Create organization, business unit, application user, currencies, default publisher and solution."""
    content = msgspec.json.decode((_FOLDER / "dataverse_platform.json").read_bytes(), type=Platform)
    tables = session.schema.tables
    insert(session, tables["organization"], {"name": content.organization}, session.caller.organization_id)
    unit = {"name": content.business_unit}
    insert(session, tables["businessunit"], unit, session.caller.business_unit_id)
    user = {
        **content.user,
        "businessunitid": session.caller.business_unit_id,
        "applicationid": application_id.lower() or None,
    }
    insert(session, tables["systemuser"], user, session.caller.user_id)
    _seed_currencies(session, ids, content)
    publisher = insert(session, tables["publisher"], dict(content.publisher), ids("publisher/default"))
    solution = {"uniquename": "Default", "friendlyname": "Default Solution", "publisherid": publisher}
    insert(session, tables["solution"], solution, ids("solution/default"))
    for table in tables.values():
        register_messages(session, table)


def seed_solution(session: Session, ids: SeedIds, solution: Solution) -> None:
    """Record an installed solution with its publisher, so that clients can ask for its version."""
    tables = session.schema.tables
    publisher = insert(session, tables["publisher"], dict(solution.publisher), ids("publisher/solution"))
    values = {
        "uniquename": solution.unique_name,
        "friendlyname": solution.friendly_name,
        "version": session.settings.p2c.version,
        "ismanaged": 1,
        "publisherid": publisher,
    }
    insert(session, tables["solution"], values, ids("solution/installed"))


def _seed_currencies(session: Session, ids: SeedIds, content: Platform) -> None:
    for currency in content.currencies:
        values = {
            "currencyname": currency.name,
            "isocurrencycode": currency.code,
            "currencysymbol": currency.symbol,
            "currencyprecision": 2,
            "exchangerate": currency.rate,
        }
        insert(
            session,
            session.schema.tables["transactioncurrency"],
            values,
            ids(f"currency/{currency.code}"),
        )
    base = {"basecurrencyid": ids(f"currency/{content.base_currency}")}
    base["basecurrencysymbol"] = next(c.symbol for c in content.currencies if c.code == content.base_currency)
    change(session, session.schema.tables["organization"], session.caller.organization_id, base)


def seed_demo(session: Session, ids: SeedIds, *, environment: str) -> None:
    """Create the demo rows of an environment; rows refer to each other and to currencies by id."""
    path = _FOLDER / f"dataverse_demo_{environment}.json"
    if not path.is_file():
        return
    decoder = msgspec.json.Decoder(tuple[EntityRows, ...], float_hook=Decimal)
    for group in decoder.decode(path.read_bytes()):
        if group.solution and not session.settings.p2c_solution:
            continue
        for number, row in enumerate(group.rows):
            _create(session, ids, f"{group.table}/{number}", row)
        for change_body in group.changes:
            _change(session, ids, group.table, change_body)


def _change(session: Session, ids: SeedIds, name: str, body: Mapping[str, Any]) -> None:
    values = {member: value for member, value in body.items() if member != "row"}
    row_id = ids(f"{name}/{body['row']}")
    update_row(session, session.schema.tables[name], row_id, values, references=References(session))


def _create(session: Session, ids: SeedIds, name: str, row: Mapping[str, Any]) -> None:
    table = session.schema.tables[name.partition("/")[0]]
    create_row(session, table, with_references(session, ids, row), References(session), row_id=ids(name))


def with_references(session: Session, ids: SeedIds, row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the row with the addresses of the seed rows that its binds name."""
    return {
        member: _reference(session, ids, value) if member.endswith("@odata.bind") else value
        for member, value in row.items()
    }


def _reference(session: Session, ids: SeedIds, text: str) -> str:
    """Turn `products/product/0` into the address of that seed row, `uoms?Piece` into that of the name."""
    entity_set, asked, name = text.partition("?")
    if asked:
        table = session.schema.by_entity_set[entity_set]
        (row_id,) = session.connection.execute(
            f"SELECT {quoted(table.primary_id)} FROM {quoted(table.logical_name)} "  # noqa: S608 - quoted names
            f"WHERE {quoted(table.primary_name)} = ?",
            (name,),
        ).fetchone()
        return f"/{entity_set}({row_id})"
    entity_set, _, name = text.partition("/")
    return f"/{entity_set}({ids(name)})"
