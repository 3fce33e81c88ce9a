"""An author hears of a decision: in the bar of every page until they read it, and on a page that keeps the reasons."""

from __future__ import annotations

import re

from django.test import Client

from accounts.models import User
from gallery.commenting import write_comment
from gallery.models import Release
from gallery.moderation import approve, keep, reject, take_down
from gallery.publishing import withdraw_post
from generation.jobs.deletion import delete_images
from generation.models import Lora
from tests.gallery.conftest import Publish, unread

BELL = re.compile(r"<span>(\d+)</span><span class=\"unseen\">new notifications?</span>")


def told(client: Client, address: str = "/gallery/") -> str:
    """The number in the bar, empty where there is none."""
    found = BELL.search(client.get(address).text)
    return found[1] if found else ""


def test_it_works(alices: Client, bob: User, alice: User, send_in: Publish) -> None:
    first, second = send_in(alice, "Apple"), send_in(alice, "Pear")
    assert told(alices) == ""
    approve(bob, first)
    assert told(alices) == "1" and '1</span><span class="unseen">new notification<' in alices.get("/create/").text
    reject(bob, second, "Too <b>dark</b>.")
    assert told(alices, "/images/") == "2"
    page = alices.get("/gallery/mine/").text
    assert "<h2>New</h2>" in page and "Too &lt;b&gt;dark&lt;/b&gt;." in page and "In the gallery" in page
    assert second.image is not None and f'href="/images/{second.image.code}/"' in page
    assert told(alices) == ""
    again = alices.get("/gallery/mine/").text
    assert "<h2>New</h2>" not in again and "Too &lt;b&gt;dark" in again, "the reasons stay"


def test_nobody_else_hears_of_it(
    charlies: Client, client: Client, bob: User, charlie: User, alice: User, publish: Publish
) -> None:
    post = publish(alice, "Apple")
    assert told(charlies) == told(client) == ""
    assert post.title not in charlies.get("/gallery/mine/").text
    assert unread(alice) == 1, "charlie's look reads nothing of hers"
    assert client.get("/gallery/mine/").headers["Location"] == "/accounts/login/?next=/gallery/mine/"


def test_a_comment_that_was_refused_stays_with_its_reason_and_the_way_to_object(
    charlies: Client, alice: User, bob: User, charlie: User, publish: Publish
) -> None:
    post = publish(alice)
    rude, kind = write_comment(charlie, post, "Ugly."), write_comment(charlie, post, "Fine.")
    take_down(bob, rude, "Be kind.")
    for _ in range(2):
        page = charlies.get("/gallery/mine/").text
        assert "Ugly." in page and "Be kind." in page and f"/appeals/comment/{rude.code}/" in page
        assert kind.words not in page


def test_what_an_author_does_is_no_news_and_keeping_changes_none(alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    keep(bob, post)
    assert unread(alice) == 1
    withdraw_post(alice, post)
    assert unread(alice) == 0


def test_a_decision_taken_back_is_told_once_more(alices: Client, alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    alices.get("/gallery/mine/")
    take_down(bob, post, "By mistake.")
    assert told(alices) == "1"
    approve(bob, post)
    assert told(alices) == "1"


def test_what_is_gone_is_told_without_a_link(alices: Client, alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice, "Apple")
    take_down(bob, post, "A real person.")
    assert post.image is not None
    delete_images(alice, [post.image.code])
    page = alices.get("/gallery/mine/").text
    assert "A real person." in page and f"/images/{post.image.code}" not in page


def test_a_lora_is_told_of_too(alices: Client, alice: User, bob: User, weights: None) -> None:
    lora = Lora.objects.create(name="clay", title="Clay", family="mini", path="c", sha256="c" * 64, owner=alice)
    release = Release.objects.create(lora=lora, author=alice, title="Clay", licence="MIT", submitted_at=lora.created_at)
    reject(bob, release, "No samples.")
    assert told(alices) == "1"
    page = alices.get("/gallery/mine/").text
    assert "No samples." in page and 'href="/loras/clay/"' in page
    assert told(alices) == ""
