"""Collections: private, by link, public; filled by their owner and by whom they name."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import NotFound, QuotaExceeded, Refusal
from config.deletion import take_away_work, take_from_view
from gallery import collecting
from gallery.collecting import add_contributor, change_collection, collect, make_collection
from gallery.models import CollectedPost, Collection
from gallery.publishing import withdraw_post
from tests.gallery.conftest import Publish


def test_it_works(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    answer = charlies.post("/collections/", {"title": " Red  things ", "visibility": "private"})
    made = Collection.objects.get()
    assert (made.title, made.owner) == ("Red things", charlie)
    assert answer.headers["Location"] == f"/collections/{made.code}/"
    assert f'href="/gallery/{post.code}/collect/"' in charlies.get(f"/gallery/{post.code}/").text
    assert "Red things" in charlies.get(f"/gallery/{post.code}/collect/").text
    for _ in range(2):
        charlies.post(f"/gallery/{post.code}/collect/", {"collection": made.code, "on": "1"})
    assert CollectedPost.objects.count() == 1
    assert f"/gallery/{post.code}/" in charlies.get(f"/collections/{made.code}/").text
    charlies.post(f"/gallery/{post.code}/collect/", {"collection": made.code, "on": ""})
    assert not CollectedPost.objects.exists()


def test_who_sees_it(
    charlies: Client, alices: Client, client: Client, charlie: User, alice: User, publish: Publish
) -> None:
    made = make_collection(charlie, "Red things")
    collect(charlie, made, publish(alice))
    address = f"/collections/{made.code}/"
    assert [each.get(address).status_code for each in (charlies, alices, client)] == [200, 404, 404]
    assert client.get(f"{address}?key={made.key}").status_code == 404, "it is private"
    change_collection(charlie, made, "Red things", "link")
    assert client.get(address).status_code == client.get(f"{address}?key=x").status_code == 404
    shown = client.get(f"{address}?key={made.key}")
    assert shown.status_code == 200 and "noindex" in shown.headers["X-Robots-Tag"]
    assert "no-store" in shown.headers["Cache-Control"]
    change_collection(charlie, made, "Red things", "public")
    assert client.get(address).status_code == 200
    assert "key=" not in client.get(address).text
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert client.get(address).status_code == 404


def test_public_ones_are_on_the_page_of_their_owner(client: Client, alice: User, publish: Publish) -> None:
    publish(alice)
    make_collection(alice, "Hidden")
    make_collection(alice, "Shown", "public")
    page = client.get("/by/alice/").text
    assert "Shown" in page and "Hidden" not in page


def test_only_public_posts_are_shown(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    made, post = make_collection(charlie, "Red things"), publish(alice)
    collect(charlie, made, post)
    withdraw_post(alice, post)
    assert post.code not in charlies.get(f"/collections/{made.code}/").text


def test_contributors_fill_it_and_may_leave(
    charlies: Client, alices: Client, alice: User, charlie: User, bob: User, publish: Publish
) -> None:
    made, post = make_collection(alice, "Red things"), publish(alice)
    with pytest.raises(NotFound):
        collect(charlie, made, post)
    assert alices.post(f"/collections/{made.code}/people/", {"username": "nobody"}).status_code == 400
    alices.post(f"/collections/{made.code}/people/", {"username": "charlie"})
    assert "charlie" in alices.get(f"/collections/{made.code}/edit/").text
    assert collect(charlie, made, post)
    assert charlies.get(f"/collections/{made.code}/").status_code == 200
    assert charlies.post(f"/collections/{made.code}/edit/", {"title": "x", "visibility": "public"}).status_code == 404
    assert charlies.post(f"/collections/{made.code}/people/", {"username": "bob"}).status_code == 404
    assert charlies.post(f"/collections/{made.code}/delete/").status_code == 404
    charlies.post(f"/collections/{made.code}/people/", {"remove": "charlie"})
    assert charlies.get(f"/collections/{made.code}/").status_code == 404
    assert CollectedPost.objects.count() == 1, "what they added stays"


def test_limits(alice: User, charlie: User, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_collection(alice, "Red things")
    monkeypatch.setattr(collecting, "MOST_COLLECTIONS", 1)
    monkeypatch.setattr(collecting, "MOST_POSTS", 0)
    monkeypatch.setattr(collecting, "MOST_CONTRIBUTORS", 0)
    with pytest.raises(QuotaExceeded):
        make_collection(alice, "More")
    with pytest.raises(QuotaExceeded):
        collect(alice, made, publish(charlie))
    with pytest.raises(QuotaExceeded):
        add_contributor(alice, made, "charlie")
    for title, visibility in (("", "public"), ("x" * 81, "public"), ("x\u202e", "public"), ("x", "all")):
        with pytest.raises(Refusal):
            change_collection(alice, made, title, visibility)


def test_it_is_deleted_after_a_question(alices: Client, alice: User) -> None:
    made = make_collection(alice, "<b>Red</b>")
    page = alices.get(f"/collections/{made.code}/delete/").text
    assert "Delete this collection?" in page and "<b>Red" not in page
    alices.post(f"/collections/{made.code}/delete/")
    assert not Collection.objects.exists()


def test_who_leaves_shows_none_and_who_is_deleted_has_none(alice: User, charlie: User) -> None:
    made = make_collection(alice, "Red things", "public")
    add_contributor(alice, made, "charlie")
    take_from_view(alice)
    made.refresh_from_db()
    assert made.visibility == "private" and not made.contributors.exists()
    take_away_work(alice)
    assert not Collection.objects.exists()
