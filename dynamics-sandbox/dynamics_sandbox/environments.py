"""The three environments of a data folder, opened for the server or for a command that reads them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from dynamics_sandbox.dataverse.environment import DataverseEnvironment
from dynamics_sandbox.dataverse.errors import DataverseError
from dynamics_sandbox.dataverse.settings import DataverseSettings
from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.fno.environment import FnoEnvironment
from dynamics_sandbox.fno.errors import FnoError
from dynamics_sandbox.fno.settings import FnoSettings
from dynamics_sandbox.seeds import northwind_fno
from dynamics_sandbox.switches import put

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dynamics_sandbox.clock import Clock
    from dynamics_sandbox.database import Database
    from dynamics_sandbox.identity import Identity
    from dynamics_sandbox.seeds.sized import SizedSeed, SizeOrder
    from dynamics_sandbox.settings import SandboxSettings, Seed
    from dynamics_sandbox.switches import Switchboard

_HOST_NAME: Final = "localhost"
#: The class of each environment's settings.
SETTINGS_OF: Final[dict[str, type]] = {
    "sales": DataverseSettings,
    "cds": DataverseSettings,
    "fno": FnoSettings,
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the four services are reached, without trailing slashes."""

    authority: str
    sales: str
    cds: str
    fno: str

    @classmethod
    def on_ports(cls, ports: Sequence[int]) -> Addresses:
        """The addresses for the ports of sign-in, Sales, CDS and F&O, in this order."""
        authority, sales, cds, fno = (f"https://{_HOST_NAME}:{port}" for port in ports)
        return cls(authority, sales, cds, fno)


class Environment(Protocol):
    """What the shell needs of an environment, whatever service it is."""

    url: str
    database: Database
    switches: Switchboard

    @property
    def is_new(self) -> bool:
        """Whether it holds no data yet."""

    def reset(self, seed: Seed) -> None:
        """Replaces all data by a seed."""

    def seed_csv(self, folder: Path) -> list[str]:
        """Loads CSV files; one note per file, beginning with its name and a colon."""

    def seed_sized(self, seed: SizedSeed) -> None:
        """Adds generated rows of one table."""

    def rows(self, entity_set: str, key: str | None = None) -> Iterator[bytes]:
        """Rows as JSON objects."""

    def reload(self) -> None:
        """Forgets what was remembered of the file, which has been replaced."""

    def close(self) -> None:
        """Closes the file."""


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments of one data folder."""

    sales: DataverseEnvironment
    cds: DataverseEnvironment
    fno: FnoEnvironment

    def by_name(self) -> dict[str, Environment]:
        """The environments under the names the command line and the control API use."""
        return {"sales": self.sales, "cds": self.cds, "fno": self.fno}

    def databases(self) -> dict[str, Database]:
        """Their files under the same names."""
        return {name: environment.database for name, environment in self.by_name().items()}

    def reset(self, seed: Seed) -> None:
        """Starts all of them over, with the settings of the start."""
        self.restore_settings()
        for environment in self.by_name().values():
            environment.reset(seed)

    def restore_settings(self) -> None:
        """Puts the settings of all of them back to those of the start."""
        for environment in self.by_name().values():
            environment.switches.restore()

    def seed_csv(self, folder: Path, *, into: str | None = None) -> list[str]:
        """Loads a folder of CSV files into Sales and F&O, or Northwind's into one of them; one note per file.

        Raises:
            SandboxError: a file cannot be read as the table it is named after, or a row of it is refused.
        """
        if into == "fno":
            return northwind_fno.import_folder(self.fno, folder, self.fno.settings.default_company)
        try:
            return _merged([*self.sales.seed_csv(folder), *self.fno.seed_csv(folder)])
        except (ValueError, DataverseError, FnoError) as error:
            raise SandboxError(str(error)) from None

    def seed_sized(self, order: SizeOrder) -> list[str]:
        """Adds generated rows; gives one note per table.

        Raises:
            SandboxError: an order that cannot be, or rows of this seed number are there already.
        """
        for seed in order.seeds():
            self.by_name()[seed.table.environment].seed_sized(seed)
        return [f"{option}: {size} rows" for option, size in order.sizes.items()]

    def fill_new(self, seed: Seed) -> list[str]:
        """Seeds those that hold no data yet, and names them."""
        new = {name: environment for name, environment in self.by_name().items() if environment.is_new}
        for environment in new.values():
            environment.reset(seed)
        return list(new)


def _merged(notes: list[str]) -> list[str]:
    """One note per file: a file that one service took is not reported as ignored by the other."""
    merged: dict[str, str] = {}
    for note in notes:
        name = note.partition(":")[0]
        merged.setdefault(name, f"{name}: ignored, neither Sales nor F&O has a table of this name")
        if ": ignored" not in note:
            merged[name] = note
    return list(merged.values())


@contextmanager
def open_environments(
    settings: SandboxSettings, identity: Identity, addresses: Addresses, clock: Clock
) -> Iterator[Environments]:
    """Opens or creates the three databases, and closes them at the end.

    Args:
        settings: data folder and what is chosen of each environment.
        identity: the application that is registered in each environment, and its tenant.
        addresses: used in the links of answers, and to send clients without a token to the sign-in.
        clock: what all three take the time from.
    """
    environments = Environments(
        sales=_dataverse("sales", settings, identity, addresses, clock=clock),
        cds=_dataverse("cds", settings, identity, addresses, clock=clock),
        fno=_fno(settings, identity, addresses, clock),
    )
    try:
        yield environments
    finally:
        for environment in environments.by_name().values():
            environment.close()


def _dataverse(
    name: str, settings: SandboxSettings, identity: Identity, addresses: Addresses, *, clock: Clock
) -> DataverseEnvironment:
    chosen = DataverseSettings(
        application_id=identity.client_id,
        authorization_uri=f"{addresses.authority}/{identity.tenant_id}/oauth2/authorize",
        page_size=settings.dataverse_page_size,
        p2c_solution=settings.p2c_solution,
    )
    put(chosen, settings.chosen.get(name, {}))
    url = {"sales": addresses.sales, "cds": addresses.cds}[name]
    path = settings.data_dir / f"{name}.sqlite"
    return DataverseEnvironment.open(path, name=name, url=url, settings=chosen, clock=clock)


def _fno(settings: SandboxSettings, identity: Identity, addresses: Addresses, clock: Clock) -> FnoEnvironment:
    chosen = FnoSettings(client_id=identity.client_id, page_size=settings.fno_page_size)
    put(chosen, settings.chosen.get("fno", {}))
    path = settings.data_dir / "fno.sqlite"
    return FnoEnvironment.open(path, url=addresses.fno, settings=chosen, clock=clock)
