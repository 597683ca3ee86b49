"""Discovery of a whole environment out of a saved ``$metadata`` document: 331 tables, 3.5 MB of XML.

The document is a real environment's; where it is not at hand nothing is measured.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.performance.figures import Figure
from tests.performance.processes import median, run

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["figures"]

_DOCUMENT = Path(__file__).resolve().parents[3] / "shared" / "data" / "dataverse-metadata.xml"
_TAP = Path(sys.executable).with_name("tap-dynamics-sales")
_ROUNDS = 3


def figures() -> Iterator[Figure]:
    """CPU and peak memory of ``--discover`` with every table, start-up included; and how many there are."""
    if not _DOCUMENT.is_file():
        return
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.json")
        settings = {
            "environment_url": "https://localhost",
            "auth": "access_token",
            "access_token": "unused",
            "metadata_path": str(_DOCUMENT),
            "streams": ["*"],
        }
        config.write_text(json.dumps(settings))
        costs, streams = [], []
        for _ in range(_ROUNDS):
            with Path(folder, "catalog.json").open("w+b") as catalog:
                costs.append(run([str(_TAP), "--config", str(config), "--discover"], output=catalog))
                catalog.seek(0)
                streams.append(len(json.load(catalog)["streams"]))
    cost = median(costs)
    yield Figure("discovery-of-331-tables-cpu", cost.cpu, 3, "s")
    yield Figure("discovery-of-331-tables-peak", cost.peak, 200, "MB")
    yield Figure("discovery-streams", statistics.median(streams), 331, at_least=True)
