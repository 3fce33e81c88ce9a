"""Reporting a public picture: the verb and its page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict, Refusal
from gallery.models import Post, Report
from gallery.moderation import keep, report
from tests.architecture.access_things import public_post
from tests.gallery.conftest import Publish


def test_it_works(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    assert "What is wrong with it?" in charlies.get(f"/gallery/{post.code}/report/").text
    answer = charlies.post(f"/gallery/{post.code}/report/", {"reason": "person", "words": "That is me."})
    assert answer.headers["Location"] == f"/gallery/{post.code}/"
    made = Report.objects.get()
    assert (made.user, made.post, made.reason, made.words) == (charlie, post, "person", "That is me.")


def test_once_from_each_person(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    report(charlie, post, "other")
    with pytest.raises(Conflict):
        report(charlie, post, "hateful")
    page = charlies.post(f"/gallery/{post.code}/report/", {"reason": "other"})
    assert page.status_code == 409
    assert "reported this picture already" in page.text
    assert Report.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_from_one_person_are_one(charlie: User, alice: User) -> None:
    post = public_post(alice)

    def press(number: int) -> bool:
        try:
            report(charlie, Post.objects.select_related("image").get(pk=post.pk), "other")
        except Conflict:
            return False
        finally:
            connections.close_all()
        return True

    connection.close()
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(press, range(100))) == 1
    post.refresh_from_db()
    assert Report.objects.count() == 1 and post.is_public


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a\u202ecba\u202c", "acba"),
        ("r\u200bu\x07de\ufeff\r\n\r\nBcc: x", "rude Bcc: x"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("\N{WOMAN}\u200d\N{PERSONAL COMPUTER}", "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}"),
    ],
)
def test_moderators_read_words_as_they_are_stored(
    said: str, kept: str, charlies: Client, alice: User, publish: Publish
) -> None:
    address = f"/gallery/{publish(alice).code}/report/"
    assert charlies.post(address, {"reason": "other", "words": said}).status_code == 302
    assert Report.objects.get().words == kept


@pytest.mark.parametrize(
    ("said", "sentence"), [({}, "Choose one of the reasons."), ({"reason": "boring"}, "boring is not one")]
)
def test_it_needs_a_reason(
    charlies: Client, alice: User, publish: Publish, said: dict[str, str], sentence: str
) -> None:
    page = charlies.post(f"/gallery/{publish(alice).code}/report/", said)
    assert page.status_code == 400
    assert sentence in page.text


def test_the_verb_holds_its_own_limits(alice: User, charlie: User, publish: Publish, send_in: Publish) -> None:
    post = publish(alice)
    with pytest.raises(Refusal):
        report(charlie, post, "boring")
    with pytest.raises(Refusal):
        report(charlie, post, "other", "x" * 501)
    with pytest.raises(Refusal, match="yours"):
        report(alice, post, "other")
    with pytest.raises(Conflict):
        report(charlie, send_in(alice), "other")


def test_a_waiting_post_cannot_be_reported_since_it_is_not_there(
    charlies: Client, alice: User, send_in: Publish
) -> None:
    assert charlies.get(f"/gallery/{send_in(alice).code}/report/").status_code == 404


def test_anonymous_signs_in_first(client: Client, alice: User, publish: Publish) -> None:
    answer = client.get(f"/gallery/{publish(alice).code}/report/")
    assert answer.headers["Location"].startswith("/accounts/login/?next=/gallery/")


def test_the_page_says_that_you_reported_it(
    charlies: Client, alices: Client, client: Client, bob: User, charlie: User, alice: User, publish: Publish
) -> None:
    post = publish(alice)
    address = f"/gallery/{post.code}/"
    assert f'href="{address}report/"' in charlies.get(address).text
    report(charlie, post, "copied")
    for page in (charlies.get(address).text, charlies.get(f"{address}report/").text):
        assert "You reported this" in page and "somebody else" in page and "A moderator will look." in page
        assert f'href="{address}report/"' not in page and 'name="reason"' not in page
    assert "You reported this" not in alices.get(address).text + client.get(address).text
    keep(bob, post)
    assert "A moderator has looked at it and left it here." in charlies.get(address).text
