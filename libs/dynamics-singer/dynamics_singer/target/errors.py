"""What ends the run of a target, beside the errors of the wire: bad input, too many rejects, a signal."""

from __future__ import annotations

from singer_sdk.exceptions import RecordsWithoutSchemaException

from dynamics_singer.errors import PluginError


class TargetError(PluginError):
    """Base of the errors below; `str()` is "message. hint"."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message}. {hint}" if hint else message)


class InputError(TargetError):
    """A line of the input is no Singer message this target can take; says which line, never what it holds."""


class RecordBeforeSchemaError(InputError, RecordsWithoutSchemaException):
    """A RECORD whose stream has had no SCHEMA yet."""


class RejectsFileError(TargetError):
    """The rejects file cannot be read or written; going on would lose the rows it holds."""


class StreamError(TargetError):
    """A stream cannot be written as it is described: unknown entity, field or key, or a read-only one."""


class SummaryFileError(TargetError):
    """The run summary cannot be written where `summary_path` says."""


class RejectLimitError(TargetError):
    """The service refused rows and `on_reject: fail` or `max_rejects` says that this ends the run."""


class Interrupted(SystemExit):  # it is a request to stop, not a failure
    """SIGTERM or SIGINT arrived; the exit code is 128 + the signal's number, as shells expect."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(128 + signal_number)
        self.signal_number = signal_number
