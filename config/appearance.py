"""What templates and the admin are told about this site: its name, its address, the admin's colours."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `site_name`, `site_url`, `signup_open`, `demo`."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "signup_open": settings.SIGNUP_OPEN,
        "demo": settings.DEMO,
    }


ADMIN: dict[str, Any] = {
    "SITE_TITLE": "Tempera",
    "SITE_HEADER": "Tempera",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "BORDER_RADIUS": "10px",
}
