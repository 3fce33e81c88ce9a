"""Links by which others see one's own pictures for a while: making, finding and ending them.

What is published is the gallery's: a link is for those who are given it, and no list leads to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import NotFound, QuotaExceeded, Refusal
from generation.models import Album, GeneratedImage, ShareLink

MAX_LINKS = 100
DAYS = {1: "A day", 7: "A week", 30: "A month", 90: "Three months"}
"""How long a link may hold."""
KEPT_AFTER_END = timedelta(days=30)


@dataclass(slots=True)
class PublicPictures:
    """What the gallery says of public pictures: `remixable(code)` is that of a post that may be remixed, or None."""

    remixable: Callable[[str], GeneratedImage | None] = lambda code: None


public_pictures = PublicPictures()

signer = Signer(salt="generation.sharing", sep=".")


def share(user: User, thing: GeneratedImage | Album, days: int, with_recipe: bool = False) -> ShareLink:
    """A link to one's own picture or album. Refuses another number of days, and more links than a person may have."""
    if days not in DAYS:
        raise Refusal("bad-expiry", f"A link holds for {', '.join(map(str, DAYS))} days.", field="days")
    with transaction.atomic():
        hold_account(user)
        if ShareLink.objects.of(user).live().count() >= MAX_LINKS:
            raise QuotaExceeded("too-many-links", f"You may have {MAX_LINKS} links at once. End one to make another.")
        return ShareLink.objects.create(
            owner=user,
            image=thing if isinstance(thing, GeneratedImage) else None,
            album=thing if isinstance(thing, Album) else None,
            with_recipe=with_recipe,
            expires_at=timezone.now() + timedelta(days=days),
        )


def end_link(user: User, code: str) -> None:
    """Revoke one's own link; at once, since every address behind it asks the row. May be repeated."""
    if not ShareLink.objects.of(user).filter(code=code).exists():
        raise NotFound("not-found", "There is no such link, or it is not yours.")
    ShareLink.objects.of(user).filter(code=code, revoked_at=None).update(revoked_at=Now())


def token_of(link: ShareLink) -> str:
    """What stands in its address."""
    return signer.sign(link.code)


def link_of(token: str) -> ShareLink | None:
    """The live link that a token stands for; None for one that never was, or has ended."""
    try:
        code = signer.unsign(token)
    except BadSignature:
        return None
    found: ShareLink | None = ShareLink.objects.live().filter(code=code).select_related("owner", "album").first()
    return found


def prune_links() -> int:
    """Forget links that ended a while ago."""
    old = timezone.now() - KEPT_AFTER_END
    gone, _ = ShareLink.objects.filter(Q(expires_at__lt=old) | Q(revoked_at__lt=old)).delete()
    return gone
