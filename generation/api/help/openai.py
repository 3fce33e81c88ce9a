"""What the guide of OpenAI's dialect shows: how clients are set up, and what becomes of each field by its own table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from generation.api.openai.fields import EDIT_ROWS, ROWS, VARIATION
from generation.api.people import MAX_LIFE_SECONDS


@dataclass(frozen=True, slots=True)
class Start:
    """A quick start: its text is typed, or run, as it stands. `where` says in which file or shell."""

    name: str
    title: str
    where: str

    @property
    def text(self) -> str:
        return quick_start(self.name, base_url())


STARTS = (
    Start("shell", "First", "In the shell, for all that follow: the site's address, and a token of yours."),
    Start("curl", "curl", "Writes apple.png."),
    Start("python", "Python", "With the package openai; it reads both variables by itself."),
    Start("javascript", "JavaScript", "For Node, with no package; the package openai takes the same fields."),
    Start("open-webui", "Open WebUI", "Its environment, or the same fields under Admin Panel, Settings, Images."),
    Start("librechat", "LibreChat", "Its .env; agents then draw by the tool “OpenAI Image Tools”."),
)


def base_url() -> str:
    return f"{settings.SITE_URL}/v1"


def quick_start(name: str, base_url: str) -> str:
    return render_to_string(f"generation/help/openai/{name}.txt", {"base_url": base_url}).strip()


def openai_facts() -> dict[str, Any]:
    return {
        "base_url": base_url(),
        "starts": STARTS,
        "fields": ROWS,
        "of_edits": EDIT_ROWS[:2],
        "of_variations": ", ".join(["image", *VARIATION]),
        "life_seconds": MAX_LIFE_SECONDS,
    }
