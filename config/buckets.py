"""What `check` says of the settings about a bucket: which one is meant, whether it can be reached, what it can do."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error

PACKAGES = {
    "S3_BUCKET": ("boto3", "boto3", "store-s3.in"),
    "GCS_BUCKET": ("google.cloud.storage", "google-cloud-storage", "store-gcs.in"),
    "AZURE_CONTAINER": ("azure.storage.blob", "azure-storage-blob", "store-azure.in"),
}
"""A setting that names a bucket -> the module it needs, the package that has it, and the list that names that."""


def bucket() -> Iterator[CheckMessage]:
    named = [name for name in PACKAGES if getattr(settings, name)]
    if len(named) > 1:
        yield Error(
            f"{' and '.join(named)} are set, and files lie in one place alone.",
            hint="Leave the one that files are in, and remove the others.",
            id="tempera.E014",
        )
    for name in named:
        if not is_installed(PACKAGES[name][0]):
            yield Error(
                f"{name} is set, and the package {PACKAGES[name][1]} is not installed.",
                hint=f"Run `pip install -r config/deploy/requirements/{PACKAGES[name][2]}` in this Python.",
                id="tempera.E007",
            )
    yield from s3()
    yield from google_and_azure()
    yield from signed()


def is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it lies in
        return False


def s3() -> Iterator[CheckMessage]:
    options = settings.S3_OPTIONS
    if not settings.S3_BUCKET:
        if options["endpoint_url"] or options["access_key"] or options["secret_key"]:
            yield Error(
                "An S3 server or key is set without a bucket, so images would stay in DATA_DIR.",
                hint="Set S3_BUCKET too, or remove S3_ENDPOINT_URL, S3_ACCESS_KEY and S3_SECRET_KEY.",
                id="tempera.E005",
            )
    elif bool(options["access_key"]) != bool(options["secret_key"]):
        yield Error(
            "Of S3_ACCESS_KEY and S3_SECRET_KEY only one is set.",
            hint="Set both, or neither to use the machine's role.",
            id="tempera.E006",
        )


def google_and_azure() -> Iterator[CheckMessage]:
    key, connection = settings.GCS_OPTIONS["key"], settings.AZURE_OPTIONS["connection_string"]
    if key and not is_service_account(key):
        yield Error(
            "GCS_KEY is no key of a service account.",
            hint="Set GCS_KEY_FILE to the JSON file that Google gives, or neither to use the machine's own account.",
            id="tempera.E015",
        )
    if settings.AZURE_CONTAINER and not (connection and "AccountName=" in connection and "AccountKey=" in connection):
        yield Error(
            "AZURE_CONTAINER is set, and AZURE_CONNECTION_STRING names no account with its key.",
            hint="Set it to what `az storage account show-connection-string` prints.",
            id="tempera.E016",
        )


def is_service_account(key: str) -> bool:
    try:
        details = json.loads(key)
    except ValueError:
        return False
    return isinstance(details, dict) and {"client_email", "private_key"} <= details.keys()


def signed() -> Iterator[CheckMessage]:
    if settings.SIGNED_MEDIA and not settings.IN_BUCKET:
        yield Error(
            "SIGNED_MEDIA is on, and there is no bucket that could hand out files.",
            hint="Set S3_BUCKET, GCS_BUCKET or AZURE_CONTAINER, or set SIGNED_MEDIA to off.",
            id="tempera.E017",
        )
    if settings.WEIGHTS_IN_BUCKET and not settings.IN_BUCKET:
        yield Error(
            "WEIGHTS_IN_BUCKET is on, and there is no bucket that they could lie in.",
            hint="Set S3_BUCKET, GCS_BUCKET or AZURE_CONTAINER, or set WEIGHTS_IN_BUCKET to off.",
            id="tempera.E019",
        )
    if settings.SIGNED_MEDIA and settings.MEDIA_ORIGIN:
        yield Error(
            "SIGNED_MEDIA is on, so pictures come from the bucket, and MEDIA_URL names another host for them.",
            hint="Leave out MEDIA_URL, or set SIGNED_MEDIA to off.",
            id="tempera.E018",
        )
