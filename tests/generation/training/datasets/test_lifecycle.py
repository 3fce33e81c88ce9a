"""A data set begins with consent, counts its bytes, and goes with its files: by hand or when its days are over."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.refusals import Conflict, Refusal
from generation.models import DataSet, TrainingRun
from generation.storage import files as storage_files
from generation.storage.quota import stored_bytes
from generation.tasks import prune
from generation.training.datasets import lifecycle
from generation.training.datasets.lifecycle import (
    create_dataset,
    delete_dataset,
    delete_expired_datasets,
    describe_dataset,
    remove_picture,
    sweep_dataset_files,
)
from tests.generation.training.datasets.conftest import MakeDataSet


def files(folder: Any) -> list[Path]:
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def training_of(dataset: DataSet, state: str = "running") -> TrainingRun:
    return TrainingRun.objects.create(
        owner=dataset.owner,
        dataset=dataset,
        name="noto",
        recipe_json={},
        manifest={},
        checkpoint_sha256="b" * 64,
        credits=0,
        steps=10,
        state=state,
    )


def test_it_works(alice: User, settings: Any) -> None:
    settings.DATASET_DAYS = 30
    dataset = create_dataset(alice, "  My  emoji ", "noto style", consent=True)
    assert (dataset.title, dataset.trigger, dataset.owner) == ("My emoji", "noto style", alice)
    assert dataset.expires_at - timezone.now() == pytest.approx(timedelta(days=30), abs=timedelta(minutes=1))


@pytest.mark.parametrize(
    ("title", "trigger", "consent", "field"),
    [
        ("Emoji", "", False, "consent"),
        (" ", "", True, "title"),
        ("x" * 81, "", True, "title"),
        ("x", "y" * 81, True, "trigger"),
    ],
)
def test_it_is_refused(alice: User, title: str, trigger: str, consent: bool, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        create_dataset(alice, title, trigger, consent=consent)
    assert refused.value.field == field
    assert not DataSet.objects.exists()


def test_nobody_keeps_endlessly_many(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "MAX_DATASETS", 1)
    create_dataset(alice, "One", consent=True)
    with pytest.raises(Refusal, match="delete one"):
        create_dataset(alice, "Two", consent=True)


def test_its_words_can_change(dataset: DataSet) -> None:
    describe_dataset(dataset, "Ten emoji", "sks")
    assert (dataset.title, dataset.trigger) == ("Ten emoji", "sks")


@pytest.mark.django_db(transaction=True)
def test_deleting_takes_the_files(dataset: DataSet, alice: User, settings: Any) -> None:
    assert stored_bytes(alice) == sum(path.stat().st_size for path in files(settings.MEDIA_ROOT))
    remove_picture(dataset.pictures.all()[0])
    assert (dataset.pictures.count(), len(files(settings.MEDIA_ROOT))) == (3, 6)
    delete_dataset(dataset)
    assert files(settings.MEDIA_ROOT) == []
    assert stored_bytes(alice) == 0


def test_a_training_holds_it(dataset: DataSet) -> None:
    run = training_of(dataset)
    for verb in (partial(delete_dataset, dataset), partial(remove_picture, dataset.pictures.all()[0])):
        with pytest.raises(Conflict):
            verb()
    run.state = "done"
    run.save(update_fields=["state"])
    delete_dataset(dataset)
    run.refresh_from_db()
    assert run.dataset is None, "the run outlives its pictures"


def test_files_that_no_picture_uses_are_swept(dataset: DataSet, settings: Any) -> None:
    old, young = (storage_files.write(f"datasets/{dataset.code}/{name}.png", b"x") for name in ("old", "young"))
    for path in files(settings.MEDIA_ROOT):
        if path.name != "young.png":
            os.utime(path, (0, 0))
    assert sweep_dataset_files() == 1
    assert not storage_files.is_there(old) and storage_files.is_there(young)
    assert all(
        storage_files.is_there(row.file) and storage_files.is_there(row.thumbnail) for row in dataset.pictures.all()
    )


@pytest.mark.django_db(transaction=True)
def test_when_its_days_are_over_it_goes(alice: User, make_dataset: MakeDataSet, settings: Any) -> None:
    old, busy, young = (make_dataset(alice, 1, title=title) for title in ("old", "busy", "young"))
    DataSet.objects.exclude(pk=young.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    run = training_of(busy)
    assert delete_expired_datasets() == 1
    assert set(DataSet.objects.values_list("title", flat=True)) == {"busy", "young"}
    assert len(files(settings.MEDIA_ROOT)) == 4
    run.state = "cancelled"
    run.save(update_fields=["state"])
    assert prune()["datasets"] == 1
    assert DataSet.objects.get() == young
    assert old.title == "old"
