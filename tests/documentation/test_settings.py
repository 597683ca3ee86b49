"""Settings are told once, by the plugins; READMEs and meltano.yml must say the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from dynamics_sandbox import identity

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


def test_the_sandbox_environment_names_the_sandbox_that_is_served_by_default() -> None:
    content = yaml.safe_load((PROJECT / "meltano.yml").read_text(encoding="utf-8"))
    environments = {one["name"]: one["env"] for one in content["environments"]}
    sandbox = environments[content["default_environment"]]
    assert sandbox == {
        "DYNAMICS_AUTHORITY_HOST": "https://localhost:8440",
        "DYNAMICS_SALES_URL": "https://localhost:8441",
        "DYNAMICS_CDS_URL": "https://localhost:8442",
        "DYNAMICS_FNO_URL": "https://localhost:8443",
        "DYNAMICS_CA_BUNDLE": ".sandbox/ca.pem",
        "DYNAMICS_TENANT_ID": identity.TENANT_ID,
        "DYNAMICS_CLIENT_ID": identity.CLIENT_ID,
        "DYNAMICS_CLIENT_SECRET": identity.CLIENT_SECRET,
    }


def test_every_executable_of_ours_is_in_meltano() -> None:
    assert set(plugins()) == set(settings_tables.READMES)
