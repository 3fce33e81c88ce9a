"""What every page is told about coming in: whether one may join, by which buttons, and whether this is a visit."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from accounts.joining import mode
from accounts.social import ways_in


def entrance(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `signup_open`, `ways_in` (read where it is shown) and `visit`."""
    return {"signup_open": mode() != "closed", "ways_in": ways_in, "visit": getattr(request, "visit", None)}
