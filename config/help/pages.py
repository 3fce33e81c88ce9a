"""The help pages, read once: each in its section and between its neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path

from django.conf import settings

from config.help.rendering import Part, render
from config.help.sections import SECTIONS, Elsewhere, Section

FOLDER: Path = settings.BASE_DIR / "templates" / "help"
MARKUP = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]+>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """`html` is empty where another part of the site shows the page."""

    section: Section
    address: str
    title: str
    sentence: str
    html: str
    parts: tuple[Part, ...]
    fences: tuple[tuple[str, str], ...] = ()

    @property
    def headings(self) -> list[Part]:
        return [part for part in self.parts if part.level == 2]


@cache
def pages() -> dict[str, Page]:
    """Every page by its address, in the order of the list. FileNotFoundError for one that is listed and missing."""
    read = [read_page(section, row) for section in SECTIONS for row in section.pages]
    return {page.address: page for page in read}


def read_page(section: Section, row: str | Elsewhere) -> Page:
    if isinstance(row, str):
        rendered = render((FOLDER / section.name / f"{row}.md").read_text(encoding="utf-8"), section.name)
        address = f"/help/{section.name}/{row}/"
        return Page(section, address, rendered.title, rendered.sentence, rendered.html, rendered.parts, rendered.fences)
    template = (FOLDER.parent / row.template).read_text(encoding="utf-8")
    words = " ".join(unescape(MARKUP.sub(" ", template.partition("{% block content %}")[2])).split())
    return Page(section, row.address, row.title, row.sentence, "", (Part("", row.title, 1, words),))


@dataclass(frozen=True, slots=True)
class Neighbours:
    before: Page | None
    after: Page | None


def neighbours_of(page: Page) -> Neighbours:
    """The pages before and after it, over the borders of sections."""
    row = list(pages().values())
    at = row.index(page)
    return Neighbours(row[at - 1] if at else None, row[at + 1] if at + 1 < len(row) else None)


def contents() -> list[tuple[Section, list[Page]]]:
    """Every section with its pages."""
    return [(section, [page for page in pages().values() if page.section is section]) for section in SECTIONS]
