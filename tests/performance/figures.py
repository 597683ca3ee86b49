"""Figures: one measured number with its goal, as one line of output."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Figure"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of `make bench`.

    Args:
        name: what was measured, in words joined by hyphens, e.g. ``sandbox-page-cpu``.
        value: what came out.
        goal: what it should be; None for a figure that is only shown.
        unit: of both, ``ms``, ``s``, ``MB``, ``x`` (a ratio), ``rows/s``.
        at_least: the goal is a lower bound instead of an upper one.
    """

    name: str
    value: float
    goal: float | None = None
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached; a figure without a goal always is."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def line(self) -> str:
        """The figure as `make bench` prints it: ``bench NAME value=… goal=… ok|MISS``."""
        value = f"{self.value:.3g}" if abs(self.value) < 1000 else f"{self.value:.0f}"
        bound = ">=" if self.at_least else "<="
        goal = "" if self.goal is None else f" goal={bound}{self.goal:g}{self.unit}"
        verdict = "" if self.goal is None else f" {'ok' if self.is_met else 'MISS'}"
        return f"bench {self.name} value={value}{self.unit}{goal}{verdict}"
