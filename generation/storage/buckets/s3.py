"""Amazon S3, and every server that speaks its protocol."""

from __future__ import annotations

from functools import cached_property
from typing import IO, Any

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from storages.backends.s3 import S3Storage

from generation.storage.buckets.bucket import AWAY, CONNECT_SECONDS, MEMORY_BYTES, MISSING, READ_SECONDS, TAKEN, TRIES
from generation.storage.buckets.bucket import Bucket as CloudBucket

MEANINGS = {404: MISSING, 409: TAKEN, 412: TAKEN, 429: AWAY}
NOT_IMPLEMENTED = 501


class S3Bucket(CloudBucket, S3Storage):
    """A bucket; `public_url` is where browsers reach the server, if not where the site does."""

    def __init__(self, **options: Any) -> None:
        elsewhere = bool(options.get("endpoint_url"))
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            signature_version="s3v4",
            # Other servers are known by one name, and few know checksums at the end of a body.
            s3={"addressing_style": "path" if elsewhere else "virtual"},
            request_checksum_calculation="when_required" if elsewhere else "when_supported",
            response_checksum_validation="when_required" if elsewhere else "when_supported",
        )
        transfer = TransferConfig(multipart_threshold=MEMORY_BYTES, multipart_chunksize=MEMORY_BYTES, max_concurrency=2)
        super().__init__(**options, file_overwrite=False, client_config=config, transfer_config=transfer)

    def get_default_settings(self) -> dict[str, Any]:
        return {**super().get_default_settings(), "public_url": None}

    def meaning(self, error: Exception) -> str:
        if isinstance(error, ClientError):
            status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            return MEANINGS.get(status, AWAY if status >= 500 and status != NOT_IMPLEMENTED else "")
        return AWAY if isinstance(error, NotConnected | HTTPClientError) else ""

    def put(self, name: str, body: IO[bytes], size: int, content_type: str) -> None:
        target = self.bucket.Object(name)
        if size > MEMORY_BYTES:  # in parts, for which there is no such condition
            extra = {"ContentType": content_type}
            # It closes what it is given.
            target.upload_fileobj(_Unclosed(body), ExtraArgs=extra, Config=self.transfer_config)
            return
        try:
            target.put(Body=body, ContentType=content_type, IfNoneMatch="*")
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != NOT_IMPLEMENTED:
                raise
            # Some servers know no conditions. The name was free a moment ago.
            body.seek(0)
            target.put(Body=body, ContentType=content_type)

    def fetch(self, name: str, into: IO[bytes]) -> None:
        self.bucket.Object(name).download_fileobj(into, Config=self.transfer_config)

    def signed_address(self, name: str, seconds: int, content_type: str, disposition: str) -> str:
        wanted = {"Bucket": self.bucket_name, "Key": self.key(name)}
        headers = {"ResponseContentType": content_type, "ResponseContentDisposition": disposition}
        client = self.public_client
        return str(client.generate_presigned_url("get_object", Params=wanted | headers, ExpiresIn=seconds))

    @cached_property
    def public_client(self) -> Any:
        """Signs only, and asks nothing: the host is part of what is signed."""
        return self._create_session().client(
            "s3", region_name=self.region_name, endpoint_url=self.public_url or self.endpoint_url,
            config=self.client_config,
        )  # fmt: skip


class _Unclosed:
    """A body that stays open when an upload is through with it."""

    def __init__(self, body: IO[bytes]) -> None:
        self.read, self.seek, self.tell = body.read, body.seek, body.tell
