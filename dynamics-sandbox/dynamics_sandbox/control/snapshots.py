"""Named snapshots of all three environments, and going back to them, while the sandbox serves."""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from dynamics_sandbox.control.exchange import UnknownNameError
from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

    from dynamics_sandbox.environments import Environments

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)


class Snapshots:
    """The snapshots of one data folder, each a folder with a copy of every database.

    Args:
        environments: what is copied and put back.
        folder: where the copies are kept, readable by their owner only.
    """

    def __init__(self, environments: Environments, folder: Path) -> None:
        self._environments = environments
        self._folder = folder

    @classmethod
    def of(cls, environments: Environments, data_dir: Path) -> Snapshots:
        """Those of a data folder."""
        return cls(environments, data_dir / "snapshots")

    def names(self) -> list[str]:
        """The snapshots there are, in alphabetical order."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def take(self, name: str) -> None:
        """Copies all environments as they are at one moment; a snapshot of this name is replaced.

        Raises:
            SandboxError: the name cannot be that of a folder.
        """
        if not _NAME.fullmatch(name):
            raise SandboxError(
                f"'{name}' cannot be a snapshot's name: use up to 64 letters, digits, '.', '_' and '-'."
            )
        unfinished = self._folder / f".{name}"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        unfinished.mkdir(mode=0o700)
        with self._still():
            for environment, database in self._environments.databases().items():
                database.copy_to(unfinished / f"{environment}.sqlite")
        shutil.rmtree(self._folder / name, ignore_errors=True)
        unfinished.rename(self._folder / name)

    def restore(self, snapshot: str) -> None:
        """Puts all environments back to what they were; requests that began before see the old rows.

        Raises:
            UnknownNameError: there is no such snapshot.
        """
        copies = self._existing(snapshot)
        with self._still():
            for name, environment in self._environments.by_name().items():
                if environment.database.replace_by(copies / f"{name}.sqlite"):
                    environment.reload()

    def forget(self, name: str) -> None:
        """Removes a snapshot.

        Raises:
            UnknownNameError: there is no such snapshot.
        """
        shutil.rmtree(self._existing(name))

    def _existing(self, name: str) -> Path:
        if name not in self.names():
            known = ", ".join(self.names()) or "none"
            raise UnknownNameError(f"There is no snapshot '{name}'; there are: {known}.")
        return self._folder / name

    def _still(self) -> ExitStack:
        """Keeps everybody from writing, in any environment, while the block runs."""
        stack = ExitStack()
        for database in self._environments.databases().values():
            stack.enter_context(database.still())
        return stack
