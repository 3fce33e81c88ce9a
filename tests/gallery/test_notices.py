"""Notices: the form without an account, its clock, receipt, copies, statement of reasons and outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, Refusal
from gallery.commenting import write_comment
from gallery.models import BlockedPicture, ModerationAct, Notice, Post, ReleaseSample
from gallery.notices import NoticeInput, dismiss, send_notice, targets_of, uphold
from gallery.publishing import publish_image
from generation.jobs.sharing import token_of
from generation.models import ShareLink
from generation.storage.fingerprints import fingerprint_of
from tests.architecture.access_things import own_lora, release
from tests.gallery.conftest import Finish, Publish

FORM = "/notices/intimate-picture/"


def written(post: Post, **changes: Any) -> dict[str, Any]:
    fields = {
        "addresses": f"{settings.SITE_URL}/gallery/{post.code}/", "statement": "It shows me.", "name": "Dora Doe",
        "email": "dora@example.org", "signature": "Dora Doe", "is_in_good_faith": "on",
    }  # fmt: skip
    return fields | changes


def sent(post: Post, kind: str = "intimate", **changes: Any) -> Notice:
    return send_notice(NoticeInput(kind=kind, **(written(post) | {"is_in_good_faith": True} | changes)))


@pytest.mark.usefixtures("first_reasons")
def test_it_works(client: Client, alice: User, charlie: User, bob: User, publish: Publish, finish: Finish) -> None:
    post, copy, other = publish(alice, seed=5), publish(charlie, "The same", seed=5), publish(charlie, "Other", seed=6)
    fingerprint_of(finish(charlie, seed=5))
    assert "Remove an intimate picture" in client.get(FORM).text
    answer = client.post(FORM, written(post))
    assert answer.headers["Location"] == "/notices/"
    notice = Notice.objects.get()
    assert notice.due_at - notice.received_at == timedelta(hours=48)
    assert notice.code in client.get("/notices/").text
    receipt = next(each for each in mail.outbox if each.to == ["dora@example.org"])
    assert notice.code in receipt.subject and post.code in receipt.body
    assert any(each.to == [bob.email] for each in mail.outbox), "the clock runs, so moderators are told"

    assert targets_of(notice) == [post, copy]
    assert uphold(bob, notice, "It shows a real person without their consent.") == [post, copy]
    for row in (post, copy, other):
        row.refresh_from_db()
    assert (post.state, copy.state, other.state) == ("taken_down", "taken_down", "approved")
    assert BlockedPicture.objects.count() == 1
    for person in (alice, charlie):
        statement = next(each for each in mail.outbox if each.to == [person.email])
        assert "rights of the person shown" in statement.body and "/appeals/post/" in statement.body
    outcome = mail.outbox[-1]
    assert outcome.to == ["dora@example.org"] and "2 in all" in outcome.body
    assert "cannot be published here again" in outcome.body
    acts = [(act.verb, act.person) for act in ModerationAct.objects.order_by("pk")]
    assert acts == [("picture_blocked", None), ("notice_upheld", None)]
    with pytest.raises(Refusal):
        publish_image(charlie, finish(charlie, seed=5), "Once more")


def test_share_links_to_the_same_picture_end(alice: User, bob: User, publish: Publish) -> None:
    post = publish(alice)
    assert post.image is not None
    link = ShareLink.objects.create(owner=alice, image=post.image, expires_at=timezone.now() + timedelta(days=1))
    uphold(bob, sent(post), "It shows her.")
    link.refresh_from_db()
    assert link.revoked_at is not None
    assert ModerationAct.objects.filter(verb="link_ended", person=alice).exists()


def test_what_is_named_by_its_link_alone_is_blocked_too(
    alice: User, bob: User, charlie: User, finish: Finish, publish: Publish
) -> None:
    copy, image = publish(charlie, seed=5), finish(alice, seed=5)
    link = ShareLink.objects.create(owner=alice, image=image, expires_at=timezone.now() + timedelta(days=1))
    notice = sent(copy, addresses=f"/shared/{token_of(link)}/")
    assert uphold(bob, notice, "It shows her.") == [copy]
    link.refresh_from_db()
    assert link.revoked_at is not None and BlockedPicture.objects.count() == 1
    told = next(each for each in mail.outbox if each.to == [alice.email])
    assert "A link of yours was removed" in told.subject and "/appeals/" not in told.body
    assert "2 in all. The same picture cannot" in mail.outbox[-1].body


def test_samples_of_loras_with_the_picture_go(
    client: Client, bobs: Client, alice: User, bob: User, charlie: User, finish: Finish, publish: Publish
) -> None:
    named = release(alice, own_lora(alice, "e"), finish(alice, seed=5), "approved")
    copy = release(charlie, own_lora(charlie, "f"), finish(charlie, seed=5), "approved")
    other = release(charlie, own_lora(charlie, "0"), finish(charlie, seed=6), "approved")
    for sample in ReleaseSample.objects.select_related("image"):
        fingerprint_of(sample.image)
    notice = sent(publish(alice, seed=7), addresses=f"/releases/{named.code}/samples/0")
    case = bobs.get(reverse("admin:desk_case", args=["notice", notice.pk])).text
    assert case.count("A sample of the LoRA") == 2
    assert uphold(bob, notice, "It shows her.") == []
    assert [sample.release for sample in ReleaseSample.objects.all()] == [other]
    for row in (named, copy):
        assert client.get(f"/releases/{row.code}/samples/0").status_code == 404
        row.refresh_from_db()
        assert row.state == "approved", "the LoRA itself is no picture of her"
    assert set(ModerationAct.objects.filter(verb="sample_removed").values_list("person", flat=True)) == {
        alice.pk, charlie.pk
    }  # fmt: skip
    assert {each.to[0] for each in mail.outbox if "A sample of" in each.subject} == {alice.email, charlie.email}
    assert "2 in all" in mail.outbox[-1].body


def test_a_comment_is_named_by_its_own_address(
    client: Client, bobs: Client, alice: User, bob: User, charlie: User, publish: Publish
) -> None:
    post = publish(alice)
    comment, other = (
        write_comment(charlie, post, "She <b>lives</b> at 5 Elm Street."),
        write_comment(charlie, post, "Hi."),
    )
    mark = f"#c-{comment.code}"
    assert f'href="{mark}"' in client.get(f"/gallery/{post.code}/").text
    twice = f"/gallery/{post.code}/comments/{mark}\n/gallery/{post.code}/{mark}"
    notice = sent(post, "illegal", addresses=twice)
    case = bobs.get(reverse("admin:desk_case", args=["notice", notice.pk])).text
    assert "She &lt;b&gt;lives" in case and "nothing is known" not in case
    assert uphold(bob, notice, "It is her address.") == []
    for row in (post, comment, other):
        row.refresh_from_db()
    assert (post.state, comment.state, other.state) == ("approved", "taken_down", "approved")
    statement = next(each for each in mail.outbox if each.to == [charlie.email])
    assert (
        "A comment of yours was removed" in statement.subject and f"/appeals/comment/{comment.code}/" in statement.body
    )
    assert "1 in all" in mail.outbox[-1].body and "published here again" not in mail.outbox[-1].body


def test_nobody_answers_about_their_own_comment(alice: User, bob: User, dora: User, publish: Publish) -> None:
    post = publish(alice)
    notice = sent(post, addresses=f"/gallery/{post.code}/#c-{write_comment(bob, post, 'Ugly.').code}")
    for verb in (uphold, dismiss):
        with pytest.raises(NotAllowed):
            verb(bob, notice, "because")
    dismiss(dora, notice, "It is no picture.")


def test_nobody_answers_about_their_own_sample(bob: User, alice: User, finish: Finish, publish: Publish) -> None:
    own = release(bob, own_lora(bob, "e"), finish(bob, seed=5), "approved")
    notice = sent(publish(alice), addresses=f"/releases/{own.code}/samples/0")
    for verb in (uphold, dismiss):
        with pytest.raises(NotAllowed):
            verb(bob, notice, "It shows her.")


def test_what_waits_is_rejected_and_what_was_withdrawn_is_left(alice: User, bob: User, send_in: Publish) -> None:
    post = send_in(alice)
    uphold(bob, sent(post), "It shows her.")
    post.refresh_from_db()
    assert post.state == "rejected"


def test_of_illegal_things_neither_name_nor_signature_is_needed(
    client: Client, alice: User, bob: User, publish: Publish, settings: Settings
) -> None:
    settings.NOTICE_HOURS = 10
    post = publish(alice)
    page = client.get("/notices/illegal-content/?address=/gallery/x/").text
    assert "Signature" not in page and "/gallery/x/" in page
    fields = written(post, name="", signature="")
    assert client.post("/notices/illegal-content/", fields).status_code == 302
    notice = Notice.objects.get()
    assert notice.due_at - notice.received_at == timedelta(hours=10)
    dismiss(bob, notice, "It is a painting of an apple.")
    post.refresh_from_db()
    assert post.is_public and "painting of an apple" in mail.outbox[-1].body


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("addresses", "https://elsewhere.example/gallery/x/", "not-here"),
        ("addresses", "", "bad-addresses"),
        ("addresses", "/gallery/x/\n" * 3 + "\n".join(f"/gallery/{n}/" for n in range(20)), "bad-addresses"),
        ("addresses", "/" + "x" * 600, "not-here"),
        ("statement", " ", "statement-missing"),
        ("statement", "x" * 2001, "statement-too-long"),
        ("name", "", "name-missing"),
        ("signature", "", "signature-missing"),
        ("email", "nobody", "bad-email"),
        ("is_in_good_faith", False, "no-good-faith"),
        ("kind", "boring", "bad-kind"),
    ],
)
def test_what_is_missing_is_told(alice: User, publish: Publish, field: str, value: Any, code: str) -> None:
    post = publish(alice)
    with pytest.raises(Refusal) as refused:
        sent(post, **{field: value})
    assert (refused.value.code, refused.value.field) == (code, field)
    assert not Notice.objects.exists() and not mail.outbox


def test_the_form_tells_it_too(client: Client, alice: User, publish: Publish) -> None:
    page = client.post(FORM, written(publish(alice), addresses="https://elsewhere.example/"))
    assert page.status_code == 400 and "is not an address of this site" in page.text
    assert client.post(FORM, {}).status_code == 400
    assert client.get("/notices/boring/").status_code == 404


def test_nobody_decides_about_their_own(bob: User, publish: Publish, alice: User, send_in: Publish) -> None:
    notice = sent(send_in(bob))
    for verb in (uphold, dismiss):
        with pytest.raises(NotAllowed):
            verb(bob, notice, "because")
    with pytest.raises(NotAllowed):
        uphold(alice, notice, "because")


def test_it_is_answered_once(alice: User, bob: User, publish: Publish) -> None:
    notice = sent(publish(alice))
    with pytest.raises(Refusal):
        dismiss(bob, notice, " ")
    dismiss(bob, notice, "It does not show her.")
    with pytest.raises(Conflict):
        uphold(bob, notice, "It does.")


def test_words_are_escaped_at_the_desk(bobs: Client, alice: User, publish: Publish) -> None:
    notice = sent(publish(alice), statement="<script>alert(1)</script>", name="<b>Dora</b>")
    page = bobs.get(reverse("admin:desk_case", args=["notice", notice.pk])).text
    assert "<script>alert" not in page and "&lt;b&gt;Dora" in page


def test_too_many_are_not_taken(client: Client, alice: User, publish: Publish, settings: Settings) -> None:
    settings.NOTICE_RATE = "2/h"
    post = publish(alice)
    codes = [client.post(FORM, written(post)).status_code for _ in range(3)]
    assert codes == [302, 302, 429]
