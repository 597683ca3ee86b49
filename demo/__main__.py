"""`python -m demo`: run the accounts pipelines on a fresh sandbox and show what arrived."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from rich.console import Console

from demo import sandbox, story
from demo.pipeline import PROJECT, Pipeline, PipelineError

_ACCOUNT = "ACC-01001-MUELLR"


def main(arguments: list[str] | None = None) -> int:
    """Tell the story once; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--base-port", type=int, default=8440, help="first of four ports; 0 takes free ones")
    parser.add_argument("--data", type=Path, default=PROJECT / ".sandbox" / "demo", help="emptied first")
    options = parser.parse_args(arguments)
    console = Console(width=112, highlight=False)
    shutil.rmtree(options.data, ignore_errors=True)
    try:
        with sandbox.serving(options.data, base_port=options.base_port) as ready:
            _tell(console, options.data, Pipeline(options.data / "output", ready))
    except (PipelineError, sandbox.SandboxError) as problem:
        console.print(str(problem), markup=False, style="red")
        return 1
    console.print("Sandbox stopped.")
    return 0


def _tell(console: Console, data: Path, pipeline: Pipeline) -> None:
    console.print("Sandbox started: Sales, CDS and Finance and Operations on fresh data.")
    pipeline.prepare_hub()
    for job, company in (("accounts", "usmf"), ("accounts-direct", "demf")):
        story.legs(console, f"meltano run {job} (company {company})", pipeline.run(job, company=company))
    story.side_by_side(
        console,
        sandbox.row(data, "sales", "accounts", accountnumber=_ACCOUNT),
        sandbox.row(data, "cds", "cdm_accounts", cdm_account_accountid=_ACCOUNT),
        sandbox.row(data, "fno", "CustomersV3", dataAreaId="usmf", CustomerAccount=_ACCOUNT),
    )


if __name__ == "__main__":
    sys.exit(main())
