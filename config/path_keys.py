"""A token in the address, `/k/TOKEN/sdapi/v1/txt2img`, for programs that can send no header of theirs.

It becomes a Bearer header and leaves the address before anything else reads or logs it. Whatever stands between a
program and the site may still write it down, so such a token should have a budget.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

START = "/k/"
NOWHERE = "/k"
"""What is left of an address with a key that leads to no dialect: it is not found, and its key is not repeated."""
# Visible signs of ASCII alone: nothing else is in a token, or in a header.
_KEYED = re.compile(r"/k/([!-.0-~]+)(/(?:sdapi|controlnet|internal|v1)/.*)", re.DOTALL)


def without_key(path: str) -> tuple[str, str]:
    """The address without its key, and the key; "" for an address that has none."""
    if not path.startswith(START):
        return path, ""
    keyed = _KEYED.fullmatch(path)
    return (keyed[2], keyed[1]) if keyed else (NOWHERE, "")


class KeyInPath:
    """Middleware above all others, which log addresses or lead to them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path, key = without_key(request.path_info)
        if path != request.path_info:
            request.path = request.path_info = request.META["PATH_INFO"] = path
        if key:
            request.META["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        return self.get_response(request)
