"""Settings are told once, by the plugins; READMEs and meltano.yml must say the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from scripts import settings_tables

PROJECT = settings_tables.PROJECT
SECRETS = {"client_secret", "access_token"}


def plugins() -> dict[str, dict[str, Any]]:
    """Plugins of meltano.yml that stand for an executable of ours, by name."""
    content = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    found = [plugin for kind in content["plugins"].values() for plugin in kind]
    return {plugin["name"]: plugin for plugin in found if "inherit_from" not in plugin}


def test_readme_tables_are_what_the_plugins_say() -> None:
    assert settings_tables.main(["--check"]) == 0


@pytest.mark.parametrize("plugin", settings_tables.READMES)
def test_meltano_declares_every_setting(plugin: str) -> None:
    """Meltano silently withholds a setting that it does not know."""
    declared = {setting["name"]: setting for setting in plugins()[plugin]["settings"]}
    told = settings_tables.about(plugin)["settings"]["properties"]
    assert set(declared) == set(told)
    for name in SECRETS & set(declared):
        assert declared[name].get("sensitive") is True


def test_every_executable_of_ours_is_in_meltano() -> None:
    assert set(plugins()) == set(settings_tables.READMES)
