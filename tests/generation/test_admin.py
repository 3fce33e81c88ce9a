"""The admin of weight files and wildcard lists: what an operator can set there, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from generation.catalog.resolving import find_checkpoint
from generation.jobs.albums import create_album
from generation.jobs.sharing import link_of, share, token_of
from generation.models import Checkpoint, Embedding, Vae, Wildcard

CHECKPOINTS = "/admin/generation/checkpoint/"
SETTINGS: dict[str, Any] = {
    "title": "Better", "description": "", "licence": "", "is_enabled": "on", "is_public": "on", "owner": "",
    "native_width": 640, "native_height": 512, "default_steps": 30, "default_cfg_scale": 5.5,
    "default_sampler": "DPM++ 2M", "example_prompts": "a cat\n\n a dog ",
}  # fmt: skip


@pytest.fixture
def rows(db: None) -> tuple[Checkpoint, Checkpoint]:
    fields = {"family": "sd1", "title": "One"}
    first = Checkpoint.objects.create(name="one", path="one", sha256="1" * 64, is_default=True, **fields)
    return first, Checkpoint.objects.create(name="two", path="two", sha256="2" * 64, **fields)


def save(client: Client, row: Checkpoint, **changes: object) -> Any:
    settings = {key: value for key, value in {**SETTINGS, **changes}.items() if value is not None}
    return client.post(f"{CHECKPOINTS}{row.pk}/change/", settings)


@pytest.mark.parametrize("kind", ["checkpoint", "vae", "embedding", "lora", "wildcard", "sharelink"])
def test_pages_open(admin_client: Client, rows: object, kind: str) -> None:
    assert admin_client.get(f"/admin/generation/{kind}/").status_code == 200
    assert admin_client.get("/admin/").text.count(f"/admin/generation/{kind}/") >= 1


def test_what_a_checkpoint_recommends_can_be_set(admin_client: Client, rows: tuple[Checkpoint, Checkpoint]) -> None:
    assert save(admin_client, rows[1]).status_code == 302
    row = Checkpoint.objects.get(pk=rows[1].pk)
    assert (row.title, row.native_width, row.default_steps, row.default_cfg_scale) == ("Better", 640, 30, 5.5)
    assert (row.default_sampler, row.example_prompts) == ("DPM++ 2M", ["a cat", "a dog"])
    assert (row.name, row.sha256, row.is_default) == ("two", "2" * 64, False)
    assert "a cat\na dog" in admin_client.get(f"{CHECKPOINTS}{row.pk}/change/").text


@pytest.mark.parametrize(
    ("field", "value"),
    [("default_steps", 0), ("default_steps", 61), ("default_cfg_scale", 31), ("default_sampler", "Best"),
     ("native_width", 700), ("native_height", 4096), ("title", "")],
)  # fmt: skip
def test_what_no_recipe_can_have_is_refused(
    admin_client: Client, rows: tuple[Checkpoint, Checkpoint], field: str, value: object
) -> None:
    answer = save(admin_client, rows[1], **{field: value})
    assert list(answer.context["adminform"].form.errors) == [field]
    assert Checkpoint.objects.get(pk=rows[1].pk).title == "One"


def test_exactly_one_is_the_default(admin_client: Client, alice: User, rows: tuple[Checkpoint, Checkpoint]) -> None:
    admin_client.post(CHECKPOINTS, {"action": "choose_default", "_selected_action": [rows[1].pk]})
    assert Checkpoint.objects.get(is_default=True) == rows[1] == find_checkpoint(alice, "")
    answer = admin_client.post(
        CHECKPOINTS, {"action": "choose_default", "_selected_action": [row.pk for row in rows]}, follow=True
    )
    assert "there is one default" in answer.text
    assert Checkpoint.objects.get(is_default=True) == rows[1]


@pytest.mark.parametrize("field", ["is_enabled", "is_public"])
def test_the_default_is_for_everybody(admin_client: Client, rows: tuple[Checkpoint, Checkpoint], field: str) -> None:
    answer = save(admin_client, rows[0], **{field: None})
    assert list(answer.context["adminform"].form.errors) == [field]
    assert save(admin_client, rows[1], **{field: None}).status_code == 302
    admin_client.post(CHECKPOINTS, {"action": "choose_default", "_selected_action": [rows[1].pk]})
    assert Checkpoint.objects.get(is_default=True) == rows[0]


def test_a_checkpoint_may_be_one_persons(
    admin_client: Client, alice: User, charlie: User, rows: tuple[Checkpoint, Checkpoint]
) -> None:
    assert save(admin_client, rows[1], is_public=None, owner=alice.pk).status_code == 302
    assert rows[1] in Checkpoint.objects.usable_by(alice)
    assert rows[1] not in Checkpoint.objects.usable_by(charlie)


@pytest.mark.parametrize("kind", [Vae, Embedding])
def test_the_other_weights_can_be_described(admin_client: Client, kind: type[Vae | Embedding]) -> None:
    row = kind.objects.create(name="soft", title="soft", path="soft", sha256="3" * 64)
    page = f"/admin/generation/{kind.__name__.lower()}/{row.pk}/change/"
    assert admin_client.post(page, {"title": "Soft", "licence": "MIT", "description": "Soft."}).status_code == 302
    row.refresh_from_db()
    assert (row.title, row.licence, row.is_public, row.name) == ("Soft", "MIT", False, "soft")
    assert admin_client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403


def test_a_wildcard_list_is_made_and_removed(admin_client: Client) -> None:
    made = {"name": "colour", "lines": "red\nblue\n", "is_enabled": "on"}
    assert admin_client.post("/admin/generation/wildcard/add/", made).status_code == 302
    row = Wildcard.objects.get()
    assert row.choices == ["red", "blue"]
    admin_client.post(f"/admin/generation/wildcard/{row.pk}/delete/", {"post": "yes"})
    assert not Wildcard.objects.exists()


def test_links_are_found_by_their_address_and_ended(admin_client: Client, alice: User) -> None:
    link = share(alice, create_album(alice, "Apples"), 7)
    token = token_of(link)
    found = admin_client.get("/admin/generation/sharelink/", {"q": token.partition(".")[0]})
    assert found.text.count(f"/sharelink/{link.pk}/change/") == 1
    data = {"action": "end", "_selected_action": [link.pk]}
    assert "1 ended." in admin_client.post("/admin/generation/sharelink/", data, follow=True).text
    assert link_of(token) is None
