"""Files that browsers fetch from the bucket themselves: short-lived signed addresses, and the answer that leads there.

Who may have a file is decided before, each time. An address that was handed out holds for `SIGNED_MEDIA_SECONDS`,
also when the picture is withdrawn meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import HttpResponseRedirect
from django.utils.cache import patch_cache_control


def are_signed() -> bool:
    return bool(settings.SIGNED_MEDIA and settings.IN_BUCKET)


def lead(name: str, content_type: str, disposition: str, cache: Mapping[str, bool | int]) -> HttpResponseRedirect:
    """To the file in the bucket. It is not looked for: where it is gone, the bucket says so.

    No cache keeps the way to a private file; a public one's is kept for half of the time that the address holds.
    """
    seconds = int(settings.SIGNED_MEDIA_SECONDS)
    bucket = cast(Any, default_storage)
    response = HttpResponseRedirect(bucket.signed_address(name, seconds, content_type, disposition))
    age = {"max_age": min(int(cache["max_age"]), seconds // 2)} if "max_age" in cache else {}
    patch_cache_control(response, **{**cache, **age})
    return response
