"""Google Cloud Storage."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import IO, Any

from google.api_core.exceptions import NotFound, PreconditionFailed, RetryError, ServerError, TooManyRequests
from google.auth.credentials import Signing
from google.auth.exceptions import TransportError
from google.cloud.storage import Blob, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from google.oauth2.service_account import Credentials
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import Timeout
from storages.backends.gcloud import GoogleCloudStorage

from generation.storage.buckets.bucket import AWAY, CONNECT_SECONDS, MEMORY_BYTES, MISSING, READ_SECONDS, TAKEN, Bucket

SCOPES = ["https://www.googleapis.com/auth/devstorage.read_write"]
RETRY = DEFAULT_RETRY.with_timeout(10)
TIMES = (CONNECT_SECONDS, READ_SECONDS)


class GoogleBucket(Bucket, GoogleCloudStorage):
    """A bucket; `key` is the JSON of a service account's key, without which the machine's own account is used."""

    def __init__(self, **options: Any) -> None:
        key = options.pop("key", None)
        if key:
            details = json.loads(key)
            options["credentials"] = Credentials.from_service_account_info(details, scopes=SCOPES)
            options["project_id"] = details.get("project_id")
        super().__init__(**options, file_overwrite=False)

    _made: Client | None = None

    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "api_endpoint": None}

    @property
    def client(self) -> Any:
        if self._made is None:
            options = {"api_endpoint": self.api_endpoint} if self.api_endpoint else None
            self._made = Client(project=self.project_id, credentials=self.credentials, client_options=options)
        return self._made

    def meaning(self, error: Exception) -> str:
        if isinstance(error, NotFound):
            return MISSING
        if isinstance(error, PreconditionFailed):
            return TAKEN
        away = (ServerError, TooManyRequests, RetryError, TransportError, NotConnected, Timeout)
        return AWAY if isinstance(error, away) else ""

    def put(self, name: str, body: IO[bytes], size: int, content_type: str) -> None:
        blob = Blob(name, self.bucket, chunk_size=MEMORY_BYTES)
        # No generation of it: there is none of this name.
        blob.upload_from_file(
            body, size=size, content_type=content_type, if_generation_match=0, retry=RETRY, timeout=TIMES
        )

    def fetch(self, name: str, into: IO[bytes]) -> None:
        Blob(name, self.bucket, chunk_size=MEMORY_BYTES).download_to_file(into, retry=RETRY, timeout=TIMES)

    def signed_address(self, name: str, seconds: int, content_type: str, disposition: str) -> str:
        signer: dict[str, Any] = {}
        credentials = self.client._credentials
        if not isinstance(credentials, Signing):
            # A machine's account has no key of its own: Google signs for it.
            self.credentials = credentials
            signer["service_account_email"], signer["access_token"] = self._get_iam_sign_blob_params()
        address: str = Blob(self.key(name), self.bucket).generate_signed_url(
            version="v4", expiration=timedelta(seconds=seconds), response_type=content_type,
            response_disposition=disposition, **signer,
        )  # fmt: skip
        return address
