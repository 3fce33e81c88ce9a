"""Versions: one word means the newest, each version keeps its own, and prompts that were written stay right."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict, NotFound, Refusal
from generation.catalog.inspecting import inspect_prompt
from generation.catalog.loras.sharing import delete_lora, describe, share
from generation.catalog.loras.versions import follow, may_follow, versions_of
from generation.catalog.resolving import pin_weights, resolve
from generation.models import Checkpoint, Lora
from generation.recipes.picture import Recipe
from tests.generation.catalog.loras.conftest import Bring


def pinned(user: User, word: str) -> str:
    recipe = Recipe(f"an apple <lora:{word}:0.8>")
    return pin_weights(resolve(user, recipe), recipe).loras[0].name


def test_the_word_means_the_newest(alice: User, bring: Bring, catalog: Checkpoint) -> None:
    first = bring(alice, 1, "ink.safetensors")
    assert pinned(alice, "ink") == "ink"
    second = bring(alice, 2, "whatever.safetensors", version_of=first)
    third = bring(alice, 3, version_of=second)
    assert [lora.name for lora in versions_of(third)] == ["ink-v3", "ink-v2", "ink-v1"]
    assert third.title == "ink"
    assert [pinned(alice, word) for word in ("ink", "INK", "ink-v1", "ink-v2")] == [
        "ink-v3",
        "ink-v3",
        "ink-v1",
        "ink-v2",
    ]
    assert list(Lora.objects.usable_by(alice).filter(owner=alice).newest_for(alice)) == [third]


def test_the_inspector_knows_the_word_too(alice: User, bring: Bring, catalog: Checkpoint) -> None:
    first = bring(alice, 1, "ink.safetensors")
    bring(alice, 2, version_of=first)
    inspected = inspect_prompt(alice, "an apple <lora:ink:1>", checkpoint=catalog, steps=10).prompt
    assert [mention.name for mention in inspected.mentions] == ["ink-v2"] and not inspected.errors


def test_the_word_is_offered_while_typing(alice: User, alices: Client, bring: Bring, catalog: Checkpoint) -> None:
    bring(alice, 2, version_of=bring(alice, 1, "ink.safetensors"))
    offered = [lora["name"] for lora in alices.get("/create/names/").json()["lora"]]
    assert {"ink", "ink-v1", "ink-v2"} <= set(offered)
    page = alices.get("/create/").text
    assert 'data-lora="ink"' in page and 'data-lora="ink-v1"' not in page


def test_who_may_use_only_the_first_gets_the_first(
    alice: User, charlie: User, bring: Bring, catalog: Checkpoint
) -> None:
    first = bring(alice, 1, "ink.safetensors")
    bring(alice, 2, version_of=first)
    share(first, ["charlie"])
    assert pinned(charlie, "ink") == "ink-v1"
    assert list(Lora.objects.usable_by(charlie).filter(owner=alice).newest_for(charlie)) == [
        Lora.objects.get(pk=first.pk)
    ]


def test_a_deleted_version_leaves_the_word_to_the_others(alice: User, bring: Bring, catalog: Checkpoint) -> None:
    first = bring(alice, 1, "ink.safetensors")
    delete_lora(bring(alice, 2, version_of=first))
    assert pinned(alice, "ink") == "ink-v1"


def test_another_family_is_no_version(alice: User, bring: Bring) -> None:
    first = bring(alice, 1)
    Lora.objects.update(family="sd1")
    first.refresh_from_db()
    with pytest.raises(Refusal, match="this file is for Mini"):
        bring(alice, 2, version_of=first)
    assert Lora.objects.get().series == ""


def test_what_is_there_already_becomes_the_newest(alice: User, bring: Bring, catalog: Checkpoint) -> None:
    first = bring(alice, 1, "ink.safetensors")
    describe(first, licence="cc-by", trigger_words=["inkwash"], description="Wet ink.")
    trained = bring(alice, 2, "noto-2.safetensors")
    follow(trained, first)
    trained.refresh_from_db()
    assert (trained.series, trained.version, trained.name, trained.title) == ("ink", 2, "noto-2", "ink")
    assert (trained.licence, trained.trigger_words, trained.description) == ("CC BY 4.0", ["inkwash"], "Wet ink.")
    assert [pinned(alice, word) for word in ("ink", "noto-2", "ink-v1")] == ["noto-2", "noto-2", "ink-v1"]


def test_its_own_words_stay(alice: User, bring: Bring) -> None:
    first, second = bring(alice, 1), bring(alice, 2)
    describe(first, trigger_words=["a"], licence="mit")
    describe(second, trigger_words=["b"], licence="cc0", description="Mine.")
    follow(second, first)
    second.refresh_from_db()
    assert (second.trigger_words, second.licence, second.description) == (["b"], "CC0 1.0", "Mine.")


def test_what_cannot_follow(alice: User, charlie: User, bring: Bring) -> None:
    first, second, his = bring(alice, 1), bring(alice, 2), bring(charlie, 3)
    with pytest.raises(NotFound):
        follow(first, his)
    with pytest.raises(Conflict, match="itself"):
        follow(first, first)
    Lora.objects.filter(pk=his.pk).update(owner=alice, family="sd1")
    his.refresh_from_db()
    with pytest.raises(Refusal, match="for SD 1.5"):
        follow(first, his)
    Lora.objects.filter(pk=second.pk).update(is_public=True)
    second.refresh_from_db()
    with pytest.raises(Conflict, match="public"):
        follow(second, first)
    assert not Lora.objects.exclude(series="").exists()
    follow(first, second)
    with pytest.raises(Conflict, match="already"):
        follow(first, second)


def test_offered_are_ones_own_of_the_family(alice: User, charlie: User, bring: Bring) -> None:
    first, other = bring(alice, 1, "ink.safetensors"), bring(alice, 4)
    bring(charlie, 3)
    second = bring(alice, 2, version_of=first)
    assert [row.name for row in may_follow(other)] == [second.name], "the newest of a series"
    assert not may_follow(second).exists()
    Lora.objects.filter(pk=other.pk).update(family="sd1")
    other.refresh_from_db()
    assert not may_follow(other).exists()


def test_the_word_of_a_series_is_taken(alice: User, charlie: User, bring: Bring) -> None:
    bring(alice, 2, version_of=bring(alice, 1, "ink.safetensors"))
    assert bring(charlie, 3, "ink.safetensors").name == "ink-2"
