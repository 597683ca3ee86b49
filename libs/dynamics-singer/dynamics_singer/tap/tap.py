"""Base class of our taps: checked settings, a catalog that keeps every keyword, lines written in bulk."""

from __future__ import annotations

import os
import sys
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from singer_sdk import Tap
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities

from dynamics_singer.errors import PluginError
from dynamics_singer.settings_check import CheckedSettings
from dynamics_singer.tap.catalog import with_extensions
from dynamics_singer.tap.output import LineWriter
from dynamics_singer.tap.progress import Progress, display
from dynamics_singer.tap.side_by_side import Job, SideBySide
from dynamics_singer.tap.stream import PageStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from singer_sdk import Stream

__all__ = ["DynamicsTap", "Offer"]

Offer = tuple[str, str]
"""A stream's name, and the entity or table that it stands for."""


class DynamicsTap(CheckedSettings, Tap):
    """A tap whose streams are pages of an OData service."""

    dynamic_catalog = True
    _is_stopping = False
    message_writer_class = LineWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    @property
    def catalog_dict(self) -> dict[str, Any]:
        """The catalog as discovered, with the x- keywords of each schema."""
        catalog: dict[str, Any] = super().catalog_dict
        for entry in catalog["streams"]:
            entry["schema"] = with_extensions(entry["schema"], self.streams[entry["stream"]].schema)
        return catalog

    @cached_property
    def streams(self) -> dict[str, Stream]:
        """The streams by name, in the order asked for: a target needs documents before their lines.

        The SDK would sort them by name, which puts `quotedetails` before `quotes`.
        """
        streams = {stream.name: stream for stream in self.discover_streams()}
        if self.input_catalog is not None:
            for stream in streams.values():
                stream.apply_catalog(self.input_catalog)
        return streams

    def setup_mapper(self) -> None:
        """Prepare the stream maps, after the streams have completed the catalog they are made from."""
        _ = self.streams
        super().setup_mapper()

    @cached_property
    def progress(self) -> Progress:
        """How far the run is; made when the first stream begins."""
        return Progress(display(self.logger), sum(stream.selected for stream in self.streams.values()))

    @cached_property
    def side_by_side(self) -> SideBySide | None:
        """What reads the selected streams at the same time; None when they are read one after the other."""
        streams = [
            stream for stream in self.streams.values() if stream.selected and isinstance(stream, PageStream)
        ]
        if min(self.config.get("parallel_streams", 1), len(streams)) <= 1:
            return None
        for stream in streams:
            _ = stream.stream_state  # makes its place in the state, before threads look at it
        return SideBySide([Job(stream.name, stream.read) for stream in streams], self._most_parallel)

    def selected_of(self, offered: Sequence[Offer]) -> list[Offer]:
        """The streams offered, (name, what it stands for), less what a catalog does not select.

        Raises:
            PluginError: the catalog selects a stream that is not offered.
        """
        if self.input_catalog is None:
            return list(offered)
        wanted = {
            name.lower(): name
            for name, entry in self.input_catalog.items()
            if entry.metadata.resolve_selection().get((), True)
        }
        kept = [offer for offer in offered if offer[0].lower() in wanted]
        for missing in wanted.keys() - {name.lower() for name, _ in kept}:
            raise PluginError(
                f"the catalog selects stream `{wanted[missing]}`, which setting `streams` does not offer; "
                "add it there or deselect it"
            )
        return kept

    def asked_method(
        self, stream: str, replication: Mapping[str, str], methods: Mapping[str, str]
    ) -> str | None:
        """The method asked for: by the setting first, by the catalog else.

        `methods` gives our word for each of the Singer catalog's.
        """
        if stream in replication:
            return replication[stream]
        entry = self.input_catalog.get(stream) if self.input_catalog else None
        if entry is None:
            return None
        return methods.get(entry.replication_method or entry.metadata.root.forced_replication_method or "")

    def recommended_parallelism(self) -> int | None:
        """How many requests at a time the service recommends, None when it does not say."""
        return None

    def _most_parallel(self) -> int:
        most: int = self.config.get("parallel_streams", 1)
        return min(most, self.recommended_parallelism() or most)

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over the state of an earlier run; a file that is no state is refused."""
        bookmarks = state.get("bookmarks", {})
        if not isinstance(bookmarks, dict) or not all(isinstance(each, dict) for each in bookmarks.values()):
            raise PluginError(
                'the state is malformed: {"bookmarks": {stream: {…}}} is expected; start without --state'
            )
        super().load_state(state)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop now, or when the lines in flight are out; a second signal does not wait for them."""
        del frame
        if self._is_stopping:
            os._exit(128 + signum)  # the ordinary way would wait for a thread that is still writing
        writer = self.message_writer
        if not (isinstance(writer, LineWriter) and writer.is_writing):
            self._is_stopping = True
            self._stop(signum)
        if not writer.afterwards(partial(self._stop, signum)):
            sys.exit(128 + signum)

    def _stop(self, signum: int) -> NoReturn:
        """End as shells expect of a signal, after a STATE of what is out.

        Before the streams are discovered no state is loaded yet; an empty STATE would then wipe out the
        bookmarks of the last run. Nothing is logged: the signal may have arrived in the middle of a log line,
        where a second one is refused (``reentrant call``) and the refusal would take the place of the exit.
        """
        writer = self.message_writer
        if isinstance(writer, LineWriter):
            writer.keep()
        try:
            if self.state:
                self.state_writer.write_state(self.state)
        finally:
            sys.exit(128 + signum)
