"""Settings out of environment variables, of the kinds their JSON Schema wants."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from dynamics_singer.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["settings_in"]

_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}

logger = logging.getLogger(__name__)


def settings_in(
    environment: Mapping[str, str], properties: Mapping[str, Mapping[str, Any]], prefix: str
) -> dict[str, Any]:
    """Give the settings among `properties` that variables called prefix and name set; blank ones set nothing.

    A text that is of no kind its setting takes stays text, for the check of the settings to complain about. A
    variable that is almost called like a setting is warned about; other programs may use the prefix, too.
    """
    known = {prefix + name.upper().replace("-", "_"): name for name in properties}
    for stranger in sorted(environment.keys() - known.keys()):
        if (
            stranger.startswith(prefix)
            and (guess := nearest(stranger, known))
            and guess[0] not in environment
        ):
            logger.warning("environment variable %s is no setting; did you mean %s?", stranger, guess[0])
    return {
        name: _value(text, properties[name])
        for variable, name in known.items()
        if (text := environment.get(variable, "")).strip()
    }


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """The first reading of `text` that fits the kind of the setting; its limits are checked later."""
    kind = {keyword: schema[keyword] for keyword in ("type", "anyOf", "oneOf", "items") if keyword in schema}
    validator = Draft202012Validator(kind)
    return next((value for value in _readings(text, schema) if validator.is_valid(value)), text)


def _readings(text: str, schema: Mapping[str, Any]) -> Iterator[Any]:
    if schema.get("type") == "string":
        return
    with suppress(ValueError):
        yield json.loads(text)
    if text.strip().lower() in _WORDS:
        yield _WORDS[text.strip().lower()]
    yield text
    yield [part.strip() for part in text.split(",")]
