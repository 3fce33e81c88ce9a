"""The newest pictures for feed readers, what search engines may read, and what other sites show of a link."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from accounts.models import User
from gallery.publishing import withdraw_post
from gallery.views import sitemaps
from tests.gallery.conftest import Publish

ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SITE = "http://localhost:8000"


def tree(client: Client, address: str) -> ElementTree.Element:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return ElementTree.fromstring(answer.content)


def locations(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{MAP}loc")]


@pytest.fixture(autouse=True)
def address(settings: Any) -> None:
    settings.SITE_URL = SITE


def test_atom(client: Client, alice: User, publish: Publish, send_in: Publish) -> None:
    old, new = publish(alice, "Old"), publish(alice, "A <b> & “c”", tags=("red",), prompt="a secret of mine")
    send_in(alice, "Waits")
    answer = client.get("/gallery/feed.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(answer.content)
    entries = root.findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}title") for each in entries] == ["A <b> & “c”", "Old"]
    assert entries[0].find(f"{ATOM}link").get("href") == f"{SITE}/gallery/{new.code}/"  # type: ignore[union-attr]
    assert entries[0].findtext(f"{ATOM}author/{ATOM}name") == "alice"
    assert entries[0].find(f"{ATOM}category").get("term") == "red"  # type: ignore[union-attr]
    assert "&lt;b&gt;" in (entries[0].findtext(f"{ATOM}summary") or ""), "escaped once more: it is HTML"
    assert "secret" not in answer.text, "prompts are the page's to show"
    assert old.code in answer.text


def test_rss_with_filters(client: Client, alice: User, charlie: User, publish: Publish) -> None:
    publish(alice, "Mine", tags=("red",))
    publish(charlie, "Theirs", tags=("red",))
    for query, shown in (("tag=red&author=alice", ["Mine"]), ("author=nobody", []), ("sort=top&period=day", None)):
        root = tree(client, f"/gallery/feed.rss?{query}")
        titles = [each.findtext("title") for each in root.iter("item")]
        assert titles == (["Theirs", "Mine"] if shown is None else shown), query


def test_pages_name_their_feeds(client: Client, alice: User, publish: Publish) -> None:
    publish(alice, tags=("red",))
    assert 'href="/gallery/feed.atom?tag=red"' in client.get("/gallery/?tag=red&sort=top").text
    assert 'href="/gallery/feed.rss?author=alice"' in client.get("/by/alice/").text


def test_sitemaps_name_all_that_is_public(
    client: Client, alice: User, charlie: User, publish: Publish, send_in: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemaps, "IDS_A_SITEMAP", 2)
    public = [publish(alice, f"No {number}") for number in range(5)]
    send_in(charlie)
    withdraw_post(alice, public[1])
    maps = locations(tree(client, "/sitemap.xml"))
    pages = [page for each in maps for page in locations(tree(client, each.removeprefix(SITE)))]
    for post in (public[0], *public[2:]):
        assert pages.count(f"{SITE}/gallery/{post.code}/") == 1
    assert f"{SITE}/gallery/{public[1].code}/" not in pages
    assert f"{SITE}/by/alice/" in pages and f"{SITE}/by/charlie/" not in pages
    assert f"{SITE}/gallery/" in pages


def test_a_sitemap_beyond_the_last(client: Client, db: None) -> None:
    assert locations(tree(client, "/sitemaps/posts-77.xml")) == []
    assert client.get(f"/sitemaps/posts-{2**63}.xml").status_code == 404


def test_robots_are_told(client: Client, db: None) -> None:
    text = client.get("/robots.txt").text
    assert f"Sitemap: {SITE}/sitemap.xml" in text and "Disallow: /admin/" in text


def test_a_link_to_a_picture_shows_it(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, 'A "red" <apple>')
    page = client.get(f"/gallery/{post.code}/").text
    assert f'<meta property="og:image" content="{SITE}/gallery/{post.code}/thumbnail/1280">' in page
    assert '<meta property="og:title" content="A &quot;red&quot; &lt;apple&gt;">' in page
    assert '<meta name="twitter:card" content="summary_large_image">' in page
    assert client.get(f"/gallery/{post.code}/thumbnail/1280").headers["Content-Type"] == "image/webp"
    assert f'content="{SITE}/gallery/"' in client.get("/gallery/").text
    assert f'content="{SITE}/by/alice/"' in client.get("/by/alice/").text


def test_what_is_not_public_asks_not_to_be_indexed(alices: Client, alice: User, send_in: Publish) -> None:
    page = alices.get(f"/gallery/{send_in(alice).code}/").text
    assert '<meta name="robots" content="noindex">' in page and "og:image" not in page


def test_small_pictures_have_three_sizes(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    for side, status in ((320, 200), (640, 200), (1280, 200), (100, 404), (0, 404)):
        assert client.get(f"/gallery/{post.code}/thumbnail/{side}").status_code == status
