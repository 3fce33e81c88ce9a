"""Collections in the API: made, filled alone and with others, shown to whom they are for."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from gallery.collecting import add_contributor, collect, make_collection
from gallery.models import Collection
from gallery.publishing import withdraw_post
from tests.gallery.conftest import Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]

URL = "/api/v1/collections"


def test_it_works(alices_api: Any, client: Client, charlies: Client, charlie: User, publish: Publish) -> None:
    first, second = publish(charlie, "Apple"), publish(charlie, "Pear")
    made = alices_api.post(URL, {"title": "Fruit"})
    assert made.status_code == 201 and made.json()["visibility"] == "private"
    address = made["Location"]
    for post in (first, first, second):
        assert alices_api.put(f"{address}/posts/{post.code}").status_code == 204
    listed = alices_api.get(f"{address}/posts").json()["results"]
    assert [(each["post"]["title"], each["added_by"]) for each in listed] == [("Pear", "alice"), ("Apple", "alice")]
    assert "sha256" not in str(listed)
    for other in (client, charlies):
        assert other.get(address).status_code == other.get(f"{address}/posts").status_code == 404
    assert alices_api.patch(address, {"visibility": "public"}).json()["title"] == "Fruit"
    assert client.get(address).json()["contributors"] is None
    withdraw_post(charlie, second)
    assert [each["post"]["code"] for each in client.get(f"{address}/posts").json()["results"]] == [first.code]
    for _ in range(2):
        assert alices_api.delete(f"{address}/posts/{first.code}").status_code == 204
    assert client.get(f"{address}/posts").json()["results"] == []
    assert alices_api.delete(address).status_code == 204 and not Collection.objects.exists()


def test_a_link_opens_it(alices_api: Any, client: Client, alice: User, charlie: User, publish: Publish) -> None:
    row = make_collection(alice, "Fruit", "link")
    collect(alice, row, publish(charlie))
    page = alices_api.get(f"{URL}/{row.code}").json()["page"]
    assert page.endswith(f"?key={row.key}") and client.get(page).status_code == 200
    for path in ("", "/posts"):
        assert client.get(f"{URL}/{row.code}{path}").status_code == 404
        assert client.get(f"{URL}/{row.code}{path}?key={row.key}").status_code == 200
    assert row.key not in client.get(f"{URL}/{row.code}?key={row.key}").text


def test_others_fill_it_too(
    alices_api: Any, charlies: Client, alice: User, bob: User, charlie: User, publish: Publish
) -> None:
    row, post = make_collection(alice, "Fruit"), publish(alice)
    address = f"{URL}/{row.code}"
    assert charlies.put(f"{address}/posts/{post.code}").status_code == 404
    assert alices_api.put(f"{address}/people/charlie").status_code == 204
    assert alices_api.get(address).json()["contributors"] == ["charlie"]
    assert charlies.put(f"{address}/posts/{post.code}").status_code == 204
    assert [each["code"] for each in charlies.get(URL).json()["results"]] == [row.code]
    for refused in (
        charlies.patch(address, {"title": "Mine"}, content_type="application/json"),
        charlies.delete(address),
        charlies.put(f"{address}/people/bob"),
    ):
        assert refused.status_code == 404
    assert charlies.delete(f"{address}/people/charlie").status_code == 204, "who fills it may leave"
    add_contributor(alice, row, "charlie")
    assert alices_api.delete(f"{address}/people/charlie").status_code == 204
    assert charlies.get(URL).json()["results"] == []


def test_refusals(alices_api: Any, client: Client, alice: User, charlie: User, send_in: Publish) -> None:
    for body in ({}, {"title": " "}, {"title": "x" * 81}, {"title": "Fruit", "visibility": "all"}):
        assert alices_api.post(URL, body).status_code == 400, body
    row = make_collection(alice, "Fruit")
    assert alices_api.put(f"{URL}/{row.code}/posts/{send_in(charlie).code}").status_code == 404
    assert alices_api.put(f"{URL}/{row.code}/people/nobody").json()["code"] == "no-such-person"
    assert alices_api.put(f"{URL}/{row.code}/people/alice").json()["code"] == "own-self"
    assert client.post(URL, {"title": "Fruit"}).status_code == client.get(URL).status_code == 401
