"""Reads one table with dlt's rest_api source; signed in with the token in TOKEN.

Run as ``python dlt_rest_api.py ORIGIN ENTITY_SET FOLDER HOW``. HOW is `pipeline`, a run into JSON-lines files
in FOLDER, which is how dlt is used, or `rows`, which only takes the rows from the source and writes them with
orjson.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import dlt  # type: ignore[import-not-found] # only in the peer's place
import orjson
from dlt.sources.rest_api import rest_api_source  # type: ignore[import-not-found] # only in the peer's place


def source(origin: str, entity_set: str) -> Any:
    """The table as dlt's documentation describes such sources."""
    return rest_api_source(
        {
            "client": {
                "base_url": f"{origin}/api/data/v9.2/",
                "auth": {"type": "bearer", "token": os.environ["TOKEN"]},
                "headers": {"Prefer": "odata.maxpagesize=5000"},
                "paginator": {"type": "json_link", "next_url_path": "'@odata.nextLink'"},
            },
            "resources": [{"name": entity_set, "endpoint": {"path": entity_set, "data_selector": "value"}}],
        }
    )


def main(origin: str, entity_set: str, folder: str, how: str) -> None:
    """Read the table."""
    if how == "rows":
        for row in source(origin, entity_set).resources[entity_set]:
            sys.stdout.buffer.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        return
    files = dlt.destinations.filesystem((Path(folder) / "loaded").as_uri())
    pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination=files, dataset_name="bench")
    print(pipeline.run(source(origin, entity_set), loader_file_format="jsonl"))  # noqa: T201 - what dlt says


if __name__ == "__main__":
    main(*sys.argv[1:5])
