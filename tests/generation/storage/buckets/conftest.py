"""A bucket of each cloud, empty, on a server of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import bucket_servers as servers


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.S3Server]:
    server = servers.S3Server()
    yield server
    server.close()


@pytest.fixture
def s3_bucket(s3_server: servers.S3Server) -> Any:
    from generation.storage.buckets.s3 import S3Bucket

    s3_server.empty()
    return S3Bucket(**s3_server.options())


@pytest.fixture(scope="session")
def google_key() -> str:
    return servers.google_key()


@pytest.fixture
def google_bucket() -> Iterator[Any]:
    from google.auth.credentials import AnonymousCredentials

    from generation.storage.buckets.google import GoogleBucket

    with servers.google_server() as url:
        bucket = GoogleBucket(
            bucket_name=servers.BUCKET, project_id="studio", credentials=AnonymousCredentials(), api_endpoint=url
        )
        yield bucket
        bucket.client.close()


@pytest.fixture(scope="session")
def azure_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.azure_server(tmp_path_factory.mktemp("azurite")) as connection:
        yield connection


@pytest.fixture
def azure_container(azure_account: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    from generation.storage.buckets.azure import AzureContainer

    container = AzureContainer(azure_container=f"c{abs(hash(request.node.name))}", connection_string=azure_account)
    container.client.create_container()
    yield container
    container.service_client.close()


@pytest.fixture(params=["s3", "google", pytest.param("azure", marks=pytest.mark.slow)])
def bucket(request: pytest.FixtureRequest) -> Any:
    name = {"s3": "s3_bucket", "google": "google_bucket", "azure": "azure_container"}[request.param]
    return request.getfixturevalue(name)
