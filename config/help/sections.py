"""Which help pages there are, and in which order: the one list that contents, previous and next go by.

A name is the file `templates/help/SECTION/NAME.md`. What another part of the site shows by a template of its own is
joined in at its place.
"""

from __future__ import annotations

from dataclasses import dataclass

from generation.api.help.guides import GUIDES


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A page at an address of its own; its words are searched in its template."""

    address: str
    template: str
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    title: str
    sentence: str
    pages: tuple[str | Elsewhere, ...]


def guide(name: str) -> Elsewhere:
    """A page of the API's help."""
    row = next(each for each in GUIDES if each.name == name)
    return Elsewhere(f"/help/api/{name}/", f"generation/help/{name}.html", row.title, row.sentence)


CONTROLS = Elsewhere(
    "/help/controls/",
    "generation/controls.html",
    "Every control in one line",
    "What each control of the Create page does, and the keys of the editor.",
)

SECTIONS = (
    Section(
        "makers",
        "Making pictures",
        "From the first words to a picture that others see.",
        ("first-picture", "prompts", "loras", "editing", CONTROLS, "training", "gallery", "credits"),
    ),
    Section(
        "programs",
        "Programs",
        "Pictures from a script, from another program, or for an agent.",
        (
            "quick-start",
            "tokens",
            guide("httpx"),
            guide("live"),
            guide("webhooks"),
            "dialects",
            guide("a1111"),
            guide("webuiapi"),
            guide("sillytavern"),
            guide("openai"),
            guide("mcp"),
            "errors",
        ),
    ),
    Section(
        "operators",
        "Running a site",
        "Install it, keep it safe, and know how it fares.",
        (
            "install",
            "weights",
            "internet",
            "people",
            "sign-in",
            "back-up",
            "upgrade",
            "monitoring",
            "containers",
            "scale",
            "kubernetes",
            "aws",
            "google-cloud",
            "azure",
            "secure",
            "hardening",
            "asvs",
            "settings",
            "commands",
        ),
    ),
)
