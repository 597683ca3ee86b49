"""Templates: the files that are shipped, and how templates are read, checked and overridden.

`names()` lists the shipped templates, `load(name_or_path)` reads one, `apply(template, overrides)`
changes it.
"""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path

from mapper_p2c.errors import TemplateError, nearest
from mapper_p2c.templates.building import schema, template
from mapper_p2c.templates.document import read
from mapper_p2c.templates.model import Row, Task, Template, Transform
from mapper_p2c.templates.overrides import apply

__all__ = ["Row", "Task", "Template", "Transform", "apply", "load", "names", "schema"]

_ENDINGS = (".yml", ".yaml")


def names() -> list[str]:
    """Names of the shipped templates."""
    folder = resources.files(__package__)
    return sorted(file.name.removesuffix(".yml") for file in folder.iterdir() if file.name.endswith(".yml"))


def load(name_or_path: str | Path) -> Template:
    """Read a shipped template by its name, or any template by the path of its YAML file.

    Raises:
        TemplateError: there is no such template, or the file breaks the rules of templates.
    """
    text = os.fspath(name_or_path)
    if text in names():
        with resources.as_file(resources.files(__package__) / f"{text}.yml") as path:
            return template(read(path))
    if isinstance(name_or_path, Path) or text.endswith(_ENDINGS):
        return template(read(Path(text)))
    raise TemplateError(
        f"There is no template {text!r}{nearest(text, names())} Shipped: {', '.join(names())}; a file of "
        "your own is given by its path, which ends in .yml."
    )
