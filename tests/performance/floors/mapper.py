"""What any mapper must at least do: parse each line and write it again.

Run as ``python mapper.py < LINES``. Nothing is mapped, checked or counted, and decimals become floats.
"""

from __future__ import annotations

import sys

import orjson


def main() -> None:
    """Copy Singer lines from standard input to standard output."""
    write = sys.stdout.buffer.write
    for line in sys.stdin.buffer:
        write(orjson.dumps(orjson.loads(line), option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
