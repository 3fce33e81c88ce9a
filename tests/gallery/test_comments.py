"""Comments: written, shown as plain text, limited, reported, deleted by their author and removed by moderators."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, QuotaExceeded, Refusal
from config.deletion import take_away_work
from gallery import commenting
from gallery.commenting import clean_words, take_back, write_comment
from gallery.models import BlockedPhrase, Comment, CommentReport
from gallery.moderation import approve, keep, report_comment, take_down, undo
from gallery.publishing import withdraw_post
from tests.gallery.conftest import Publish

XSS = '<script>alert(1)</script> "><img src=x onerror=alert(1)>'


def test_it_works(charlies: Client, client: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    answer = charlies.post(f"/gallery/{post.code}/comments/", {"words": "What a light!\r\n\r\n\r\nTruly."})
    assert answer.headers["Location"] == f"/gallery/{post.code}/#comments"
    comment = Comment.objects.get()
    assert (comment.author, comment.post, comment.words) == (charlie, post, "What a light!\n\nTruly.")
    for address in (f"/gallery/{post.code}/", f"/gallery/{post.code}/comments/"):
        page = client.get(address).text
        assert "What a light!" in page and "/accounts/login/?next=" in page and 'name="words"' not in page
        own = charlies.get(address).text
        assert f"/comments/{comment.code}/delete/" in own and f"/comments/{comment.code}/remove/" not in own


def test_it_is_plain_text(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    comment = write_comment(charlie, post, XSS)
    for address in (f"/gallery/{post.code}/", f"/gallery/{post.code}/comments/", f"/comments/{comment.code}/delete/"):
        page = charlies.get(address).text
        assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;script&gt;alert(1)" in charlies.get(f"/gallery/{post.code}/").text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  a \t b  ", "a b"),
        ("a\u202eb\u2066c", "abc"),
        ("a\u200bb\ufeff", "ab"),
        ("a\x00b\x1b", "ab"),
        ("👩\u200d🎨", "👩\u200d🎨"),
        ("a\n\n\n\nb\n", "a\n\nb"),
    ],
)
def test_what_is_left_of_words(given: str, kept: str) -> None:
    assert clean_words(given) == kept


@pytest.mark.parametrize("given", ["", " \n ", "\u200b\u200d", "\u202e", "x" * 1001])
def test_what_says_nothing_or_too_much_is_refused(given: str, charlies: Client, alice: User, publish: Publish) -> None:
    answer = charlies.post(f"/gallery/{publish(alice).code}/comments/", {"words": given})
    assert answer.status_code == 400 and "field--wrong" in answer.text
    assert not Comment.objects.exists()


def test_not_too_often(
    charlies: Client, charlie: User, bob: User, alice: User, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = publish(alice)
    for number in range(5):
        write_comment(charlie, post, f"Number {number}")
    with pytest.raises(QuotaExceeded):
        write_comment(charlie, post, "One more")
    answer = charlies.post(f"/gallery/{post.code}/comments/", {"words": "One more"})
    assert answer.status_code == 429 and "Try again later" in answer.text and "One more" in answer.text
    write_comment(bob, post, "Another person may.")
    monkeypatch.setattr(commenting, "LIMITS", ())
    write_comment(charlie, post, "Later on.")


def test_where_none_can_be_written(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    comment = write_comment(charlie, post, "Nice.")
    withdraw_post(alice, post)
    with pytest.raises(Conflict):
        write_comment(charlie, post, "Nice.")
    for address in (f"/gallery/{post.code}/comments/", f"/comments/{comment.code}/delete/"):
        assert charlies.post(address, {"words": "Nice."}).status_code == 404


def test_blocked_words_are_refused_and_flagged_ones_wait(
    charlies: Client, charlie: User, bob: User, alice: User, publish: Publish
) -> None:
    post = publish(alice)
    BlockedPhrase.objects.create(phrase="bad word", effect="refuse")
    BlockedPhrase.objects.create(phrase="hm", effect="flag")
    with pytest.raises(Refusal):
        write_comment(charlie, post, "A B\u200bad word")
    page = charlies.post(f"/gallery/{post.code}/comments/", {"words": "Hm, hm."}, follow=True).text
    assert "A moderator looks at this comment" in page and "Hm, hm." not in page
    approve(bob, Comment.objects.get())
    assert "Hm, hm." in charlies.get(f"/gallery/{post.code}/").text


def test_its_author_deletes_it_and_nobody_else(
    charlies: Client, alices: Client, charlie: User, alice: User, publish: Publish
) -> None:
    post = publish(alice)
    comment = write_comment(charlie, post, "Nice.")
    address = f"/comments/{comment.code}/delete/"
    assert alices.post(address).status_code == 404
    assert "Delete this comment?" in charlies.get(address).text
    charlies.post(address)
    comment.refresh_from_db()
    assert (comment.state, comment.words) == ("withdrawn", "")
    assert "Nice." not in charlies.get(f"/gallery/{post.code}/").text
    assert charlies.post(address).status_code == 404


def test_reporting_keeps_the_words(alices: Client, alice: User, bob: User, charlie: User, publish: Publish) -> None:
    comment = write_comment(charlie, publish(alice), "You are ugly.")
    address = f"/comments/{comment.code}/report/"
    assert "Only moderators read this." in alices.get(address).text
    alices.post(address, {"reason": "hateful", "words": "Unkind."})
    assert alices.post(address, {"reason": "hateful"}).status_code == 409
    with pytest.raises(Refusal, match="yours"):
        report_comment(charlie, comment, "other")
    take_back(charlie, comment)
    made = CommentReport.objects.get()
    assert (made.user, made.quoted, made.words, made.closed_at) == (alice, "You are ugly.", "Unkind.", None)
    with pytest.raises(Conflict):
        report_comment(bob, comment, "other")


def test_moderators_remove_with_a_reason_and_close_the_reports(
    bobs: Client, charlies: Client, alice: User, bob: User, charlie: User, publish: Publish
) -> None:
    post = publish(alice)
    comment = write_comment(charlie, post, "You are ugly.")
    report_comment(alice, comment, "hateful")
    address = f"/comments/{comment.code}/remove/"
    assert charlies.post(address, {"reason": "x"}).status_code == 403
    assert f'href="{address}"' in bobs.get(f"/gallery/{post.code}/").text
    assert bobs.post(address, {"reason": ""}).status_code == 400
    assert bobs.post(address, {"reason": "Be kind."}).status_code == 302
    comment.refresh_from_db()
    assert (comment.state, comment.told_reason) == ("taken_down", "Be kind.")
    assert CommentReport.objects.get().closed_at is not None
    assert "You are ugly." not in charlies.get(f"/gallery/{post.code}/").text
    undo(bob, comment)
    assert Comment.objects.public().get() == comment and CommentReport.objects.get().closed_at is None
    keep(bob, comment)
    assert CommentReport.objects.get().closed_at is not None


def test_not_without_a_second_factor(
    bobs: Client, bob: User, charlie: User, alice: User, publish: Publish, settings: Settings
) -> None:
    comment = write_comment(charlie, publish(alice), "You are ugly.")
    settings.STAFF_SECOND_FACTOR = True
    address = f"/comments/{comment.code}/remove/"
    for asked in (bobs.get(address, follow=True), bobs.post(address, {"reason": "Be kind."}, follow=True)):
        assert asked.redirect_chain[-1][0] == "/accounts/2fa/"
        assert "Staff decide with a second factor only" in asked.text
    with pytest.raises(NotAllowed):
        take_down(bob, comment, "Be kind.")
    comment.refresh_from_db()
    assert comment.state == "approved"
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={})
    bobs.post(address, {"reason": "Be kind."})
    comment.refresh_from_db()
    assert comment.state == "taken_down"


def test_nobody_decides_about_their_own(bob: User, charlie: User, alice: User, publish: Publish) -> None:
    comment = write_comment(bob, publish(alice), "Nice.")
    for moderator in (bob, charlie):
        with pytest.raises(NotAllowed):
            take_down(moderator, comment, "No.")


def test_who_is_deleted_said_nothing(charlies: Client, charlie: User, alice: User, publish: Publish) -> None:
    comment = write_comment(charlie, publish(alice), "Nice.")
    report_comment(alice, comment, "other", "Hm.")
    take_away_work(charlie)
    comment.refresh_from_db()
    assert (comment.state, comment.words, CommentReport.objects.get().quoted) == ("withdrawn", "", "")


def test_who_left_is_not_shown(client: Client, charlie: User, alice: User, publish: Publish) -> None:
    post = publish(alice)
    write_comment(charlie, post, "Nice.")
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert "Nice." not in client.get(f"/gallery/{post.code}/").text
