"""/api/v1/albums, /api/v1/links and the star of a picture: one's own, made, changed and ended."""

from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from generation.jobs.albums import add_to_album, create_album
from generation.jobs.sharing import share
from generation.models import Album, ShareLink
from tests.generation.conftest import Draw

ALBUMS, LINKS, IMAGES = "/api/v1/albums", "/api/v1/links", "/api/v1/images"


def codes(client: APIClient, address: str) -> list[str]:
    return [row["code"] for row in client.get(address).json()["results"]]


def test_an_album_is_made_filled_renamed_and_deleted(alices_api: APIClient, alice: User, draw: Draw) -> None:
    image, other = draw(alice), draw(alice)
    made = alices_api.post(ALBUMS, {"title": "Lights"}, format="json")
    address = made.headers["Location"]
    assert made.status_code == 201 and codes(alices_api, ALBUMS) == [made.json()["code"]]
    added = alices_api.post(f"{address}/images", {"images": [image.code, other.code, "nope"]}, format="json")
    assert (added.status_code, added.json()) == (201, {"added": 2})
    assert codes(alices_api, made.json()["images"]) == [other.code, image.code]
    assert alices_api.delete(f"{address}/images/{other.code}").status_code == 204
    assert codes(alices_api, made.json()["images"]) == [image.code]
    assert alices_api.patch(address, {"title": "Lamps"}, format="json").json()["title"] == "Lamps"
    assert alices_api.delete(address).status_code == 204
    assert codes(alices_api, IMAGES) == [other.code, image.code]


def test_a_second_title_is_refused(alices_api: APIClient, alice: User) -> None:
    create_album(alice, "Lights")
    answer = alices_api.post(ALBUMS, {"title": "Lights"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "album-exists")


def test_pictures_are_starred_and_filtered(alices_api: APIClient, alice: User, draw: Draw) -> None:
    image = draw(alice, "a lighthouse <lora:line-art:0.5>")
    draw(alice, width=192)
    answer = alices_api.patch(f"{IMAGES}/{image.code}", {"starred": True}, format="json")
    assert answer.json()["starred"] is True
    for query in ("starred=1", "lora=line-art", "q=light", "size=128x128"):
        assert codes(alices_api, f"{IMAGES}?{query}") == [image.code]
    assert alices_api.patch(f"{IMAGES}/{image.code}", {}, format="json").status_code == 400


@pytest.mark.parametrize("query, code", [("since=soon", "bad-day"), ("size=big", "bad-size"), ("album=x", "not-found")])
def test_what_cannot_be_read_is_refused(alices_api: APIClient, query: str, code: str) -> None:
    assert alices_api.get(f"{IMAGES}?{query}").json()["code"] == code


def test_a_link_is_made_opened_and_ended(alices_api: APIClient, client: Client, alice: User, draw: Draw) -> None:
    image = draw(alice)
    made = alices_api.post(LINKS, {"image": image.code, "days": 1}, format="json")
    assert made.status_code == 201 and made.json()["with_recipe"] is False
    path = made.json()["address"].removeprefix("http://testserver")
    assert client.get(path).status_code == 200
    assert codes(alices_api, LINKS) == [made.json()["code"]]
    assert alices_api.delete(f"{LINKS}/{made.json()['code']}").status_code == 204
    assert client.get(path).status_code == 404 and codes(alices_api, LINKS) == []


@pytest.mark.parametrize("body", [{}, {"image": "x", "album": "y"}, {"image": "x", "days": 2}, {"album": "nope"}])
def test_a_link_leads_to_one_thing_of_yours(alices_api: APIClient, body: dict[str, object]) -> None:
    assert alices_api.post(LINKS, body, format="json").status_code in (400, 404)
    assert not ShareLink.objects.exists()


def test_charlies_things_are_not_there(alices_api: APIClient, alice: User, charlie: User, draw: Draw) -> None:
    theirs, mine = create_album(charlie, "Theirs"), draw(charlie)
    add_to_album(theirs, [mine.code])
    link = share(charlie, theirs, 7)
    for address in (f"{ALBUMS}/{theirs.code}", f"{LINKS}/{link.code}"):
        assert alices_api.delete(address).status_code == 404
    assert alices_api.get(f"{IMAGES}?album={theirs.code}").status_code == 404
    assert alices_api.post(LINKS, {"album": theirs.code}, format="json").status_code == 404
    assert alices_api.post(f"{ALBUMS}/{theirs.code}/images", {"images": ["x"]}, format="json").status_code == 404
    assert Album.objects.get().entries.count() == 1 and ShareLink.objects.live().count() == 1
