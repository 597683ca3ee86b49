"""What can be chosen about the sandbox as a whole; what one service does stays in its own settings."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from typing import Literal as OneOf

from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: The environments with data, in the order of their ports; sign-in comes before them.
ENVIRONMENTS: Final = ("sales", "cds", "fno")
#: How requests to the sign-in port are called in the request log and in faults.
SIGN_IN: Final = "sign-in"
#: What new data starts from: the demo rows, or only what an empty environment needs to work.
Seed: TypeAlias = OneOf["demo", "none"]
SEEDS: Final[tuple[Seed, Seed]] = ("demo", "none")
_HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Settings of one sandbox.

    Attributes:
        data_dir: the folder of its databases, certificates and credentials.
        base_port: sign-in port; Sales, CDS and F&O take the next three. 0 picks four free ports.
        host: address to listen on; anything but a loopback address is refused.
        seed: what environments without data start from.
        token_lifetime: seconds until an access token expires.
        dataverse_page_size: rows per page of Sales and CDS.
        fno_page_size: rows per page of F&O.
        p2c_solution: whether Sales has the Prospect-to-cash solution (account numbers made by the service).
        chosen: further settings of the services: values by name, by environment.
    """

    data_dir: Path
    base_port: int = 8440
    host: str = "127.0.0.1"
    seed: Seed = "demo"
    token_lifetime: int = 3599
    dataverse_page_size: int = 5000
    fno_page_size: int = 10_000
    p2c_solution: bool = True
    chosen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuses values that cannot work.

        Raises:
            SandboxError: names the setting.
        """
        if not _is_loopback(self.host):
            raise SandboxError(
                f"host '{self.host}' is not a loopback address: the sandbox holds known credentials, so it "
                "listens on 127.0.0.1 only."
            )
        if not 0 <= self.base_port <= _HIGHEST_PORT - len(ENVIRONMENTS):
            raise SandboxError(f"base-port {self.base_port} leaves no room for four ports below 65536.")
        for name in ("token_lifetime", "dataverse_page_size", "fno_page_size"):
            if getattr(self, name) < 1:
                raise SandboxError(f"{name.replace('_', '-')} must be 1 or more, not {getattr(self, name)}.")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
