"""Settings by name: what may be chosen of an environment, read from text or JSON, changed while it runs.

One object holds the settings of an environment, and everything that obeys them reads it there, so that a
change is in force for the next request. Settings of a part stand behind its name: ``sales.rule_code``.
"""

from __future__ import annotations

import copy
import difflib
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    TypeAlias,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

#: Kinds of values that need more than a type.
Amount: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
Digits: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=20)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
ErrorStatus: TypeAlias = Annotated[int, msgspec.Meta(ge=400, le=599)]
ErrorCode: TypeAlias = Annotated[str, msgspec.Meta(pattern="^0x[0-9A-Fa-f]{1,8}$", examples=["0x80040265"])]
#: A Python format for one whole number.
NumberFormat: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^[^{}]*\{(:0?[0-9]{0,2}d?)?\}[^{}]*$", examples=["CIV-{:06d}"])
]

_WHEN: Final = "when"
#: Metadata of a field that is read when the environment is opened or filled: no change while it runs.
AT_START: Final[Mapping[str, Any]] = {_WHEN: "start"}
#: Metadata of a field that the sandbox fills by itself; no setting.
OWN: Final[Mapping[str, Any]] = {_WHEN: "own"}
_SERVICES: Final = {"FnoSettings": "F&O", "DataverseSettings": "Dataverse"}


@dataclass(frozen=True, slots=True)
class Switch:
    """One setting.

    Attributes:
        name: with the part it belongs to and a dot before it, if any.
        kind: its type, with what limits its values.
        when_running: whether a running sandbox can change it.
    """

    name: str
    kind: Any
    when_running: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, where it is one of a few."""
        return get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def _advice(self) -> str:
        """What to write instead of a value that is none; empty where the reason itself says it."""
        if self.choices:
            return f"use {' or '.join(self.choices)}"
        metas = get_args(self.kind)[1:] if get_origin(self.kind) is Annotated else ()
        return next((f"use the form of {meta.examples[0]}" for meta in metas if meta.examples), "")

    def read_json(self, value: bytes) -> Any:
        """Read a value from JSON.

        Raises:
            SandboxError: it is none.
        """
        try:
            return msgspec.json.decode(value, type=self.kind, strict=False, dec_hook=_from_text)
        except (msgspec.MsgspecError, ValueError) as error:
            shown = value.decode("utf-8", "replace")
            why = self._advice or str(error)
            raise SandboxError(f"{shown} is no value of the setting '{self.name}': {why}.") from None

    def read_text(self, text: str) -> Any:
        """Read a value as it is typed: JSON, plain text, or the items of a list between commas.

        Raises:
            SandboxError: it is none.
        """
        plain = msgspec.json.encode(text)
        if get_origin(self.kind) in {tuple, frozenset} and not text.lstrip().startswith("["):
            plain = msgspec.json.encode([item.strip() for item in text.split(",") if item.strip()])
        try:
            msgspec.json.decode(text)
        except msgspec.DecodeError:
            return self.read_json(plain)
        try:
            return self.read_json(text.encode())
        except SandboxError as no_json:
            try:  # a text that looks like a number, or the like
                return self.read_json(plain)
            except SandboxError:
                raise no_json from None


def switches(kind: type, part: str = "") -> Iterator[Switch]:
    """The settings of a class of settings and of its parts, in their order."""
    hints = get_type_hints(kind, include_extras=True)
    for item in fields(kind):
        when = item.metadata.get(_WHEN)
        if isinstance(hints[item.name], type) and is_dataclass(hints[item.name]):
            yield from switches(hints[item.name], f"{part}{item.name}.")
        elif when != OWN[_WHEN]:
            running = when != AT_START[_WHEN]
            yield Switch(f"{part}{item.name}", hints[item.name], when_running=running)


def find(kind: type, name: str) -> Switch:
    """The setting of a name.

    Raises:
        SandboxError: there is none; names the nearest.
    """
    known = {switch.name: switch for switch in switches(kind)}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    advice = f"Did you mean '{near[0]}'?" if near else "`dynamics-sandbox settings` lists all."
    raise SandboxError(f"There is no setting '{name}' of {_SERVICES[kind.__name__]}. {advice}")


def read_texts(kind: type, texts: Iterable[str]) -> dict[str, Any]:
    """Values by name, from texts such as ``page_size=5``.

    Raises:
        SandboxError: a text of another form, an unknown name, or a value that is none of its setting.
    """
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SandboxError(f"A setting is given as NAME=VALUE, not '{text}'.")
        values[name.strip()] = find(kind, name.strip()).read_text(value)
    return values


def read_json(kind: type, given: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """Values by name, from JSON.

    Raises:
        SandboxError: an unknown name, or a value that is none of its setting.
    """
    return {name: find(kind, name).read_json(bytes(value)) for name, value in given.items()}


def put(settings: object, values: Mapping[str, Any]) -> None:
    """Set values by name."""
    for name, value in values.items():
        *parts, last = name.split(".")
        holder = settings
        for part in parts:
            holder = getattr(holder, part)
        setattr(holder, last, value)


def value_of(settings: object, name: str) -> Any:
    """The value of a setting."""
    found = settings
    for part in name.split("."):
        found = getattr(found, part)
    return found


class Switchboard:
    """The settings of one environment, to be changed and put back while it runs."""

    def __init__(self, settings: Any, check: Callable[[Mapping[str, Any]], None] | None = None) -> None:
        """Remember how they are at the start.

        Args:
            settings: what everything that obeys them holds, too.
            check: refuses values, by name, that types alone let through; raises SandboxError.

        Raises:
            SandboxError: what ``check`` says of the start.
        """
        self._settings = settings
        self._check = check
        if check is not None:
            check({switch.name: value_of(settings, switch.name) for switch in switches(type(settings))})
        self._kind = type(settings)
        self._start = copy.deepcopy(settings)

    def report(self) -> dict[str, dict[str, Any]]:
        """Every setting with its value, its value at the start, and whether it can be changed now."""
        return {
            switch.name: {
                "value": plain(value_of(self._settings, switch.name)),
                "start": plain(value_of(self._start, switch.name)),
                "changeable": switch.when_running,
            }
            for switch in switches(self._kind)
        }

    def change(self, given: Mapping[str, msgspec.Raw]) -> None:
        """Change the settings that are named, all of them or none; in force from the next request.

        Raises:
            SandboxError: an unknown name, a value that is none, a setting that is read at the start only.
        """
        values = read_json(self._kind, given)
        for name in values:
            if not find(self._kind, name).when_running:
                raise SandboxError(
                    f"The setting '{name}' is read at the start only: give it to `dynamics-sandbox serve`."
                )
        if self._check is not None:
            self._check(values)
        put(self._settings, values)

    def restore(self) -> None:
        """Put every setting back to how it was at the start."""
        if self._settings != self._start:
            start = copy.deepcopy(self._start)
            put(
                self._settings, {switch.name: value_of(start, switch.name) for switch in switches(self._kind)}
            )


def _from_text(kind: type, value: Any) -> Any:
    """Read what msgspec has no reader for: paths."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise ValueError(f"Expected `str`, got `{type(value).__name__}`")


def plain(value: Any) -> Any:
    """A value as JSON can hold it, with sets in order."""
    if isinstance(value, Path):
        return str(value)
    return sorted(value) if isinstance(value, frozenset) else value
