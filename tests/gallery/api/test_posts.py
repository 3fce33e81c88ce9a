"""Posts in the API: the public list, one's own, publishing and withdrawing."""

from __future__ import annotations

from typing import Any

from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from gallery.models import Post, Tag
from gallery.moderation import reject
from tests.gallery.conftest import Finish, Publish, finish, publish, send_in, weights

__all__ = ["finish", "publish", "send_in", "weights"]


def test_it_lists_what_is_public(client: Client, alice: User, publish: Publish, send_in: Publish) -> None:
    old, new = publish(alice, "Old", tags=("red",)), publish(alice, "New")
    send_in(alice)
    said = client.get("/api/v1/posts").json()
    assert [post["code"] for post in said["results"]] == [new.code, old.code]
    post = said["results"][1]
    assert (post["title"], post["author"], post["tags"], post["state"]) == ("Old", "alice", ["red"], "approved")
    assert post["recipe"]["prompt"] == "a red apple"
    assert "sha256" not in str(post) and "reason" not in post
    assert client.get(post["picture"]).headers["Content-Type"] == "image/png"


def test_no_more_tags_than_a_picture_takes(alices_api: APIClient, alice: User, finish: Finish) -> None:
    body = {"image": finish(alice).code, "title": "Apple", "tags": [f"tag {number}" for number in range(10_000)]}
    assert alices_api.post("/api/v1/posts", body, format="json").status_code == 400
    assert not Post.objects.exists() and not Tag.objects.exists()


def test_pages_go_through_all_once(client: Client, alice: User, publish: Publish) -> None:
    made = [publish(alice).code for _ in range(5)]
    address, seen = "/api/v1/posts?limit=2", []
    while address:
        said = client.get(address).json()
        seen += [post["code"] for post in said["results"]]
        address = said["next"]
    assert seen == made[::-1]


def test_filters(client: Client, alice: User, publish: Publish) -> None:
    one, _ = publish(alice, "Cat", tags=("pet",)), publish(alice, "Dog")
    for query in ("q=cat", "tag=pet", "tag=pet&checkpoint=base"):
        assert [post["code"] for post in client.get(f"/api/v1/posts?{query}").json()["results"]] == [one.code], query
    assert client.get("/api/v1/posts?lora=ink").json()["results"] == []


def test_publishing_works(alices_api: Any, alice: User, finish: Finish) -> None:
    image = finish(alice)
    answer = alices_api.post("/api/v1/posts", {"image": image.code, "title": "Apple", "tags": ["Red", "#red"]})
    assert answer.status_code == 201
    post = Post.objects.get()
    assert answer.headers["Location"] == f"/api/v1/posts/{post.code}"
    assert (answer.json()["state"], answer.json()["tags"], answer.json()["reason"]) == ("pending", ["red"], "")
    assert alices_api.post("/api/v1/posts", {"image": image.code, "title": "Apple"}).status_code == 409


def test_bad_posts_are_refused_in_sentences(alices_api: Any, alice: User, charlie: User, finish: Finish) -> None:
    mine, foreign = finish(alice).code, finish(charlie).code
    for said, status, field in (
        ({}, 400, "image"),
        ({"image": mine, "title": " "}, 400, "title"),
        ({"image": mine, "title": "x" * 81}, 400, "title"),
        ({"image": mine, "title": "x", "tags": ["<b>"]}, 400, "tags"),
        ({"image": mine, "title": "x", "tags": ["a"] * 11}, 400, "tags"),
        ({"image": foreign, "title": "x"}, 404, "image"),
        ({"image": mine, "title": "x", "state": "approved", "tags": "a"}, 400, "tags"),
    ):
        answer = alices_api.post("/api/v1/posts", said)
        assert answer.status_code == status, said
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert field in [error["field"] for error in answer.json()["errors"]], answer.json()
    assert not Post.objects.exists()


def test_what_only_the_site_decides_cannot_be_sent(alices_api: Any, alice: User, charlie: User, finish: Finish) -> None:
    extra = {"state": "approved", "approved_at": "2026-01-01T00:00:00Z", "author": charlie.pk, "code": "x", "flags": []}
    alices_api.post("/api/v1/posts", {"image": finish(alice).code, "title": "Apple", **extra})
    post = Post.objects.get()
    assert (post.state, post.approved_at, post.author) == ("pending", None, alice)


def test_ones_own_are_seen_in_every_state(
    alices_api: Any, client: Client, alice: User, bob: User, charlie: User, send_in: Publish
) -> None:
    post = send_in(alice)
    send_in(charlie)
    reject(bob, post, "Too dark.")
    own = alices_api.get("/api/v1/posts?mine=1").json()["results"]
    assert [(each["code"], each["state"], each["reason"]) for each in own] == [(post.code, "rejected", "Too dark.")]
    assert alices_api.get(f"/api/v1/posts/{post.code}").json()["reason"] == "Too dark."
    assert client.get(f"/api/v1/posts/{post.code}").status_code == 404
    assert client.get("/api/v1/posts?mine=1").json()["results"] == []


def test_withdrawing_works(alices_api: Any, client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert client.delete(f"/api/v1/posts/{post.code}").status_code == 401
    assert alices_api.delete(f"/api/v1/posts/{post.code}").status_code == 204
    assert client.get(f"/api/v1/posts/{post.code}").status_code == 404
    assert alices_api.delete(f"/api/v1/posts/{post.code}").status_code == 409


def test_charlie_gets_404(charlies: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert charlies.delete(f"/api/v1/posts/{post.code}").status_code == 404
    post.refresh_from_db()
    assert post.is_public


def test_publishing_takes_a_token(client: Client, alice: User, finish: Finish) -> None:
    body = {"image": finish(alice).code, "title": "Apple"}
    assert client.post("/api/v1/posts", body, content_type="application/json").status_code == 401
