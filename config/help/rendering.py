"""Markdown to HTML for the help pages: no HTML within it, an anchor at each heading, code that can be copied."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

LINK = re.compile(r"^(?:\.\./)?((?:[a-z0-9-]+/)?[a-z0-9-]+)\.md(#[\w-]+)?$")
"""A page of the same section, or of another one, as it lies in the folder; so the links work in the files, too."""


@dataclass(slots=True)
class Part:
    """What stands below a heading: of the page's own title, `anchor` is empty. `text` is what a search reads."""

    anchor: str
    title: str
    level: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`sentence` is the page's first paragraph, which stands in its head, in lists and in what search engines show."""

    title: str
    sentence: str
    html: str
    parts: tuple[Part, ...]
    fences: tuple[tuple[str, str], ...] = field(repr=False)
    """What is said of each block of code, and the code."""


class Renderer(RendererHTML):
    """Tables that scroll, code with a button that copies it, headings that one can link to."""

    def fence(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        context = {"code": tokens[at].content.rstrip("\n"), "id": f"code-{at}"}
        return render_to_string("help/code.html", context)

    def table_open(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        label = escape(tokens[at].meta["label"])
        return f'<div class="table-scroll" tabindex="0" role="region" aria-label="{label}"><table class="ledger">'

    def table_close(self, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        return "</table></div>"

    def heading_close(
        self, tokens: Sequence[Token], at: int, options: OptionsDict, env: MutableMapping[str, Any]
    ) -> str:
        anchor, title = tokens[at].meta["anchor"], escape(tokens[at].meta["title"])
        link = f'<a class="help__anchor" href="#{anchor}" aria-label="Link to “{title}”">#</a>'
        return f" {link}</{tokens[at].tag}>\n"


MARKDOWN = MarkdownIt("commonmark", {"html": False}, renderer_cls=Renderer).enable("table")


def render(text: str, section: str) -> Rendered:
    """A page of `section`; it begins with its title and its sentence. ValueError for what is not told apart."""
    tokens = MARKDOWN.parse(text.replace("{{ site_url }}", settings.SITE_URL))
    if [token.type for token in tokens[:6:3]] != ["heading_open", "paragraph_open"] or tokens[0].tag != "h1":
        raise ValueError("A help page begins with its title and a sentence.")
    parts = parts_of(tokens)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["href"] = address_of(str(child.attrs["href"]), section)
    html = MARKDOWN.renderer.render(tokens[6:], MARKDOWN.options, {})
    fences = tuple((token.info, token.content) for token in tokens if token.type == "fence")
    return Rendered(tokens[1].content, words_of(tokens[4]), html, tuple(parts), fences)


def parts_of(tokens: Sequence[Token]) -> list[Part]:
    """The page by its headings, which get their anchors, as tables get their names."""
    parts: list[Part] = []
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            title = words_of(tokens[at + 1])
            anchor = slugify(title) if parts else ""
            if any(part.anchor == anchor for part in parts):
                raise ValueError(f"Two headings of a page have the anchor “{anchor}”.")
            parts.append(Part(anchor, title, int(token.tag[1])))
            token.attrs["id"] = anchor
            tokens[at + 2].meta = {"anchor": anchor, "title": title}
        elif token.type == "table_open":
            token.meta = {"label": parts[-1].title}
        elif token.type == "fence" or (token.type == "inline" and tokens[at - 1].type != "heading_open"):
            parts[-1].text += f" {token.content if token.type == 'fence' else words_of(token)}{after_cell(tokens, at)}"
    return parts


def after_cell(tokens: Sequence[Token], at: int) -> str:
    """What keeps the cells of a table apart where its words are shown in one line."""
    if tokens[at - 1].type not in ("td_open", "th_open"):
        return ""
    return " ·" if tokens[at + 2].type in ("td_open", "th_open") else ";"


def words_of(inline: Token) -> str:
    return "".join(" " if child.type == "softbreak" else child.content for child in inline.children or ())


def address_of(link: str, section: str) -> str:
    """Where a link of the file leads on the site."""
    if not (page := LINK.match(link)):
        return link
    name = page[1] if "/" in page[1] else f"{section}/{page[1]}"
    return f"/help/{name}/{page[2] or ''}"
