"""One row of everything that people, moderators and operators write, beside those of the access table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.idp.oidc.models import Client as OAuthClient
from allauth.idp.oidc.models import Token
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone

from accounts.entrance_models import Invitation, Visit
from accounts.models import OutgoingMail, User
from gallery.collecting import collect
from gallery.commenting import write_comment
from gallery.following import follow
from gallery.liking import like
from gallery.models import (
    Appeal,
    BlockedPhrase,
    BlockedPicture,
    Collection,
    Comment,
    ManagedReason,
    ModerationAct,
    Notice,
    Post,
    Release,
    Report,
    Sanction,
    Tag,
)
from gallery.moderation import reject, report, report_comment, take_down
from generation.catalog.safeguards.versions import install_shipped
from generation.models import (
    AccountExport,
    Annotator,
    Checkpoint,
    ControlNet,
    Draft,
    Embedding,
    GeneratedImage,
    Lora,
    LoraMerge,
    LoraParent,
    NamedPerson,
    RuleVersion,
    SafeguardRecord,
    SiteState,
    TrainingRun,
    Upscaler,
    Vae,
    Wildcard,
)
from generation.models.catalog import WeightRow
from generation.models.fingerprints import chunks_of
from tests.architecture.access_things import own_lora, public_post, queued_job, release, waiting_post


def fill(alice: User, bob: User, charlie: User, root: User, things: dict[str, str]) -> None:
    """Everything that `things_of(alice)` leaves out."""
    post = Post.objects.get(code=things["post"])
    gallery(alice, bob, charlie, post)
    desk(alice, bob, charlie, post)
    workshop(alice, things)
    operator(alice, root)


def gallery(alice: User, bob: User, charlie: User, post: Post) -> None:
    """Words under and about a public post, and what those who look at it gather."""
    tag = Tag.objects.create(name="fruit")
    for each in Post.objects.all():
        each.tags.add(tag)
    remix = public_post(charlie)
    Post.objects.filter(pk=remix.pk).update(made_from=post, lineage=str(post.pk))
    gathered = Collection.objects.get()
    Collection.objects.update(visibility=Collection.Visibility.PUBLIC)
    collect(alice, gathered, post)
    like(charlie, post)
    follow(charlie, alice)
    follow(alice, charlie)
    write_comment(charlie, post, "A fine apple.")
    report_comment(charlie, Comment.objects.of(alice).get(), "other", "Rude.")
    report(charlie, post, "other", "Rude.")
    waits = write_comment(charlie, post, "This one waits.")
    Comment.objects.filter(pk=waits.pk).update(state=Comment.State.PENDING, flags=["Rude."])
    reject(bob, Comment.objects.get(pk=waits.pk), "Rude.")
    flagged = write_comment(charlie, post, "And this one.")
    Comment.objects.filter(pk=flagged.pk).update(state=Comment.State.PENDING, flags=["Rude."])
    Release.objects.update(trigger_words=["ink"])
    Lora.objects.update(trigger_words=["ink"], example_prompts=["ink"], description="Ink.", licence="MIT")
    Checkpoint.objects.update(example_prompts=["an apple"], description="Base.", licence="MIT")


def desk(alice: User, bob: User, charlie: User, post: Post) -> None:
    """One of each thing that moderators read or write."""
    now, later = timezone.now(), timezone.now() + timedelta(days=2)
    refused = waiting_post(alice)
    reject(bob, refused, "Too dark.")
    down = public_post(alice)
    take_down(bob, down, "Too dark.")
    lora = release(alice, own_lora(alice, "9"), post_image(post), "pending")
    reject(bob, lora, "Too dark.")
    strike = Sanction.objects.get(person=alice)
    ban = Sanction.objects.create(kind="ban", state="proposed", person=charlie, by=bob, reason="Rude.", at=now)
    about = {"post": (refused, refused.decisions.latest("pk")), "release": (lora, lora.decisions.latest("pk"))}
    for subject, (thing, decision) in (about | {"sanction": (strike, strike)}).items():
        Appeal.objects.create(
            author=alice, subject=subject, subject_id=thing.pk, decision_id=decision.pk, words="No.", at=now
        )
    Appeal.objects.create(
        author=alice, subject="post", subject_id=down.pk, decision_id=down.decisions.latest("pk").pk, words="No.",
        at=now, state="refused", answer="It is.", decided_by=bob, closed_at=now,
    )  # fmt: skip
    for state in ("open", "dismissed"):
        notice = Notice.objects.create(
            kind="intimate", state=state, name="Dora", email="dora@example.org", statement="It shows me.",
            signature="Dora", is_in_good_faith=True, received_at=now, due_at=later, answer="No.", decided_by=bob,
        )  # fmt: skip
        notice.addresses.create(address="/gallery/x/", post=post)
    ManagedReason.objects.create(sentence="Against the rules.", ground="Our rules")
    record = safeguard(alice)
    for subject, key in (("post", post.pk), ("person", alice.pk), ("safeguard", record.pk), ("notice", notice.pk)):
        person = alice if subject == "person" else None
        ModerationAct.objects.create(
            who=bob, verb="note", subject=subject, subject_id=key, person=person, words="Look at this."
        )
    assert ban.pk and Report.objects.exists()


def post_image(post: Post) -> GeneratedImage:
    assert post.image is not None
    return post.image


def safeguard(alice: User) -> SafeguardRecord:
    install_shipped()  # a test that empties the tables may have come before
    version = RuleVersion.objects.latest("pk")
    return SafeguardRecord.objects.create(
        user=alice, effect="review", version=version, field="prompt", words=["apple"], text="an apple", scorer="none"
    )


def workshop(alice: User, things: dict[str, str]) -> None:
    """What people keep for their own work."""
    Draft.objects.create(owner=alice, fields={"prompt": "a pear"})
    GeneratedImage.objects.filter(code=things["image"]).update(svg_state="failed", svg_message="Too large.")
    run = TrainingRun.objects.get(code=things["run"])
    entry = {"code": "x", "name": "a.png", "file": "a.png", "sha256": "0" * 64, "caption": "a pear", "held_out": True}
    TrainingRun.objects.filter(pk=run.pk).update(manifest=[entry | {"crop": None, "focus": None}])
    run.snapshots.update(memorised=[[0, "a.png"]])
    parent = {"id": 1, "name": "ink", "title": "Ink", "sha256": "a" * 64, "weight": 1.0, "licences": None}
    LoraMerge.objects.create(owner=alice, name="both", title="Both", rank=4, parents=[parent], state="failed")
    for lora in Lora.objects.all():
        LoraParent.objects.create(lora=lora, name="Ink", sha256="a" * 64, weight=1.0)
    AccountExport.objects.create(owner=alice, state="failed", error_message="")
    queued_job(alice)
    assert Wildcard.objects.exists()


def operator(alice: User, root: User) -> None:
    """What whoever runs the site writes, and what the admin keeps about it."""
    now = timezone.now()
    SiteState.objects.create(pk=1, is_paused=True, pause_reason="New disks.", notice="Away on Sunday.")
    SiteState.objects.forget()
    BlockedPhrase.objects.create(phrase="sour grapes", note="Rude.")
    BlockedPicture.objects.create(pdq="0" * 64, note="Rude.", **chunks_of("0" * 64))
    more: dict[type[WeightRow], dict[str, Any]] = {
        Embedding: {"tokens": 1}, Vae: {}, ControlNet: {}, Annotator: {"task": "depth"}, Upscaler: {"scale": 2},
    }  # fmt: skip
    for (model, extra), name in zip(more.items(), ("soft", "sharp", "canny", "depth", "larger"), strict=True):
        model._default_manager.create(
            name=name, title=name, family="mini", path=name, sha256=name.ljust(64, "0"), **extra
        )
    OutgoingMail.objects.create(
        recipient="dora@example.org", sender="site@example.org", subject="Hello", body="Hello", error="550 no"
    )
    SocialAccount.objects.create(user=alice, provider="github", uid="7", extra_data={"name": "Dora"})
    Invitation.objects.create(note="For friends.", created_by=root)
    Visit.objects.create(by=root, person=alice, reason="She asked for it.", began_at=now, ends_at=now, ended_at=now)
    NamedPerson.objects.create(speaker=alice, subject="user-7", person=alice)
    program = OAuthClient.objects.create(id="program", name="A program")
    Token.objects.create(type=Token.Type.ACCESS_TOKEN, hash="x", client=program, user=alice, scopes="read")
    browser = Client()
    browser.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    key = browser.session.session_key
    UserSession.objects.get_or_create(user=alice, session_key=key, defaults={"ip": "::1", "user_agent": "Browser"})
    LogEntry.objects.create(
        user=root, content_type=ContentType.objects.get_for_model(User), object_id=str(alice.pk), action_flag=CHANGE,
        object_repr="alice", change_message="Changed.", action_time=now,
    )  # fmt: skip
