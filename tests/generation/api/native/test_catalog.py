"""/api/v1/checkpoints, loras, embeddings, vaes and samplers: what one may use."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Embedding, Lora, Vae
from generation.recipes.sampling import SAMPLERS


def test_it_works(client: Client, catalog: Checkpoint) -> None:
    (checkpoint,) = client.get("/api/v1/checkpoints").json()["results"]
    assert (checkpoint["name"], checkpoint["autov2"]) == ("emoji-diffusion", catalog.sha256[:10])
    names = [lora["name"] for lora in client.get("/api/v1/loras").json()["results"]]
    assert sorted(names) == ["fluent-3d", "line-art"]


def test_private_and_disabled_ones_are_not_listed(client: Client, alice: User, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(is_public=False, owner=alice)
    Lora.objects.filter(name="fluent-3d").update(is_enabled=False)
    assert client.get("/api/v1/loras").json()["results"] == []


def test_embeddings_and_vaes(client: Client, alice: User, alices: Client, db: None) -> None:
    kept = {"family": "sd1", "path": "x"}
    Embedding.objects.create(name="soft", title="Soft", sha256="a" * 64, tokens=2, **kept)
    Embedding.objects.create(name="own", title="Own", sha256="b" * 64, owner=alice, is_public=False, **kept)
    Vae.objects.create(name="sharp", title="Sharp", sha256="c" * 64, **kept)
    (soft,) = client.get("/api/v1/embeddings").json()["results"]
    assert (soft["name"], soft["tokens"]) == ("soft", 2)
    assert {row["name"] for row in alices.get("/api/v1/embeddings").json()["results"]} == {"soft", "own"}
    assert [row["name"] for row in client.get("/api/v1/vaes").json()["results"]] == ["sharp"]


def test_they_are_listed_by_family(client: Client, catalog: Checkpoint) -> None:
    def names(family: str) -> list[str]:
        return [row["name"] for row in client.get("/api/v1/checkpoints", {"family": family}).json()["results"]]

    other = next(family for family in ("sd1", "sd2", "sdxl") if family != catalog.family)
    assert (names(catalog.family), names(other)) == (["emoji-diffusion"], [])
    assert client.get("/api/v1/checkpoints", {"family": "none"}).json()["code"] == "bad-family"


def test_samplers(client: Client, db: None) -> None:
    rows = client.get("/api/v1/samplers").json()
    assert [row["name"] for row in rows] == list(SAMPLERS)
    assert all("Automatic" in row["schedules"] for row in rows)
