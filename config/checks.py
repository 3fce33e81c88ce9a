"""Django checks of this site's settings (`manage.py check`). Not what stops the settings from being read: that is
refused at once by `config.env`, and not what only a starting platform needs (see `config.platform.preflight`)."""

from __future__ import annotations

import importlib.util
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from config.private_files import OTHERS
from generation.storage.signing import own_credentials

TAG = "tempera"
DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")
RATE = re.compile(r"\d+/[smhd][a-z]*")
WEBHOOK_HOST = re.compile(r"\*|\.?[a-z0-9-]+(\.[a-z0-9-]+)*")
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


@register(TAG)
def check_settings(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """All that is wrong with the settings, each with the name of the variable to change."""
    return [*address(), *media(), *drawing(), *files(), *signing(), *provider(), *mail(), *asking(), *watching()]


def address() -> Iterator[CheckMessage]:
    public = settings.HTTPS or not (settings.HOST in THIS_MACHINE or settings.HOST.endswith(".localhost"))
    if settings.DEBUG and public:
        yield Error(
            f"DEBUG is on, and {settings.SITE_URL} is a public address: error pages would show settings and code.",
            hint="Set DEBUG to off.",
            id="tempera.E002",
        )
    if settings.DEMO and settings.HTTPS:
        yield Warning(
            "DEMO is on at a public address: everybody who reads the log signs in as the demo's moderator.",
            hint="Set DEMO to off, and delete the demo people if they were made.",
            id="tempera.W001",
        )


def media() -> Iterator[CheckMessage]:
    if not settings.MEDIA_ORIGIN:
        return
    if urlsplit(settings.MEDIA_ORIGIN).hostname == settings.HOST:
        yield Error(
            f"MEDIA_URL ({settings.MEDIA_ORIGIN}) names the site's own host: browsers send its cookies to every port.",
            hint="Set MEDIA_URL to a host of its own that leads here too, or leave it out.",
            id="tempera.E010",
        )
    if settings.HTTPS and not settings.MEDIA_ORIGIN.startswith("https://"):
        yield Error(
            f"The site speaks https and MEDIA_URL ({settings.MEDIA_ORIGIN}) does not: browsers show no such pictures.",
            hint="Set MEDIA_URL to an https address.",
            id="tempera.E011",
        )


def drawing() -> Iterator[CheckMessage]:
    wrong = [name for name in settings.RENDERING.devices if not DEVICE.fullmatch(name)]
    if wrong:
        yield Error(
            f"RENDER_DEVICE names {', '.join(f'“{name}”' for name in wrong)}, which no worker can draw on.",
            hint="Set RENDER_DEVICE to auto, cpu, cuda or cuda:N, or to several of them with commas.",
            id="tempera.E003",
        )
    if settings.PICTURE_SENSITIVE_PERCENT > settings.PICTURE_EXPLICIT_PERCENT:
        yield Warning(
            f"Pictures are sensitive from {settings.PICTURE_SENSITIVE_PERCENT} % on and explicit from "
            f"{settings.PICTURE_EXPLICIT_PERCENT} %, so that none is sensitive.",
            hint="Set PICTURE_EXPLICIT_PERCENT to more than PICTURE_SENSITIVE_PERCENT.",
            id="tempera.W005",
        )


def files() -> Iterator[CheckMessage]:
    for folder in (settings.DATA_DIR, settings.DATA_DIR / "logs", settings.MEDIA_ROOT, settings.WEIGHTS_DIRS[0]):
        if reason := why_not_writable(Path(folder)):
            yield Error(
                f"The folder {folder} is not writable ({reason}).",
                hint="Make it writable, or set DATA_DIR to a folder that is.",
                id="tempera.E004",
            )
    if settings.DATA_DIR.exists() and settings.DATA_DIR.stat().st_mode & OTHERS:
        yield Warning(
            f"Others on this machine can look into DATA_DIR ({settings.DATA_DIR}), where database and pictures lie.",
            hint=f"Run `chmod 700 {settings.DATA_DIR}`, or set DATA_DIR to a folder that is Tempera's alone.",
            id="tempera.W003",
        )
    options = settings.S3_OPTIONS
    if not settings.S3_BUCKET:
        if options["endpoint_url"] or options["access_key"] or options["secret_key"]:
            yield Error(
                "An S3 server or key is set without a bucket, so images would stay in DATA_DIR.",
                hint="Set S3_BUCKET too, or remove S3_ENDPOINT_URL, S3_ACCESS_KEY and S3_SECRET_KEY.",
                id="tempera.E005",
            )
        return
    if bool(options["access_key"]) != bool(options["secret_key"]):
        yield Error(
            "Of S3_ACCESS_KEY and S3_SECRET_KEY only one is set.",
            hint="Set both, or neither to use the machine's role.",
            id="tempera.E006",
        )
    if importlib.util.find_spec("boto3") is None:
        yield Error(
            "S3_BUCKET is set, and the package boto3 is not installed.",
            hint="Run `pip install boto3` in this Python.",
            id="tempera.E007",
        )


def why_not_writable(folder: Path) -> str:
    """Empty when files can be made in the folder, which is made when it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def signing() -> Iterator[CheckMessage]:
    """A site without a certificate makes one of its own when it signs the first picture."""
    if not settings.SIGNING_CERTIFICATE_FILE:
        return
    try:
        own_credentials()
    except ImproperlyConfigured as error:
        yield Error(
            str(error),
            hint="Set SIGNING_CERTIFICATE_FILE to a file of PEM certificates, and SIGNING_KEY_FILE to its key's.",
            id="tempera.E010",
        )


def provider() -> Iterator[CheckMessage]:
    """A site without a key makes one of its own."""
    if not settings.OAUTH_PROVIDER:
        return
    try:
        key = load_pem_private_key(settings.IDP_OIDC_PRIVATE_KEY.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        yield Error(
            "OAUTH_PRIVATE_KEY is no RSA key, so nothing that says who somebody is could be signed.",
            hint="Set it, or OAUTH_PRIVATE_KEY_FILE, to what `openssl genrsa 2048` prints, or leave it out.",
            id="tempera.E013",
        )


def mail() -> Iterator[CheckMessage]:
    if not settings.EMAIL_HOST and settings.HTTPS:
        yield Warning(
            "No mail server is set, so nobody who signs up can confirm an address: mail goes to the log.",
            hint="Set SMTP_HOST, and SMTP_USER and SMTP_PASSWORD where it asks for them.",
            id="tempera.W002",
        )
    if settings.EMAIL_HOST and settings.EMAIL_PORT == 465 and settings.EMAIL_USE_TLS:
        yield Warning(
            "SMTP_PORT is 465, where mail servers speak TLS from the first byte, but SMTP_TLS asks for STARTTLS.",
            hint="Set SMTP_TLS to implicit, or leave it out.",
            id="tempera.W004",
        )
    if bool(settings.EMAIL_HOST_USER) != bool(settings.EMAIL_HOST_PASSWORD):
        yield Error(
            "Of SMTP_USER and SMTP_PASSWORD only one is set.",
            hint="Set both, or neither for a server that asks for none.",
            id="tempera.E008",
        )


def asking() -> Iterator[CheckMessage]:
    rates: Any = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    pages = (
        ("PAGE_RATE", settings.PAGE_RATE),
        ("PAGE_RATE_ANONYMOUS", settings.PAGE_RATE_ANONYMOUS),
        ("VERIFY_RATE", settings.VERIFY_RATE),
        ("NOTICE_RATE", settings.NOTICE_RATE),
    )
    for name, rate in (("API_RATE", rates["user"]), ("API_RATE_ANONYMOUS", rates["anon"]), *pages):
        if not RATE.fullmatch(rate):
            yield Error(
                f"{name} is “{rate}”, which is no rate.",
                hint=f"Set {name} to a number and s, min, hour or day, as in 600/min.",
                id="tempera.E009",
            )
    wrong = [host for host in settings.WEBHOOK_HOSTS if not WEBHOOK_HOST.fullmatch(host)]
    if wrong:
        yield Error(
            f"WEBHOOK_HOSTS names {', '.join(f'“{host}”' for host in wrong)}, which is no name of a host.",
            hint="Set WEBHOOK_HOSTS to names such as hooks.example.org, or .example.org for all below it.",
            id="tempera.E012",
        )


def watching() -> Iterator[CheckMessage]:
    if settings.TRACES_ENDPOINT and not re.fullmatch(r"https?://[^/\s]+(/\S*)?", settings.TRACES_ENDPOINT):
        yield Error(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is “{settings.TRACES_ENDPOINT}”, which is no address of a collector.",
            hint="Set it to where the collector takes OTLP over HTTP, as in http://localhost:4318.",
            id="tempera.E030",
        )
    if settings.SENTRY_DSN and not re.fullmatch(r"https?://\w+@[^/\s]+/\S*\d+", settings.SENTRY_DSN):
        yield Error(
            "SENTRY_DSN is no DSN, so no errors are sent.",
            hint="Copy it from Sentry’s “Client Keys”: https://KEY@HOST/NUMBER.",
            id="tempera.E031",
        )
