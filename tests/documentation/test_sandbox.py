"""docs/sandbox.md says of the sandbox what its code and its tests say."""

from __future__ import annotations

from scripts import sandbox_settings


def test_every_setting_is_listed_as_the_code_has_it() -> None:
    assert sandbox_settings.main(["--check"]) == 0
