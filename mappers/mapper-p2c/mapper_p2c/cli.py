"""The console entry point: the SDK's command, with our errors as one log line and exit code 1."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

from simplejson import JSONDecodeError  # type: ignore[import-untyped] # what the SDK reads files with

from mapper_p2c.errors import MapperError

if TYPE_CHECKING:
    from singer_sdk.plugin_base import PluginBase


def run(plugin: type[PluginBase]) -> None:
    """Run a plugin's command line; ends the process."""
    try:
        plugin.cli()
    except (MapperError, OSError) as error:  # OSError: a file named on the command line or by a setting
        _end(plugin, str(error))
    except JSONDecodeError as error:  # its own text would quote the file
        where = f"line {error.lineno}, column {error.colno}"
        _end(plugin, f"the file given as --config is no JSON: {error.msg} in {where}")


def _end(plugin: type[PluginBase], line: str) -> NoReturn:
    plugin.logger.error("%s", line)
    sys.exit(1)
