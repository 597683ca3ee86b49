"""Starts one program, waits for it, and writes what it used to a file: seconds of CPU, kilobytes of memory.

A process begins with the peak memory of the one it was made from, so a large parent hides a small child;
between the two, this small one hides nothing. Run as ``python launcher.py REPORT COMMAND…``; the exit code is
the program's.
"""

from __future__ import annotations

import os
import sys


def main(report: str, *command: str) -> int:
    """Run the command; gives its exit code."""
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    with open(report, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would make it larger
        file.write(f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
