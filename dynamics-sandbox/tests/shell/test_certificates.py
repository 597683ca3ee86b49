"""Certificates are made once, reused, and renewed in time."""

from __future__ import annotations

import datetime as dt
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from dynamics_sandbox.certificates import keep_certificates
from dynamics_sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc)
FILES = ("ca.pem", "ca.key", "server.pem", "server.key")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def keep(folder: Path, days: float) -> dict[str, bytes]:
    keep_certificates(folder, clock=lambda: NOW + dt.timedelta(days=days))
    return contents(folder)


def test_the_server_certificate_names_the_loopback_addresses(tmp_path: Path) -> None:
    files = keep_certificates(tmp_path, clock=lambda: NOW)

    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc
    authority = x509.load_pem_x509_certificate(files.ca_bundle.read_bytes())
    certificate.verify_directly_issued_by(authority)


def test_keys_are_for_their_owner_and_the_authority_is_for_everybody(tmp_path: Path) -> None:
    keep(tmp_path, 0)

    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in FILES}
    assert modes == {"ca.pem": 0o644, "ca.key": 0o600, "server.pem": 0o644, "server.key": 0o600}


def test_certificates_are_reused(tmp_path: Path) -> None:
    assert keep(tmp_path, 0) == keep(tmp_path, 300)


def test_the_server_certificate_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    first, second = keep(tmp_path, 0), keep(tmp_path, 340)

    assert first["ca.pem"] == second["ca.pem"]
    assert first["server.pem"] != second["server.pem"]


def test_an_old_authority_is_replaced_with_all_it_signed(tmp_path: Path) -> None:
    first, second = keep(tmp_path, 0), keep(tmp_path, 3630)

    assert all(first[name] != second[name] for name in FILES)


def test_a_server_certificate_of_another_authority_is_replaced(tmp_path: Path) -> None:
    first = keep(tmp_path, 0)
    (tmp_path / "ca.pem").unlink()

    second = keep(tmp_path, 0)

    assert first["server.pem"] != second["server.pem"]


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    keep(tmp_path, 0)
    (tmp_path / "server.pem").write_text("nonsense")

    with pytest.raises(SandboxError, match=r"server\.pem.*remove both"):
        keep(tmp_path, 0)
