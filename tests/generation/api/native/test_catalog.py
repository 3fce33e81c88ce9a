"""/api/v1/checkpoints and /api/v1/loras: what one may use."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Lora


def test_it_works(client: Client, catalog: Checkpoint) -> None:
    (checkpoint,) = client.get("/api/v1/checkpoints").json()["results"]
    assert (checkpoint["name"], checkpoint["autov2"]) == ("emoji-diffusion", catalog.sha256[:10])
    names = [lora["name"] for lora in client.get("/api/v1/loras").json()["results"]]
    assert sorted(names) == ["fluent-3d", "line-art"]


def test_private_and_disabled_ones_are_not_listed(client: Client, alice: User, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(is_public=False, owner=alice)
    Lora.objects.filter(name="fluent-3d").update(is_enabled=False)
    assert client.get("/api/v1/loras").json()["results"] == []
