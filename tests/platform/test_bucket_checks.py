"""What `check` says of a bucket: one alone, with its package and the whole of its key, and signed addresses of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests import bucket_servers
from tests.architecture.test_settings import run, settings_with
from tests.platform.test_checks import ids, own_folder

__all__ = ["own_folder"]

S3: dict[str, Any] = {"endpoint_url": None, "access_key": None, "secret_key": None}
AZURE = f"AccountName=studio;AccountKey={bucket_servers.AZURE_KEY}"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"S3_BUCKET": "pictures", "S3_OPTIONS": S3}, []),
        ({"S3_OPTIONS": {**S3, "endpoint_url": "https://s3.example.org"}}, ["tempera.E005"]),
        ({"S3_OPTIONS": {**S3, "access_key": "one", "secret_key": "two"}}, ["tempera.E005"]),
        ({"S3_BUCKET": "pictures", "S3_OPTIONS": {**S3, "access_key": "one"}}, ["tempera.E006"]),
        ({"S3_BUCKET": "pictures", "S3_OPTIONS": {**S3, "secret_key": "two"}}, ["tempera.E006"]),
        ({"S3_BUCKET": "pictures", "S3_OPTIONS": {**S3, "access_key": "one", "secret_key": "two"}}, []),
        ({"GCS_BUCKET": "pictures"}, []),
        ({"S3_BUCKET": "pictures", "GCS_BUCKET": "pictures"}, ["tempera.E014"]),
        ({"GCS_BUCKET": "pictures", "GCS_OPTIONS": {"key": "/run/secrets/key.json"}}, ["tempera.E015"]),
        ({"GCS_BUCKET": "pictures", "GCS_OPTIONS": {"key": "[]"}}, ["tempera.E015"]),
        ({"AZURE_CONTAINER": "pictures"}, ["tempera.E016"]),
        ({"AZURE_CONTAINER": "pictures", "AZURE_OPTIONS": {"connection_string": AZURE}}, []),
        ({"SIGNED_MEDIA": True}, ["tempera.E017"]),
        ({"WEIGHTS_IN_BUCKET": True}, ["tempera.E019"]),
        ({"SIGNED_MEDIA": True, "IN_BUCKET": True}, []),
        ({"SIGNED_MEDIA": True, "IN_BUCKET": True, "MEDIA_ORIGIN": "https://p.example.net"}, ["tempera.E018"]),
    ],
)
def test_what_is_wrong_has_its_id(settings: Any, changes: dict[str, Any], expected: list[str]) -> None:
    assert ids(settings, **changes) == expected


def test_a_key_of_google_is_fine(settings: Any) -> None:
    changes = {"GCS_BUCKET": "pictures", "GCS_OPTIONS": {"key": bucket_servers.google_key()}}
    assert ids(settings, **changes) == []


@pytest.mark.parametrize("name", ["S3_BUCKET", "GCS_BUCKET"])
def test_a_bucket_needs_its_package(settings: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert ids(settings, **{name: "pictures"}) == ["tempera.E007"]


@pytest.mark.parametrize(
    ("env", "origin"),
    [
        ({"S3_BUCKET": "pictures", "S3_REGION": "eu-central-1"}, "https://pictures.s3.eu-central-1.amazonaws.com"),
        ({"S3_BUCKET": "pictures", "S3_ENDPOINT_URL": "http://minio:9000/x"}, "http://minio:9000"),
        (
            {"S3_BUCKET": "p", "S3_ENDPOINT_URL": "http://minio:9000", "S3_PUBLIC_URL": "https://f.example.org"},
            "https://f.example.org",
        ),
        ({"GCS_BUCKET": "pictures"}, "https://storage.googleapis.com"),
        ({"AZURE_CONTAINER": "pictures", "AZURE_CONNECTION_STRING": AZURE}, "https://studio.blob.core.windows.net"),
    ],
)
def test_pages_may_load_from_the_bucket(tmp_path: Path, env: dict[str, str], origin: str) -> None:
    policy = settings_with(DATA_DIR=str(tmp_path), SIGNED_MEDIA="on", **env)["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    for name in ("img-src", "media-src", "connect-src"):
        assert policy[name][-1] == origin
    assert policy["script-src"] == ["'self'"]


def test_without_signed_addresses_they_may_not(tmp_path: Path) -> None:
    policy = settings_with(DATA_DIR=str(tmp_path), GCS_BUCKET="pictures")["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert "googleapis" not in str(policy)


@pytest.mark.parametrize("name", ["S3_BUCKET", "GCS_BUCKET", "AZURE_CONTAINER"])
def test_its_address_is_the_one_that_is_signed(tmp_path: Path, name: str) -> None:
    """The policy is written from the settings, the address by the cloud's library."""
    env = {name: "pictures", "SIGNED_MEDIA": "on", "DATA_DIR": str(tmp_path)}
    env |= {"S3_REGION": "eu-central-1", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"} if name == "S3_BUCKET" else {}
    env |= {"GCS_KEY": bucket_servers.google_key()} if name == "GCS_BUCKET" else {}
    env |= {"AZURE_CONNECTION_STRING": AZURE} if name == "AZURE_CONTAINER" else {}
    code = (
        "from django.conf import settings; from django.core.files.storage import default_storage as s; "
        "address = s.signed_address('images/a.png', 60, 'image/png', 'inline'); "
        "assert address.startswith(settings.BUCKET_ORIGIN + '/'), (address, settings.BUCKET_ORIGIN)"
    )
    done = run("manage", "shell", "-v", "0", "-c", code, **env)
    assert done.returncode == 0, done.stderr
