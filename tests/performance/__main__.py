"""`python -m tests.performance [WORD…]`: runs every `bench_*.py` here, or those named with one of the words.

Each has a function `figures()` that yields `Figure`s as they are measured. A missed goal makes the exit
code 1.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path


def main(words: list[str]) -> int:
    """Measure and print; gives the exit code."""
    missed = 0
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        if words and not any(word in path.stem for word in words):
            continue
        module = importlib.import_module(f"tests.performance.{path.stem}")
        for figure in module.figures():
            print(figure.line(), flush=True)  # noqa: T201 - what this program is for
            missed += not figure.is_met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
