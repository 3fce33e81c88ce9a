"""Mail servers on this machine: one that takes mail, with TLS or without, and one that takes calls and says nothing."""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.plugin import free_port

HOST = "127.0.0.1"
USER, SECRET = "studio", "a word for mail"


class Inbox:
    """What arrived, and whether its sender had signed in. `answers`: what a recipient is refused with, in order."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.signed_in: list[bool] = []
        self.answers: dict[str, list[str]] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.answers.get(address):
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.signed_in.append(session.authenticated)
        self.mails.append(envelope.content.decode().replace("\r\n", "\n"))
        return "250 Taken"


def known(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data == LoginPassword(USER.encode(), SECRET.encode()))


@contextmanager
def serving(tls: str = "off", certificate: Path | None = None, port: int | None = None) -> Iterator[tuple[Inbox, int]]:
    """A server and its port; it takes no mail in clear text when it has a certificate."""
    inbox, port = Inbox(), port or free_port()
    options: dict[str, Any] = {"authenticator": known}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # It does not count TLS from the first byte as TLS.
        implicit = {"ssl_context": context, "auth_require_tls": False}
        options |= implicit if tls == "implicit" else {"tls_context": context, "require_starttls": True}
    server = Controller(inbox, hostname=HOST, port=port, **options)
    server.start()
    try:
        yield inbox, port
    finally:
        server.stop()


@contextmanager
def silent() -> Iterator[int]:
    """The port of a server that takes calls and never says a word."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def write_certificate(path: Path) -> Path:
    """A certificate for this machine that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(pem))
    return path
