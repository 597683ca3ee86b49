"""GET on sets, rows, properties and navigation: answers streamed from the cursor, page by page."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from dynamics_sandbox.database import quoted
from dynamics_sandbox.fno.errors import FnoError, MissingRowError, invalid_query
from dynamics_sandbox.fno.exchange import Address, Call, Reply, json_type, key_text, read_key
from dynamics_sandbox.fno.model import COMPANY
from dynamics_sandbox.fno.queries import CROSS_COMPANY, ROOT, QueryBuilder, Read, Statement, cross_company
from dynamics_sandbox.fno.values import Converter
from dynamics_sandbox.odata.options import replace_option

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from dynamics_sandbox.database import Database
    from dynamics_sandbox.fno.model import Entity, Model, Navigation, Property
    from dynamics_sandbox.fno.settings import FnoSettings
    from dynamics_sandbox.fno.store import Store
    from dynamics_sandbox.fno.values import Row

#: Rows joined into one piece of a streamed answer.
_PIECE: Final = 250
_FARTHEST: Final = 2**62
_BOM: Final = b"\xef\xbb\xbf"
#: The path segment that asks for the address of a row, or of each row, instead of the row.
REFERENCE: Final = "$ref"


class Reader:
    """Answers GET requests below ``/data`` for one environment.

    Args:
        base: address of the service root without trailing slash (``https://host/data``).
    """

    def __init__(
        self, database: Database, store: Store, model: Model, *, settings: FnoSettings, base: str
    ) -> None:
        self._database = database
        self._store = store
        self._model = model
        self._settings = settings
        self._base = base
        self._converter = Converter(model, settings)
        self._queries = QueryBuilder(store, settings, base)

    def get(self, call: Call, target: Address) -> Reply:
        """The answer to a GET.

        Raises:
            FnoError: whatever the request asks wrongly.
        """
        if target.key is None:
            return self._set(call, target)
        if target.rest in {(), (REFERENCE,)}:
            return self._row(call, target.entity, target.key, reference=bool(target.rest))
        name, _, key = target.rest[0].partition("(")
        navigation = target.entity.navigations.get(name)
        if navigation is not None:
            return self._navigation(call, target, navigation, key.removesuffix(")"))
        return self._property(call, target)

    def _set(self, call: Call, target: Address) -> Reply:
        if target.rest == ("$count",):
            return self._count(call, target.entity, ())
        url = f"{self._base}/{target.entity.set}"
        if target.rest == (REFERENCE,):
            return self._collection(call, target.entity, (), f"{url}/{REFERENCE}", reference=True)
        if target.rest:
            raise FnoError(404, f"Resource not found for the segment '{target.rest[0]}'.")
        return self._collection(call, target.entity, (), url)

    def _count(self, call: Call, entity: Entity, where: tuple[Statement, ...]) -> Reply:
        read = self._queries.read(
            entity, self._queries.options(call.query), company=call.company, where=where
        )
        total = read.total()
        with self._database.reading() as connection:
            number = connection.execute(total.sql, total.params).fetchone()[0]
        # Real builds put a byte order mark before the number.
        return Reply(200, _BOM + str(number).encode(), {"Content-Type": "text/plain; charset=utf-8"})

    def _collection(
        self, call: Call, entity: Entity, where: tuple[Statement, ...], url: str, *, reference: bool = False
    ) -> Reply:
        read = self._queries.read(
            entity,
            self._queries.options(call.query),
            company=call.company,
            where=where,
            metadata=call.metadata,
            reference=reference,
        )
        if reference:
            read = replace(read, context=f"#Collection({REFERENCE})")
        return Reply(200, self._pages(call, read, url), {"Content-Type": json_type(call.metadata)})

    def _pages(self, call: Call, read: Read, url: str) -> Iterator[bytes]:
        """The pieces of one page; the connection is held until the last one is taken."""
        options = read.options
        size = self._page_size(call)
        offset = min(options.skip or 0, _FARTHEST)
        wanted = size if options.top is None else min(options.top, size)
        # One row more than the page tells whether another page follows.
        in_pages = self._settings.large_top == "pages"
        more_allowed = options.top is None or (options.top > size and in_pages)
        statement = read.rows(wanted + int(more_allowed), offset)
        with self._database.reading() as connection:
            yield self._opening(call, read, connection)
            cursor = connection.execute(statement.sql, statement.params)
            sent, separator = 0, ""
            # fetchmany(0) means "all" to some Python versions, so a full page must not ask again.
            while sent < wanted and (rows := cursor.fetchmany(min(_PIECE, wanted - sent))):
                yield (separator + ",".join(row[0] for row in rows)).encode()
                sent, separator = sent + len(rows), ","
            follows = more_allowed and sent == wanted and cursor.fetchone() is not None
        remaining = None if options.top is None else options.top - size
        yield self._closing(call, url, offset + size, remaining) if follows else b"]}"

    def _opening(self, call: Call, read: Read, connection: sqlite3.Connection) -> bytes:
        parts = []
        if call.metadata != "none":
            fragment = read.context if read.context.startswith("#") else f"#{read.entity.set}{read.context}"
            parts.append(f'"@odata.context":"{self._base}/$metadata{fragment}"')
        if read.options.count:
            total = read.total()
            parts.append(f'"@odata.count":{connection.execute(total.sql, total.params).fetchone()[0]}')
        return ("{" + ",".join([*parts, '"value":['])).encode()

    def _closing(self, call: Call, url: str, skip: int, top: int | None) -> bytes:
        """The next link: the query as it came, with the next offset and what is left of ``$top``."""
        query = replace_option(call.query, "$skip", str(skip))
        if top is not None:
            query = replace_option(query, "$top", str(top))
        return b'],"@odata.nextLink":' + msgspec.json.encode(f"{url}?{query}") + b"}"

    def _page_size(self, call: Call) -> int:
        asked = re.search(r"odata\.maxpagesize=0*(\d{1,9})(?!\d)", call.headers.get("prefer", ""))
        if asked and self._settings.honour_max_page_size and int(asked.group(1)) > 0:
            return min(int(asked.group(1)), self._settings.page_size)
        return self._settings.page_size

    def _row(
        self,
        call: Call,
        entity: Entity,
        key: Row,
        *,
        where: tuple[Statement, ...] = (),
        reference: bool = False,
    ) -> Reply:
        """One row, if it also meets further conditions; under ``$ref`` its address alone."""
        read = self._queries.read(
            entity,
            self._queries.options(call.query, single=True),
            company=call.company,
            where=(*where, *_key_conditions(entity, key)),
            metadata=call.metadata,
            reference=reference,
        )
        with self._database.reading() as connection:
            text, etag = self._only(connection, read)
        fragment = REFERENCE if reference else f"{entity.set}{read.context}/$entity"
        context = f"{self._base}/$metadata#{fragment}"
        headers = {"Content-Type": json_type(call.metadata)}
        if self._settings.etag_header and not reference:
            headers["ETag"] = etag
        return Reply(200, self._with_context(call, context, text), headers)

    def _with_context(self, call: Call, context: str, text: str) -> bytes:
        if call.metadata == "none":
            return text.encode()
        return f'{{"@odata.context":{msgspec.json.encode(context).decode()},{text[1:]}'.encode()

    @staticmethod
    def _only(connection: sqlite3.Connection, read: Read) -> tuple[str, str]:
        sql = f"SELECT {read.row}, {ROOT}._etag {read.source.sql} LIMIT 1"
        found = connection.execute(sql, read.source.params).fetchone()
        if found is None:
            raise MissingRowError("No resources were found for the given key.")
        return found[0], found[1]

    def row_json(
        self, connection: sqlite3.Connection, call: Call, entity: Entity, key: Row
    ) -> tuple[bytes, str]:
        """A whole row as the answer to POST shows it, and its etag; for the writing transaction."""
        options = self._queries.options(f"{CROSS_COMPANY}=true", single=True)
        read = self._queries.read(
            entity, options, company="", where=_key_conditions(entity, key), metadata=call.metadata
        )
        text, etag = self._only(connection, read)
        return self._with_context(call, f"{self._base}/$metadata#{entity.set}/$entity", text), etag

    def _property(self, call: Call, target: Address) -> Reply:
        """``Set(key)/Property`` and ``…/$value``."""
        name, *rest = target.rest
        item = target.entity.properties.get(name)
        if item is None or rest not in ([], ["$value"]):
            raise FnoError(404, f"Resource not found for the segment '{target.rest[-1]}'.")
        text = self._property_json(call, target, item)
        if rest:
            value = msgspec.json.decode(text) if text.startswith('"') else text
            return Reply(200, str(value).encode(), {"Content-Type": "text/plain; charset=utf-8"})
        row = key_text(target.entity, target.key or {})
        context = f"{self._base}/$metadata#{target.entity.set}{row}/{name}"
        body = self._with_context(call, context, f'{{"value":{text}}}')
        return Reply(200, body, {"Content-Type": json_type(call.metadata)})

    def _property_json(self, call: Call, target: Address, item: Property) -> str:
        options = self._queries.options(call.query, single=True)
        where = _key_conditions(target.entity, target.key or {})
        read = self._queries.read(
            target.entity,
            replace(options, select=(item.name,)),
            company=call.company,
            where=where,
            metadata="none",
        )
        with self._database.reading() as connection:
            text, _ = self._only(connection, read)
        return bytes(msgspec.json.decode(text, type=dict[str, msgspec.Raw])[item.name]).decode()

    def _navigation(self, call: Call, target: Address, navigation: Navigation, key: str) -> Reply:
        """``Set(key)/Navigation``: the related rows as a set of their own, or the one related row.

        ``$count``, ``$ref``, the key of one of many rows, and paths behind a single row may follow.
        """
        related, rest = self._model.entities[navigation.to], target.rest[1:]
        values = self._joined(call, target, navigation)
        where = _key_conditions(related, values)
        if navigation.many and not key:
            if rest == ("$count",):
                return self._count(call, related, where)
            own = f"{target.entity.set}{key_text(target.entity, target.key or {})}"
            url = "/".join([self._base, own, navigation.name, *rest])
            if rest in {(), (REFERENCE,)}:
                return self._collection(call, related, where, url, reference=bool(rest))
            raise FnoError(404, f"Resource not found for the segment '{rest[0]}'.")
        if key:
            wanted = read_key(related, key, self._converter)
        else:
            wanted = {name: values[name] for name in related.key if name in values}
        if len(wanted) < len(related.key):
            raise invalid_query(f"The navigation '{navigation.name}' names no single row.")
        if rest in {(), (REFERENCE,)}:
            return self._row(call, related, wanted, where=where, reference=bool(rest))
        return self.get(call, Address(related, wanted, rest))

    def _joined(self, call: Call, target: Address, navigation: Navigation) -> Row:
        """The values that related rows share with the row they are reached from.

        Raises:
            MissingRowError: there is no such row, or not in the caller's company.
        """
        key = target.entity.by_column(target.key or {})
        with self._database.reading() as connection:
            found = self._store.find(connection, target.entity.table, key)
        options = self._queries.options(call.query)
        hidden = target.entity.has_company and not cross_company(options)
        if found is None or (hidden and found[2][COMPANY] != call.company):
            raise MissingRowError("No resources were found for the given key.")
        return {far: found[2][near] for near, far in navigation.join.items()}


def _key_conditions(entity: Entity, key: Row) -> tuple[Statement, ...]:
    return tuple(
        Statement(f"{ROOT}.{quoted(name)} = ?", (value,)) for name, value in entity.by_column(key).items()
    )
