"""What our targets share: messages, batches, rejects, states, run summary. A target adds a `StreamWriter`."""

from __future__ import annotations

from .errors import InputError, RejectLimitError, RejectsFileError, StreamError
from .frame import DynamicsTarget
from .rows import Outcome, Row, RowError
from .schema import Field, StreamSchema
from .settings import TARGET_PROPERTIES, TargetSettings, config_schema
from .writer import StreamWriter

__all__ = [
    "TARGET_PROPERTIES",
    "DynamicsTarget",
    "Field",
    "InputError",
    "Outcome",
    "RejectLimitError",
    "RejectsFileError",
    "Row",
    "RowError",
    "StreamError",
    "StreamSchema",
    "StreamWriter",
    "TargetSettings",
    "config_schema",
]
