"""Whose key signs this site's pictures: the operator's, or one of an authority of the site's own, made at first use.

The own authority is known to this site alone: other viewers say “unknown issuer” until the operator brings a
certificate that they know.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from generation.imaging.manifest import Credentials, NotSigned, signed
from generation.imaging.provenance import DRAWN_FROM_TEXT

log = structlog.get_logger(__name__)

AUTHORITY, CERTIFICATES, KEY = "authority.pem", "certificates.pem", "key.pem"
# Without a time stamp a certificate is held against today's date, so pictures are known as long as it is valid.
VALID_FOR = timedelta(days=365 * 25)
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}


def sign(data: bytes, format: str, source_type: str = DRAWN_FROM_TEXT) -> bytes:
    """The file with its manifest. Unsigned, and a line in the log, where it cannot be signed: a picture that was
    drawn and paid is not lost over it."""
    credentials = own_credentials()
    if credentials.time_stamp_url:
        try:
            return signed(data, format, credentials, source_type)
        except NotSigned as error:
            log.warning("not_time_stamped", error=str(error))
    try:
        return signed(data, format, _without_time_stamp(credentials), source_type)
    except NotSigned as error:
        log.error("picture_not_signed", error=str(error))
        return data


def _without_time_stamp(credentials: Credentials) -> Credentials:
    return Credentials(credentials.certificates, credentials.key, credentials.algorithm)


def own_credentials() -> Credentials:
    """The operator's certificate and key if the settings name them, else those of the site's own authority.

    Raises ImproperlyConfigured for files that cannot be read or do not fit together.
    """
    if settings.SIGNING_CERTIFICATE_FILE:
        return _operators(settings.SIGNING_CERTIFICATE_FILE, settings.SIGNING_KEY, settings.TIMESTAMP_URL)
    return _of_folder(_own_folder(), settings.TIMESTAMP_URL)


def trusted_certificates() -> str:
    """As PEM: the site's own authority, and with an operator's certificate the last one of its chain."""
    folder = _own_folder()
    own = (folder / AUTHORITY).read_text("ascii")
    if not settings.SIGNING_CERTIFICATE_FILE:
        return own
    chain = x509.load_pem_x509_certificates(own_credentials().certificates.encode())
    return own + chain[-1].public_bytes(serialization.Encoding.PEM).decode()


@lru_cache(maxsize=4)
def _operators(certificate_file: str, key: str, time_stamp_url: str) -> Credentials:
    try:
        certificates = Path(certificate_file).read_text("ascii")
        leaf = x509.load_pem_x509_certificates(certificates.encode())[0]
        private = serialization.load_pem_private_key(key.encode(), None)
    except (OSError, ValueError, TypeError) as error:
        raise ImproperlyConfigured(
            f"SIGNING_CERTIFICATE_FILE or SIGNING_KEY cannot be read: {_sentence(error)}"
        ) from None
    if leaf.public_key() != private.public_key():
        raise ImproperlyConfigured("SIGNING_KEY is not the key of the first certificate in SIGNING_CERTIFICATE_FILE.")
    return Credentials(certificates, key, algorithm_of(private), time_stamp_url)


def _sentence(error: Exception) -> str:
    return f"{str(error).rstrip('.')}."


def algorithm_of(key: object) -> str:
    """C2PA's name of the algorithm that a private key signs with. Raises ImproperlyConfigured for another."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    raise ImproperlyConfigured("SIGNING_KEY is of a kind that C2PA does not sign with: take P-256, RSA or Ed25519.")


@lru_cache(maxsize=4)
def _of_folder(folder: Path, time_stamp_url: str) -> Credentials:
    certificates, key = ((folder / name).read_text("ascii") for name in (CERTIFICATES, KEY))
    return Credentials(certificates, key, "es256", time_stamp_url)


def _own_folder() -> Path:
    """The folder of the site's own authority; the first caller makes it, and of several at once exactly one wins."""
    folder = Path(settings.DATA_DIR) / "signing"
    if not (folder / AUTHORITY).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".signing-"))
        for name, text in _new_authority(settings.SITE_NAME).items():
            with open(os.open(draft / name, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
                file.write(text)
        try:
            draft.rename(folder)
        except OSError:  # another process was quicker
            shutil.rmtree(draft)
    return folder


def _new_authority(site: str) -> dict[str, str]:
    """An authority with one certificate signed by it. Its own key is thrown away, so it never signs another."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = (_name(site, what) for what in ("pictures, authority", "pictures"))
    authority = _unsigned(issuer, issuer, authority_key, authority_key)
    authority = authority.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    authority = authority.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    leaf = _unsigned(subject, issuer, key, authority_key)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(_usage(digital_signature=True), critical=True)
    # The purpose that C2PA asks of certificates that sign claims.
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    pems = [
        each.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        for each in (leaf, authority)
    ]
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return {AUTHORITY: pems[1], CERTIFICATES: "".join(pems), KEY: private}


def _name(site: str, what: str) -> x509.Name:
    # A name in a certificate has at most 64 characters.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, site[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{site[:40]} {what}"),
        ]
    )


def _unsigned(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _usage(**purposes: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: purposes.get(name, False) for name in names})
