"""Notices: taking one in from anybody, and what moderators answer. The clock runs from its arrival.

Removing what an upheld one names removes its copies too, as far as they are public or wait: posts, samples of LoRAs,
and links by which people show such a picture to others. A comment is named by the mark at the end of its address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Conflict, NotAllowed, Refusal
from gallery import notice_mail
from gallery.claims import forget_claim, refuse_if_claimed
from gallery.models import Comment, ModerationAct, Notice, NoticeAddress, Post, ReleaseSample, Subject
from gallery.moderation import only_moderators, reject, take_down
from gallery.screening import block_fingerprint, posts_alike
from gallery.transitions import State, clean_reason
from gallery.verifying import LINK_ROUTES, POST_ROUTES
from gallery.words import one_line
from generation.imaging.pdq import SURE_QUALITY
from generation.models import Fingerprint, ShareLink
from generation.storage.fingerprints import fingerprint_of

HOURS_OF_INTIMATE = 48
"""The law's own: TAKE IT DOWN Act, section 3."""
MOST_ADDRESSES = 20
MOST_NEAR = 500
"""Copies of one picture that are looked for."""
ADDRESS_CHARS, STATEMENT_CHARS, NAME_CHARS = 500, 2000, 150
TO_BE_SEEN = (State.PENDING, State.APPROVED, State.HIDDEN)


@dataclass(frozen=True, slots=True)
class NoticeInput:
    """What somebody wrote into the form. `addresses` has one address a line."""

    kind: str
    email: str
    addresses: str
    statement: str
    name: str = ""
    signature: str = ""
    is_in_good_faith: bool = False


def send_notice(sent: NoticeInput) -> Notice:
    """Take a notice in; its sender gets a receipt, and moderators are told. Raises Refusal for what is missing."""
    if sent.kind not in Notice.Kind.values:
        raise Refusal("bad-kind", "Choose what it is about.", field="kind")
    is_intimate = sent.kind == Notice.Kind.INTIMATE
    statement = _said("statement", sent.statement, STATEMENT_CHARS, "Say what is wrong with it.")
    # Of offences against children the law asks no name; the form leaves it to whoever writes.
    name = _said("name", sent.name, NAME_CHARS, "Write your name." if is_intimate else "")
    wanted = "Sign it: type your full name." if is_intimate else ""
    signature = _said("signature", sent.signature, NAME_CHARS, wanted)
    if not sent.is_in_good_faith:
        raise Refusal(
            "no-good-faith", "Confirm that all of it is true to your best knowledge.", field="is_in_good_faith"
        )
    try:
        validate_email(sent.email)
    except ValidationError as error:
        raise Refusal("bad-email", "Write an e-mail address at which you can be reached.", field="email") from error
    named = [_named(address) for address in _lines(sent.addresses)]
    now = timezone.now()
    hours = HOURS_OF_INTIMATE if is_intimate else settings.NOTICE_HOURS
    with transaction.atomic():
        notice = Notice.objects.create(
            kind=sent.kind, email=sent.email, statement=statement, name=name, signature=signature,
            is_in_good_faith=True, received_at=now, due_at=now + timedelta(hours=hours),
        )  # fmt: skip
        for row in named:
            row.notice = notice
        NoticeAddress.objects.bulk_create(named)
        notice_mail.send_receipt(notice, [row.address for row in named])
        notice_mail.tell_moderators(notice)
    return notice


def targets_of(notice: Notice) -> list[Post]:
    """Posts that it names and whose picture is still there, and all that show the same picture; nobody sees those
    that their authors withdrew, or that were removed already.
    """
    named = Post.objects.filter(notice_addresses__notice=notice).select_related("fingerprint", "image")
    keys = {post.pk for post in named}
    for fingerprint in _fingerprints_of(notice, list(named)):
        keys.update(posts_alike(fingerprint).filter(state__in=TO_BE_SEEN).values_list("pk", flat=True))
    rows = Post.objects.filter(pk__in=keys, state__in=TO_BE_SEEN).select_related("author", "image", "fingerprint")
    return list(rows.order_by("pk"))


def uphold(moderator: User, notice: Notice, reason: str) -> list[Post]:
    """Remove what a notice names and every copy; authors get a statement of reasons and the sender the outcome.

    The posts that were removed. Conflict when it is closed, or one of them changes meanwhile; NotAllowed where one is
    the moderator's own. Then nothing has changed.
    """
    with transaction.atomic():
        notice, reason = _open(moderator, notice), clean_reason(reason, "whoever sent the notice reads it")
        posts, fingerprints, (links, samples) = targets_of(notice), _known_of(notice), others_of(notice)
        named = {each.pk: each for each in named_besides(notice).values() if isinstance(each, Comment)}
        comments = [comment for comment in named.values() if comment.state in TO_BE_SEEN]
        things: list[Post | Comment] = [*posts, *comments]
        owners = {*(thing.author_id for thing in things), *(link.owner_id for link in links)}
        if moderator.pk in owners | {sample.release.author_id for sample in samples}:
            raise NotAllowed("own-work", "Some of this is your own: another moderator decides about it.")
        for thing in things:
            (reject if thing.state == State.PENDING else take_down)(moderator, thing, reason)
            notice_mail.send_statement(thing, notice, reason)
        for fingerprint in {row.pdq: row for row in fingerprints}.values():
            block_fingerprint(moderator, fingerprint, f"Notice {notice.code}", (Subject.NOTICE, notice.pk))
        _remove(moderator, notice, links, samples, reason)
        _close(moderator, notice, Notice.State.UPHELD, reason)
        removed = len(things) + len(links) + len(samples)
        notice_mail.send_outcome(notice, removed, is_blocked=bool(fingerprints))
    return posts


def others_of(notice: Notice) -> tuple[list[ShareLink], list[ReleaseSample]]:
    """What shows such a picture besides posts: links that it names, samples of LoRAs that it names, and all with a
    copy."""
    near = _near(_known_of(notice))
    copies = Q(image__fingerprint__in=near) | Q(album__entries__image__fingerprint__in=near)
    named = Q(pk__in=list(notice.addresses.exclude(link=None).values_list("link", flat=True)))
    links = ShareLink.objects.live().filter(named | copies).select_related("owner").distinct()
    shown = ReleaseSample.objects.filter(release__state__in=TO_BE_SEEN).select_related("release__author")
    named = Q(pk__in=[each.pk for each in named_besides(notice).values() if isinstance(each, ReleaseSample)])
    return list(links), list(shown.filter(named | Q(image__fingerprint__in=near)))


def _remove(moderator: User, notice: Notice, links: list[ShareLink], samples: list[ReleaseSample], reason: str) -> None:
    """End the links and take the samples away; their owners are told."""
    ShareLink.objects.filter(pk__in=[link.pk for link in links]).update(revoked_at=timezone.now())
    ReleaseSample.objects.filter(pk__in=[sample.pk for sample in samples]).delete()
    for link in links:
        _act(moderator, ModerationAct.Verb.LINK_ENDED, notice, reason, link.owner)
        notice_mail.send_other_statement(link.owner, "A link of yours", notice, reason)
    for sample in samples:
        _act(moderator, ModerationAct.Verb.SAMPLE_REMOVED, notice, reason, sample.release.author)
        notice_mail.send_other_statement(sample.release.author, f"A sample of {sample.release}", notice, reason)


def dismiss(moderator: User, notice: Notice, reason: str) -> None:
    """Remove nothing; the sender is told why."""
    with transaction.atomic():
        notice, reason = _open(moderator, notice), clean_reason(reason, "whoever sent the notice reads it")
        named = notice.addresses.select_related("post", "link")
        owners = {row.post.author_id for row in named if row.post} | {row.link.owner_id for row in named if row.link}
        if moderator.pk in owners | {_author_of(thing) for thing in named_besides(notice).values()}:
            raise NotAllowed("own-work", "It is about a picture of yours: another moderator decides about it.")
        _close(moderator, notice, Notice.State.DISMISSED, reason)
        notice_mail.send_outcome(notice, 0)


def _open(moderator: User, notice: Notice) -> Notice:
    """The row, held until the transaction ends."""
    only_moderators(moderator)
    refuse_if_claimed(moderator, Subject.NOTICE, notice.pk)
    held = Notice.objects.select_for_update().get(pk=notice.pk)
    if held.state != Notice.State.OPEN:
        raise Conflict("closed", "This notice has been answered already.")
    return held


def _close(moderator: User, notice: Notice, state: Notice.State, reason: str) -> None:
    notice.state, notice.answer, notice.decided_by, notice.closed_at = state, reason, moderator, timezone.now()
    notice.save(update_fields=["state", "answer", "decided_by", "closed_at"])
    upheld = state == Notice.State.UPHELD
    verb = ModerationAct.Verb.NOTICE_UPHELD if upheld else ModerationAct.Verb.NOTICE_DISMISSED
    _act(moderator, verb, notice, reason)
    forget_claim(Subject.NOTICE, notice.pk)


def _act(moderator: User, verb: str, notice: Notice, words: str, person: User | None = None) -> None:
    ModerationAct.objects.create(
        who=moderator, verb=verb, subject=Subject.NOTICE, subject_id=notice.pk, person=person, words=words
    )


def _known_of(notice: Notice) -> list[Fingerprint]:
    """Of all pictures that it names, those that were removed meanwhile too."""
    rows = notice.addresses.select_related("post__fingerprint", "post__image")
    return _fingerprints_of(notice, [row.post for row in rows if row.post])


def _fingerprints_of(notice: Notice, posts: list[Post]) -> list[Fingerprint]:
    """Of these posts and of what it names besides, as far as they say something: of a picture so plain that nobody
    could tell its copies from others there is none."""
    links = NoticeAddress.objects.filter(notice=notice, link__image__isnull=False).select_related("link__image")
    images = [row.link.image for row in links if row.link and row.link.image]
    images += [each.image for each in named_besides(notice).values() if isinstance(each, ReleaseSample)]
    of_posts = [post.fingerprint or (fingerprint_of(post.image) if post.image else None) for post in posts]
    found = [*of_posts, *(fingerprint_of(image) for image in images if image.deleted_at is None)]
    return [row for row in found if row is not None and row.quality >= SURE_QUALITY]


def _near(fingerprints: list[Fingerprint]) -> list[int]:
    """Keys of the fingerprints of the same pictures."""
    telling = Fingerprint.objects.telling(SURE_QUALITY)
    return [pk for fingerprint in fingerprints for pk, _ in telling.near(fingerprint.pdq)[:MOST_NEAR]]


def named_besides(notice: Notice) -> dict[int, Comment | ReleaseSample]:
    """Comments and samples of LoRAs that its addresses name, by the key of the address."""
    found = dict[int, Comment | ReleaseSample]()
    for row in notice.addresses.filter(post=None, link=None):
        parts = urlsplit(row.address)
        match = _route_of(parts.path)
        thing: Comment | ReleaseSample | None = None
        if match is not None and match.url_name == "release-sample":
            samples = ReleaseSample.objects.filter(release__code=match.kwargs["code"], place=match.kwargs["place"])
            thing = samples.select_related("image", "release").first()
        elif code := _comment_in(parts.fragment):
            thing = Comment.objects.filter(code=code).select_related("author", "post").first()
        if thing is not None:
            found[row.pk] = thing
    return found


def _comment_in(fragment: str) -> str:
    """The code of a comment, as the mark at the end of its address has it; empty for any other mark."""
    return fragment.removeprefix("c-") if fragment.startswith("c-") else ""


def _author_of(thing: Comment | ReleaseSample) -> int:
    return thing.author_id if isinstance(thing, Comment) else thing.release.author_id


def _route_of(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


def _said(field: str, text: str, most: int, missing: str) -> str:
    """One line of text. An empty `missing` lets it be empty."""
    line = one_line(text)
    if missing and not line:
        raise Refusal(f"{field}-missing", missing, field=field)
    if len(line) > most:
        raise Refusal(f"{field}-too-long", f"Say it in at most {most} characters.", field=field)
    return line


def _lines(addresses: str) -> list[str]:
    lines = list(dict.fromkeys(line.strip() for line in addresses.splitlines() if line.strip()))
    if not 1 <= len(lines) <= MOST_ADDRESSES:
        sentence = f"Give the address of what should be removed, one a line, at most {MOST_ADDRESSES}."
        raise Refusal("bad-addresses", sentence, field="addresses")
    return lines


def _named(address: str) -> NoticeAddress:
    """What stands at an address of this site. Raises Refusal for any other site's."""
    hosts = {urlsplit(origin).netloc for origin in (settings.SITE_URL, settings.MEDIA_ORIGIN) if origin}
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if len(address) > ADDRESS_CHARS or not parts.path or (parts.netloc and parts.netloc not in hosts):
        sentence = f"“{address[:80]}” is not an address of this site. Copy it from the bar of your browser."
        raise Refusal("not-here", sentence, field="addresses")
    row = NoticeAddress(address=address)
    match = _route_of(parts.path)
    if match is None:
        return row
    code: Any = match.kwargs.get("code", "")
    if _comment_in(parts.fragment):  # it is about that comment, and not about the picture above it
        return row
    if match.url_name in (*POST_ROUTES, "post-report"):
        row.post = Post.objects.filter(code=code).first()
    elif match.url_name in LINK_ROUTES:
        row.link = ShareLink.objects.filter(code=str(match.kwargs["token"]).partition(".")[0]).first()
    return row
