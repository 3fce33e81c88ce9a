"""Weights in the bucket: written by who brings them, fetched once, checked, kept within a budget, shared by workers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from accounts.models import User
from generation.catalog import bucket, importing
from generation.engine.outcome import WeightsRefused
from generation.models import Checkpoint, Job, Lora
from generation.storage import files
from generation.weightfiles.hashing import hash_weights
from generation.worker import drawing, patience, weights
from generation.worker.fetching import PART, FetchedWeights
from generation.worker.process import WorkerProcess
from tests.bucket_servers import S3Server
from tests.generation.conftest import Queue
from tests.lora_files import lora_upload

SIZE = 1000
HOLDING = """
import fcntl, sys, time
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_SH)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with closing(S3Server()) as server:
        yield server


@pytest.fixture(autouse=True)
def in_bucket(server: S3Server, settings: Any, tmp_path: Path) -> Iterator[None]:
    server.empty()
    storage = {"BACKEND": "generation.storage.buckets.s3.S3Bucket", "OPTIONS": server.options()}
    settings.STORAGES = {**settings.STORAGES, "default": storage}
    settings.IN_BUCKET = settings.WEIGHTS_IN_BUCKET = True
    settings.WEIGHTS_CACHE_DIR = tmp_path / "weights-cache"
    weights.fetched.cache_clear()
    weights._known.cache_clear()
    yield
    weights.fetched().close()
    weights.fetched.cache_clear()
    weights._known.cache_clear()


def published(tmp_path: Path, number: int, size: int = SIZE) -> str:
    """The hash of weights of this size that lie in the bucket alone."""
    path = tmp_path / f"w{number}.safetensors"
    path.write_bytes(bytes([number]) * size)
    sha256 = hash_weights(path)
    assert bucket.publish(path, sha256)
    path.unlink()
    return sha256


def cache(tmp_path: Path, budget: int = 10 * SIZE, **options: Any) -> FetchedWeights:
    return FetchedWeights(tmp_path / "cache", budget, **{"grace": 0.0, **options})


def test_a_worker_without_any_weights_draws(alice: User, queue: Queue, worker: WorkerProcess, settings: Any) -> None:
    """The bundled checkpoint, a folder, and one of its LoRAs, a file."""
    (job,) = queue(alice, "a cat <lora:line-art:0.5>")
    settings.WEIGHTS_DIRS = [settings.WEIGHTS_DIRS[0]]
    assert weights.reachable_checkpoints() == [job.checkpoint_sha256]
    assert drawing.perform_ready_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("done", "")
    kept = [path for path in Path(settings.WEIGHTS_CACHE_DIR).iterdir() if path.is_dir()]
    lora = Lora.objects.get(name="line-art")
    assert {path.name for path in kept} == {job.checkpoint_sha256, lora.sha256}
    assert {hash_weights(next(path.iterdir())) for path in kept} == {path.name for path in kept}


def test_an_upload_is_there_for_every_machine(alices: Client, charlies: Client, settings: Any, tmp_path: Path) -> None:
    assert alices.post("/loras/upload/", {"file": lora_upload()}).status_code == 302
    lora = Lora.objects.get()
    assert files.is_there(f"weights/{lora.sha256}.json")
    settings.WEIGHTS_DIRS = [tmp_path / "another machine"]
    assert weights.file_of(lora).read_bytes() == lora_upload().read()
    settings.SIGNED_MEDIA = True
    there = alices.get(f"/loras/{lora.name}/file")
    assert there.status_code == 302 and f"/weights/{lora.sha256}/" in there["Location"]
    assert charlies.get(f"/loras/{lora.name}/file").status_code == 404
    alices.post(f"/loras/{lora.name}/delete/")
    assert not Lora.objects.exists() and not files.is_there(f"weights/{lora.sha256}.json")


def test_an_import_writes_what_is_missing_there(catalog: Checkpoint, settings: Any) -> None:
    assert files.is_there(bucket.place_of(catalog.sha256))
    bucket.withdraw(catalog.sha256)
    assert not files.is_there(bucket.place_of(catalog.sha256, "model_index.json"))
    assert {each.outcome for each in importing.import_folder(settings.WEIGHTS_DIRS[-1])} == {"unchanged"}
    assert files.is_there(bucket.place_of(catalog.sha256))


def test_it_is_fetched_once(tmp_path: Path, server: S3Server) -> None:
    sha256 = published(tmp_path, 1)
    first = cache(tmp_path)
    path = first.find(sha256)
    assert path is not None and path.name == "w1.safetensors" and hash_weights(path) == sha256
    server.is_bad = True
    second = cache(tmp_path)
    assert second.find(sha256) == path == first.find(sha256) and server.refused == 0
    first.close()
    second.close()


def test_two_at_once_share_one_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256, found, fetched = published(tmp_path, 1, 100 * SIZE), [], []
    workers = [cache(tmp_path, 200 * SIZE) for _ in range(2)]
    real = FetchedWeights._fetch

    def fetch(*args: Any) -> None:
        fetched.append(1)
        real(*args)

    monkeypatch.setattr(FetchedWeights, "_fetch", fetch)
    threads = [threading.Thread(target=lambda each=each: found.append(each.find(sha256))) for each in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(fetched) == 1 and len(found) == 2 and found[0] == found[1] is not None
    for each in workers:
        each.close()


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    one, two, three, four = (published(tmp_path, number) for number in range(1, 5))
    fetched = cache(tmp_path, 3 * SIZE)
    for sha256 in (one, two, three, one, four):
        assert fetched.find(sha256)
    kept = {path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()}
    assert kept == {one, three, four}
    fetched.close()


def test_what_is_in_use_stays(tmp_path: Path) -> None:
    """In this process, or in another."""
    one, two, three, four = (published(tmp_path, number) for number in range(1, 5))
    mine, others = cache(tmp_path, 2 * SIZE, in_use=lambda: {one}), cache(tmp_path, 2 * SIZE, in_use=lambda: {two})
    assert mine.find(one) and others.find(two)
    with pytest.raises(WeightsRefused) as refused:
        mine.find(three)
    assert refused.value.code == "weights-no-room"
    others.close()
    assert mine.find(four) and mine.find(one)
    assert {path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()} == {one, four}
    mine.close()


def test_what_was_just_found_stays(tmp_path: Path) -> None:
    """Somebody may be reading it: a merge, or a training that begins."""
    one, two = published(tmp_path, 1), published(tmp_path, 2)
    fetched = cache(tmp_path, SIZE, grace=60.0)
    assert fetched.find(one)
    with pytest.raises(WeightsRefused):
        fetched.find(two)
    fetched.grace = 0.0
    assert fetched.find(two)
    fetched.close()


def test_a_damaged_file_is_refused_and_not_kept(tmp_path: Path) -> None:
    sha256 = published(tmp_path, 1)
    name = bucket.place_of(sha256, "w1.safetensors")
    files.discard(name)
    default_storage.save(name, ContentFile(b"x" * SIZE))
    fetched = cache(tmp_path)
    with pytest.raises(WeightsRefused) as refused:
        fetched.find(sha256)
    assert refused.value.code == "weights-damaged"
    assert not any(path.is_dir() for path in (tmp_path / "cache").iterdir())
    fetched.close()


def test_a_list_leads_nowhere_else(tmp_path: Path) -> None:
    sha256 = "a" * 64
    evil = b'{"name": "..", "is_folder": true, "files": [{"path": "../../escaped", "size": 1, "sha256": "b"}]}'
    default_storage.save(bucket.place_of(sha256), ContentFile(evil))
    fetched = cache(tmp_path)
    with pytest.raises(WeightsRefused):
        fetched.find(sha256)
    assert not list(tmp_path.rglob("escaped"))
    fetched.close()


def test_what_a_killed_worker_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "cache" / f"{PART}dead"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    fetched = cache(tmp_path)
    assert fetched.find(published(tmp_path, 1)) and not left.exists()
    fetched.close()


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    """A worker that is killed holds nothing back."""
    one, two = published(tmp_path, 1), published(tmp_path, 2)
    fetched = cache(tmp_path, SIZE)
    assert fetched.find(one)
    fetched.close()
    lock = str(tmp_path / "cache" / f"{one}.lock")
    holder = subprocess.Popen([sys.executable, "-c", HOLDING, lock], stdout=subprocess.PIPE)
    with holder:
        assert holder.stdout is not None and holder.stdout.readline()
        with pytest.raises(WeightsRefused):
            fetched.find(two)
        holder.kill()
        holder.wait()
    assert fetched.find(two)
    fetched.close()


def test_weights_that_nobody_has_are_swept(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = published(tmp_path, 1), published(tmp_path, 2)
    Lora.objects.create(name="two", sha256=two, size_bytes=SIZE)
    assert bucket.sweep() == 0, "it may be of an upload that is just being kept"
    monkeypatch.setattr(files, "ORPHAN_KEPT_FOR", timedelta(seconds=-5))
    assert bucket.sweep() == 1
    assert not files.is_there(bucket.place_of(one)) and files.is_there(bucket.place_of(two))


def test_a_job_waits_for_a_bucket_that_is_away(
    alice: User, queue: Queue, worker: WorkerProcess, settings: Any, server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "WAITS", (0.2,))
    (job,) = queue(alice)
    settings.WEIGHTS_DIRS = [settings.WEIGHTS_DIRS[0]]
    server.is_bad = True
    timer = threading.Timer(1.0, lambda: setattr(server, "is_bad", False))
    timer.start()
    drawing.perform_ready_jobs()
    timer.join()
    assert Job.objects.get(pk=job.pk).state == "done"
