"""/api/v1/releases: a LoRA is sent in, watched and taken back."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from gallery.models import Release
from gallery.moderation import approve
from generation.models import Lora
from generation.recipes.picture import LoraPick
from tests.gallery.conftest import Finish, finish, weights

__all__ = ["finish", "weights"]


def test_it_is_sent_in_and_withdrawn(alices_api: Any, alice: User, bob: User, charlies: Client, finish: Finish) -> None:
    lora = Lora.objects.create(
        name="clay", title="Clay", family="mini", path="x", sha256="e" * 64, owner=alice, is_public=False, licence="MIT"
    )
    image = finish(alice, "a star <lora:clay:1>", loras=(LoraPick("clay", sha256=lora.sha256),))
    body = {"lora": "clay", "samples": [image.code]}
    made = alices_api.post("/api/v1/releases", body, format="json")
    assert made.status_code == 201 and made.json()["state"] == "pending"
    assert alices_api.post("/api/v1/releases", body, format="json").status_code == 409
    assert charlies.get(made["Location"]).status_code == charlies.delete(made["Location"]).status_code == 404
    approve(bob, Release.objects.get())
    assert charlies.get("/api/v1/loras/clay").status_code == 200
    assert alices_api.get(made["Location"]).json()["state"] == "approved"
    assert alices_api.delete(made["Location"]).status_code == 204
    assert charlies.get("/api/v1/loras/clay").status_code == 404


def test_bad_samples_are_refused(alices_api: Any, alice: User, finish: Finish) -> None:
    Lora.objects.create(name="clay", title="C", family="mini", path="x", sha256="e" * 64, owner=alice, licence="MIT")
    body = {"lora": "clay", "samples": [finish(alice).code]}
    refused = alices_api.post("/api/v1/releases", body, format="json")
    assert refused.status_code == 400 and refused.json()["code"] == "samples"
