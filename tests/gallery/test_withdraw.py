"""Taking one's own post back."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict, NotFound
from gallery.moderation import reject
from gallery.publishing import withdraw_post
from tests.gallery.conftest import Publish


def test_it_works(alice: User, publish: Publish) -> None:
    post = publish(alice)
    withdraw_post(alice, post)
    assert (post.state, post.approved_at) == ("withdrawn", None)
    assert post.last_decision.verb == "withdraw"


def test_charlie_withdraws_nothing(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    with pytest.raises(NotFound):
        withdraw_post(charlie, post)
    assert charlies.post(f"/gallery/{post.code}/withdraw/").status_code == 404
    post.refresh_from_db()
    assert post.is_public


def test_what_is_out_already_cannot_be_withdrawn(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    reject(bob, post, "No.")
    with pytest.raises(Conflict):
        withdraw_post(alice, post)


def test_the_page_and_its_files_are_gone_at_once(alices: Client, client: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert post.image is not None
    addresses = [f"/gallery/{post.code}/{rest}" for rest in ("", "picture", "thumbnail")]
    assert [client.get(address).status_code for address in addresses] == [200] * 3
    assert alices.post(f"/gallery/{post.code}/withdraw/").headers["Location"] == f"/images/{post.image.code}/"
    assert [client.get(address).status_code for address in addresses] == [404] * 3
    assert post.code not in client.get("/gallery/").text


def test_it_asks_first(alices: Client, charlies: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert post.image is not None
    for address in (f"/gallery/{post.code}/", f"/images/{post.image.code}/"):
        page = alices.get(address).text
        assert f'href="/gallery/{post.code}/withdraw/" data-opens="withdraw"' in page, address
        assert page.count("<dialog") >= 1 and "Withdraw this picture?" in page, address
    asked = alices.get(f"/gallery/{post.code}/withdraw/")
    assert "Withdraw this picture?" in asked.text and '<form class="card form" method="post">' in asked.text
    assert f'href="/images/{post.image.code}/"' in asked.text
    post.refresh_from_db()
    assert post.is_public
    assert charlies.get(f"/gallery/{post.code}/withdraw/").status_code == 404
