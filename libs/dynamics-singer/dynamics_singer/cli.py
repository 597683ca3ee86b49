"""The console entry point of every connector: runs the SDK's command, one clear line for each error."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click
from dynamics_odata.errors import DynamicsError
from simplejson import JSONDecodeError  # type: ignore[import-untyped] # what the SDK reads files with
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.singerlib.exceptions import InvalidInputLine

from dynamics_singer.errors import PluginError, SettingsProblems
from dynamics_singer.masking import SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dynamics_singer.settings_check import CheckedSettings

__all__ = ["run"]

_SDK_ECHO = "An unhandled error occurred while syncing '%s'"
"""The SDK logs this beside every error it passes on; the error's own line follows and says more."""


def run(plugin_class: type[CheckedSettings]) -> None:
    """Run a tap or target from the command line; leaves the process when the run fails.

    The exit code is 1 when the run broke or the settings are wrong, else what the SDK's command gives (2 for
    wrong options). An error that a person can mend becomes one line on stderr without traceback; secrets are
    masked in every line.
    """
    command = plugin_class.cli
    SECRETS.install()
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_no_echo)
    try:
        _invoke(command)
    except (DynamicsError, PluginError, ConfigValidationError, InvalidInputLine, JSONDecodeError) as error:
        lines = _lines(error)
    except BrokenPipeError:
        lines = ["the program that read our output ended early"]
        _abandon_stdout()
    except OSError as error:  # a file named on the command line or by a setting
        lines = [str(error)]
    for line in lines:
        plugin_class.logger.error("%s", line)
    sys.exit(1)


def _invoke(command: click.Command) -> NoReturn:
    """Do what click's own `main` does, except that it swallows broken pipes without a word."""
    try:
        with command.make_context(command.name, sys.argv[1:]) as context:
            command.invoke(context)
        sys.exit(0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


def _lines(error: Exception) -> Iterable[str]:
    if isinstance(error, SettingsProblems):
        return error.lines
    if isinstance(error, ConfigValidationError):
        # its texts quote values, which may be secrets
        return ["the settings do not fit their description; --about describes them"]
    if isinstance(error, InvalidInputLine):
        # its text quotes the row
        return ["the input is no stream of Singer messages: a line is no JSON object or lacks a required key"]
    if isinstance(error, JSONDecodeError):
        where = f"line {error.lineno}, column {error.colno}"
        return [f"a file given as --config, --catalog or --state is no JSON: {error.msg} in {where}"]
    return [" ".join(str(error).split())]


def _is_no_echo(record: logging.LogRecord) -> bool:
    return record.msg != _SDK_ECHO


def _abandon_stdout() -> None:
    """Let the interpreter flush what is left of stdout into nothing when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
