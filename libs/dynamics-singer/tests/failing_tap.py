"""A tap that fails as its settings say; the command-line tests run it as a process of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from dynamics_odata.errors import SignInError
from dynamics_singer.cli import run
from dynamics_singer.errors import PluginError
from dynamics_singer.tap.tap import DynamicsTap
from singer_sdk import Stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Rows(Stream):
    """A stream of ten rows, or of one error."""

    name = "rows"
    schema: ClassVar[dict[str, Any]] = {"properties": {"id": {"type": "integer"}}}

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        del context
        how = self.config.get("fail")
        secret = self.config.get("client_secret", "")
        if how == "plugin":
            raise PluginError("stream `rows` cannot be read: mend it")
        if how == "dynamics":
            raise SignInError(
                f"the secret {secret} is wrong", setting="client_secret", hint="Look at `client_secret`"
            )
        if how == "bug":
            raise RuntimeError(f"a bug that quotes {secret}")
        self.logger.info("the secret is %s and Bearer abcdefghijklmnopqrstuvwxyz", secret)
        yield from ({"id": number} for number in range(self.config["count"]))


class FailingTap(DynamicsTap):
    """Fails on demand."""

    name = "failing-tap"
    config_jsonschema: ClassVar[dict[str, Any]] = {
        "type": "object",
        "required": ["environment_url"],
        "properties": {
            "environment_url": {"type": "string", "description": "Where the environment is. More words."},
            "client_secret": {"type": "string", "secret": True},
            "count": {"type": "integer", "minimum": 1, "default": 10},
            "pause": {"type": "number", "minimum": 0},
            "fail": {"type": "string", "enum": ["plugin", "dynamics", "bug"]},
            "replication": {"type": "object", "additionalProperties": {"type": "string", "enum": ["full"]}},
        },
    }

    def discover_streams(self) -> Sequence[Stream]:
        return [Rows(self)]


if __name__ == "__main__":
    sys.argv[0] = "failing-tap"
    run(FailingTap)
