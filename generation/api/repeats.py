"""Requests that are sent again for want of an answer join the jobs under way: for dialects whose clients bring no key.

The native API's `Idempotency-Key` keeps whole answers (`idempotency`); here the jobs are found again, and answered
anew. Who has read an answer and asks the same once more wants another picture; who has not, the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import User
from accounts.refusals import Conflict
from generation.api.access import token_of, user_of
from generation.api.feeds import let_connections_go
from generation.api.idempotency import HEADER, KeyReused, check_key, fingerprint_of
from generation.models import Job, KeptAnswer
from generation.models.answers import ANSWER_KEPT_FOR
from generation.models.images import kept_image

JOINED_FOR = timedelta(minutes=10)
"""As long as clients wait for an answer: the same request later is another one."""
RETRY_COUNT = "X-Stainless-Retry-Count"
"""How often the OpenAI SDKs say that they have sent it before; they bring no key."""
PREFIX = "again\t"
"""Of keys in the table that these share with `Idempotency-Key`, which has no tab."""
ANSWERED = 200
TRIES = 3

Write = Callable[[], list[Job]]


@dataclass(frozen=True, slots=True)
class Submission:
    """The jobs of a request, made now or by the same request before; `record` is its row's key."""

    jobs: list[Job]
    record: int


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request as it is recognised: whose, by which key, what it asks for, and whether it says that it comes again."""

    user: User
    key: str
    fingerprint: str
    has_key: bool
    is_retry: bool


def submit_once(request: Request, prepare: Callable[[], Write]) -> Submission:
    """The jobs that the same caller's same request is making already, or else new ones. Call in no transaction.

    `prepare` reads and checks and gives back the function that writes, which runs in a transaction with the record.
    Raises what they raise, and KeyReused where an `Idempotency-Key` stands for another request.
    """
    sent = _sent(request)
    write: Write | None = None
    for _ in range(TRIES):
        before = KeptAnswer.objects.filter(user=sent.user, key=sent.key).first()
        if before is not None and (jobs := _jobs_to_join(before, sent)):
            return Submission(jobs, before.pk)
        write = write or prepare()
        with transaction.atomic():
            if (record := _claim(before, sent)) is not None:
                jobs = write()
                KeptAnswer.objects.filter(pk=record.pk).update(location=jobs[0].submission)
                return Submission(jobs, record.pk)
        # The same request has come in this moment as well: its jobs are joined.
    raise Conflict("request-in-flight", "The same request is under way. Ask again in a moment.")


async def noting_delivery(body: bytes, submission: Submission) -> AsyncIterator[bytes]:
    """The body of an answer. Only when it has left is it noted; a client that went away before comes again."""
    yield body
    await delivered(submission)


async def delivered(submission: Submission) -> None:
    await sync_to_async(_note)(submission.record)


def _note(record: int) -> None:
    KeptAnswer.objects.filter(pk=record).update(status=ANSWERED)
    let_connections_go()


def _sent(request: Request) -> _Sent:
    key = request.headers.get(HEADER)
    if key is not None:
        check_key(key)
    fingerprint, token = fingerprint_of(request), token_of(request)
    # Another token of the same person is another program.
    identity = f"key:{key}" if key is not None else f"body:{token.pk if token else ''}:{fingerprint}"
    count = request.headers.get(RETRY_COUNT, "")
    return _Sent(
        user_of(request),
        PREFIX + hashlib.sha256(identity.encode()).hexdigest(),
        fingerprint,
        key is not None,
        is_retry=count.isdecimal() and int(count) > 0,
    )


def _jobs_to_join(record: KeptAnswer, sent: _Sent) -> list[Job]:
    """The jobs that this request asks for again; none where it wants new ones."""
    if record.fingerprint != sent.fingerprint:
        raise KeyReused("idempotency-key-reused", f"This {HEADER} was used for another request.")
    if record.created_at < timezone.now() - (ANSWER_KEPT_FOR if sent.has_key else JOINED_FOR):
        return []
    if record.status == ANSWERED and not (sent.has_key or sent.is_retry):
        return []
    siblings = Job.objects.of(sent.user).filter(submission=record.location)
    jobs = list(siblings.select_related("image").order_by("position"))
    return jobs if any(map(_is_worth_joining, jobs)) else []


def _is_worth_joining(job: Job) -> bool:
    """Not where it came to nothing, or its picture was deleted."""
    return job.is_unfinished or kept_image(job) is not None


def _claim(before: KeptAnswer | None, sent: _Sent) -> KeptAnswer | None:
    """The record of a new request in place of the one `before`; None when somebody else was faster."""
    if before is not None:
        KeptAnswer.objects.filter(pk=before.pk).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(
                user=sent.user, key=sent.key, fingerprint=sent.fingerprint, created_at=Now()
            )
    except IntegrityError:
        return None
