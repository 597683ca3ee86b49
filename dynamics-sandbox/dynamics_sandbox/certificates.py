"""The sandbox's own certificate authority and its server certificate for localhost.

azure-identity accepts https authorities only, so the sandbox speaks TLS; clients trust it by naming
``ca.pem``.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dynamics_sandbox.errors import SandboxError
from dynamics_sandbox.files import PUBLIC, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CA_LIFE: Final = dt.timedelta(days=3650)
_SERVER_LIFE: Final = dt.timedelta(days=365)
_RENEW_BEFORE: Final = dt.timedelta(days=30)
# Clocks of two machines that share the folder may differ.
_BACKDATED: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the files are: the public CA, the server's certificate and its private key, all PEM."""

    ca_bundle: Path
    certificate: Path
    private_key: Path


@dataclass(frozen=True, slots=True)
class _Pair:
    """A certificate with its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def keep_certificates(data_dir: Path, *, clock: Callable[[], dt.datetime] = _now) -> Certificates:
    """The certificates of a data folder: reused while they last, renewed 30 days before they expire.

    Renewing the server certificate leaves the CA alone, so clients that know ``ca.pem`` stay connected.

    Raises:
        SandboxError: a file is there but cannot be read.
    """
    files = Certificates(data_dir / "ca.pem", data_dir / "server.pem", data_dir / "server.key")
    ca_key = data_dir / "ca.key"
    now = clock()
    authority = _load(files.ca_bundle, ca_key)
    if authority is None or not _lasts(authority.certificate, now):
        authority = _make_authority(now)
        _store(authority, files.ca_bundle, ca_key)
    server = _load(files.certificate, files.private_key)
    if server is None or not _lasts(server.certificate, now) or not _issued_by(server, authority):
        _store(_make_server(authority, now), files.certificate, files.private_key)
    return files


def _load(certificate: Path, key: Path) -> _Pair | None:
    if not certificate.exists() or not key.exists():
        return None
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        public = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError as error:
        raise SandboxError(f"{certificate} or {key.name} cannot be read ({error}); remove both.") from None
    return _Pair(public, private) if isinstance(private, ec.EllipticCurvePrivateKey) else None


def _store(pair: _Pair, certificate: Path, key: Path) -> None:
    private = pair.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_whole(key, private)
    write_whole(certificate, pair.certificate.public_bytes(serialization.Encoding.PEM), PUBLIC)


def _lasts(certificate: x509.Certificate, now: dt.datetime) -> bool:
    return certificate.not_valid_after_utc - now > _RENEW_BEFORE


def _issued_by(server: _Pair, authority: _Pair) -> bool:
    try:
        server.certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _make_authority(now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    # The serial in the name keeps two sandboxes' authorities apart in one trust store.
    serial = x509.random_serial_number()
    name = _name(f"dynamics-sandbox CA {serial:x}"[:40])
    builder = _builder(name, name, key.public_key(), (now, _CA_LIFE)).serial_number(serial)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _make_server(authority: _Pair, now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate.subject
    builder = _builder(_name("localhost"), issuer, key.public_key(), (now, _SERVER_LIFE))
    names = [
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("::1")),
    ]
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName(names), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False),
        (_key_usage(signs_certificates=False), True),
    ]
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return _Pair(builder.serial_number(x509.random_serial_number()).sign(authority.key, hashes.SHA256()), key)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    life: tuple[dt.datetime, dt.timedelta],
) -> x509.CertificateBuilder:
    begin, length = life
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .not_valid_before(begin - _BACKDATED)
        .not_valid_after(begin + length)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
