"""What the commands share: a template named on the command line, with its overrides, and the constants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mapper_p2c import templates
from mapper_p2c.errors import SettingsError
from mapper_p2c.templates.document import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from mapper_p2c.templates import Task, Template

TEMPLATE = click.argument("template")


def overrides_option(name: str = "--overrides", *, required: bool = False) -> Callable[[Any], Any]:
    """An option that takes a file of overrides."""
    return click.option(
        name,
        "overrides",
        type=click.Path(path_type=Path, dir_okay=False),
        required=required,
        help="YAML or JSON file of overrides, as the setting `overrides` takes them",
    )


def chosen(name: str, overrides: Path | None = None) -> Template:
    """A shipped template, or that of a file, with overrides applied.

    Raises:
        TemplateError: there is none, or it or the overrides break the rules.
    """
    return templates.apply(templates.load(name), overrides_in(overrides))


def overrides_in(path: Path | None) -> dict[str, Any]:
    """The overrides of a file: alone, or as the key `overrides` of a mapping's settings.

    Raises:
        SettingsError: the file holds no mapping.
        TemplateError: it cannot be read, or is no YAML.
    """
    if path is None:
        return {}
    data = read(path).data
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: the file holds no overrides; write keys such as `defaults` or `rows`.")
    found: dict[str, Any] = data["overrides"] if set(data) == {"overrides"} else data
    return found


def names_of(task: Task, organization: str) -> dict[str, Any]:
    """The values of `$organization` and `$task`."""
    return {"organization": organization, "task": task.name}
