"""Creating, describing and deleting data sets: by their owners, or when their days are over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, QuotaExceeded, Refusal
from generation.models import DataPicture, DataSet
from generation.recipes.training import MAX_TRIGGER_CHARS
from generation.storage import files

logger = structlog.get_logger(__name__)

MAX_DATASETS = 50
MAX_TITLE_CHARS = 80
FOLDER = "datasets"


def create_dataset(user: User, title: str, trigger: str = "", *, consent: bool = False) -> DataSet:
    """An empty data set. Raises Refusal without a title, without consent, or when the person has very many."""
    title, trigger = checked_words(title, trigger)
    if not consent:
        sentence = "Say that you may use these pictures: your own, or ones whose makers and people agree."
        raise Refusal("no-consent", sentence, field="consent")
    now = timezone.now()
    with transaction.atomic():
        hold_account(user)
        if DataSet.objects.of(user).count() >= MAX_DATASETS:
            raise QuotaExceeded("too-many-datasets", f"You keep {MAX_DATASETS} data sets; delete one to make room.")
        return DataSet.objects.create(
            owner=user,
            title=title,
            trigger=trigger,
            consented_at=now,
            expires_at=now + timedelta(days=settings.DATASET_DAYS),
        )


def describe_dataset(dataset: DataSet, title: str, trigger: str) -> None:
    """Set title and trigger. Trainings that were submitted keep theirs."""
    dataset.title, dataset.trigger = checked_words(title, trigger)
    dataset.save(update_fields=["title", "trigger"])


def checked_words(title: str, trigger: str) -> tuple[str, str]:
    title, trigger = " ".join(title.split()), " ".join(trigger.split())
    if not title:
        raise Refusal("no-title", "Give the data set a title.", field="title")
    if len(title) > MAX_TITLE_CHARS:
        raise Refusal("long-title", f"A title has at most {MAX_TITLE_CHARS} characters.", field="title")
    if len(trigger) > MAX_TRIGGER_CHARS:
        raise Refusal("long-trigger", f"A trigger has at most {MAX_TRIGGER_CHARS} characters.", field="trigger")
    return title, trigger


def remove_picture(picture: DataPicture) -> None:
    """Take one picture out. Raises Conflict while a training may still read it."""
    _refuse_while_training(picture.dataset)
    picture.delete()
    transaction.on_commit(lambda: files.discard(picture.file, picture.thumbnail))


def delete_dataset(dataset: DataSet) -> None:
    """Delete it with its files. Raises Conflict while a training may still read them."""
    _refuse_while_training(dataset)
    _delete(dataset)


def prune() -> dict[str, int]:
    """Delete data sets whose days are over, and files that no picture uses."""
    return {"datasets": delete_expired_datasets(), "dataset_files": sweep_dataset_files()}


def delete_expired_datasets() -> int:
    """Delete those whose days are over, but for those that a training reads: they are deleted after it."""
    over: Iterable[DataSet] = DataSet.objects.filter(expires_at__lt=timezone.now())
    gone = [dataset for dataset in over if not is_training(dataset)]
    for dataset in gone:
        _delete(dataset)
        logger.info("dataset_expired", dataset=dataset.code)
    return len(gone)


def sweep_dataset_files() -> int:
    """Remove stored files that no picture uses, a day after they were written: of uploads that broke off."""
    swept = list(orphans())
    files.discard(*swept)
    return len(swept)


def orphans() -> Iterator[str]:
    """Names of stored files that no picture points at, a day after they were written."""
    for folder, names in files.folders(FOLDER):
        rows = DataPicture.objects.filter(dataset__code=folder.removeprefix(f"{FOLDER}/"))
        used = {name for row in rows.values_list("file", "thumbnail") for name in row}
        yield from files.orphans_among(name for name in names if name not in used)


def is_training(dataset: DataSet) -> bool:
    return dataset.runs.unfinished().exists()


def _refuse_while_training(dataset: DataSet) -> None:
    if is_training(dataset):
        raise Conflict("dataset-in-use", "A training is using these pictures. Stop it first, or wait until it is done.")


def _delete(dataset: DataSet) -> None:
    """Rows first: a row without its file would be shown, a file without its row is only swept."""
    names = [name for row in dataset.pictures.values_list("file", "thumbnail") for name in row]
    dataset.delete()
    transaction.on_commit(lambda: files.discard(*names))
