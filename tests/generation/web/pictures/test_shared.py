"""Links: they show what they lead to and nothing else, without its recipe unless chosen, and end at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.refusals import QuotaExceeded
from generation.imaging.reading import read_picture_metadata
from generation.imaging.untrusted import PictureRefused
from generation.jobs import sharing
from generation.jobs.albums import add_to_album, create_album
from generation.jobs.deletion import delete_images
from generation.jobs.sharing import end_link, share, token_of
from generation.models import Album, GeneratedImage, ShareLink
from tests.generation.web.conftest import Draw

PROMPT = "a secret lighthouse"
XMP = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.fixture
def image(alice: User, draw: Draw) -> GeneratedImage:
    return draw(alice, PROMPT)


@pytest.fixture
def album(alice: User, image: GeneratedImage, draw: Draw) -> Album:
    """Two pictures."""
    album = create_album(alice, "Lights")
    add_to_album(album, [image.code, draw(alice, PROMPT).code])
    return album


def addresses(link: ShareLink, image: GeneratedImage) -> list[str]:
    base = f"/shared/{token_of(link)}/"
    return [base, f"{base}{image.code}/", f"{base}{image.code}/picture", f"{base}{image.code}/thumbnail"]


def all_404(client: Client, link: ShareLink, image: GeneratedImage) -> bool:
    return all(client.get(address).status_code == 404 for address in addresses(link, image))


@pytest.mark.parametrize("kind", ["picture", "album"])
def test_it_shows_the_pictures_to_anybody_and_not_their_recipe(
    client: Client, alice: User, image: GeneratedImage, album: Album, kind: str
) -> None:
    link = share(alice, image if kind == "picture" else album, 7)
    for address in addresses(link, image):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert b"secret" not in answer.content, address
    picture = client.get(addresses(link, image)[2]).content
    assert XMP in picture
    with pytest.raises(PictureRefused, match="does not tell how it was made"):
        read_picture_metadata(picture)


def test_with_the_recipe_when_that_is_chosen(client: Client, alice: User, image: GeneratedImage) -> None:
    link = share(alice, image, 7, with_recipe=True)
    page, _, picture, _ = addresses(link, image)
    assert PROMPT in client.get(page).text and "Steps" in client.get(page).text
    found = read_picture_metadata(client.get(picture).content)
    assert found is not None and found.prompt == PROMPT


def test_an_album_turns_its_pages(client: Client, alice: User, image: GeneratedImage, album: Album) -> None:
    base, page, *_ = addresses(share(alice, album, 7), image)
    assert client.get(base).text.count("picture-card") == 2
    assert 'rel="prev"' in client.get(page).text and 'rel="next"' not in client.get(page).text


def test_it_ends_at_once(client: Client, alice: User, image: GeneratedImage) -> None:
    for end in (
        lambda link: end_link(alice, link.code),
        lambda link: ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now()),
    ):
        link = share(alice, image, 7)
        assert not all_404(client, link, image)
        end(link)
        assert all_404(client, link, image)


def test_it_shows_nothing_of_somebody_who_may_not_sign_in(client: Client, alice: User, image: GeneratedImage) -> None:
    link = share(alice, image, 7)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert all_404(client, link, image)


def test_a_deleted_picture_is_not_shown(client: Client, alice: User, image: GeneratedImage, album: Album) -> None:
    links = [share(alice, image, 7), share(alice, album, 7)]
    delete_images(alice, [image.code])
    assert all_404(client, links[0], image)
    assert client.get(addresses(links[1], image)[2]).status_code == 404
    assert client.get(addresses(links[1], image)[0]).text.count("picture-card") == 1


def test_a_link_ends_with_its_album(client: Client, alice: User, image: GeneratedImage, album: Album) -> None:
    link = share(alice, album, 7)
    album.delete()
    assert all_404(client, link, image)


def test_what_is_taken_out_is_not_shown(client: Client, alice: User, image: GeneratedImage, album: Album) -> None:
    link = share(alice, album, 7)
    album.entries.filter(image=image).delete()
    assert client.get(addresses(link, image)[3]).status_code == 404


def test_a_link_leads_to_nothing_else(client: Client, alice: User, image: GeneratedImage, draw: Draw) -> None:
    link, other = share(alice, image, 7), draw(alice)
    assert [client.get(address).status_code for address in addresses(link, other)] == [200, 404, 404, 404]


def test_its_address_cannot_be_made_up(client: Client, alice: User, image: GeneratedImage) -> None:
    link = share(alice, image, 7)
    token = token_of(link)
    for forged in (link.code, f"{link.code}.", f"{link.code}.{'A' * 43}", token[:-1], f"x{token}"):
        assert client.get(f"/shared/{forged}/").status_code == 404
    assert token not in str(ShareLink.objects.filter(pk=link.pk).values().get())


def test_the_owner_makes_lists_and_ends_one(alices: Client, alice: User, image: GeneratedImage) -> None:
    page = alices.post(f"/images/{image.code}/share/", {"days": "7", "with_recipe": "on"}, follow=True).text
    link = ShareLink.objects.get(owner=alice)
    assert link.with_recipe and timedelta(days=6) < link.expires_at - timezone.now() <= timedelta(days=7)
    assert f"http://testserver/shared/{token_of(link)}/" in page
    assert token_of(link) in alices.get("/links/").text
    assert "End this link?" in alices.get(f"/links/{link.code}/end/").text
    alices.post(f"/links/{link.code}/end/")
    assert token_of(link) not in alices.get("/links/").text
    assert token_of(link) not in alices.get(f"/images/{image.code}/share/").text


@pytest.mark.parametrize("days", ["", "2", "0", "-1", "99999", "week"])
def test_it_holds_for_no_other_time(alices: Client, alice: User, image: GeneratedImage, days: str) -> None:
    assert alices.post(f"/images/{image.code}/share/", {"days": days}).status_code == 400
    assert not ShareLink.objects.exists()


def test_there_is_a_bound_to_links(alice: User, image: GeneratedImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MAX_LINKS", 1)
    end_link(alice, share(alice, image, 7).code)
    share(alice, image, 7)
    with pytest.raises(QuotaExceeded):
        share(alice, image, 7)


def test_charlie_shares_and_ends_nothing_of_alice(
    charlies: Client, client: Client, alice: User, image: GeneratedImage, album: Album
) -> None:
    link = share(alice, image, 7)
    assert charlies.post(f"/images/{image.code}/share/", {"days": "7"}).status_code == 404
    assert charlies.post(f"/albums/{album.code}/share/", {"days": "7"}).status_code == 404
    assert charlies.post(f"/links/{link.code}/end/").status_code == 404
    assert client.get(f"/shared/{token_of(link)}/").status_code == 200
    assert token_of(link) not in charlies.get("/links/").text


def test_old_ones_are_forgotten(alice: User, image: GeneratedImage) -> None:
    for ago in (1, 31):
        link = share(alice, image, 7)
        ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(days=ago))
    assert sharing.prune_links() == 1 and ShareLink.objects.count() == 1
