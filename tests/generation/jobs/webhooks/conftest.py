"""A site that allows webhooks, and a server of a stranger's that takes them over TLS."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.models import User
from generation.jobs.webhooks import sending
from generation.jobs.webhooks.endpoints import create_webhook
from generation.jobs.webhooks.sending import Outcome
from generation.models import Webhook, WebhookDelivery

HOST = "hooks.example.org"
URL = f"https://{HOST}/tempera?from=here"
ARRIVED = Outcome(204, "", 12)
BROKEN = Outcome(500, "It answered 500.", 12)

MakeHook = Callable[..., Webhook]


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    settings.WEBHOOK_HOSTS = [HOST, ".example.net"]


@pytest.fixture
def make_hook() -> MakeHook:
    def make(user: User, url: str = URL, **fields: Any) -> Webhook:
        hook, _ = create_webhook(user, url, **fields)
        return hook

    return make


@pytest.fixture
def waiting(make_hook: MakeHook) -> Callable[..., WebhookDelivery]:
    """A message that waits; of a new address unless one is given."""

    def write(user: User, hook: Webhook | None = None, **fields: Any) -> WebhookDelivery:
        number = Webhook.objects.count()
        hook = hook or make_hook(user, f"https://{HOST}/{number}")
        return WebhookDelivery.objects.create(**{"webhook": hook, "event": "job.done", "body": "{}", **fields})

    return write


@dataclass
class Wire:
    """What would have been sent, and what comes of it."""

    outcome: Outcome = ARRIVED
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        self.sent.append((url, body, dict(headers)))
        return self.outcome


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(sending, "post", wire.post)
    return wire


@dataclass
class Stranger:
    """A server on this machine that answers as the test says; `asked` is what it was asked."""

    port: int
    answer: Callable[[BaseHTTPRequestHandler], None]
    asked: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)


def answered(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.fixture(scope="package")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of HOST in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "host.pem"
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def stranger(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    """It listens where HOST leads to, as far as this site can tell."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.asked.append((self.headers["Host"], self.path, body, dict(self.headers)))
            server.answer(self)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Who asks goes away in the midst, as some tests want it."""

    listener = Listener(("127.0.0.1", 0), Handler)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(certificate)
    listener.socket = ours.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    server = Stranger(listener.server_address[1], answered(204))
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(sending, "PORT", server.port)
    monkeypatch.setattr(sending, "public_addresses", lambda host: ["127.0.0.1"])
    monkeypatch.setattr(sending, "trust", lambda: ssl.create_default_context(cafile=str(certificate)))
    yield server
    listener.shutdown()
    listener.server_close()
    thread.join()
