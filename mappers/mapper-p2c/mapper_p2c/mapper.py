"""The mapper as the Singer SDK knows it: name, settings, `--about`, command line."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk import singerlib
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.mapper_base import InlineMapper

from mapper_p2c import cli, templates
from mapper_p2c.message_loop import MessageLoop
from mapper_p2c.pipeline import Pipeline
from mapper_p2c.settings import CONFIG_JSONSCHEMA, Settings, check_names, fault
from mapper_p2c.values import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_MESSAGES: Mapping[str, type[singerlib.Message]] = {
    "SCHEMA": singerlib.SchemaMessage,
    "RECORD": singerlib.RecordMessage,
    "STATE": singerlib.StateMessage,
    "ACTIVATE_VERSION": singerlib.ActivateVersionMessage,
}


class P2CMapper(InlineMapper):
    """Applies a Prospect-to-cash template: Singer lines in, Singer lines out."""

    name = "mapper-p2c"
    package_name = "mapper-p2c"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_JSONSCHEMA
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(
        self, *, config: dict[str, Any] | None = None, parse_env_config: bool = False, **_: Any
    ) -> None:
        """Check the settings and load the template.

        A setting given as null or as blank text, as runners do for a variable that is not set, counts as not
        given.

        Raises:
            SettingsError: a setting is missing, unknown or of the wrong type.
            TemplateError: there is no such template, or it is wrong, or an override is.
        """
        given = {name: value for name, value in (config or {}).items() if not is_blank(value)}
        check_names(given)
        try:
            super().__init__(config=given, parse_env_config=parse_env_config)
        except ConfigValidationError as error:
            raise fault(error.errors[0]) from None
        self._settings = Settings.from_config(self.config)
        self._template = templates.apply(templates.load(self._settings.template), self._settings.overrides)
        self._made: list[bytes] = []
        self.message_reader = MessageLoop(self._pipeline, self.logger)

    def _pipeline(self, write: Callable[[bytes], object]) -> Pipeline:
        return Pipeline(self._template, self._settings, write)

    # Single messages, for programs that drive the mapper through the SDK; the command line never comes here.

    @functools.cached_property
    def _single(self) -> Pipeline:
        return self._pipeline(self._made.append)

    def _mapped(self, message: dict[str, Any]) -> Iterable[singerlib.Message]:
        self._single.feed(msgspec.json.encode(message))
        made, self._made[:] = list(self._made), []
        for line in made:
            parsed = msgspec.json.decode(line)
            yield _MESSAGES[parsed["type"]].from_dict(parsed)

    def map_schema_message(self, message_dict: dict[str, Any]) -> Iterable[singerlib.Message]:
        """The destination's SCHEMA, and what retried rejects became."""
        return self._mapped(message_dict)

    def map_record_message(self, message_dict: dict[str, Any]) -> Iterable[singerlib.Message]:
        """The mapped record; nothing where it is left out or rejected."""
        return self._mapped(message_dict)

    def map_state_message(self, message_dict: dict[str, Any]) -> Iterable[singerlib.Message]:
        """The STATE, after the rejects it covers are stored; marked where retried ones went out before it."""
        return self._mapped(message_dict)

    def map_activate_version_message(self, message_dict: dict[str, Any]) -> Iterable[singerlib.Message]:
        """The same message under the destination's stream name."""
        return self._mapped(message_dict)


def main() -> None:
    """The command `mapper-p2c`."""
    cli.run(P2CMapper)
