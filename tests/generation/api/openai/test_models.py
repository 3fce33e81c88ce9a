"""Models: checkpoints by their names, and the operator's table."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.refusals import Refusal
from generation.api.openai.aliases import checkpoint_named
from generation.models import Checkpoint, ModelAlias

pytestmark = pytest.mark.usefixtures("aliases")


def listed(client: APIClient) -> list[dict[str, Any]]:
    answer = client.get("/v1/models").json()
    assert answer["object"] == "list"
    models: list[dict[str, Any]] = answer["data"]
    return models


def other(**fields: Any) -> Checkpoint:
    row = {"title": "Other", "family": "mini", "path": "other", "sha256": "d" * 64, "name": "other"}
    return Checkpoint.objects.create(**{**row, **fields})


def test_the_list(alices_api: APIClient, catalog: Checkpoint) -> None:
    models = listed(alices_api)
    assert models[0] == {
        "id": catalog.name, "object": "model", "created": int(catalog.created_at.timestamp()), "owned_by": "tempera"
    }  # fmt: skip
    assert {"dall-e-2", "dall-e-3", "gpt-image-1"} <= {model["id"] for model in models[1:]}
    # Some clients keep those alone.
    assert [model for model in models if model["id"].startswith("dall-")]


def test_one_of_them(alices_api: APIClient, catalog: Checkpoint) -> None:
    assert alices_api.get(f"/v1/models/{catalog.name}").json() == listed(alices_api)[0]
    assert alices_api.get("/v1/models/dall-e-3").json()["id"] == "dall-e-3"
    missing = alices_api.get("/v1/models/no/such%20one")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


def test_what_a_name_stands_for(alice: User, charlie: User, catalog: Checkpoint) -> None:
    assert checkpoint_named(alice, "") == checkpoint_named(alice, "dall-e-3") == ""
    assert checkpoint_named(alice, catalog.name) == catalog.name
    assert checkpoint_named(alice, "nobody knows") == "nobody knows"
    ModelAlias.objects.filter(name="dall-e-3").update(checkpoint=other())
    assert checkpoint_named(alice, "dall-e-3") == "other"


def test_a_name_for_what_is_private_is_nothing_to_others(
    alice: User, charlie: User, alices_api: APIClient, catalog: Checkpoint
) -> None:
    ModelAlias.objects.create(name="mine", checkpoint=other(owner=charlie, is_public=False))
    assert checkpoint_named(charlie, "mine") == "other"
    with pytest.raises(Refusal) as refused:
        checkpoint_named(alice, "mine")
    assert (refused.value.code, "other" in refused.value.message) == ("unknown-checkpoint", False)
    assert not {"mine", "other"} & {model["id"] for model in listed(alices_api)}


def test_what_the_token_may_not_use_is_not_listed(alice: User, catalog: Checkpoint) -> None:
    ModelAlias.objects.create(name="mine", checkpoint=other())
    _, key = ApiToken.objects.create(user=alice, name="narrow", allowed_checkpoints=["other"])
    narrow = APIClient(headers={"Authorization": f"Bearer {key}"})
    assert {model["id"] for model in listed(narrow)} == {"mine", "other"}
    refused = narrow.post("/v1/images/generations", {"model": "dall-e-3", "prompt": "an apple"}, format="json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "checkpoint-not-allowed")


def test_without_any_checkpoint_there_is_no_model(alices_api: APIClient) -> None:
    assert listed(alices_api) == []


def test_the_operators_table(admin_client: Client, catalog: Checkpoint) -> None:
    url = "/admin/generation/modelalias/"
    assert "dall-e-3" in admin_client.get(url).text
    admin_client.post(f"{url}add/", {"name": "my-gpt", "checkpoint": catalog.pk})
    assert ModelAlias.objects.get(name="my-gpt").checkpoint == catalog
    again = admin_client.post(f"{url}add/", {"name": "my-gpt", "checkpoint": ""})
    assert again.status_code == 200 and ModelAlias.objects.filter(name="my-gpt").count() == 1
    assert admin_client.get("/admin/generation/namedperson/").status_code == 200
