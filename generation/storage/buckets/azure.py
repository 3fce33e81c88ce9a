"""Azure Blob Storage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import IO, Any

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob import (
    BlobPrefix,
    BlobSasPermissions,
    BlobServiceClient,
    ContentSettings,
    LinearRetry,
    generate_blob_sas,
)
from storages.backends.azure_storage import AzureStorage

from generation.storage.buckets.bucket import (
    AWAY,
    CONNECT_SECONDS,
    MEMORY_BYTES,
    MISSING,
    READ_SECONDS,
    TAKEN,
    TRIES,
    Bucket,
)

TOO_MANY_REQUESTS = 429
RETRY = LinearRetry(backoff=1, retry_total=TRIES - 1, random_jitter_range=0)


class AzureContainer(Bucket, AzureStorage):
    """A container of the account that a connection string names, which carries its key."""

    def _get_service_client(self) -> Any:
        return BlobServiceClient.from_connection_string(
            self.connection_string, connection_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS,
            retry_policy=RETRY, max_single_put_size=MEMORY_BYTES,
            max_block_size=MEMORY_BYTES, max_single_get_size=MEMORY_BYTES, max_chunk_get_size=MEMORY_BYTES,
        )  # fmt: skip

    def meaning(self, error: Exception) -> str:
        if isinstance(error, ResourceNotFoundError):
            return MISSING
        if isinstance(error, ResourceExistsError):
            return TAKEN
        if isinstance(error, HttpResponseError):
            status = error.status_code or 0
            return AWAY if status >= 500 or status == TOO_MANY_REQUESTS else ""
        return AWAY if isinstance(error, ServiceRequestError | ServiceResponseError) else ""

    def put(self, name: str, body: IO[bytes], size: int, content_type: str) -> None:
        kind = ContentSettings(content_type=content_type)
        self.client.upload_blob(name, body, length=size, content_settings=kind, overwrite=False, max_concurrency=1)

    def fetch(self, name: str, into: IO[bytes]) -> None:
        self.client.download_blob(name, max_concurrency=1).readinto(into)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files; django-storages' own lists the files of all folders below."""
        prefix = f"{self.key(path)}/" if path else ""
        folders: list[str] = []
        files: list[str] = []
        with self.told(path):
            for found in self.client.walk_blobs(name_starts_with=prefix, delimiter="/"):
                name = found.name.removeprefix(prefix).rstrip("/")
                (folders if isinstance(found, BlobPrefix) else files).append(name)
        return folders, files

    def signed_address(self, name: str, seconds: int, content_type: str, disposition: str) -> str:
        key = self._get_valid_path(name)
        signature = generate_blob_sas(
            self.account_name, self.azure_container, key, account_key=self.account_key,
            permission=BlobSasPermissions(read=True), expiry=datetime.now(UTC) + timedelta(seconds=seconds),
            content_type=content_type, content_disposition=disposition,
        )  # fmt: skip
        return f"{self.client.get_blob_client(key).url}?{signature}"
