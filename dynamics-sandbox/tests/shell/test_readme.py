"""The package's README names every route of the control API and every field of its orders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dynamics_sandbox.cli import main
from dynamics_sandbox.control.application import Control
from dynamics_sandbox.control.faults import Fault, FaultScript
from dynamics_sandbox.control.hooks import HookOrder
from dynamics_sandbox.control.interludes import Interlude
from dynamics_sandbox.control.orders import ClockOrder, SeedOrder
from dynamics_sandbox.fno.orders.advance import Advance
from dynamics_sandbox.seeds.sized import sized_tables

if TYPE_CHECKING:
    import msgspec

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
CONTROL = README.partition("## Control API")[2].partition("\n## ")[0]


def test_every_route_is_in_the_readme_and_no_other() -> None:
    served = object.__new__(Control).routes()  # the parts behind them do not matter here
    routes = {(method, route.path) for route in served for method in route.methods or () if method != "HEAD"}
    documented = set(re.findall(r"`([A-Z]+) /_sandbox(/[^`?]*)`", CONTROL))

    assert documented == routes


def test_every_command_is_in_the_readme_and_no_other() -> None:
    table = README.partition("## Commands")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `dynamics-sandbox (\w+)", table, re.MULTILINE)) == set(main.commands)


def test_everything_that_can_be_generated_is_in_the_readme() -> None:
    assert {f"--{option}" for option in sized_tables()} <= set(re.findall(r"--\w+", README))


@pytest.mark.parametrize("order", [Fault, FaultScript, HookOrder, Interlude, ClockOrder, SeedOrder, Advance])
def test_every_field_of_an_order_is_in_the_readme(order: type[msgspec.Struct]) -> None:
    code: list[Any] = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", CONTROL, flags=re.DOTALL))
    words = {word for snippet in code for word in re.findall(r"\w+", snippet)}

    assert set(order.__struct_fields__) <= words
