"""The rating of a post: its author's and the picture's, a moderator's word, and the veil before it."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.ratings import Rating, is_above, strongest
from accounts.refusals import Conflict, NotAllowed, Refusal
from gallery.models import Decision, Post
from gallery.moderation import approve
from gallery.publishing import publish_image, withdraw_post
from gallery.rating import rate
from tests.gallery.conftest import Finish, Publish


def test_ratings_are_ordered() -> None:
    assert strongest("sensitive", "general", "explicit") == Rating.EXPLICIT
    assert is_above("explicit", "sensitive") and not is_above("general", "general")


@pytest.mark.parametrize(
    ("scored", "said", "rating"),
    [("general", "general", "general"), ("general", "explicit", "explicit"), ("sensitive", "general", "sensitive")],
)
def test_the_stronger_of_author_and_picture_counts(
    alice: User, finish: Finish, scored: str, said: str, rating: str
) -> None:
    image = finish(alice)
    image.rating = scored
    assert publish_image(alice, image, "Apple", rating=said).rating == rating


def test_the_form_begins_with_the_pictures_own(alices: Client, alice: User, finish: Finish) -> None:
    image = finish(alice)
    image.rating = "sensitive"
    image.save(update_fields=["rating"])
    address = f"/images/{image.code}/publish/"
    assert '<option value="sensitive" selected>' in alices.get(address).text
    assert alices.post(address, {"title": "Apple", "tags": "", "rating": "explicit"}).status_code == 302
    assert Post.objects.get().rating == "explicit"


def test_a_moderator_rates(bob: User, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    decision = rate(bob, post, "explicit")
    assert decision is not None and (decision.verb, decision.reason) == ("rate", "General before, explicit now")
    assert Post.objects.get().rating == "explicit" and Post.objects.get().state == "pending"
    assert rate(bob, post, "explicit") is None
    assert Decision.objects.filter(verb="rate").count() == 1


def test_who_may_not_and_what_is_not(bob: User, alice: User, charlie: User, send_in: Publish) -> None:
    post = send_in(alice)
    for person in (alice, charlie):
        with pytest.raises(NotAllowed):
            rate(person, post, "explicit")
    with pytest.raises(Refusal):
        rate(bob, post, "mild")
    withdraw_post(alice, post)
    with pytest.raises(Conflict):
        rate(bob, post, "explicit")


def test_nobody_rates_their_own(bob: User, send_in: Publish) -> None:
    with pytest.raises(NotAllowed):
        rate(bob, send_in(bob), "explicit")


def test_the_moderators_screen_rates(bobs: Client, alices: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    assert "moderation__rate" in bobs.get("/admin/gallery/post/").text
    form = {"code": post.code, "rating": "sensitive", "state": "pending"}
    answer = bobs.post("/admin/gallery/post/rate/", form)
    assert answer.headers["Location"] == "/admin/gallery/post/?state=pending"
    assert Post.objects.get().rating == "sensitive"
    assert alices.post("/admin/gallery/post/rate/", {**form, "rating": "general"}).status_code in {302, 403}
    assert Post.objects.get().rating == "sensitive"


def test_what_is_stronger_than_a_visitor_has_set_is_veiled(
    client: Client, charlies: Client, charlie: User, alice: User, bob: User, finish: Finish
) -> None:
    post = publish_image(alice, finish(alice), "Apple", rating="sensitive")
    approve(bob, post)
    pages = ("/gallery/", f"/gallery/{post.code}/")
    for page in pages:
        assert "veil" in client.get(page).text and "veil" in charlies.get(page).text
    assert charlies.post("/account/viewing/", {"shown_rating": "sensitive"}).status_code == 302
    for page in pages:
        assert "veil" not in charlies.get(page).text
    Post.objects.update(rating="explicit")
    assert "veil" in charlies.get(pages[1]).text


def test_general_is_never_veiled(client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert "veil" not in client.get(f"/gallery/{post.code}/").text


def test_the_gallery_keeps_to_one_rating(client: Client, alice: User, bob: User, publish: Publish) -> None:
    mild, strong = publish(alice, "Mild", tags=("red",)), publish(alice, "Strong", tags=("red",))
    rate(bob, strong, "explicit")

    def shown(query: str) -> list[str]:
        page = client.get(f"/gallery/?{query}").text
        listed = [post["code"] for post in client.get(f"/api/v1/posts?{query}").json()["results"]]
        assert [post.code for post in (strong, mild) if f"/gallery/{post.code}/" in page] == listed
        return listed

    assert shown("rating=explicit") == shown("rating=explicit&tag=red&q=strong") == [strong.code]
    assert shown("rating=general") == [mild.code] and shown("rating=sensitive") == []
    assert shown("") == [strong.code, mild.code]
    # A page leaves out what it does not know; a program is told.
    assert all(code in client.get("/gallery/?rating=nonsense").text for code in (strong.code, mild.code))
    assert client.get("/api/v1/posts?rating=nonsense").json()["code"] == "bad-rating"
    rate(bob, strong, "sensitive")
    assert shown("rating=explicit") == [] and shown("rating=sensitive") == [strong.code]
    feed = client.get("/gallery/feed.atom?rating=sensitive").text
    assert "Strong" not in feed, "nothing veils it there"
