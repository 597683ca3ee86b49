"""What any reader of a Dataverse table must at least do: GET each page, parse it, write each row as JSON.

Run as ``python dataverse_reader.py URL CA_FILE``. Nothing is signed in, checked, selected or remembered, and
decimals become floats.
"""

from __future__ import annotations

import sys

import orjson
import requests

PREFER = {"Prefer": "odata.maxpagesize=5000"}


def main(url: str, authority: str) -> None:
    """Copy all rows from `url` on to standard output, a line each."""
    bytearray(31 << 20)  # made and freed, it raises glibc's mmap threshold, as our tap does
    write = sys.stdout.buffer.write
    link: str | None = url
    with requests.Session() as session:
        while link:
            page = orjson.loads(session.get(link, headers=PREFER, verify=authority, timeout=60).content)
            for row in page["value"]:
                write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            link = page.get("@odata.nextLink")


if __name__ == "__main__":
    main(*sys.argv[1:3])
