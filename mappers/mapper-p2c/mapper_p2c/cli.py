"""The console entry point: the SDK's command or one of ours, errors as one log line and exit code 1."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from simplejson import JSONDecodeError  # type: ignore[import-untyped] # what the SDK reads files with

from mapper_p2c.errors import MapperError

if TYPE_CHECKING:
    from singer_sdk.plugin_base import PluginBase


def run(plugin: type[PluginBase]) -> None:
    """Run the plugin, or the command that the first word names; ends the process."""
    try:
        if sys.argv[1:2] and not sys.argv[1].startswith("-"):
            _commands()
        plugin.cli()
    except (MapperError, OSError) as error:  # OSError: a file named on the command line or by a setting
        _end(plugin, str(error))
    except JSONDecodeError as error:  # its own text would quote the file
        where = f"line {error.lineno}, column {error.colno}"
        _end(plugin, f"the file given as --config is no JSON: {error.msg} in {where}")


def _commands() -> None:
    # Imported here: the plugin itself needs none of it.
    from mapper_p2c.commands.group import commands  # noqa: PLC0415 - start-up time of every pipeline

    commands()


def _end(plugin: type[PluginBase], line: str) -> NoReturn:
    plugin.logger.error("%s", line)
    sys.exit(1)
