"""Prompts against the catalog: inspection, refusal before any charge, and the four texts that must work as in A1111."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

from accounts.models import CreditEntry, User
from accounts.refusals import Refusal
from generation.catalog.importing import import_folder
from generation.catalog.inspecting import inspect_prompt
from generation.catalog.tokenizing import measure_for
from generation.engine.loading.checkpoints import CheckpointCache, FolderWeights
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.samplers import make_scheduler
from generation.engine.text.encoding import TextEncoding
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, Embedding, Job, Lora, Wildcard
from generation.prompting import attention, extract_tags, schedule
from generation.prompting.names import KnownName, NameIndex
from generation.recipes.picture import EmbeddingPick, Recipe
from generation.recipes.sampling import SAMPLERS, calls_of
from tests.generation.prompting.texts import CAT, EASY_NEGATIVE, MUSICIAN, WORST
from tests.tiny_loras import random_pairs, write_lora
from tests.tiny_weights import UNETS, tiny_checkpoint


@pytest.fixture
def sd1(settings: Any, db: None) -> Checkpoint:
    """A checkpoint of SD 1's family with its LoRA and its embedding, as files and as rows."""
    folder = Path(settings.WEIGHTS_DIRS[0])
    folder.mkdir(parents=True)
    (folder / "tiny").symlink_to(tiny_checkpoint("sd1"))
    write_lora(
        folder / "hipoly3DModelLora_v20.safetensors", "kohya", unet=random_pairs(UNet2DConditionModel(**UNETS["sd1"]))
    )
    save_file({"emb_params": torch.zeros(8, 768)}, folder / "EasyNegative.safetensors")
    outcomes = {found.path.name: found.sentence for found in import_folder(folder)}
    assert set(outcomes) == {"tiny", "hipoly3DModelLora_v20.safetensors", "EasyNegative.safetensors"}, outcomes
    return Checkpoint.objects.get()


def submitted(user: User, prompt: str, negative: str = "") -> Recipe:
    recipe = Recipe(prompt, negative, width=64, height=64, steps=20, seed=1)
    (job,) = submit_jobs(user, recipe)
    return Job.objects.get(pk=job.pk).recipe


def test_the_lora_text(alice: User, sd1: Checkpoint) -> None:
    recipe = submitted(alice, MUSICIAN, EASY_NEGATIVE)
    (pick,) = recipe.loras
    assert (pick.name, pick.weight, pick.encoder_weight) == ("hipoly3DModelLora_v20", 0.5, 0.5)
    assert pick.sha256 == Lora.objects.get().sha256
    rest = extract_tags(recipe.prompt)[0]
    assert attention(rest) == [(MUSICIAN.partition(">")[2], 1.0)]


def test_the_scheduled_embedding(alice: User, sd1: Checkpoint) -> None:
    recipe = submitted(alice, MUSICIAN, EASY_NEGATIVE)
    assert [pick.sha256 for pick in recipe.embeddings] == [Embedding.objects.get().sha256]
    tail = ", extra fingers, fewer fingers, face paint, mole."
    assert schedule(recipe.negative_prompt, recipe.steps) == [(10, f" {tail}"), (20, f" EasyNegative{tail}")]
    found = inspect_prompt(alice, MUSICIAN, EASY_NEGATIVE, checkpoint=sd1, steps=20)
    first, second = found.negative.prompts[0].segments
    assert first.tokens is not None
    assert second.tokens == first.tokens + Embedding.objects.get().tokens
    assert not found.prompt.problems and not found.negative.problems


def test_angle_brackets_around_words_are_no_tags(alice: User, sd1: Checkpoint) -> None:
    recipe = submitted(alice, CAT, WORST)
    assert recipe.loras == ()
    weights = {text.strip(" ,<>"): round(weight, 4) for text, weight in attention(recipe.prompt)}
    assert weights["photorealistic"] == 1.4
    assert weights["extremely intricate"] == 1.2
    assert weights["exquisitely detailed skin"] == 1.1
    assert weights["cat, rainbow cat"] == weights["lying on the floor"] == 1.331
    assert attention(recipe.negative_prompt)[0] == ("Worst quality, normal quality, low quality", 1.7)
    assert not inspect_prompt(alice, CAT, WORST, checkpoint=sd1, steps=20).prompt.errors


@pytest.mark.parametrize(
    "prompt, negative, code, words",
    [
        ("a # note\n<lora:lineart:1>", "", "unknown-lora", "“lineart” (at character 10). Did you mean “line-art”?"),
        ("a <hypernet:old:1>", "", "hypernet", "at character 3"),
        ("a <lora:line-art:1..2>", "", "tag-number", "“1..2” is not a number (at character 18)"),
        (" AND ".join("abcdefghijklmnopq"), "", "too-many-prompts", "at most 16"),
        ("a __coluors__ cat", "", "wildcard-unknown", "“coluors” (at character 3). Did you mean “colours”?"),
        ("a cat", "__nothing__", "wildcard-unknown", "“nothing” (at character 1)"),
        ("a __bad__", "", "unknown-lora", "“gone” (at character 3)"),
    ],
)
def test_an_error_refuses_before_any_charge(
    alice: User, catalog: Checkpoint, prompt: str, negative: str, code: str, words: str
) -> None:
    Wildcard.objects.create(name="colours", lines="red")
    Wildcard.objects.create(name="bad", lines="<lora:gone:1>")
    with pytest.raises(Refusal) as caught:
        submit_jobs(alice, Recipe(prompt, negative, width=128, height=128))
    assert caught.value.code == code
    assert words in caught.value.message
    assert caught.value.field == ("negative_prompt" if negative else "prompt")
    assert not Job.objects.exists() and not CreditEntry.objects.filter(kind="hold").exists()


def test_every_sibling_is_looked_at(alice: User, catalog: Checkpoint) -> None:
    with pytest.raises(Refusal, match="gone"):
        submit_jobs(alice, Recipe("{cat|<lora:gone:1>}", width=128, height=128, seed=1), 8)


def test_warnings_do_not_refuse(alice: User, catalog: Checkpoint) -> None:
    assert submitted(alice, "a (cat, [x:y:z] EasyNegativ {a|").prompt == "a (cat, [x:y:z] EasyNegativ {a|"


def test_comments_are_gone_from_what_is_drawn(alice: User, catalog: Checkpoint) -> None:
    recipe = submitted(alice, "a cat # with {a|b} <lora:gone:1>\n# a line\nin a hat", "dull # why")
    assert (recipe.prompt, recipe.negative_prompt) == ("a cat \nin a hat", "dull ")


@pytest.mark.parametrize("family", ["sd1", "sdxl"])
def test_tokens_are_counted_as_transformers_does(settings: Any, db: None, family: str) -> None:
    from transformers import CLIPTokenizer

    folder = tiny_checkpoint(family)
    settings.WEIGHTS_DIRS = [folder.parent]
    theirs = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    ours = measure_for(Checkpoint(path=folder.name))
    for text in ("", "a photo of a cat", "It's  an ÄPFEL, 3d!! 😀\n(x:1.2)", "don't <|endoftext|>"):
        assert ours([(text, 1.0)]).tokens == len(theirs(text, add_special_tokens=False).input_ids), text


def test_without_a_tokenizer_of_its_own_clips_is_meant(db: None) -> None:
    measure = measure_for(Checkpoint(path="nowhere.safetensors"), NameIndex([KnownName("Easy")]), {"Easy": 8})
    assert measure([("a photo of an astronaut riding a horse", 1.0)]) == (8, 1)
    assert measure([("a photo, easy", 1.0)]) == (3 + 8, 1)


@pytest.mark.parametrize(
    "text",
    [
        "", "a cat", "cat " * 75, "cat " * 76, "cat " * 70 + ", " + "dog " * 10, "cat " * 30 + ", " + "dog " * 100,
        "a, " * 90, "(cat, dog:1.2) BREAK " + "house " * 80, "EasyNegative " * 30, "cat " * 70 + "easynegative, x",
    ],
)  # fmt: skip
def test_chunks_are_cut_where_the_engine_cuts_them(settings: Any, alice: User, sd1: Checkpoint, text: str) -> None:
    embedding = Embedding.objects.get()
    file = Path(settings.WEIGHTS_DIRS[0]) / "EasyNegative.safetensors"
    weights = FolderWeights({"sd1": tiny_checkpoint("sd1"), embedding.sha256: file})
    with CheckpointCache(weights, budget_bytes=2**30).lease("sd1") as loaded:
        texts = TextEncoding(loaded, LoraCache(weights, 0), weights)
        (chunks,) = texts.towers[0].chunks([text], [texts.embedding(EmbeddingPick("EasyNegative", embedding.sha256))])
    found = inspect_prompt(alice, "", text, checkpoint=sd1, steps=20).negative
    assert (found.tokens, found.chunks) == (sum(len(chunk.tokens) for chunk in chunks), len(chunks))


@pytest.mark.parametrize("sampler", ["Heun", "DPM2 a"])
def test_samplers_that_look_twice_switch_where_a1111_does(alice: User, sd1: Checkpoint, sampler: str) -> None:
    (prompt,) = inspect_prompt(alice, "[cat:dog:0.5]", checkpoint=sd1, steps=20, sampler=sampler).prompt.prompts
    assert [(each.end_step, each.last_call) for each in prompt.segments] == [(20, 20), (40, 38)]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_calls_of_a_sampler_are_the_engines(sampler: str) -> None:
    config = {"beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
    for steps in (1, 2, 3, 20):
        assert calls_of(sampler, steps) == len(make_scheduler(sampler, "Automatic", steps, config).timesteps)
