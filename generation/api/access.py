"""Who asks, and what of theirs they ask for: fetched, or refused as if it were not there. For every API of the site."""

from __future__ import annotations

from typing import cast

from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.refusals import NotFound
from generation.models import DataSet, GeneratedImage, Job, TrainingRun


def user_of(request: Request) -> User:
    """Whose token it is; the default permission lets nobody else through to here."""
    return cast(User, request.user)


def token_of(request: Request) -> ApiToken | None:
    return request.auth if isinstance(request.auth, ApiToken) else None


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
