"""Seeds by size: what generated rows of a table look like, read from small data files.

A description gives pools of values per property. A thousand pattern rows are drawn from them and go through
the service's own rules; every further row is a copy of one of them with serial values of its own, made inside
SQLite (see `copies`). So rows are right because the service made them, and a million take seconds.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Rows that are drawn and written one by one; the others are copies of them.
PATTERNS: Final = 1000
LARGEST_SIZE: Final = 50_000_000
LARGEST_NUMBER: Final = 99


class Pool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the values of one property come from; the attributes exclude one another, except ``blank``.

    Attributes:
        one_of: a value as it is.
        parts: one text from each list, joined.
        digits: a text in which every ``#`` becomes a digit.
        decimal: a number from the first to the second, with as many digits behind the point as the first has.
        day: a date from the first to the second.
        blank: share of rows without a value.
    """

    one_of: tuple[Any, ...] = ()
    parts: tuple[tuple[str, ...], ...] = ()
    digits: str = ""
    decimal: tuple[str, str] | None = None
    day: tuple[str, str] | None = None
    blank: float = 0

    def draw(self, source: random.Random) -> Any:
        """One value, None for a blank one."""
        if source.random() < self.blank:
            return None
        if self.one_of:
            return source.choice(self.one_of)
        if self.parts:
            return "".join(source.choice(part) for part in self.parts)
        if self.decimal:
            return _between(source, *map(Decimal, self.decimal))
        if self.day:
            first, last = (_days(text) for text in self.day)
            return _date(source.randint(first, last))
        return "".join(str(source.randrange(10)) if sign == "#" else sign for sign in self.digits)


class Together(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Properties whose values belong together, such as city and country: one of ``rows`` gives them all."""

    properties: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class SizedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Generated rows of one entity set.

    Attributes:
        option: their name on the command line and in the control API.
        environment: ``sales``, ``cds`` or ``fno``.
        entity_set: whose rows they are.
        serial: properties with a value of their own in every row: ``{n:08}`` is the row's number from 0,
            ``{number:02}`` that of the seed, ``{value}`` the pattern's value.
        properties: pools by property, as in a request body.
        together: properties drawn together.
    """

    option: str
    environment: str
    entity_set: str
    serial: dict[str, str]
    properties: dict[str, Pool]
    together: tuple[Together, ...] = ()

    def draw(self, source: random.Random) -> dict[str, Any]:
        """One row without its serial values; blanks are None."""
        row = {name: pool.draw(source) for name, pool in self.properties.items()}
        for group in self.together:
            row |= zip(group.properties, source.choice(group.rows), strict=True)
        return row


@dataclass(frozen=True, slots=True)
class SizedSeed:
    """So many generated rows of one table.

    Attributes:
        table: its description.
        size: how many rows.
        number: of the seed.
    """

    table: SizedTable
    size: int
    number: int

    def patterns(self) -> Iterator[dict[str, Any]]:
        """The bodies of the pattern rows: the same for every size from `PATTERNS` on."""
        source = random.Random(f"{self.table.option}/{self.number}")  # noqa: S311 - repeatable, not secret
        for n in range(min(self.size, PATTERNS)):
            body = self.table.draw(source)
            for name, text in self.table.serial.items():
                if "{value}" not in text:  # such a value is completed in the copies
                    body[name] = text.format(n=n, number=self.number)
            yield {name: value for name, value in body.items() if value is not None}

    def refused(self, problem: str) -> SandboxError:
        """Why the rows cannot be added, and what to do about the usual reason."""
        return SandboxError(
            f"{self.table.option} cannot be seeded: {problem.rstrip('.')}. If rows of this seed number are "
            "there already, reset first or choose another number."
        )


class SizeOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many rows of what.

    Attributes:
        sizes: rows by option name.
        number: of the seed; the same number and size give the same rows, other numbers others.
    """

    sizes: dict[str, int]
    number: int = 1

    def seeds(self) -> list[SizedSeed]:
        """The seeds, once everything is possible.

        Raises:
            SandboxError: says what is not.
        """
        if not 0 <= self.number <= LARGEST_NUMBER:
            raise SandboxError(f"The seed's number must be from 0 to {LARGEST_NUMBER}, not {self.number}.")
        for option, size in self.sizes.items():
            if option not in sized_tables():
                raise SandboxError(f"'{option}' cannot be seeded by size; {', '.join(sized_tables())} can.")
            if not 1 <= size <= LARGEST_SIZE:
                raise SandboxError(f"The size of {option} must be from 1 to {LARGEST_SIZE}, not {size}.")
        return [SizedSeed(sized_tables()[option], size, self.number) for option, size in self.sizes.items()]


@cache
def sized_tables() -> Mapping[str, SizedTable]:
    """The descriptions in the package, by option."""
    decoder = msgspec.json.Decoder(SizedTable, float_hook=Decimal)
    folder = files("dynamics_sandbox.seeds") / "data" / "sizes"
    found = sorted(
        (path for path in folder.iterdir() if path.name.endswith(".json")), key=lambda path: path.name
    )
    tables = [decoder.decode(path.read_bytes()) for path in found]
    return {table.option: table for table in tables}


def _between(source: random.Random, low: Decimal, high: Decimal) -> Decimal | int:
    step = Decimal((0, (1,), int(low.as_tuple().exponent)))
    drawn = low + source.randint(0, int((high - low) / step)) * step
    return drawn if step < 1 else int(drawn)


def _days(text: str) -> int:
    return dt.date.fromisoformat(text).toordinal()


def _date(ordinal: int) -> str:
    return dt.date.fromordinal(ordinal).isoformat()
