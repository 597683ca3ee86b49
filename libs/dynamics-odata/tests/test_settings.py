"""Settings are checked once, and every complaint names its setting and no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dynamics_odata.errors import SettingsError
from dynamics_odata.settings import CONNECTION_PROPERTIES, DATAVERSE_PROPERTIES, Connection

SECRET = "s3cret~value"
GOOD: dict[str, Any] = {
    "environment_url": "https://contoso.crm4.dynamics.com",
    "tenant_id": "contoso.com",
    "client_id": "11111111-2222-3333-4444-555555555555",
    "client_secret": SECRET,
}


def test_defaults() -> None:
    connection = Connection.from_config(GOOD)
    assert connection.auth == "client_secret"
    assert connection.authority_host == "https://login.microsoftonline.com"
    assert connection.api_version == "9.2"
    assert connection.request_timeout == 300
    assert connection.max_retries == 5
    assert connection.ca_bundle == ""


def test_secrets_stay_out_of_repr() -> None:
    connection = Connection.from_config({**GOOD, "access_token": "eyJtoken"})
    assert SECRET not in repr(connection)
    assert "eyJtoken" not in repr(connection)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Contoso.CRM4.dynamics.com/", "https://contoso.crm4.dynamics.com"),
        (" https://contoso.operations.dynamics.com ", "https://contoso.operations.dynamics.com"),
        ("https://ax.contoso.local/namespaces/AXSF/", "https://ax.contoso.local/namespaces/AXSF"),
        ("https://localhost:8441", "https://localhost:8441"),
        ("http://127.0.0.1:8441/", "http://127.0.0.1:8441"),
        ("http://[::1]:8441", "http://[::1]:8441"),
    ],
)
def test_addresses_are_kept_in_one_spelling(given: str, kept: str) -> None:
    assert Connection.from_config({**GOOD, "environment_url": given}).environment_url == kept


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("environment_url", None, "is missing"),
        ("environment_url", "", "is missing"),
        ("environment_url", 5, "must be text"),
        ("environment_url", "contoso.crm4.dynamics.com", "no web address"),
        ("environment_url", "ftp://contoso.crm4.dynamics.com", "no web address"),
        ("environment_url", "http://contoso.crm4.dynamics.com", "plain http"),
        ("environment_url", "http://localhost.example.com", "plain http"),
        ("environment_url", "https://user:pass@contoso.crm4.dynamics.com", "must not carry user names"),
        ("environment_url", "https://contoso.crm4.dynamics.com/?a=1", "must not carry"),
        ("environment_url", "https://contoso.crm4.dynamics.com/api/data/v9.2", "names a service"),
        ("environment_url", "https://contoso.operations.dynamics.com/data", "names a service"),
        ("environment_url", "https://contoso:port", "no valid address"),
        ("auth", "password", "no sign-in method"),
        ("tenant_id", "", "is missing"),
        ("client_id", None, "is missing"),
        ("client_secret", "", "is missing"),
        ("access_token", "Bearer eyJ", "no token has"),
        ("authority_host", "http://localhost:8440", "must be an https address"),
        ("api_version", "latest", "no version"),
        ("ca_bundle", "/no/such/file.pem", "does not exist"),
        ("request_timeout", 0, "more than 0"),
        ("request_timeout", "soon", "must be a number"),
        ("request_timeout", float("nan"), "more than 0"),
        ("max_retries", -1, "whole number from 0 to 20"),
        ("max_retries", 1.5, "whole number from 0 to 20"),
        ("max_retries", True, "must be a number"),
    ],
)
def test_complaints_name_the_setting_and_no_secret(setting: str, value: Any, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Connection.from_config({**GOOD, setting: value})
    assert caught.value.setting == setting
    assert f"`{setting}`" in str(caught.value)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    ("auth", "missing"),
    [
        ("certificate", "certificate_path"),
        ("access_token", "access_token"),
    ],
)
def test_each_method_says_what_it_needs(auth: str, missing: str) -> None:
    with pytest.raises(SettingsError, match=f"`{missing}` is missing.*`auth: {auth}`"):
        Connection.from_config({**GOOD, "auth": auth})


@pytest.mark.parametrize("auth", ["managed_identity", "workload_identity", "azure_cli"])
def test_methods_that_find_everything_in_their_surroundings(auth: str) -> None:
    connection = Connection.from_config({"environment_url": GOOD["environment_url"], "auth": auth})
    assert connection.auth == auth


def test_a_ca_bundle_without_certificates_is_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("no certificate in here\n")
    with pytest.raises(SettingsError, match="without usable certificates"):
        Connection.from_config({**GOOD, "ca_bundle": str(bundle)})


def test_numbers_may_come_as_text_from_the_environment() -> None:
    connection = Connection.from_config({**GOOD, "request_timeout": "12.5", "max_retries": "3"})
    assert (connection.request_timeout, connection.max_retries) == (12.5, 3)


def test_version_may_carry_its_letter() -> None:
    assert Connection.from_config({**GOOD, "api_version": "v9.1"}).api_version == "9.1"


def test_the_schema_describes_exactly_the_connection_and_marks_its_secrets() -> None:
    fields = set(Connection.__slots__)
    assert set(DATAVERSE_PROPERTIES) == fields
    assert set(CONNECTION_PROPERTIES) == fields - {"api_version"}
    secrets = {name for name, schema in DATAVERSE_PROPERTIES.items() if schema.get("secret")}
    assert secrets == {"client_secret", "access_token"}
    assert all(schema["title"] and schema["description"] for schema in DATAVERSE_PROPERTIES.values())


def test_the_readme_lists_every_setting() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert [name for name in DATAVERSE_PROPERTIES if f"`{name}`" not in readme] == []


def test_the_schemas_defaults_are_the_connections() -> None:
    defaults = {
        name: schema["default"] for name, schema in DATAVERSE_PROPERTIES.items() if "default" in schema
    }
    connection = Connection.from_config(GOOD)
    assert {name: getattr(connection, name) for name in defaults} == defaults
