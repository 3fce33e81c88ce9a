"""`manage.py check`: each wrong setting has an id, a sentence that names the variable, and a hint what to set."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from config import checks
from config.platform.preflight import NotReady, check_machine
from tests.architecture.test_settings import PUBLIC, run

PUBLIC_ADDRESS = {"SITE_URL": "https://pictures.example.org", "HTTPS": True, "DEMO": False, "EMAIL_HOST": "mail"}
S3: dict[str, Any] = {"endpoint_url": None, "access_key": None, "secret_key": None}


def devices(settings: Any, *names: str) -> dict[str, Any]:
    return {"RENDERING": replace(settings.RENDERING, devices=names)}


def ids(settings: Any, **changes: Any) -> list[str]:
    """The ids of what the checks say once these settings are changed."""
    for name, value in changes.items():
        setattr(settings, name, value)
    found = checks.check_settings()
    assert all(message.hint and message.msg.endswith(".") for message in found)
    return [str(message.id) for message in found]


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def test_a_local_and_a_public_site_are_fine(settings: Any) -> None:
    assert ids(settings) == []
    assert ids(settings, **PUBLIC_ADDRESS) == []


@pytest.mark.parametrize("names", [("auto",), ("cpu",), ("cuda",), ("cuda:0", "cuda:11"), ("cpu", "cpu")])
def test_devices(settings: Any, names: tuple[str, ...]) -> None:
    assert ids(settings, **devices(settings, *names)) == []


@pytest.mark.parametrize("name", ["cudaa", "cuda:", "cuda:x", "gpu", "CUDA", "cuda:-1", "cpu cuda"])
def test_no_device(settings: Any, name: str) -> None:
    assert ids(settings, **devices(settings, "cuda:0", name)) == ["tempera.E003"]
    assert f"“{name}”" in checks.check_settings()[0].msg


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"DEBUG": True, "SITE_URL": "http://pictures.example.org", "HOST": "pictures.example.org"}, "tempera.E002"),
        ({**PUBLIC_ADDRESS, "DEBUG": True}, "tempera.E002"),
        ({**PUBLIC_ADDRESS, "DEMO": True}, "tempera.W001"),
        ({"SIGNING_CERTIFICATE_FILE": "/nowhere.pem"}, "tempera.E010"),
        ({"OAUTH_PROVIDER": True, "IDP_OIDC_PRIVATE_KEY": "secret"}, "tempera.E013"),
        ({"TRACES_ENDPOINT": "collector:4318"}, "tempera.E030"),
        ({"SENTRY_DSN": "https://sentry.example.org/7"}, "tempera.E031"),
        ({"WEBHOOK_HOSTS": ["hooks.example.org", "https://hooks.example.org"]}, "tempera.E012"),
        ({"WEBHOOK_HOSTS": ["hooks.example.org:443"]}, "tempera.E012"),
        ({"VERIFY_RATE": "often"}, "tempera.E009"),
        ({"NOTICE_RATE": "often"}, "tempera.E009"),
        ({**PUBLIC_ADDRESS, "EMAIL_HOST": ""}, "tempera.W002"),
        ({"EMAIL_HOST": "mail", "EMAIL_PORT": 465, "EMAIL_USE_TLS": True}, "tempera.W004"),
        ({"MEDIA_ROOT": Path("/dev/null/media")}, "tempera.E004"),
        ({"S3_OPTIONS": {**S3, "endpoint_url": "https://s3.example.org"}}, "tempera.E005"),
        ({"S3_OPTIONS": {**S3, "access_key": "one", "secret_key": "two"}}, "tempera.E005"),
        ({"PICTURE_SENSITIVE_PERCENT": 81}, "tempera.W005"),
        ({"EMAIL_HOST_USER": "studio"}, "tempera.E008"),
        ({"EMAIL_HOST_PASSWORD": "secret"}, "tempera.E008"),
    ],
)
def test_what_is_wrong_has_its_id(settings: Any, changes: dict[str, Any], expected: str) -> None:
    assert ids(settings, **changes) == [expected]


def test_debug_on_this_machine_is_nobody_elses_business(settings: Any) -> None:
    assert ids(settings, DEBUG=True, SITE_URL="http://localhost:8000") == []
    assert ids(settings, DEBUG=True, SITE_URL="http://studio.localhost:8000", HOST="studio.localhost") == []


@pytest.mark.parametrize(("key", "secret"), [("one", None), (None, "two")])
def test_half_an_s3_key(settings: Any, monkeypatch: pytest.MonkeyPatch, key: str | None, secret: str | None) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    changes = {"S3_BUCKET": "pictures", "S3_OPTIONS": {**S3, "access_key": key, "secret_key": secret}}
    assert ids(settings, **changes) == ["tempera.E006"]
    assert ids(settings, S3_OPTIONS={**S3, "access_key": "one", "secret_key": "two"}) == []
    assert ids(settings, S3_OPTIONS=S3) == []


def test_a_bucket_needs_its_package(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert ids(settings, S3_BUCKET="pictures", S3_OPTIONS=S3) == ["tempera.E007"]


@pytest.mark.parametrize(
    ("rate", "expected"), [("600/min", []), ("5/s", []), ("600", ["tempera.E009"]), ("many/min", ["tempera.E009"])]
)
def test_rates(settings: Any, rate: str, expected: list[str]) -> None:
    framework = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": rate}}
    for name, value in (("REST_FRAMEWORK", framework), ("PAGE_RATE", rate), ("PAGE_RATE_ANONYMOUS", rate)):
        before = getattr(settings, name)
        assert ids(settings, **{name: value}) == expected
        setattr(settings, name, before)


def test_the_command_says_it(tmp_path: Path) -> None:
    done = run("manage", "check", DATA_DIR=str(tmp_path), RENDER_DEVICE="cudaa")
    assert done.returncode == 1
    assert "(tempera.E003) RENDER_DEVICE names “cudaa”" in done.stderr
    assert "HINT: Set RENDER_DEVICE to auto" in done.stderr


def test_the_platform_refuses_an_error_and_passes_a_warning_on(settings: Any) -> None:
    settings.VALKEY_PORT = settings.PORT = 0
    for name, value in {**PUBLIC_ADDRESS, "EMAIL_HOST": ""}.items():
        setattr(settings, name, value)
    (warning,) = check_machine()
    assert "Set SMTP_HOST" in warning
    settings.RENDERING = replace(settings.RENDERING, devices=("cudaa",))
    with pytest.raises(NotReady, match="Set RENDER_DEVICE to auto"):
        check_machine()


def test_a_public_site_without_mail_is_warned(tmp_path: Path) -> None:
    done = run("manage", "check", DATA_DIR=str(tmp_path), **{**PUBLIC, "SMTP_HOST": ""})
    assert done.returncode == 0 and "tempera.W002" in done.stderr
