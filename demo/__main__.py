"""`python -m demo`: run the accounts pipelines on a fresh sandbox and show what arrived."""

from __future__ import annotations

import shutil
import sys

from rich.console import Console

from demo import sandbox, story
from demo.pipeline import PROJECT, Pipeline, PipelineError

_DATA = PROJECT / ".sandbox" / "demo"
_ACCOUNT = "ACC-01001-MUELLR"


def main() -> int:
    """Tell the story once; returns the exit code."""
    console = Console(width=120, highlight=False)
    shutil.rmtree(_DATA, ignore_errors=True)
    try:
        with sandbox.serving(_DATA) as ready:
            _tell(console, Pipeline(_DATA / "output", ready))
    except (PipelineError, sandbox.SandboxError) as problem:
        console.print(str(problem), markup=False, style="red")
        return 1
    console.print("The sandbox is stopped; its data and the log of the runs are in .sandbox/demo.")
    return 0


def _tell(console: Console, pipeline: Pipeline) -> None:
    console.print("Sandbox started: Sales, CDS and Finance and Operations on fresh data.")
    pipeline.prepare_hub()
    for job, company in (("accounts", "usmf"), ("accounts-direct", "demf")):
        story.legs(console, company, job, pipeline.run(job, company=company))
    story.side_by_side(
        console,
        sandbox.show(_DATA, "sales", "accounts", f"accountnumber='{_ACCOUNT}'"),
        sandbox.show(_DATA, "cds", "cdm_accounts", f"cdm_account_accountid='{_ACCOUNT}'"),
        sandbox.show(_DATA, "fno", "CustomersV3", f"dataAreaId='usmf',CustomerAccount='{_ACCOUNT}'"),
    )


if __name__ == "__main__":
    sys.exit(main())
