"""Checks a plugin's settings against its JSON Schema, in messages that name the setting and never a value."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

from jsonschema import Draft202012Validator
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.plugin_base import PluginBase

from dynamics_singer.environment import settings_in
from dynamics_singer.errors import SettingsProblems
from dynamics_singer.masking import SECRETS
from dynamics_singer.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jsonschema.exceptions import ValidationError

__all__ = ["CheckedSettings", "nearest", "problems"]

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_LIMITS = {
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be more than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must have at least {} characters",
    "maxLength": "must have at most {} characters",
    "minItems": "must name at least {}",
    "pattern": "must look like {}",
}


def problems(schema: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    """List what is wrong with `config`, one line each; empty when nothing is.

    The validator's own messages quote the offending value, which may be a secret put under the wrong name;
    these do not.
    """
    known = schema.get("properties", {})
    lines = [_unknown(name, known) for name in config if name not in known]
    for error in Draft202012Validator(schema).iter_errors(config):
        lines += _describe(error, schema)
    return list(dict.fromkeys(lines))


def _unknown(name: str, known: Iterable[str]) -> str:
    guess = nearest(name, known)
    return (
        f"unknown setting `{name}`: "
        + (f"did you mean `{guess[0]}`? " if guess else "")
        + "--about lists the settings"
    )


def _describe(error: ValidationError, schema: Mapping[str, Any]) -> list[str]:
    path = ".".join(str(part) for part in error.absolute_path)
    given: Any = error.instance
    wanted: Any = error.validator_value
    if error.validator == "required":
        absent = [name for name in wanted if name not in given]
        return [_missing(f"{path}.{name}" if path else name, schema) for name in absent]
    if error.validator == "additionalProperties" and wanted is False:
        allowed = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        extra = [name for name in given if name not in allowed]
        return [
            f"setting `{path}` has an unknown part `{name}`; known: {', '.join(allowed)}" for name in extra
        ]
    return [f"setting `{path}` {_expectation(str(error.validator), wanted, given)}"]


def _missing(name: str, schema: Mapping[str, Any]) -> str:
    description = str(schema.get("properties", {}).get(name, {}).get("description", ""))
    sentence = description.partition(". ")[0].rstrip(".")
    return f"setting `{name}` is missing" + (f": {sentence}" if sentence else "")


def _expectation(keyword: str, wanted: Any, given: Any) -> str:
    if keyword == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return f"must be {' or '.join(_KINDS[kind] for kind in kinds)}, not {_kind_of(given)}"
    if keyword == "enum":
        return f"must be one of {', '.join(map(str, wanted))}"
    if keyword in _LIMITS:
        return _LIMITS[keyword].format(wanted)
    return f"does not fit its description ({keyword}); --about describes it"


def _kind_of(value: object) -> str:
    for kind, name in _KINDS.items():
        if Draft202012Validator.TYPE_CHECKER.is_type(value, kind):
            return name
    return type(value).__name__


class CheckedSettings(PluginBase):
    """Base of our taps and targets, put before the SDK's class: checks the settings with messages of our own.

    A setting given as null or as blank text, as runners do for a variable that is not set, counts as not
    given. Secret settings are registered for masking before anything is logged about them. Overrides private
    hooks of the SDK, see `dynamics_singer.tap.private_hooks`.
    """

    config_jsonschema: ClassVar[dict[str, Any]] = {"properties": {}}

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 - the property of a class
        """What the environment sets, when ``--config=ENV`` asks for it."""
        schema = cls.config_jsonschema
        cls.append_builtin_config(schema)
        parse_environment_config({}, "")  # reads a .env file into the environment, and no setting
        return settings_in(os.environ, schema["properties"], cls._env_var_prefix)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        schema = self.config_jsonschema
        self.append_builtin_config(schema)
        given = {name: value for name, value in self._config.items() if not _is_blank(value)}
        self._config = given
        SECRETS.add(_secrets(schema, given))
        lines = problems(schema, given)
        if lines and raise_errors:
            raise SettingsProblems(lines)
        for name, setting in schema["properties"].items():
            if "default" in setting:
                given.setdefault(name, setting["default"])
        return lines


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _secrets(schema: Mapping[str, Any], config: Mapping[str, Any]) -> list[str]:
    return [
        str(config[name])
        for name, setting in schema["properties"].items()
        if setting.get("secret") and name in config
    ]
