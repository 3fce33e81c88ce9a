"""Remix keeps where a picture came from, through form, job and image to its post; its author is told, once."""

from __future__ import annotations

from typing import Any

from django.core import mail
from django.test import Client

from accounts.models import User
from gallery import digests, lineage
from gallery.models import Notification, Post
from gallery.moderation import approve, reject, report, undo
from gallery.publishing import publish_image, withdraw_post
from generation.models import Job
from tests.gallery.conftest import Finish, Publish


def waiting_remix(author: User, finish: Finish, parent: Post, title: str) -> Post:
    """A post that waits, of a picture whose job was queued as a remix."""
    image = finish(author)
    Job.objects.filter(image=image).update(made_from=parent.code)
    image.refresh_from_db()
    return publish_image(author, image, title)


def remixed(author: User, bob: User, finish: Finish, parent: Post, title: str) -> Post:
    """A public post of a picture whose job was queued as a remix."""
    post = waiting_remix(author, finish, parent, title)
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


def test_its_author_is_told_once_it_is_public(
    alices: Client, alice: User, bob: User, charlie: User, dora: User, publish: Publish, finish: Finish
) -> None:
    first = publish(alice, "Apple")
    told = Notification.objects.filter(person=alice, kind="remix")
    second = waiting_remix(charlie, finish, first, "Pear")
    assert not told.exists(), "what waits may never be seen"
    approve(bob, second)
    page = alices.get("/notifications/").text
    assert "charlie made a remix of “Apple”" in page and f"/gallery/{first.code}/remixes/" in page
    User.objects.filter(pk=alice.pk).update(wants_digest=True)
    approve(dora, waiting_remix(bob, finish, first, "Plum"))
    assert digests.send_digests() == 1 and "bob made a remix of “Apple”" in str(mail.outbox[-1].body)


def test_what_returns_is_no_news(
    alice: User, bob: User, charlie: User, publish: Publish, finish: Finish, settings: Any
) -> None:
    settings.REPORTS_TO_HIDE = 1
    second = remixed(charlie, bob, finish, publish(alice), "Pear")
    report(alice, second, "other")
    second.refresh_from_db()
    assert second.state == "hidden"
    approve(bob, second)
    assert Notification.objects.get(person=alice, kind="remix").number == 1


def test_an_approval_that_is_taken_back_is_not_told(
    alice: User, bob: User, charlie: User, publish: Publish, finish: Finish
) -> None:
    second = remixed(charlie, bob, finish, publish(alice), "Pear")
    undo(bob, second)
    assert not Notification.objects.filter(person=alice, kind="remix").exists()
    reject(bob, second, "Too dark.")
    approve(bob, second)
    assert Notification.objects.get(person=alice, kind="remix").number == 1


def test_nobody_is_told_of_their_own_or_after_they_withdrew(
    alice: User, bob: User, charlie: User, publish: Publish, finish: Finish
) -> None:
    first, other = publish(alice), publish(alice, "Plum")
    remixed(alice, bob, finish, first, "Own")
    late = waiting_remix(charlie, finish, other, "Late")
    withdraw_post(alice, other)
    approve(bob, late)
    assert not Notification.objects.filter(kind="remix").exists()
