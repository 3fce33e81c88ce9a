"""Addresses at which a bucket hands out a file for a while: how long, and with what headers."""

from __future__ import annotations

import time
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from django.core.files.base import ContentFile

from tests import bucket_servers as servers

NAME = "images/2026/11/29/abc-1.png"
AS_SHOWN = ("image/png", 'inline; filename="abc.png"')


def fetched(address: str) -> tuple[bytes, str, str]:
    with urlopen(address) as answer:
        return answer.read(), answer.headers["Content-Type"], answer.headers["Content-Disposition"]


def asked(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_s3_hands_out_with_the_wanted_headers(s3_bucket: Any) -> None:
    s3_bucket.save(NAME, ContentFile(b"a picture"))
    address = s3_bucket.signed_address(NAME, 120, *AS_SHOWN)
    assert fetched(address) == (b"a picture", *AS_SHOWN)
    assert asked(address)["X-Amz-Expires"] == "120"
    assert asked(address)["X-Amz-Signature"]


def test_s3_may_have_another_name_for_browsers(s3_server: servers.S3Server) -> None:
    from generation.storage.buckets.s3 import S3Bucket

    bucket = S3Bucket(**{**s3_server.options(), "public_url": "https://files.example.org"})
    assert bucket.signed_address(NAME, 120, *AS_SHOWN).startswith(f"https://files.example.org/pictures/{NAME}?")


def test_google_signs_with_the_accounts_key(google_key: str) -> None:
    from generation.storage.buckets.google import GoogleBucket

    bucket = GoogleBucket(bucket_name="pictures", key=google_key)
    address = bucket.signed_address(NAME, 120, *AS_SHOWN)
    assert address.startswith(f"https://storage.googleapis.com/pictures/{NAME}?")
    seen = asked(address)
    assert (seen["response-content-type"], seen["response-content-disposition"]) == AS_SHOWN
    assert seen["X-Goog-Expires"] == "120" and seen["X-Goog-Signature"]
    bucket.client.close()


@pytest.mark.slow
def test_azure_hands_out_for_a_while(azure_container: Any) -> None:
    """Azurite checks signatures and times, as Azure does."""
    azure_container.save(NAME, ContentFile(b"a picture"))
    address = azure_container.signed_address(NAME, 120, *AS_SHOWN)
    assert fetched(address) == (b"a picture", *AS_SHOWN)
    brief = azure_container.signed_address(NAME, 1, *AS_SHOWN)
    time.sleep(2)
    for wrong in (
        brief,
        address.replace("abc-1", "abc-2"),
        address.partition("?")[0],
        address.replace("sp=r", "sp=rw"),
    ):
        with pytest.raises(HTTPError) as refused:
            urlopen(wrong)
        assert refused.value.code in (403, 404, 409)
        refused.value.close()
