"""`Idempotency-Key` for the API's creating POSTs: who asks again for want of an answer is answered again, served once.

The same key and body give the first answer again, another body 422, a request still under way 409. Keys are kept for 24
hours, for each person by themselves. A refused request made nothing, so its key stays free.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial, wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.refusals import Conflict, Refusal
from generation.api.access import is_asked
from generation.models import KeptAnswer
from generation.models.answers import ANSWER_KEPT_FOR

HEADER = "Idempotency-Key"
KEY = re.compile("[!-~](?:[ -~]*[!-~])?")
GIVEN_UP_AFTER = timedelta(minutes=5)
"""No request takes so long: the process that began it is dead, and with it all that it had written."""
LONGEST_KEY = 200

View = Callable[..., Response]
Write = Callable[[], Response]
"""What is left of a request once all is prepared: it writes and answers, inside a transaction."""
Preparing = Callable[..., Response | Write]


class KeyReused(Refusal):
    """The key stands for another request."""

    status = 422


def idempotent(post: View) -> View:
    """Decorate a view's `post`. What it writes and the kept answer are one transaction: both are there, or neither."""
    return _answered_once(_writing_all_along(post), transaction.atomic)


def idempotent_submission(post: Preparing) -> View:
    """As `idempotent`, for a `post` that reads and computes before it writes.

    It gives back the function that writes, so that the transaction begins no earlier: its lock is everybody's. A
    Response instead says that there is nothing to write.
    """
    return _answered_once(post, transaction.atomic)


def idempotent_upload(post: View) -> View:
    """As `idempotent`, for a `post` that works on files for long and so must not hold a transaction meanwhile.

    If the process dies between the last row and the kept answer, the same request sent again is served again.
    """
    return _answered_once(_writing_all_along(post), nullcontext)


def _writing_all_along(post: View) -> Preparing:
    @wraps(post)
    def begin(*args: Any, **kwargs: Any) -> Write:
        return partial(post, *args, **kwargs)

    return begin


def _answered_once(post: Preparing, together: Callable[[], AbstractContextManager[Any]]) -> View:
    @wraps(post)
    def answered_once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is not None:
            check_key(key)
        # A dry run makes nothing, so it may be asked again, and its price may be another one then.
        if key is None or not request.user.is_authenticated or is_dry_run(request):
            begun = post(view, request, *args, **kwargs)
            return begun if isinstance(begun, Response) else begun()
        fingerprint = fingerprint_of(request)
        claimed = claim(request.user, key, fingerprint)
        if claimed is None:
            return repeated(KeptAnswer.objects.filter(user=request.user, key=key).first(), fingerprint)
        try:
            begun = post(view, request, *args, **kwargs)
            with together():
                response = begun if isinstance(begun, Response) else begun()
                keep(claimed, response)
        except BaseException:
            KeptAnswer.objects.filter(pk=claimed.pk, status=None).delete()
            raise
        return response

    answered_once.heeds_idempotency_key = True  # type: ignore[attr-defined]
    return answered_once


def is_dry_run(request: Request) -> bool:
    """Whether only the price is asked for."""
    return is_asked(request, "dry_run")


def check_key(key: str) -> None:
    """Raise Refusal for what is no key."""
    if len(key) > LONGEST_KEY or not KEY.fullmatch(key):
        raise Refusal("bad-idempotency-key", f"An {HEADER} has 1 to {LONGEST_KEY} visible characters of ASCII.")


def claim(user: Any, key: str, fingerprint: str) -> KeptAnswer | None:
    """A row that says the request is under way; None when the key is taken."""
    outlived = Q(created_at__lt=Now() - ANSWER_KEPT_FOR) | Q(status=None, created_at__lt=Now() - GIVEN_UP_AFTER)
    KeptAnswer.objects.filter(outlived, user=user, key=key).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(user=user, key=key, fingerprint=fingerprint, created_at=Now())
    except IntegrityError:
        return None


def keep(claimed: KeptAnswer, response: Response) -> None:
    kept = KeptAnswer.objects.filter(pk=claimed.pk, status=None).update(
        status=response.status_code, body=response.data, location=response.headers.get("Location", "")
    )
    if not kept:  # it was given up for dead meanwhile, and the key may be somebody's again
        raise Conflict("request-too-slow", "This request took too long and was undone. Send it again.")


def repeated(kept: KeptAnswer | None, fingerprint: str) -> Response:
    if kept is not None and kept.fingerprint != fingerprint:
        raise KeyReused("idempotency-key-reused", f"This {HEADER} was used for another request.")
    if kept is None or kept.status is None:
        raise Conflict("request-in-flight", f"A request with this {HEADER} is under way. Ask again in a moment.")
    headers = {"Idempotency-Replayed": "true"} | ({"Location": kept.location} if kept.location else {})
    return Response(kept.body, status=kept.status, headers=headers)


def fingerprint_of(request: Request) -> str:
    """What was asked for; the order of JSON's keys does not matter, the bytes of files do."""
    data = dict(request.data.lists()) if isinstance(request.data, QueryDict) else request.data
    asked = [request.method, request.get_full_path(), data]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=_named).encode()).hexdigest()


def _named(value: object) -> str:
    if not isinstance(value, UploadedFile):
        return str(value)
    content = hashlib.file_digest(value, "sha256").hexdigest()
    value.seek(0)
    return f"{value.name} {content}"
