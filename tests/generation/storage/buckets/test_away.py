"""A cloud that does not answer, or says that it cannot: one error, whichever cloud it is, and soon."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile

from generation.storage.files import StorageAway
from tests import bucket_servers as servers

MOST_SECONDS = 12


@pytest.fixture(params=["busy", "refusing"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "refusing":
        yield servers.nobody_listens()
        return
    with servers.always_busy() as url:
        yield url


def s3_at(address: str) -> Any:
    from generation.storage.buckets.s3 import S3Bucket

    return S3Bucket(bucket_name="pictures", endpoint_url=address, region_name="eu", access_key="a", secret_key="b")


def google_at(address: str) -> Any:
    from google.auth.credentials import AnonymousCredentials

    from generation.storage.buckets.google import GoogleBucket

    options = {"bucket_name": "pictures", "project_id": "studio", "credentials": AnonymousCredentials()}
    return GoogleBucket(**options, api_endpoint=address)


def azure_at(address: str) -> Any:
    from generation.storage.buckets.azure import AzureContainer

    connection = f"AccountName=studio;AccountKey={servers.AZURE_KEY};BlobEndpoint={address}/studio;"
    return AzureContainer(azure_container="pictures", connection_string=connection)


@pytest.mark.parametrize("cloud", [s3_at, google_at, pytest.param(azure_at, marks=pytest.mark.slow)])
def test_it_is_told_as_away(cloud: Any, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from generation.storage.buckets import google

    patience: Any = google.RETRY
    monkeypatch.setattr(google, "RETRY", patience.with_timeout(1))
    bucket, began = cloud(address), time.monotonic()
    for ask in (lambda: bucket._save("a", ContentFile(b"x")), lambda: bucket.open("a")):
        with pytest.raises(StorageAway):
            ask()
    assert time.monotonic() - began < 2 * MOST_SECONDS
