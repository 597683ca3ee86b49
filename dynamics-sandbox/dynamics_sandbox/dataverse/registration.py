"""Which application an environment runs: its tables, its pipeline, the solutions installed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dynamics_sandbox.dataverse.autonumber import NumberMaker
from dynamics_sandbox.dataverse.pipeline import Pipeline
from dynamics_sandbox.dataverse.sales.registration import sales_pipeline
from dynamics_sandbox.dataverse.schema.files import shipped_schema
from dynamics_sandbox.dataverse.solution.package import Solution, p2c_solution
from dynamics_sandbox.dataverse.solution.registration import solution_steps

if TYPE_CHECKING:
    from dynamics_sandbox.dataverse.schema.model import Schema
    from dynamics_sandbox.dataverse.settings import DataverseSettings


@dataclass(frozen=True, slots=True)
class Application:
    """What makes an environment Sales or CDS."""

    environment: str
    pipeline: Pipeline
    solution: Solution | None = None

    def schema(self) -> Schema:
        """Give the tables of a new environment, changes of the solution included."""
        shipped = shipped_schema(self.environment)
        return shipped if self.solution is None else self.solution.apply(shipped)


def application(environment: str, settings: DataverseSettings) -> Application:
    """Put together the application of the Sales ("sales") or the CDS ("cds") environment."""
    if environment != "sales":
        return Application(environment, Pipeline())
    numbers = NumberMaker.seeded(settings.random_seed)
    pipeline = sales_pipeline(numbers)
    if not settings.p2c_solution:
        return Application(environment, pipeline)
    solution = p2c_solution()
    return Application(environment, pipeline.extended(solution_steps(solution, numbers)), solution)
