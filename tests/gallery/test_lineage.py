"""Remix keeps where a picture came from: through form, job and image to its post, and the chain on the page."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from gallery import lineage
from gallery.models import Post
from gallery.moderation import approve
from gallery.publishing import publish_image, withdraw_post
from generation.models import Job
from tests.gallery.conftest import Finish, Publish


def remixed(author: User, bob: User, finish: Finish, parent: Post, title: str) -> Post:
    """A public post of a picture whose job was queued as a remix."""
    image = finish(author)
    Job.objects.filter(image=image).update(made_from=parent.code)
    image.refresh_from_db()
    post = publish_image(author, image, title)
    approve(bob, post)
    return post


def test_the_form_keeps_it(charlies: Client, alice: User, publish: Publish) -> None:
    post = publish(alice, "Apple")
    page = charlies.get(f"/create/?post={post.code}").text
    assert f'name="made_from" value="{post.code}" checked' in page and "Made from" in page
    charlies.post("/create/draft/", {"prompt": "a pear", "made_from": post.code})
    assert f'value="{post.code}" checked' in charlies.get("/create/").text
    charlies.post("/create/draft/", {"prompt": "a pear"})
    assert "made_from" not in charlies.get("/create/").text


def test_what_is_not_public_is_nothing_to_be_made_from(charlies: Client, alice: User, send_in: Publish) -> None:
    assert "made_from" not in charlies.get(f"/create/?post={send_in(alice).code}").text


def test_the_chain_is_shown(client: Client, alice: User, bob: User, charlie: User, finish: Finish) -> None:
    first = publish_image(alice, finish(alice), "First")
    approve(bob, first)
    second = remixed(charlie, bob, finish, first, "Second")
    third = remixed(alice, bob, finish, second, "Third")
    assert (second.made_from, third.made_from) == (first, second)
    page = client.get(f"/gallery/{third.code}/").text
    chain = page[page.index("Made from") :]
    assert chain.index(f"/gallery/{first.code}/") < chain.index(f"/gallery/{second.code}/")
    assert "1 remix<" in client.get(f"/gallery/{first.code}/").text
    remixes = client.get(f"/gallery/{first.code}/remixes/").text
    assert f"/gallery/{second.code}/" in remixes and f"/gallery/{third.code}/" not in remixes
    assert client.get(f"/api/v1/posts/{third.code}").json()["made_from"] == second.code
    assert "No remix yet" in client.get(f"/gallery/{third.code}/remixes/").text


def test_a_withdrawn_parent_is_not_named(client: Client, alice: User, bob: User, charlie: User, finish: Finish) -> None:
    first = publish_image(alice, finish(alice), "A secret title")
    approve(bob, first)
    second = remixed(charlie, bob, finish, first, "Second")
    withdraw_post(alice, first)
    page = client.get(f"/gallery/{second.code}/").text
    assert "no longer public" in page and "A secret title" not in page
    assert client.get(f"/api/v1/posts/{second.code}").json()["made_from"] is None


def test_a_long_chain_is_cut(alice: User, bob: User, finish: Finish, monkeypatch: Any) -> None:
    monkeypatch.setattr(lineage, "LONGEST_CHAIN", 2)
    post = publish_image(alice, finish(alice), "0")
    approve(bob, post)
    posts = [post]
    for number in range(1, 4):
        posts.append(remixed(alice, bob, finish, posts[-1], str(number)))
    assert [int(pk) for pk in posts[-1].lineage.split()] == [posts[1].pk, posts[2].pk]


def test_a_code_that_names_nothing_is_forgotten(alice: User, finish: Finish) -> None:
    image = finish(alice)
    Job.objects.filter(image=image).update(made_from="nowhere")
    image.refresh_from_db()
    post = publish_image(alice, image, "Apple")
    assert (post.made_from, post.lineage) == (None, "")
