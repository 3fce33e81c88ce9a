"""Who asks, what their token lets them, and what of theirs they ask for: fetched, or refused as if it were not there.

For every API of the site. A view says what a token must be for: `scope = "train"`, or by method `scopes = {"POST":
"publish"}`; what it does not say is `read` for what only reads, and `generate` for the rest. "" is for any token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.db.models import QuerySet
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.refusals import NotAllowed, NotFound, Refusal
from accounts.scopes import Scope
from generation.models import Checkpoint, DataSet, GeneratedImage, Job, Lora, TrainingRun
from generation.models.catalog import LoraQuerySet

DAY = re.compile(r"[1-8][0-9]{3}-[0-9]{2}-[0-9]{2}")
"""What a day in an address looks like; whether there is one of that name is asked where it is read."""


class HasScope(BasePermission):
    """Refuses a token that is not for what is asked; sessions have all scopes. Stands last among a view's classes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.auth is not None:
            check_scope(request.auth, needed_scope(view, str(request.method)))
        return True


def needed_scope(view: Any, method: str) -> str:
    scopes: dict[str, str] = getattr(view, "scopes", {})
    reading = method in SAFE_METHODS
    default = getattr(view, "scope", Scope.READ if reading else Scope.GENERATE)
    return scopes.get("GET" if reading else method, default)


def check_scope(auth: Any, scope: str) -> None:
    """Raise NotAllowed where `auth`, a token of whatever kind with `scopes`, is not for this."""
    if scope and scope not in getattr(auth, "scopes", ()):
        raise NotAllowed("missing-scope", f"This token lacks the scope “{scope}”. Make one that has it.")


def is_asked(request: Request, name: str) -> bool:
    """Whether the address asks for something by `?name=1`. Raises Refusal for what is neither yes nor no."""
    said = request.query_params.get(name, "").lower()
    if said not in ("", "0", "1", "false", "true"):
        raise Refusal("bad-flag", f"“{name}” is true or false.", field=name)
    return said in ("1", "true")


def check_lengths(told: Mapping[str, str], names: Iterable[str], most: int) -> None:
    """Raise Refusal for a text in the query of an address, or a header, that is longer than its description says."""
    for name in names:
        if len(told.get(name, "")) > most:
            raise Refusal("too-long", f"“{name}” has at most {most} characters.", field=name)


def check_days(query: Mapping[str, str]) -> None:
    """Raise Refusal for a day in the query of an address that is none."""
    for name in ("since", "until"):
        if name in query and not DAY.fullmatch(query[name]):
            raise Refusal("bad-day", "A day is written as 2026-11-29.", field=name)


def user_of(request: Request) -> User:
    """Whose token it is; the default permission lets nobody else through to here."""
    return cast(User, request.user)


def token_of(request: Request) -> ApiToken | None:
    return request.auth if isinstance(request.auth, ApiToken) else None


def usable_checkpoints(request: Request) -> QuerySet[Checkpoint]:
    """Those that who asks may use, and their token too."""
    token, rows = token_of(request), Checkpoint.objects.usable_by(request.user)
    return rows.filter(name__in=token.allowed_checkpoints) if token and token.allowed_checkpoints else rows


def usable_loras(request: Request) -> LoraQuerySet:
    """The same of LoRAs."""
    token, rows = token_of(request), Lora.objects.usable_by(request.user)
    return rows.filter(name__in=token.allowed_loras) if token and token.allowed_loras else rows


def get_job(request: Request, code: str) -> Job:
    job: Job | None = Job.objects.of(request.user).filter(code=code).select_related("image").first()
    if job is None:
        raise NotFound("not-found", "There is no such job, or it is not yours.")
    return job


def get_image(request: Request, code: str) -> GeneratedImage:
    image: GeneratedImage | None = GeneratedImage.objects.of(request.user).kept().filter(code=code).first()
    if image is None:
        raise NotFound("not-found", "There is no such picture, or it is not yours.")
    return image


def get_run(request: Request, code: str) -> TrainingRun:
    run = TrainingRun.objects.of(user_of(request)).filter(code=code).select_related("lora").first()
    if run is None:
        raise NotFound("not-found", "There is no such training, or it is not yours.")
    return run


def get_dataset(request: Request, code: str) -> DataSet:
    dataset = DataSet.objects.of(user_of(request)).filter(code=code).first()
    if dataset is None:
        raise NotFound("not-found", "There is no such data set, or it is not yours.")
    return dataset
