"""The folder in which a tap keeps what one run leaves to the next beside its state."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["data_folder"]


def data_folder(setting: str, plugin: str) -> Path:
    """The folder a setting names, or the plugin's own in the user's cache folder; neither is made yet.

    Cache folders: XDG Base Directory Specification, and ``LOCALAPPDATA`` and ``~/Library/Caches`` where those
    are the custom.
    """
    if setting:
        return Path(setting).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / plugin
