"""Every help page is listed, opens for everybody, and leads nowhere that is not there."""

from __future__ import annotations

import html
import re
from functools import cache

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from config.help.pages import FOLDER, Page, contents, pages
from config.help.sections import SECTIONS

PAGES = [page for page in pages().values() if page.html]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.address.strip("/").replace("/", "-"))
pytestmark = pytest.mark.usefixtures("db")


def test_every_file_is_listed_in_its_section() -> None:
    listed = {f"{section.name}/{name}.md" for section in SECTIONS for name in section.pages if isinstance(name, str)}
    assert listed == {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.md")}
    assert len(listed) > 15


@each_page
def test_a_page_opens_between_its_neighbours(client: Client, page: Page) -> None:
    answer = client.get(page.address)
    assert answer.status_code == 200
    row = list(pages().values())
    at = row.index(page)
    for rel, place in (("prev", at - 1), ("next", at + 1)):
        found = re.search(rf'rel="{rel}" href="([^"]+)"', answer.text)
        expected = row[place].address if 0 <= place < len(row) else None
        assert (found[1] if found else None) == expected
    for heading in page.headings:
        link = f'<a href="#{heading.anchor}">{html.escape(heading.title)}</a>'
        assert link in answer.text or len(page.headings) == 1
        assert f'id="{heading.anchor}"' in answer.text


def test_pages_with_templates_of_their_own_stand_in_the_row(client: Client) -> None:
    for page in pages().values():
        if not page.html:
            text = client.get(page.address).text
            assert f'href="/help/#{page.section.name}"' in text and 'rel="next"' in text, page.address


@each_page
def test_every_link_leads_somewhere(page: Page) -> None:
    for link in re.findall(r'href="([^"]+)"', page.html):
        address, _, anchor = html.unescape(link).partition("#")
        if address.startswith(("http://localhost", "https://")):
            continue
        assert not address or address.startswith("/"), f"{link} is neither a page of the help nor of the site"
        if address:
            assert exists(address), link
        if anchor:
            assert anchor in anchors_of(address or page.address), link


def exists(address: str) -> bool:
    if address.startswith("/help/"):
        return Client().get(address).status_code == 200
    try:
        return bool(resolve(address))
    except Resolver404:
        return False


@cache
def anchors_of(address: str) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', Client().get(address).text))


def test_the_contents_lead_to_every_page(client: Client) -> None:
    text = client.get("/help/").text
    for section, listed in contents():
        assert f'id="{section.name}"' in text
        for page in listed:
            assert f'<a href="{page.address}"><strong>{html.escape(page.title)}</strong></a>' in text
            assert len(page.sentence) < 200, page.address


def test_a_section_is_a_place_among_the_contents(client: Client) -> None:
    assert client.get("/help/operators/").headers["Location"] == "/help/#operators"
    for address in ("/help/nothing/", "/help/makers/nothing/", "/help/operators/first-picture/"):
        assert client.get(address).status_code == 404
    assert client.post("/help/").status_code == 405


def test_the_foot_and_the_sitemap_lead_to_the_help(client: Client) -> None:
    assert '<a href="/help/">Help</a>' in client.get("/").text
    assert "/sitemaps/help.xml</loc>" in client.get("/sitemap.xml").text
    listed = client.get("/sitemaps/help.xml").text
    for page in pages().values():
        assert f"{page.address}</loc>" in listed
