"""What the control API is told to do, as the JSON bodies it reads."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.seeds.sized import SizeOrder
from dynamics_sandbox.settings import Seed  # noqa: TC001 - msgspec looks it up

if TYPE_CHECKING:
    from dynamics_sandbox.clock import Clock
    from dynamics_sandbox.environments import Environments

_CSV_NAME: Final = re.compile(r"\w[\w-]{0,100}\.csv", re.ASCII)


class ResetOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /reset: what to start over from."""

    seed: Seed


class SeedOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /seed; everything given is added to what is there.

    Attributes:
        folder: of CSV files, on the sandbox's machine.
        files: the same, uploaded: contents by name.
        sizes: rows to generate, by option: ``{"accounts": 1000}``.
        number: of the seed: the same number and size give the same rows.
    """

    folder: str = ""
    files: dict[str, str] = {}
    sizes: dict[str, int] = {}
    number: int = 1

    def fill(self, environments: Environments) -> list[str]:
        """Adds the rows; gives one note per file and table.

        Raises:
            SandboxError: the order or a row of it is refused.
        """
        generated = SizeOrder(self.sizes, self.number)
        if not (self.folder or self.files or generated.seeds()):
            raise SandboxError("Nothing to load: name a folder, files or sizes.")
        notes = environments.seed_csv(self._existing_folder()) if self.folder else []
        if self.files:
            with tempfile.TemporaryDirectory(prefix="dynamics-sandbox-") as folder:
                notes += environments.seed_csv(self._unpacked(Path(folder)))
        return notes + environments.seed_sized(generated)

    def _existing_folder(self) -> Path:
        folder = Path(self.folder)
        if not folder.is_dir():
            raise SandboxError(f"There is no folder {folder} on the machine of the sandbox.")
        return folder

    def _unpacked(self, folder: Path) -> Path:
        for name, content in self.files.items():
            if not _CSV_NAME.fullmatch(name):
                raise SandboxError(f"'{name}' is no name of a CSV file, such as customers.csv.")
            (folder / name).write_text(content, encoding="utf-8", newline="")
        return folder


class SnapshotOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /snapshots."""

    name: str


class ClockOrder(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /clock; done in the order of the attributes.

    Attributes:
        real: back to the machine's clock.
        set: the moment to move to, with a time zone (``2026-03-01T12:00:00Z``).
        advance: seconds to move on by; negative moves back.
        freeze: true lets the clock stand still, false lets it run on from where it stands.
    """

    real: bool = False
    set: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None
    advance: float = 0
    freeze: bool | None = None

    def apply(self, clock: Clock) -> None:
        """Moves the clock.

        Raises:
            SandboxError: it would leave the calendar.
        """
        try:
            if self.real:
                clock.real()
            if self.set is not None:
                clock.set(self.set)
            clock.advance(dt.timedelta(seconds=self.advance))
        except OverflowError:
            raise SandboxError("The clock cannot go there: years 1 to 9999 are all there is.") from None
        if self.freeze is not None:
            clock.freeze() if self.freeze else clock.run()


class ClockReport(msgspec.Struct):
    """The clock as GET /clock shows it: ``ahead`` is in seconds before the machine's clock."""

    now: dt.datetime
    frozen: bool
    ahead: float
