"""What a command needs before it begins: the project it works on, found when the command really runs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from prospect_to_cash.project import Project

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def with_project(
    command: Callable[Concatenate[Project, Arguments], Result],
) -> Callable[Arguments, Result]:
    """Give a command the project, which the group was told how to find; `--help` works without any."""

    @functools.wraps(command)
    def found(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        find: Callable[[], Project] = click.get_current_context().obj
        return command(find(), *args, **kwargs)

    return found
