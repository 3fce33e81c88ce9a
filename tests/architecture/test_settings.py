"""The settings as processes see them: safe by default, strict when public, and one sentence when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import forking
from tests.architecture.sources import ROOT

PUBLIC = {
    "SITE_URL": "https://pictures.example.org",
    "SECRET_KEY": "q8Vn2xZr7Lk4Tw9Bc3Md6Hs1Jf5Gp0Ya-" * 2,
    "SMTP_HOST": "mail.example.org",
    "STATIC_SOURCES": "",
}
OURS = {"REDIS_URL", "DATABASE_URL", "STATIC_SOURCES", "DJANGO_ALLOW_ASYNC_UNSAFE"}
SHOWN = (
    "DEBUG", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "DEMO",
    "EMAIL_BACKEND", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_USE_SSL", "SECURE_HSTS_SECONDS", "CSRF_TRUSTED_ORIGINS",
    "EMBEDDED_VALKEY", "REDIS_URL", "STAFF_SECOND_FACTOR", "CONTENT_SECURITY_POLICY", "DATABASES",
)  # fmt: skip


def run(module: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a module in a process that has loaded no settings yet, with none but these in its environment."""
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    return forking.run(module, *arguments, cwd=ROOT, env=clean | env)


def settings_with(**env: str) -> dict[str, Any]:
    done = run("tests.architecture.shown_settings", *SHOWN, **env)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_default_is_a_private_local_site(tmp_path: Path) -> None:
    seen = settings_with(DATA_DIR=str(tmp_path))
    assert seen["DEBUG"] is False
    assert set(seen["ALLOWED_HOSTS"]) == {"localhost", "127.0.0.1", "[::1]"}
    assert seen["EMBEDDED_VALKEY"] is True
    assert seen["SESSION_COOKIE_SECURE"] is False
    assert "console" in str(seen["EMAIL_BACKEND"])


def test_an_https_address_makes_everything_strict(tmp_path: Path) -> None:
    seen = settings_with(DATA_DIR=str(tmp_path), **PUBLIC)
    assert seen["ALLOWED_HOSTS"] == ["pictures.example.org"]
    assert seen["CSRF_TRUSTED_ORIGINS"] == ["https://pictures.example.org"]
    assert seen["SESSION_COOKIE_SECURE"] and seen["CSRF_COOKIE_SECURE"] and seen["SECURE_SSL_REDIRECT"]
    assert seen["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600
    assert seen["DEMO"] is False
    assert seen["STAFF_SECOND_FACTOR"] is True


def test_the_deploy_check_has_nothing_to_say_about_a_public_site(tmp_path: Path) -> None:
    done = run("manage", "check", "--deploy", "--fail-level", "WARNING", DATA_DIR=str(tmp_path), **PUBLIC)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"SITE_URL": "https://pictures.example.org"}, "SECRET_KEY"),
        ({**PUBLIC, "SECRET_KEY": "changeme"}, "SECRET_KEY"),
        ({**PUBLIC, "SECRET_KEY_FALLBACKS": "changeme"}, "SECRET_KEY_FALLBACKS"),
        ({"SMTP_TLS": "ssl3"}, "SMTP_TLS"),
        ({"SITE_URL": "pictures.example.org"}, "SITE_URL"),
        ({"SITE_URL": "https://pictures.example.org/tempera"}, "SITE_URL"),
        ({"PORT": "eighty"}, "PORT"),
        ({"VALKEY_PORT": "99999"}, "VALKEY_PORT"),
        ({"DEBUG": "perhaps"}, "DEBUG"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"DATA_DIR": "/dev/null/data"}, "DATA_DIR"),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(tmp_path: Path, env: dict[str, str], named: str) -> None:
    done = run("manage", "check", **{"DATA_DIR": str(tmp_path), **env})
    assert done.returncode != 0
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_site_in_capitals_is_as_strict(tmp_path: Path) -> None:
    seen = settings_with(DATA_DIR=str(tmp_path), **{**PUBLIC, "SITE_URL": "HTTPS://Pictures.Example.org:443/"})
    assert seen["CSRF_TRUSTED_ORIGINS"] == ["https://pictures.example.org"]
    assert seen["SESSION_COOKIE_SECURE"]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, (587, True, False)),
        ({"SMTP_PORT": "465"}, (465, False, True)),
        ({"SMTP_TLS": "implicit"}, (465, False, True)),
        ({"SMTP_TLS": "implicit", "SMTP_PORT": "2465"}, (2465, False, True)),
        ({"SMTP_TLS": "starttls", "SMTP_PORT": "465"}, (465, True, False)),
        ({"SMTP_TLS": "on"}, (587, True, False)),
        ({"SMTP_TLS": "off", "SMTP_PORT": "465"}, (465, False, False)),
    ],
)
def test_how_mail_is_encrypted(tmp_path: Path, env: dict[str, str], expected: tuple[int, bool, bool]) -> None:
    seen = settings_with(DATA_DIR=str(tmp_path), SMTP_HOST="mail.example.org", **env)
    assert (seen["EMAIL_PORT"], seen["EMAIL_USE_TLS"], seen["EMAIL_USE_SSL"]) == expected


def test_a_database_url_replaces_sqlite(tmp_path: Path) -> None:
    seen = settings_with(DATA_DIR=str(tmp_path), DATABASE_URL="postgresql://studio@db.example.org/tempera")
    assert "postgresql" in seen["DATABASES"]["default"]["ENGINE"]
