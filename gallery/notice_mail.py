"""The mails about notices: receipt and outcome to who sent one, word to moderators, its reasons to the author."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.mail import queue_mail, tell
from accounts.models import User
from gallery.models import Comment, ManagedReason, Notice, Post
from gallery.moderation import MODERATORS

MOST_MODERATORS = 50


def send_receipt(notice: Notice, addresses: list[str]) -> None:
    _write(notice, f"We have your notice {notice.code}", "receipt", addresses=addresses)


def send_outcome(notice: Notice, removed: int, is_blocked: bool = False) -> None:
    """`removed`: pictures and links, copies among them. `is_blocked`: the picture is known when it comes again."""
    _write(notice, f"Your notice {notice.code}", "outcome", removed=removed, is_blocked=is_blocked)


def tell_moderators(notice: Notice) -> None:
    """The clock runs, whether or not anybody looks at the desk."""
    until = _until(notice)
    _tell_all(notice, f"Notice {notice.code}: answer it until {until}", "notice_arrived", until=until)


def remind_moderators(notice: Notice) -> None:
    """Its time is nearly over, or is, and nobody has it in hand."""
    late = notice.is_overdue
    subject = f"Notice {notice.code} {'was' if late else 'is'} due: {_until(notice)}"
    _tell_all(notice, subject, "notice_due", until=_until(notice), is_late=late)


def send_statement(thing: Post | Comment, notice: Notice, reason: str) -> None:
    """What was removed, why, on which ground, who decided and how, and how to object."""
    url = settings.SITE_URL + reverse("appeal", args=[thing._meta.model_name, thing.code])
    title = f"“{thing.title}”" if isinstance(thing, Post) else "A comment of yours"
    _state(thing.author, title, notice, reason, url)


def send_other_statement(person: User, title: str, notice: Notice, reason: str) -> None:
    """The same of what has no state that an appeal could bring back: a link, or a sample of a LoRA."""
    _state(person, title, notice, reason, "")


def _state(person: User, title: str, notice: Notice, reason: str, url: str) -> None:
    ground = ManagedReason.objects.filter(sentence=reason).exclude(ground="").values_list("ground", flat=True).first()
    context = {"title": title, "reason": reason, "ground": ground or "The rules of this site", "notice": notice}
    tell(person, f"{title} was removed", "statement_of_reasons", **context, url=url)


def _until(notice: Notice) -> str:
    return f"{notice.due_at:%-d %B %Y, %H:%M} UTC"


def _tell_all(notice: Notice, subject: str, template: str, **context: object) -> None:
    """Every moderator, as far as MOST_MODERATORS."""
    staff = User.objects.filter(is_active=True, is_staff=True)
    people = staff.filter(Q(groups__name=MODERATORS) | Q(is_superuser=True)).distinct()
    url = settings.SITE_URL + reverse("admin:desk_case", args=["notice", notice.pk])
    for person in people.order_by("pk")[:MOST_MODERATORS]:
        tell(person, subject, template, url=url, **context)


def _write(notice: Notice, subject: str, template: str, **context: object) -> None:
    own = {"notice": notice, "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
    body = render_to_string(f"gallery/email/notice_{template}.txt", {**own, **context})
    queue_mail(EmailMessage(f"{settings.SITE_NAME}: {subject}", body, settings.DEFAULT_FROM_EMAIL, [notice.email]))
