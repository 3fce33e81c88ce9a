"""The desk: one queue by what is due, claims, decisions one by one and many at once, notes and records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed
from gallery.appeals import grant, send_appeal
from gallery.claims import LEASE, claim
from gallery.commenting import write_comment
from gallery.desk import acts
from gallery.desk.acts import choices_of, decide
from gallery.desk.queue import counts, page_of_queue
from gallery.models import BlockedPhrase, Claim, Comment, Decision, ModerationAct, Post, Sanction
from gallery.moderation import approve, reject, report, report_comment, take_down
from gallery.notices import dismiss, uphold
from gallery.rating import rate
from gallery.sanctions import ban, strike
from generation.models import SafeguardRecord
from tests.architecture.access_things import own_lora, release
from tests.conftest import join
from tests.gallery.conftest import Publish
from tests.gallery.test_notices import sent

DESK = "/admin/gallery/claim/"


def case(subject: str, key: int) -> str:
    return reverse("admin:desk_case", args=[subject, key])


def act(client: Client, subject: str, key: int, verb: str, **fields: str) -> Any:
    return client.post(reverse("admin:desk_act", args=[subject, key]), {"verb": verb, **fields}, follow=True)


def test_it_works(bobs: Client, bob: User, alice: User, charlie: User, publish: Publish, send_in: Publish) -> None:
    waiting, public = send_in(alice, "Waits"), publish(alice, "Public")
    report(charlie, public, "hateful", "Look at it")
    notice = sent(public)
    record = SafeguardRecord.objects.create(user=alice, effect="review", words=["x"], text="some text")
    ban(bob, alice, "Again and again.")
    page = bobs.get(DESK).text
    for words in ("Waits", "Look at it", "An intimate picture", "Proposed by bob", "A rule"):
        assert words in page
    assert counts() == {
        "notice": 1, "report": 1, "post": 1, "release": 0, "comment": 0, "comment_report": 0,
        "appeal": 0, "ban": 1, "safeguard": 1
    }  # fmt: skip
    queue = [(each.kind, each.due_at) for each in page_of_queue().cases]
    assert [due for _, due in queue] == sorted(due for _, due in queue)
    for subject, key in (("post", waiting.pk), ("post", public.pk), ("notice", notice.pk), ("safeguard", record.pk),
                         ("person", alice.pk)):  # fmt: skip
        assert bobs.get(case(subject, key)).status_code == 200
    assert "Waits" in bobs.get(f"{DESK}?kind=post").text and "Look at it" not in bobs.get(f"{DESK}?kind=post").text


def test_comments_wait_there_too(
    bobs: Client, alice: User, charlie: User, publish: Publish, settings: Settings
) -> None:
    settings.REPORTS_TO_HIDE = 2
    post = publish(alice)
    BlockedPhrase.objects.create(phrase="hm", effect="flag")
    waits, reported = write_comment(charlie, post, "Hm, <i>hm</i>."), write_comment(charlie, post, "You are ugly.")
    report_comment(alice, reported, "hateful", "Unkind")
    assert (counts()["comment"], counts()["comment_report"]) == (1, 1)
    page = bobs.get(DESK).text
    assert "Says “hm”" in page and "Unkind" in page and "<i>hm" not in page and "Hidden. " not in page
    report_comment(join("dora"), reported, "other")
    assert [each.kind for each in page_of_queue("comment_report").cases] == ["Reported comment"], "once, not twice"
    assert "Hidden. Hate or harassment" in bobs.get(DESK).text
    shown = bobs.get(case("comment", reported.pk)).text
    assert "You are ugly." in shown and "Unkind" in shown and "charlie" in shown
    assert "<dt>Comments: hidden until a moderator has looked</dt><dd>1</dd>" in shown
    assert "<dt>Open reports</dt><dd>2</dd>" in shown
    act(bobs, "comment", reported.pk, "take_down", reason="Be kind.", strike="1")
    act(bobs, "comment", waits.pk, "approve")
    assert sorted(Comment.objects.values_list("state", flat=True)) == ["approved", "taken_down"]
    assert Sanction.objects.get(person=charlie).reason == "Be kind."
    assert (counts()["comment"], counts()["comment_report"]) == (0, 0)


def test_a_reported_comment_may_be_kept(bobs: Client, alice: User, charlie: User, publish: Publish) -> None:
    comment = write_comment(charlie, publish(alice), "I do not like it.")
    report_comment(alice, comment, "hateful")
    ticked = {"case": [f"comment:{comment.pk}"], "verb": "keep"}
    assert "Keep: 1 case." in bobs.post(f"{DESK}bulk/", ticked, follow=True).text
    comment.refresh_from_db()
    assert comment.state == "approved" and counts()["comment_report"] == 0


@pytest.mark.parametrize("is_superuser", [False, True])
@pytest.mark.parametrize("subject", ["post", "release", "comment", "notice", "appeal", "safeguard", "person"])
def test_nobody_decides_about_their_own(
    subject: str, is_superuser: bool, bob: User, alice: User, dora: User, publish: Publish, send_in: Publish
) -> None:
    User.objects.filter(pk=bob.pk).update(is_superuser=is_superuser)
    bob.refresh_from_db()
    thing = own_case(subject, bob, alice, dora, publish, send_in)
    verbs = [choice.verb for choice in choices_of(subject, thing)]
    assert verbs
    for verb in verbs:
        with pytest.raises(NotAllowed):
            decide(bob, subject, thing.pk, verb, "because", {})


def own_case(subject: str, bob: User, alice: User, dora: User, publish: Publish, send_in: Publish) -> Any:
    """A case that waits, about what bob did."""
    if subject == "person":
        return bob
    if subject == "safeguard":
        return SafeguardRecord.objects.create(user=bob, effect="review", words=["x"], text="some text")
    if subject == "comment":
        return write_comment(bob, publish(alice), "Nice.")
    post = send_in(bob)
    if subject == "release":
        assert post.image is not None
        return release(bob, own_lora(bob, "f"), post.image, "pending")
    if subject == "appeal":
        reject(dora, post, "No.")
        return send_appeal(bob, post, "But it is good.")
    if subject == "notice":
        approve(dora, post)
        return sent(post)
    return post


def test_a_page_leads_to_the_next_and_none_is_lost(alice: User, send_in: Publish) -> None:
    for number in range(5):
        send_in(alice, f"Apple {number}")
    SafeguardRecord.objects.create(user=alice, effect="review", words=["x"])
    moment = timezone.now()
    Post.objects.update(submitted_at=moment)
    seen, cursor = [], ""
    for _ in range(4):
        page = page_of_queue(cursor=cursor, a_page=2)
        seen += [(each.subject, each.key) for each in page.cases]
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 6
    assert page_of_queue(cursor="nonsense").cases, "a bad cursor begins at the top"


def test_a_case_is_in_one_hand(bobs: Client, alice: User, bob: User, dora: User, send_in: Publish) -> None:
    post = send_in(alice)
    claim(dora, "post", post.pk)
    assert "dora has it in hand" in bobs.get(DESK).text
    assert "dora has it in hand" in act(bobs, "post", post.pk, "claim").text
    with pytest.raises(Conflict) as refused:
        approve(bob, post)
    assert refused.value.code == "claimed"
    Claim.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert claim(bob, "post", post.pk).until > timezone.now() + LEASE / 2
    approve(bob, post)
    assert not Claim.objects.exists(), "what is decided is nobody's"


def test_it_is_laid_down_again(bobs: Client, alice: User, dora: User, send_in: Publish) -> None:
    post = send_in(alice)
    assert "You have it in hand" in act(bobs, "post", post.pk, "claim").text
    act(bobs, "post", post.pk, "unclaim")
    approve(dora, post)


def test_one_decision_with_what_is_ticked_beside_it(bobs: Client, alice: User, publish: Publish) -> None:
    post = publish(alice)
    page = act(bobs, "post", post.pk, "take_down", reason="It copies.", strike="1", block="1")
    assert "Take down" in page.text
    post.refresh_from_db()
    assert post.state == "taken_down"
    assert Sanction.objects.get(person=alice).kind == "strike"
    blocked = bobs.get(case("person", alice.pk)).text
    assert "It copies." in blocked and "Strike" in blocked


def test_what_is_refused_beside_it_undoes_all(bobs: Client, bob: User, publish: Publish, send_in: Publish) -> None:
    post = send_in(bob)
    assert "another moderator" in act(bobs, "post", post.pk, "reject", reason="x", strike="1").text
    post.refresh_from_db()
    assert post.state == "pending" and not ModerationAct.objects.exists()


def test_many_at_once(bobs: Client, bob: User, alice: User, charlie: User, send_in: Publish) -> None:
    posts, own = [send_in(alice, f"Apple {n}") for n in range(3)], send_in(bob, "Own")
    reject(bob, posts[2], "Before.")
    ticked = [f"post:{post.pk}" for post in (*posts, own)] + ["post:999999", "boring:1", "post:x"]
    page = bobs.post(f"{DESK}bulk/", {"case": ticked, "verb": "reject", "reason": "Too dark."}, follow=True).text
    assert "Reject: 2 cases." in page and "This is your own" in page and "There is no such case" in page
    assert [Post.objects.get(pk=post.pk).told_reason for post in posts] == ["Too dark.", "Too dark.", "Before."]
    assert "Tick the cases first" in bobs.post(f"{DESK}bulk/", {"verb": "reject"}, follow=True).text


def test_a_note_is_for_moderators_and_stays(bobs: Client, alices: Client, alice: User, send_in: Publish) -> None:
    post = send_in(alice)
    assert "&lt;i&gt;Odd" in act(bobs, "post", post.pk, "note", words="<i>Odd</i>").text
    assert "Odd" not in alices.get("/gallery/mine/").text
    assert "1 to 1000" in act(bobs, "post", post.pk, "note", words=" ").text
    assert ModerationAct.objects.count() == 1


def test_a_noted_prompt_leaves_the_queue(bobs: Client, alice: User) -> None:
    record = SafeguardRecord.objects.create(user=alice, effect="review", words=["x"], text="text")
    act(bobs, "safeguard", record.pk, "see")
    assert counts()["safeguard"] == 0
    assert "cannot be done" in act(bobs, "safeguard", record.pk, "see").text


def test_pictures_like_it_stand_beside_it(bobs: Client, alice: User, charlie: User, send_in: Publish) -> None:
    post = send_in(alice, "First", seed=7)
    send_in(charlie, "Its copy", seed=7)
    assert "Its copy" in bobs.get(case("post", post.pk)).text


def test_nobody_else_comes_in(
    alices: Client, client: Client, bobs: Client, bob: User, alice: User, send_in: Publish, settings: Settings
) -> None:
    post = send_in(alice)
    for address in (DESK, case("post", post.pk)):
        assert alices.get(address).status_code in (302, 403)
        assert client.get(address).status_code == 302
    bob.groups.clear()
    assert bobs.get(DESK).status_code == 403, "staff who are no moderators decide nothing here"


def test_not_without_a_second_factor(
    bobs: Client, bob: User, alice: User, send_in: Publish, settings: Settings
) -> None:
    settings.STAFF_SECOND_FACTOR = True
    post = send_in(alice)
    assert bobs.get(DESK).status_code in (302, 403)
    with pytest.raises(NotAllowed):
        approve(bob, post)
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={})
    assert bobs.get(DESK).status_code == 200


def test_no_act_is_done_without_a_second_factor(
    bobs: Client, bob: User, alice: User, charlie: User, publish: Publish, send_in: Publish, settings: Settings
) -> None:
    waits, public = send_in(alice), publish(alice, "Pear")
    notice, comment = sent(public), write_comment(charlie, public, "Ugly.")
    report_comment(alice, comment, "other")
    reject(bob, other := send_in(alice, "Plum"), "Too dark.")
    appeal = send_appeal(alice, other, "It is night.")
    before = Decision.objects.count(), ModerationAct.objects.count()
    settings.STAFF_SECOND_FACTOR = True
    for subject, key, verb in (
        ("post", waits.pk, "approve"), ("post", public.pk, "take_down"), ("comment", comment.pk, "take_down"),
        ("notice", notice.pk, "uphold"), ("appeal", appeal.pk, "grant"), ("person", alice.pk, "strike"),
        ("person", alice.pk, "ban"), ("post", waits.pk, "claim"), ("post", waits.pk, "note"),
    ):  # fmt: skip
        assert act(bobs, subject, key, verb, reason="x", words="x").redirect_chain[-1][0] == "/accounts/2fa/", verb
    ticked = {"case": [f"post:{waits.pk}"], "verb": "approve"}
    assert bobs.post(f"{DESK}bulk/", ticked, follow=True).redirect_chain[-1][0] == "/accounts/2fa/"
    for moderated in (
        lambda: approve(bob, waits), lambda: uphold(bob, notice, "x"), lambda: dismiss(bob, notice, "x"),
        lambda: grant(bob, appeal, "x"), lambda: strike(bob, alice, "x"), lambda: ban(bob, alice, "x"),
        lambda: rate(bob, public, "explicit"), lambda: acts.note(bob, "post", waits.pk, "x"),
        lambda: acts.take(bob, "post", waits.pk), lambda: take_down(bob, comment, "x"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed) as refused:
            moderated()
        assert refused.value.code == "no-second-factor"
    assert (Decision.objects.count(), ModerationAct.objects.count()) == before
    assert not Claim.objects.exists() and not Sanction.objects.exists()


def test_a_moderator_needs_no_other_right(bobs: Client, bob: User, alice: User, send_in: Publish) -> None:
    assert not bob.is_superuser and not bob.get_all_permissions()
    assert bobs.get(DESK).status_code == 200
    act(bobs, "post", send_in(alice).pk, "approve")
    assert Post.objects.get().is_public
    for closed in ("/admin/accounts/user/", "/admin/generation/promptrule/", "/admin/accounts/plan/"):
        assert bobs.get(closed).status_code == 403, closed


def test_what_is_not_there(bobs: Client, db: None) -> None:
    for address in (case("post", 1), case("boring", 1), case("person", 999)):
        assert bobs.get(address).status_code == 404
