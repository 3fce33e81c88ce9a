"""The bucket that pictures, uploads and copies are kept in, where one is named: S3, Google Cloud Storage or Azure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from config.env import env_bool, env_int, env_secret, env_str

S3_BUCKET = env_str("S3_BUCKET")
S3_OPTIONS: dict[str, Any] = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": env_str("S3_ENDPOINT_URL") or None,
    "region_name": env_str("S3_REGION") or None,
    "access_key": env_secret("S3_ACCESS_KEY") or None,
    "secret_key": env_secret("S3_SECRET_KEY") or None,
    # Where browsers reach a server that the site itself reaches by another name, as inside a compose file.
    "public_url": env_str("S3_PUBLIC_URL") or None,
}
GCS_BUCKET = env_str("GCS_BUCKET")
# The JSON of a service account's key; without it the machine's own account, as Google's libraries find it.
GCS_OPTIONS: dict[str, Any] = {"bucket_name": GCS_BUCKET, "key": env_secret("GCS_KEY") or None}
AZURE_CONTAINER = env_str("AZURE_CONTAINER")
AZURE_OPTIONS: dict[str, Any] = {
    "azure_container": AZURE_CONTAINER,
    "connection_string": env_secret("AZURE_CONNECTION_STRING") or None,
}

# Which of them is used: the first that is named; `check` refuses a second.
IN_BUCKET = bool(S3_BUCKET or GCS_BUCKET or AZURE_CONTAINER)
BUCKET_STORAGE: dict[str, Any] = (
    {"BACKEND": "generation.storage.buckets.s3.S3Bucket", "OPTIONS": S3_OPTIONS}
    if S3_BUCKET
    else {"BACKEND": "generation.storage.buckets.google.GoogleBucket", "OPTIONS": GCS_OPTIONS}
    if GCS_BUCKET
    else {"BACKEND": "generation.storage.buckets.azure.AzureContainer", "OPTIONS": AZURE_OPTIONS}
)

# Browsers fetch files from the bucket themselves, at addresses that hold for so many seconds.
SIGNED_MEDIA = env_bool("SIGNED_MEDIA", False)
SIGNED_MEDIA_SECONDS = env_int("SIGNED_MEDIA_SECONDS", 120, low=10, high=3600)


def _azure_endpoint(connection: str) -> str:
    parts = dict(part.partition("=")[::2] for part in connection.split(";"))
    account, suffix = parts.get("AccountName", ""), parts.get("EndpointSuffix", "core.windows.net")
    return parts.get("BlobEndpoint") or f"https://{account}.blob.{suffix}"


def _address() -> str:
    if S3_BUCKET:
        region = f".{S3_OPTIONS['region_name']}" if S3_OPTIONS["region_name"] else ""
        amazon = f"https://{S3_BUCKET}.s3{region}.amazonaws.com"
        return str(S3_OPTIONS["public_url"] or S3_OPTIONS["endpoint_url"] or amazon)
    return "https://storage.googleapis.com" if GCS_BUCKET else _azure_endpoint(AZURE_OPTIONS["connection_string"] or "")


# What pages may load from, besides the site itself.
BUCKET_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(_address())) if IN_BUCKET and SIGNED_MEDIA else ""
