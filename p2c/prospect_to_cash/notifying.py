"""The word to people when a run ends with rejects or breaks: a command of theirs, or a webhook."""

from __future__ import annotations

import json
import logging
import shlex
import subprocess
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import requests

from prospect_to_cash import statuses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prospect_to_cash.history.database import Execution, Run
    from prospect_to_cash.project import Project

_logger = logging.getLogger(__name__)

#: Seconds a command or a webhook may take.
_PATIENCE = 30
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def notify(project: Project, run: Run, executions: Sequence[Execution]) -> None:
    """Tell of a run that ended with Warning or Error, as `P2C_NOTIFY_COMMAND` and `P2C_NOTIFY_URL` say.

    The command gets the run as JSON on its standard input, the URL by POST: the run, its company and the
    counts of each execution, nothing of any row. A hook that fails is logged and changes nothing else.
    """
    if run.status not in {statuses.WARNING, statuses.ERROR}:
        return
    message = {**asdict(run), "company": project.company, "executions": msgspec.to_builtins(executions)}
    command = project.variables.get("P2C_NOTIFY_COMMAND", "").strip()
    if command:
        _call(command, message)
    url = project.variables.get("P2C_NOTIFY_URL", "").strip()
    if url:
        _post(url, message)


def _call(command: str, message: dict[str, Any]) -> None:
    try:
        subprocess.run(  # noqa: S603 - the operator's own command, without a shell
            shlex.split(command), input=json.dumps(message), text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        kind = getattr(error, "strerror", None) or type(error).__name__
        _logger.warning("P2C_NOTIFY_COMMAND failed (%s): nobody was told of this run by it", kind)


def _post(url: str, message: dict[str, Any]) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        _logger.warning("P2C_NOTIFY_URL is no https address: nobody was told of this run by it")
        return
    try:
        requests.post(url, json=message, timeout=_PATIENCE).raise_for_status()
    except requests.RequestException as error:
        # The text of the error would show the URL, which often holds a secret.
        code = error.response.status_code if error.response is not None else type(error).__name__
        _logger.warning("P2C_NOTIFY_URL failed (%s): nobody was told of this run by it", code)
