"""What is wrong in a prompt, told while it is written."""

from __future__ import annotations

from django.test import Client

from accounts.models import User
from generation.models import Checkpoint, Lora


def test_it_works(alices: Client, catalog: Checkpoint) -> None:
    part = alices.post("/create/problems/", {"prompt": "a <i> <lora:fluent3d:1>"}).text
    assert "There is no LoRA “fluent3d”. Did you mean “fluent-3d”?" in part
    assert 'data-suggestion="fluent-3d" data-start="6" data-end="23"' in part


def test_a_good_prompt_has_none(alices: Client, catalog: Checkpoint) -> None:
    part = alices.post("/create/problems/", {"prompt": "a (red:1.2) apple <lora:fluent-3d:0.8>"}).text
    assert "<li" not in part


def test_the_family_is_the_checkpoints(alices: Client, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="line-art").update(family="sd1")
    part = alices.post("/create/problems/", {"prompt": "a <lora:line-art:1>", "checkpoint": catalog.name}).text
    assert "made for another family" in part


def test_private_names_are_not_given_away(charlies: Client, alice: User, catalog: Checkpoint) -> None:
    Lora.objects.filter(name="fluent-3d").update(is_public=False, owner=alice)
    assert "fluent-3d" not in charlies.post("/create/problems/", {"prompt": "a <lora:fluent3d:1>"}).text


def test_any_text_is_answered(alices: Client, catalog: Checkpoint) -> None:
    for text in ("", "(" * 5_000, "x" * 100_000, "\x00<lora::>", "{a|" * 999):
        assert alices.post("/create/problems/", {"prompt": text}).status_code == 200
