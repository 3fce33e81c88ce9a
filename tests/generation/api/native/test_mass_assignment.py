"""What a body says of the columns of a row changes nothing, but for the fields that the address takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import BooleanField, Field, IntegerField, Model
from rest_framework.test import APIClient

from accounts.models import User
from gallery.collecting import make_collection
from generation.jobs.albums import create_album
from generation.models import Lora, Wildcard
from generation.training.datasets.lifecycle import create_dataset
from tests.generation.conftest import Draw

Make = Callable[[User, Any], tuple[str, Model]]


def image(alice: User, draw: Draw) -> tuple[str, Model]:
    row = draw(alice)
    return f"images/{row.code}", row


def album(alice: User, draw: Draw) -> tuple[str, Model]:
    row = create_album(alice, "Apples")
    return f"albums/{row.code}", row


def collection(alice: User, draw: Draw) -> tuple[str, Model]:
    row = make_collection(alice, "Apples")
    return f"collections/{row.code}", row


def dataset(alice: User, draw: Draw) -> tuple[str, Model]:
    row = create_dataset(alice, "Apples", "ohwx", consent=True)
    return f"datasets/{row.code}", row


def wildcard(alice: User, draw: Draw) -> tuple[str, Model]:
    row = Wildcard.objects.create(owner=alice, name="fruit", lines="apple")
    return f"wildcards/{row.name}", row


def lora(alice: User, draw: Draw) -> tuple[str, Model]:
    row = Lora.objects.create(
        name="ink", title="Ink", family="sd1", path="ink.safetensors", sha256="a" * 64, owner=alice, is_public=False
    )
    return f"loras/{row.name}", row


@pytest.mark.parametrize(
    ("make", "body", "taken"),
    [
        (image, {"starred": True}, {"is_starred"}),
        (album, {"title": "Pears"}, {"title"}),
        (collection, {"title": "Pears", "visibility": "public"}, {"title", "visibility"}),
        (dataset, {"title": "Pears", "trigger": "abcd"}, {"title", "trigger", "held_out", "seed"}),
        (wildcard, {"lines": "pear"}, {"lines", "name"}),
        (lora, {"title": "Pears"}, {"title", "name", "trigger_words", "licence", "description", "may_download"}),
    ],
)
def test_columns_cannot_be_sent(
    alices_api: APIClient, alice: User, charlie: User, draw: Draw, make: Make, body: dict[str, Any], taken: set[str]
) -> None:
    address, row = make(alice, draw)
    before = values(row)
    strange = {field.name: other(field, row, charlie) for field in row._meta.concrete_fields if field.name not in taken}
    answer = alices_api.patch(f"/api/v1/{address}", {**strange, **body}, format="json")
    assert answer.status_code == 200, answer.json()
    after = values(row)
    changed = {name for name in before if before[name] != after[name]}
    assert changed and changed <= taken | {"updated_at", "expires_at"}


def values(row: Model) -> dict[str, Any]:
    return dict(type(row)._default_manager.values().get(pk=row.pk))


def other(field: Field[Any, Any], row: Model, charlie: User) -> Any:
    """A value that the column does not have."""
    value = getattr(row, field.attname)
    if field.name == "owner":
        return charlie.pk
    if isinstance(field, BooleanField):
        return not value
    return (value or 0) + 7 if isinstance(field, IntegerField) else "strange"


def test_a_job_is_nobodys_else_and_has_its_price(alices_api: APIClient, alice: User, charlie: User, draw: Draw) -> None:
    draw(alice)
    job = alice.jobs.get()
    strange = {
        field.name: other(field, job, charlie)
        for field in job._meta.concrete_fields
        if field.name not in ("prompt", "made_from")
    }
    sent = {**strange, "prompt": "a pear", "width": 128, "height": 128}
    answer = alices_api.post("/api/v1/jobs", sent, format="json")
    assert answer.status_code == 202, answer.json()
    made = alice.jobs.get(prompt="a pear")
    assert (made.state, made.attempt, made.worker, made.crash_count) == ("queued", 0, "", 0)
    assert made.credits == answer.json()["credits"] > 0 and not charlie.jobs.exists()
