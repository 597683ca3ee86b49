"""Wrong settings and surroundings: one clear line that says where to look, exit code 1, no secret."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING, Any

import certifi
import pytest
from dynamics_odata.errors import DynamicsError
from dynamics_singer.errors import PluginError

if TYPE_CHECKING:
    from pathlib import Path


def one_line(done: Any) -> str:
    assert done.code == 1
    assert "Traceback" not in done.log
    assert done.messages == []
    [line] = done.errors()
    return str(line)


def test_a_wrong_secret_names_the_setting(bench: Any) -> None:
    line = one_line(bench.run(client_secret="wrong-secret-value"))
    assert "client_secret" in line
    assert "wrong-secret-value" not in line


def test_a_missing_setting_is_named(bench: Any) -> None:
    assert "environment_url" in one_line(bench.run(environment_url=None))
    with pytest.raises(DynamicsError, match="`tenant_id`"):
        bench.tap(tenant_id=None)


def test_an_unknown_setting_is_named_with_the_nearest(bench: Any) -> None:
    with pytest.raises(PluginError, match="unknown setting `stream`: did you mean `streams`"):
        bench.tap(stream=["accounts"])


def test_an_unreachable_host_is_named(bench: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"https://localhost:{free.getsockname()[1]}"
    token = {"auth": "access_token", "access_token": "a-token-of-no-use"}
    line = one_line(bench.run(environment_url=nobody, max_retries=0, **token))
    assert nobody.removeprefix("https://") in line
    assert "a-token-of-no-use" not in line
    with pytest.raises(DynamicsError, match="authority_host"):
        bench.tap(authority_host=nobody, max_retries=0)


def test_an_untrusted_certificate_names_the_setting(bench: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    shutil.copy(certificates(), other)
    assert "ca_bundle" in one_line(bench.run(ca_bundle=str(other)))


def certificates() -> str:
    """A bundle that does not know the sandbox."""
    return str(certifi.where())


def test_an_unknown_stream_names_the_nearest(bench: Any) -> None:
    line = one_line(bench.run(streams=["acounts"]))
    assert "'acounts'" in line
    assert "accounts" in line.partition("Nearest")[2]


def test_a_wrong_expand_path_names_setting_stream_and_nearest(bench: Any) -> None:
    expand = {"accounts": ["transactioncurencyid.isocurrencycode"]}
    with pytest.raises(DynamicsError, match=r"`expand`, stream `accounts`.*Nearest: transactioncurrencyid"):
        bench.tap(streams=["accounts"], expand=expand)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("nmae eq 'x'", r"account has no column 'nmae'\. Nearest: name"),
        ("primarycontactid/fullnam eq 'x'", r"contact has no column 'fullnam'\. Nearest: fullname"),
        (
            "primarycontact/fullname eq 'x'",
            r"account has no lookup 'primarycontact'\. Nearest: primarycontactid",
        ),
        ("name eq 'x", "a quote is never closed"),
        ("(name eq 'x'", r"'\(' is never closed"),
        ("name 'x' eq", "the service says: .+"),
    ],
)
def test_a_wrong_filter_names_stream_and_nearest_before_anything_is_read(
    bench: Any, condition: str, message: str
) -> None:
    with pytest.raises(DynamicsError, match=f"Setting `filter`, stream `accounts`: {message}"):
        bench.tap(streams=["accounts"], filter={"accounts": condition})
    assert not [path for path in bench.reads("/accounts") if "$top=1" not in path.replace("%24", "$")]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"select": {"accounts": ["nmae"]}}, "`select`, stream `accounts`.*'nmae'.*name"),
        ({"filter": {"acounts": "x eq 1"}}, "`filter` names 'acounts'.*accounts"),
        (
            {"replication": {"accounts": "delta"}},
            "`replication.accounts` must be one of full, modified, changes",
        ),
        ({"page_size": 5001}, "`page_size` must be at most 5000"),
        ({"start_date": "tomorrow"}, "`start_date`"),
        ({"publisher_prefix": "c_dm"}, "`publisher_prefix` must look like"),
        ({"publisher_prefix": "cdm", "streams": ["Account"]}, r"no hub table cdm_Account \(yet\)"),
    ],
)
def test_wrong_values_name_their_setting(bench: Any, config: dict[str, Any], message: str) -> None:
    with pytest.raises((DynamicsError, PluginError), match=message):
        bench.tap(**{"streams": ["accounts"], **config})


def test_a_bookmark_that_is_no_instant_names_the_stream(bench: Any) -> None:
    state = {"bookmarks": {"accounts": {"replication_key": "modifiedon", "replication_key_value": "soon"}}}
    with pytest.raises(PluginError, match="stream `accounts`: replication_key_value"):
        bench.sync(streams=["accounts"], replication={"accounts": "modified"}, state=state)


def test_a_catalog_may_not_select_what_is_not_offered(bench: Any) -> None:
    catalog = bench.tap(streams=["accounts", "contacts"]).catalog_dict
    with pytest.raises(
        PluginError, match="selects stream `contacts`, which setting `streams` does not offer"
    ):
        bench.sync(streams=["accounts"], catalog=catalog)
