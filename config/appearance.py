"""What templates and the admin are told about this site: its name, its address, the admin's colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static


def site(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: `site_name`, `site_url`, `sends_mail`, `demo`, `site_state`."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "sends_mail": bool(settings.EMAIL_HOST),
        "demo": settings.DEMO,
        "site_state": current_state(),
    }


def current_state() -> Any:
    from generation.models import SiteState  # local: the settings import this module, before there are any models

    return SiteState.objects.current()


def static_file(path: str) -> Callable[[HttpRequest], str]:
    """Resolved per request: the manifest of hashed names is not there yet when settings are read."""
    return lambda request: static(path)


ADMIN: dict[str, Any] = {
    "SITE_TITLE": "Tempera",
    "SITE_HEADER": "Tempera",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "10px",
    "SITE_LOGO": {"light": static_file("img/wordmark-light.svg"), "dark": static_file("img/wordmark-dark.svg")},
    "SITE_ICON": static_file("img/mark.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": static_file("img/mark.svg")}],
    "STYLES": [static_file("css/admin.css")],
    "COLORS": {
        "base": {
            "50": "oklch(97.7% 0.007 80.7)",  # page
            "100": "oklch(94.5% 0.012 79.8)",  # sunken
            "200": "oklch(89.4% 0.017 79.3)",  # line
            "300": "oklch(81.8% 0.022 79.1)",
            "400": "oklch(69.3% 0.020 78.2)",  # quiet ink on dark
            "500": "oklch(56.6% 0.021 78.1)",
            "600": "oklch(44.6% 0.017 74.2)",
            "700": "oklch(37.1% 0.014 71.6)",
            "800": "oklch(30.5% 0.011 67.4)",  # line on dark
            "900": "oklch(22.4% 0.007 67.4)",  # surface on dark
            "950": "oklch(18.8% 0.005 67.5)",  # page on dark
        },
        "primary": {
            "50": "oklch(98.1% 0.017 84.6)",
            "100": "oklch(95.9% 0.033 82.0)",
            "200": "oklch(91.4% 0.070 82.3)",
            "300": "oklch(86.2% 0.108 80.0)",
            "400": "oklch(82.7% 0.131 75.9)",
            "500": "oklch(78.7% 0.147 73.0)",  # yolk
            "600": "oklch(50.7% 0.112 66.7)",  # yolk as text on light: 6.0 on white
            "700": "oklch(45.2% 0.100 67.1)",
            "800": "oklch(39.2% 0.086 68.0)",
            "900": "oklch(33.1% 0.069 69.5)",
            "950": "oklch(26.2% 0.045 67.4)",
        },
        # Unfold's own are a step paler and reach 4.5 on white, but not on the grounds that stand beside it.
        "font": {
            "subtle-light": "var(--color-base-600)",
            "subtle-dark": "var(--color-base-400)",
            "default-light": "var(--color-base-700)",
            "default-dark": "var(--color-base-300)",
        },
    },
}
