"""The frame of our targets: the SDK's settings, --about and command line around a message loop of our own.

The SDK's record validation, timestamps and sinks are not used: they cost most of a run's time, lose digits,
and let a state go only at the very end. Private hooks of the SDK used here, for which its version is pinned:
`_process_*_message` (called by the reader), `_handle_termination` (signals).
"""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from dynamics_odata.settings import Connection
from singer_sdk import Target
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities

from dynamics_singer.settings_check import CheckedSettings
from dynamics_singer.standard_output import write_lines

from .errors import Interrupted
from .loading import Load
from .messages import ExactReader
from .run import Surroundings
from .settings import TargetSettings
from .summary import Statistics, Usage

if TYPE_CHECKING:
    from types import FrameType

    from dynamics_odata.transport import Transport

    from .schema import StreamSchema
    from .writer import StreamWriter


class DynamicsTarget(CheckedSettings, Target):
    """A Singer target that loses nothing: subclasses say how the rows of a stream are written.

    A subclass sets `name`, `config_jsonschema` (see `settings.config_schema`) and implements `make_writer`;
    every transport it opens goes through `track`, so that the summary can count its requests.
    """

    message_reader_class = ExactReader
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **options: Any) -> None:
        self._stop_signal: int | None = None
        self._transports: list[Transport] = []
        super().__init__(**options)
        reader = self.message_reader
        if isinstance(reader, ExactReader):
            reader.on_failure = self._fail

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add nothing: the SDK's own settings would have no effect here, so they are not offered."""

    @abstractmethod
    def make_writer(self, schema: StreamSchema) -> StreamWriter:
        """Make the writer of a stream, checking its SCHEMA against the destination.

        Raises:
            DynamicsError, PluginError: the stream cannot be written at all; ends the run with this message.
        """

    @cached_property
    def connection(self) -> Connection:
        """Where and how to connect, from the settings."""
        return Connection.from_config(self.config)

    @cached_property
    def settings(self) -> TargetSettings:
        """The settings all targets share."""
        return TargetSettings.from_config(self.config)

    def track(self, transport: Transport) -> Transport:
        """Count a transport's requests in the summary; gives it back."""
        self._transports.append(transport)
        return transport

    def statistics(self) -> Statistics:
        """Requests and throttled seconds so far, over all tracked transports."""
        return Usage.total(transport.statistics for transport in self._transports)

    @cached_property
    def _load(self) -> Load:
        return Load(
            Surroundings(
                plugin=self.name,
                settings=self.settings,
                make_writer=self.make_writer,
                statistics=self.statistics,
                emit_state=_write_state,
                between_requests=self._stop_if_told,
                log=self.logger,
            )
        )

    def process_endofpipe(self) -> None:
        """The input has ended: write what waits, let the last state go, report."""
        self._load.finish()

    def _fail(self, error: BaseException) -> None:
        self._load.fail(error)

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._load.schema(
            message_dict["stream"],
            message_dict["schema"],
            message_dict["key_properties"],
            message_dict["raw"],
        )

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        self._load.record(message_dict["stream"], message_dict["record"])

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        self._load.state(message_dict["value"])

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        self._load.activate_version(message_dict["stream"])

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        self._load.batch(message_dict["stream"])

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop now, or after the batch in flight; a second signal does not wait for it.

        Nothing is logged here: the signal may have arrived in the middle of a log line.
        """
        del frame
        if self._load.busy and self._stop_signal is None:
            self._stop_signal = signum
            return
        raise Interrupted(signum)

    def _stop_if_told(self) -> None:
        if self._stop_signal is not None:
            self.logger.info("signal %d: ended after the batch in flight", self._stop_signal)
            raise Interrupted(self._stop_signal)


def _write_state(state: bytes) -> None:
    """A state to standard output, byte for byte as received."""
    write_lines(state + b"\n")
