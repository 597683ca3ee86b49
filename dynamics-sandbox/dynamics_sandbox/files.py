"""Writes files whole: readers see old or new content, never half of it; secrets only their owner."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644


def write_whole(path: Path, content: bytes, mode: int = PRIVATE) -> None:
    """Puts ``content`` at ``path`` in one step, with the given permissions from the first moment on."""
    # mkstemp makes the file 0600, so a secret is never readable by others, not even for an instant.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
