"""Alternate keys: made over a stream's key, and waited for until their index is built."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from dynamics_odata.query import literal, query_string

from target_dynamics_cds.customizing import STRONG
from target_dynamics_cds.definitions import key_definition
from target_dynamics_cds.errors import KeyNotReadyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynamics_odata.metadata.model import Table

    from target_dynamics_cds.customizing import Customizing
    from target_dynamics_cds.wishes import Wish

WAIT_SECONDS = 600.0
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 10.0
_MOST_KEYS = 10

logger = logging.getLogger("target-dynamics-cds")


class AlternateKeys:
    """Sees to the keys of one environment; `sleep` and `clock` (seconds) serve the waiting."""

    def __init__(
        self,
        customizing: Customizing,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._customizing = customizing
        self._sleep = sleep
        self._clock = clock

    def ensure(self, wish: Wish, table: Table) -> tuple[str, frozenset[str]]:
        """Make the key if the table has none over these columns; gives what `wait` needs."""
        attributes = [wish.attribute_in(table, name) for name in wish.key]
        columns = frozenset(attributes)
        if columns not in {frozenset(key.columns) for key in table.keys}:
            taken = {key.name.lower() for key in table.keys}
            names = [f"{wish.schema_name}_Key{number or ''}" for number in range(_MOST_KEYS + 1)]
            name = next(one for one in names if one.lower() not in taken)
            self._customizing.make(
                f"EntityDefinitions(LogicalName={literal(table.logical_name)})/Keys",
                key_definition(
                    name, attributes, display=f"{wish.entity} key", language=self._customizing.language
                ),
                lambda: self._status(table.logical_name, columns) is not None,
            )
            logger.info("%s: made alternate key %s over %s", wish.entity, name, ", ".join(attributes))
        return table.logical_name, columns

    def wait(self, logical_name: str, columns: frozenset[str]) -> None:
        """Wait until the key can be used (Dataverse: define-alternate-keys-entity).

        Raises:
            KeyNotReadyError: its index failed, or takes longer than ten minutes.
        """
        started = self._clock()
        pause = _FIRST_PAUSE
        while (status := self._status(logical_name, columns)) != "Active":
            named = f"The alternate key of {logical_name} over {', '.join(sorted(columns))}"
            if status == "Failed":
                raise KeyNotReadyError(
                    f"{named} could not be activated",
                    hint="Rows that share these values stand in its way: correct or delete them, then "
                    "reactivate the key in Power Apps (the table's Keys) and run again",
                )
            if self._clock() - started >= WAIT_SECONDS:
                raise KeyNotReadyError(
                    f"{named} is still {status or 'unknown'} after {WAIT_SECONDS:.0f} s",
                    hint="Large tables take longer: run again when Power Apps shows the key as active",
                )
            self._sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _status(self, logical_name: str, columns: frozenset[str]) -> str | None:
        url = f"EntityDefinitions(LogicalName={literal(logical_name)})/Keys" + query_string(
            select=["SchemaName", "KeyAttributes", "EntityKeyIndexStatus"]
        )
        for key in self._customizing.transport.get(url, STRONG).json()["value"]:
            if frozenset(key["KeyAttributes"]) == columns:
                return str(key["EntityKeyIndexStatus"])
        return None
