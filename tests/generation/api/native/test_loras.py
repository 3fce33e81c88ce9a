"""/api/v1/loras: bring, describe, share, download and delete; /api/v1/merges."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from generation.catalog.loras.sharing import describe, share
from generation.models import Checkpoint, Lora
from generation.worker.merging import perform_ready_merges
from tests.lora_files import lora_bytes, lora_upload


def bring(api: Any, number: int = 1, **more: str) -> Any:
    return api.post("/api/v1/loras", {"file": lora_upload(number), **more}, format="multipart")


def test_it_is_brought_described_and_deleted(alices_api: Any, alice: User, client: Client) -> None:
    made = bring(alices_api)
    assert made.status_code == 201, made.content
    assert made["Location"] == "/api/v1/loras/my-style" and made.json()["is_public"] is False
    said = {"title": "Ink", "name": "ink", "licence": "cc-by", "trigger_words": ["ink"], "may_download": True}
    changed = alices_api.patch("/api/v1/loras/my-style", said, format="json").json()
    assert (changed["name"], changed["licence"], changed["trigger_words"]) == ("ink", "CC BY 4.0", ["ink"])
    assert client.get("/api/v1/loras/ink").status_code == 404
    assert alices_api.delete("/api/v1/loras/ink").status_code == 204 and not Lora.objects.exists()


def test_a_pickle_is_refused_by_name(alices_api: Any, alice: User) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("x.safetensors", b"\x80\x04\x95 pickled")
    refused = alices_api.post("/api/v1/loras", {"file": file}, format="multipart")
    assert refused.status_code == 400 and "pickle" in refused.json()["detail"]
    assert not Lora.objects.exists()


def test_a_next_version(alices_api: Any, alice: User) -> None:
    bring(alices_api)
    second = bring(alices_api, 2, version_of="my-style").json()
    assert (second["name"], second["series"], second["version"]) == ("my-style-v2", "my-style", 2)
    assert alices_api.get("/api/v1/loras/my-style").json()["name"] == "my-style-v2"


def test_one_that_is_there_becomes_the_next_version(alices_api: Any, alice: User, charlie: User) -> None:
    bring(alices_api), bring(alices_api, 2)
    said = {"version_of": "my-style", "title": "Ink"}
    second = alices_api.patch("/api/v1/loras/my-style-2", said, format="json").json()
    assert (second["name"], second["series"], second["version"]) == ("my-style-2", "my-style", 2)
    assert second["title"] == "Ink"
    again = alices_api.patch("/api/v1/loras/my-style-2", {"version_of": "nothing"}, format="json")
    assert (again.status_code, again.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_stranger_finds_nothing(alices_api: Any, charlies: Client, method: str) -> None:
    bring(alices_api)
    assert getattr(charlies, method)("/api/v1/loras/my-style").status_code == 404


async def taken(response: Any) -> bytes:
    return b"".join([piece async for piece in response.streaming_content])


def test_downloads_follow_the_owners_word(alices_api: Any, charlie: User, charlies: Client, alice: User) -> None:
    from asgiref.sync import async_to_sync

    bring(alices_api)
    lora = Lora.objects.get()
    own = alices_api.get("/api/v1/loras/my-style/file")
    assert async_to_sync(taken)(own) == lora_bytes(1)
    share(lora, ["charlie"])
    assert charlies.get("/api/v1/loras/my-style/file").status_code == 404
    describe(lora, licence="cc-by", may_download=True)
    assert charlies.get("/api/v1/loras/my-style/file").status_code == 200
    lora.refresh_from_db()
    assert lora.downloads == 1


def test_a_merge_becomes_a_private_lora_with_parents(alices_api: Any, alice: User, catalog: Checkpoint) -> None:
    parents = [{"name": "fluent-3d", "weight": 0.5}, {"name": "line-art", "weight": -0.25}]
    asked = alices_api.post("/api/v1/merges", {"title": "Both", "rank": 8, "parents": parents}, format="json")
    assert asked.status_code == 202 and asked.json()["state"] == "queued"
    assert perform_ready_merges() == 1
    (done,) = alices_api.get("/api/v1/merges").json()["results"]
    assert (done["state"], done["lora"]) == ("done", "both")
    lora = Lora.objects.get(name="both")
    assert (lora.owner, lora.is_public, lora.rank, lora.family) == (alice, False, 8, "mini")
    assert [*lora.parents.values_list("parent__name", "weight")] == [("fluent-3d", 0.5), ("line-art", -0.25)]
    assert [*lora.parents.values_list("sha256")] == [*lora.parents.values_list("parent__sha256")]


@pytest.mark.parametrize(
    ("parents", "code"),
    [
        ([("fluent-3d", 1.0), ("fluent-3d", 0.5)], "bad-merge"),
        ([("fluent-3d", 1.0), ("nothing", 0.5)], "unknown-lora"),
        ([("fluent-3d", 1.0), ("line-art", 0.0)], "bad-lora-weight"),
        ([("fluent-3d", 1.0), ("oil", 0.5)], "wrong-family"),
    ],
)
def test_what_cannot_be_merged(
    alices_api: Any, alice: User, catalog: Checkpoint, parents: list[tuple[str, float]], code: str
) -> None:
    Lora.objects.create(name="oil", title="Oil", family="sd1", path="oil.safetensors", sha256="a" * 64)
    body = {"title": "Both", "parents": [{"name": name, "weight": weight} for name, weight in parents]}
    refused = alices_api.post("/api/v1/merges", body, format="json")
    assert refused.status_code == 400 and refused.json()["code"] == code
