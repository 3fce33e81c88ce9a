"""Many at once at a limit of the plan or the site: as many rows are written as it holds, whatever the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from accounts.models import Plan, User
from accounts.refusals import QuotaExceeded
from gallery import publishing, releasing
from gallery.models import Post, Release
from gallery.publishing import publish_image
from gallery.releasing import release_lora
from generation.catalog.loras.uploads import Upload, add_upload
from generation.catalog.loras.versions import versions_of
from generation.catalog.merges.submission import submit_merge
from generation.models import Checkpoint, DataSet, Lora, LoraMerge, TrainingRun
from generation.recipes.picture import LoraPick
from generation.training.datasets.lifecycle import create_dataset
from generation.training.runs.submission import submit_training
from tests.gallery.conftest import Finish, finish, weights
from tests.generation.training.conftest import dataset, make_dataset, small_recipe, tiny
from tests.lora_files import lora_bytes

__all__ = ["dataset", "finish", "make_dataset", "tiny", "weights"]

AT_ONCE = 24


def at_once(verb: Callable[[User, int], object], user: User, times: int = AT_ONCE) -> list[str]:
    """Do it so many times at one moment, each on a connection of its own; the codes of the refusals."""
    gate = threading.Barrier(times)

    def one(number: int) -> str:
        try:
            person = User.objects.select_related("plan").get(pk=user.pk)
            gate.wait()
            verb(person, number)
        except QuotaExceeded as full:
            return full.code
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(times) as pool:
        return [code for code in pool.map(one, range(times)) if code]


def bring(user: User, number: int) -> Lora:
    data = lora_bytes(number)
    return add_upload(user, Upload(f"style-{number}.safetensors", len(data), [data]))


@pytest.mark.django_db(transaction=True)
def test_uploads_within_the_plan(alice: User) -> None:
    Plan.objects.update(max_lora_uploads=10)
    assert at_once(bring, alice) == ["too-many-loras"] * (AT_ONCE - 10)
    assert Lora.objects.filter(owner=alice).count() == 10


@pytest.mark.django_db(transaction=True)
def test_uploads_within_the_room(alice: User) -> None:
    Plan.objects.update(max_lora_uploads=AT_ONCE, storage_bytes=3 * len(lora_bytes()) + 1000)
    assert at_once(bring, alice, 8) == ["storage-full"] * 5


@pytest.mark.django_db(transaction=True)
def test_of_one_name_each_is_kept(alice: User, charlie: User) -> None:
    """Two people's files of one title come at once: neither meets an error of ours."""
    people = [alice, charlie]
    gate = threading.Barrier(2)

    def one(user: User) -> str:
        try:
            data = lora_bytes()
            gate.wait()
            return str(add_upload(user, Upload("style.safetensors", len(data), [data])).name)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        names = set(pool.map(one, people))
    assert len(names) == 2 and all(name.startswith("style") for name in names)


@pytest.mark.django_db(transaction=True)
def test_versions_have_numbers_of_their_own(alice: User) -> None:
    first = bring(alice, 0)

    def next_version(user: User, number: int) -> Lora:
        data = lora_bytes(number + 1)
        return add_upload(user, Upload("style.safetensors", len(data), [data], version_of=first))

    assert at_once(next_version, alice, 4) == []
    first.refresh_from_db()
    assert [lora.name for lora in versions_of(first)] == [f"style-0-v{number}" for number in (5, 4, 3, 2, 1)]


@pytest.mark.django_db(transaction=True)
def test_data_sets(alice: User) -> None:
    for number in range(40):
        create_dataset(alice, f"Set {number}", consent=True)
    codes = at_once(lambda user, number: create_dataset(user, f"More {number}", consent=True), alice)
    assert codes == ["too-many-datasets"] * (AT_ONCE - 10)
    assert DataSet.objects.of(alice).count() == 50


@pytest.mark.django_db(transaction=True)
def test_trainings(alice: User, dataset: DataSet, tiny: Checkpoint) -> None:
    Plan.objects.update(max_training_runs=2)
    codes = at_once(lambda user, number: submit_training(user, dataset, small_recipe(), f"noto-{number}"), alice, 8)
    assert codes == ["too-many-runs"] * 6
    assert TrainingRun.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_merges(alice: User, catalog: Checkpoint) -> None:
    both = {"fluent-3d": 1.0, "line-art": 1.0}
    codes = at_once(lambda user, number: submit_merge(user, both, 8, f"Both {number}"), alice, 12)
    assert codes == ["too-many-merges"] * 9
    assert LoraMerge.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_posts_that_wait(alice: User, finish: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "MOST_PENDING", 3)
    images = [finish(alice) for _ in range(12)]
    codes = at_once(lambda user, number: publish_image(user, images[number], f"Apple {number}"), alice, 12)
    assert codes == ["too-many-pending"] * 9
    assert Post.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_releases_that_wait(alice: User, finish: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releasing, "MOST_PENDING", 2)
    loras = [
        Lora.objects.create(
            name=f"clay-{number}", title="Clay", family="mini", path=f"uploads/{number}", sha256=f"{number:064x}",
            owner=alice, is_public=False, licence="CC BY 4.0",
        )
        for number in range(8)
    ]  # fmt: skip
    codes = [
        finish(alice, f"a star <lora:{lora.name}:1>", loras=(LoraPick(lora.name, 1.0, sha256=lora.sha256),)).code
        for lora in loras
    ]
    refused = at_once(lambda user, number: release_lora(user, loras[number], [codes[number]]), alice, 8)
    assert refused == ["too-many-pending"] * 6
    assert Release.objects.count() == 2
