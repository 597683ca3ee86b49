"""The console entry point: the SDK's command, with our errors as one log line and exit code 1."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mapper_p2c.errors import MapperError

if TYPE_CHECKING:
    from singer_sdk.plugin_base import PluginBase


def run(plugin: type[PluginBase]) -> None:
    """Run a plugin's command line; ends the process."""
    try:
        plugin.cli()
    except (MapperError, OSError) as error:  # OSError: a file named on the command line or by a setting
        plugin.logger.error("%s", error)  # noqa: TRY400 - the message says it all, without a traceback
        sys.exit(1)
