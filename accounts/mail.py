"""Mail leaves by rows and a task: no page waits for the mail server, and none breaks or lies when that is away.

Everything that people are sent goes through `queue_mail`; what tries the server itself (`manage.py sendtestemail`) does
not.
"""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException

import structlog
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import OutgoingMail, User

logger = structlog.get_logger(__name__)

SEND_DUE_MAIL = "accounts.tasks.send_due_mail"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=2)
"""The links in mails live three days: one that leaves later is of little use."""
ROUND_SECONDS = 300
KEPT_AFTER_GIVING_UP = timedelta(days=14)


def tell(user: User, subject: str, template: str, **context: object) -> None:
    """Send a person a mail of the site's own: `template` lies in `accounts/email/` and is told `name` and `context`."""
    own = {"name": user.get_username(), "site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}
    body = render_to_string(f"accounts/email/{template}.txt", {**own, **context})
    queue_mail(EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email]))


def queue_mail(message: EmailMessage) -> None:
    """Have a text mail sent to each of its recipients. A site without a mail server writes it to the log at once."""
    if not settings.EMAIL_HOST:
        message.send()
        return
    now = timezone.now()
    OutgoingMail.objects.bulk_create(
        OutgoingMail(
            recipient=recipient,
            sender=message.from_email,
            subject=str(message.subject),
            body=str(message.body),
            next_try_at=now,
        )
        for recipient in message.to
    )
    transaction.on_commit(_wake)


def _wake() -> None:
    # By name, as wake-ups are; one that is lost is made up for by the clock.
    try:
        current_app.send_task(SEND_DUE_MAIL, retry=False)
    except OperationalError as error:
        logger.warning("wakeup_lost", task=SEND_DUE_MAIL, error=str(error))


def send_due() -> int:
    """Send what is due, oldest first; the number that left. Ends at the first fault of the server itself.

    One round at a time: a server that does not answer must not hold every thread of the worker.
    """
    if not cache.add("mail-round", 1, timeout=ROUND_SECONDS):
        return 0
    try:
        return _round()
    finally:
        cache.delete("mail-round")


def _round() -> int:
    sent = 0
    deadline = timezone.now() + timedelta(seconds=ROUND_SECONDS / 2)
    while timezone.now() < deadline:
        due = OutgoingMail.objects.filter(next_try_at__lte=timezone.now()).order_by("next_try_at", "pk")
        mail = due.first()
        if mail is None or not _claim(mail):
            break
        try:
            EmailMessage(mail.subject, mail.body, mail.sender, [mail.recipient]).send()
        except (SMTPException, OSError) as error:
            _put_off(mail, error)
            if not _is_about_the_mail(error):
                break
        except Exception as error:  # a mail that cannot be written must not stop those behind it
            _give_up(mail, error)
        else:
            mail.delete()
            logger.info("mail_sent", subject=mail.subject)
            sent += 1
    return sent


def _claim(mail: OutgoingMail) -> bool:
    """Count the attempt and set the next one, so that a process killed while sending is made up for; once."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**mail.attempts)
    rows = OutgoingMail.objects.filter(pk=mail.pk, attempts=mail.attempts)
    mail.attempts += 1
    return bool(rows.update(attempts=mail.attempts, next_try_at=timezone.now() + pause))


def _put_off(mail: OutgoingMail, error: Exception) -> None:
    if _is_final(error) or timezone.now() - mail.created_at > GIVE_UP_AFTER:
        _give_up(mail, error)
        return
    OutgoingMail.objects.filter(pk=mail.pk).update(error=_words_of(error))
    logger.warning("mail_put_off", attempts=mail.attempts, error=_words_of(error))


def _give_up(mail: OutgoingMail, error: Exception) -> None:
    """The row stays for the operator to see, without its text, which may hold a link that signs somebody in."""
    OutgoingMail.objects.filter(pk=mail.pk).update(error=_words_of(error), body="", next_try_at=None)
    logger.error("mail_given_up", attempts=mail.attempts, error=_words_of(error))


def _is_about_the_mail(error: Exception) -> bool:
    """Whether the server answered, and said no to this mail alone."""
    return isinstance(error, SMTPRecipientsRefused | SMTPDataError)


def _is_final(error: Exception) -> bool:
    """Whether the server will never take this mail: codes from 500 on. A 4xx says “later”, as greylisting does."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500


def _words_of(error: Exception) -> str:
    """What went wrong, for the operator, in at most 300 characters."""
    if isinstance(error, SMTPRecipientsRefused):
        answer: tuple[int, bytes | str] = next(iter(error.recipients.values()))
    elif isinstance(error, SMTPResponseException):
        answer = error.smtp_code, error.smtp_error
    else:
        return f"{type(error).__name__}: {error}"[:300]
    code, said = answer
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"[:300]


def prune_mail() -> int:
    """Forget what was given up long ago; the number."""
    old = OutgoingMail.objects.filter(next_try_at=None, created_at__lt=timezone.now() - KEPT_AFTER_GIVING_UP)
    return old.delete()[0]
