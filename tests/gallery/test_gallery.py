"""The public gallery: what it shows, in what order, how it is searched and paged, and what it never shows."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from gallery.moderation import reject, take_down
from gallery.publishing import withdraw_post
from gallery.views import index
from generation.jobs.deletion import delete_images, restore_images
from generation.models import Checkpoint, Lora
from generation.recipes.picture import LoraPick
from generation.web.public_pictures import registry
from tests.gallery.conftest import BASE, INK, Publish

PART = {"HX-Request": "true"}


def codes(page: str) -> list[str]:
    """The posts of a page, in its order."""
    return re.findall(r'<a href="/gallery/(\w+)/"><span', page)


def following(page: str) -> str:
    """The address of the next page, empty on the last."""
    link = re.search(r'rel="next" href="([^"]+)"', page)
    return link[1].replace("&amp;", "&") if link else ""


def test_it_works(client: Client, alice: User, publish: Publish) -> None:
    old, new = publish(alice, "Apple"), publish(alice, "<i>Pear</i>")
    page = client.get("/gallery/")
    assert codes(page.text) == [new.code, old.code]
    assert "&lt;i&gt;Pear" in page.text and "alice" in page.text
    assert "HX-Request" in page.headers["Vary"]


def test_an_empty_gallery_invites(client: Client, db: None) -> None:
    assert "The walls are still bare" in client.get("/gallery/").text


def test_nothing_but_what_is_public_is_ever_shown(
    client: Client, alice: User, bob: User, publish: Publish, send_in: Publish
) -> None:
    secret = "zebra"
    hidden = [send_in(alice, f"{secret} waits"), send_in(alice, f"{secret} no"), publish(alice, f"{secret} back")]
    hidden += [publish(alice, f"{secret} down"), publish(alice, f"{secret} deleted")]
    reject(bob, hidden[1], f"{secret} reason")
    withdraw_post(alice, hidden[2])
    take_down(bob, hidden[3], f"{secret} reason")
    assert hidden[4].image is not None
    delete_images(alice, [hidden[4].image.code])
    shown = publish(alice, "Apple", tags=("fruit",))
    pages = ["/", "/gallery/", f"/gallery/?q={secret}", "/by/alice/", f"/gallery/{shown.code}/", "/checkpoints/base/"]
    for address in (*pages, "/api/v1/posts", f"/api/v1/posts?q={secret}", f"/api/v1/posts/{shown.code}"):
        text = client.get(address).text
        assert not [post.code for post in hidden if post.code in text], address
        assert f"{secret} " not in text, address
    for post in hidden:
        for rest in ("", "picture", "thumbnail"):
            assert client.get(f"/gallery/{post.code}/{rest}").status_code == 404
        assert client.get(f"/api/v1/posts/{post.code}").status_code == 404
        assert registry.recipe_of(post.code) is None


def test_a_picture_that_its_owner_deletes_leaves_and_comes_back(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert post.image is not None
    delete_images(alice, [post.image.code])
    assert codes(client.get("/gallery/").text) == []
    restore_images(alice, [post.image.code])
    assert codes(client.get("/gallery/").text) == [post.code]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("apple", ["Red"]),
        ("APP", ["Red"]),
        ("red apple", ["Red"]),
        ("ed", []),
        ("fruit", ["Red", "Pear tree"]),
        ("straße", ["Pear tree"]),
        ("STRASSE", ["Pear tree"]),
        ("ink", []),
        ("100%", []),
        ("' | !", ["Red", "Pear tree"]),
        ("apple pear", []),
    ],
)
def test_search(client: Client, alice: User, publish: Publish, words: str, found: list[str]) -> None:
    named = {
        "Red": publish(alice, "Red", tags=("fruit",), prompt="an apple <lora:ink:1>"),
        "Pear tree": publish(alice, "Pear tree", tags=("fruit",), prompt="a tree on the straße"),
    }
    page = client.get("/gallery/", {"q": words}).text
    assert sorted(codes(page)) == sorted(named[name].code for name in found)


def test_filters_stand_in_the_address(client: Client, alice: User, publish: Publish) -> None:
    inked = publish(alice, "Inked", tags=("still life",), loras=(LoraPick("ink", 1.0, sha256=INK),))
    plain = publish(alice, "Plain", tags=("sketch",))
    assert codes(client.get("/gallery/?lora=ink").text) == [inked.code]
    assert codes(client.get("/gallery/?tag=sketch").text) == [plain.code]
    assert codes(client.get("/gallery/?checkpoint=base").text) == [plain.code, inked.code]
    assert codes(client.get("/gallery/?tag=sketch&lora=ink").text) == []
    page = client.get("/gallery/?tag=still+life").text
    assert 'href="/gallery/?tag=still+life&amp;lora=ink"' in page
    assert re.search(r'href="/gallery/\?" aria-current="true"[^>]*>still life', page)


def test_search_by_author(client: Client, alice: User, charlie: User, publish: Publish, send_in: Publish) -> None:
    apple, pear, other = publish(alice, "Apple"), publish(alice, "Pear", prompt="a pear"), publish(charlie, "Apple")
    assert codes(client.get("/gallery/?author=Alice").text) == [pear.code, apple.code]
    assert codes(client.get("/gallery/", {"q": "@alice"}).text) == [pear.code, apple.code]
    assert codes(client.get("/gallery/", {"q": "@alice pear"}).text) == [pear.code]
    assert codes(client.get("/gallery/", {"q": "@nobody"}).text) == []
    assert codes(client.get("/gallery/", {"q": "@"}).text) == [other.code, pear.code, apple.code]
    assert [post["code"] for post in client.get("/api/v1/posts?author=charlie").json()["results"]] == [other.code]
    page = client.get("/gallery/?q=charlie+apple").text
    assert 'href="/gallery/?q=apple&amp;author=charlie"' in page and "By charlie" in page
    page = client.get("/gallery/?author=alice").text
    assert re.search(r'href="/gallery/\?" aria-current="true"', page) and "By alice" in page
    send_in(alice, "Secret")
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert codes(client.get("/gallery/?author=charlie").text) == []
    assert "By charlie" not in client.get("/gallery/?q=charlie").text


def test_chips_offer_only_what_is_public(client: Client, alice: User, publish: Publish, send_in: Publish) -> None:
    publish(alice, tags=("shown",))
    send_in(alice, tags=("secret",), loras=(LoraPick("ink", 1.0, sha256=INK),))
    page = client.get("/gallery/").text
    assert "shown" in page and "secret" not in page and ">Ink" not in page


def test_paging_goes_through_all_once(
    client: Client, alice: User, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "POSTS_A_PAGE", 2)
    made = [publish(alice, f"No {n}").code for n in range(5)]
    address, seen = "/gallery/?q=apple", []
    while address:
        page = client.get(address).text
        seen += codes(page)
        address = following(page)
    assert seen == made[::-1]


def test_the_scroll_gets_pictures_alone(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    part = client.get("/gallery/", headers=PART).text
    assert codes(part) == [post.code]
    assert "<html" not in part


@pytest.mark.parametrize("cursor", ["x", "1:abc", "%00", "é"])
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_made_up_cursor_is_the_first_page(
    client: Client, alice: User, publish: Publish, cursor: str, direction: str
) -> None:
    post = publish(alice)
    assert codes(client.get("/gallery/", {direction: cursor}).text) == [post.code]


def test_an_author_has_a_page(client: Client, alice: User, charlie: User, publish: Publish, send_in: Publish) -> None:
    post = publish(alice)
    publish(charlie)
    send_in(alice)
    page = client.get("/by/alice/").text
    assert codes(page) == [post.code]
    assert "1 picture in the" in page


def test_who_shows_nothing_is_not_told_apart_from_nobody(client: Client, alice: User, send_in: Publish) -> None:
    send_in(alice)
    assert client.get("/by/alice/").status_code == client.get("/by/nobody/").status_code == 404


def test_the_makers_pages_show_it(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, loras=(LoraPick("ink", 1.0, sha256=INK),))
    for address in ("/", "/loras/ink/", "/checkpoints/base/"):
        assert f"/gallery/{post.code}/thumbnail" in client.get(address).text, address
    assert [each.url for each in registry.made_with(BASE, 5)] == [f"/gallery/{post.code}/"]


def test_weights_that_leave_the_catalog_leave_the_post(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, loras=(LoraPick("ink", 1.0, sha256=INK),))
    Lora.objects.all().delete()
    Checkpoint.objects.all().delete()
    assert "no longer here" in client.get(f"/gallery/{post.code}/").text


def test_a_row_of_pictures_costs_few_queries(
    client: Client, alice: User, publish: Publish, django_assert_max_num_queries: object
) -> None:
    for number in range(6):
        publish(alice, f"No {number}", tags=(f"t{number}",))
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        client.get("/gallery/")
