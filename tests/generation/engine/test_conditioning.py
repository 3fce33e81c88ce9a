"""From a recipe's prompts to what the UNet reads: against diffusers to the bit, and each of A1111's rules by itself."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import Tensor

from generation.engine.conditioning import Conditioner, Conditioning
from generation.engine.encodings import BudgetedCache, memory_of
from generation.engine.loading import CheckpointCache, FolderWeights, LoadedCheckpoint
from generation.engine.loras import LoraCache
from generation.engine.outcome import RenderError, WeightsRefused
from generation.recipe import LoraPick, Recipe
from tests.tiny_weights import BUNDLED_CHECKPOINT, tiny_checkpoint

Lease = Callable[[str], LoadedCheckpoint]
FOLDERS = {"mini": lambda: BUNDLED_CHECKPOINT} | {
    family: (lambda family=family: tiny_checkpoint(family)) for family in ("sd1", "sd2", "sdxl")
}
PLAIN = ("a photo of a red cat, sitting on a blue car", "the dog, green grass")


@pytest.fixture(scope="module")
def lease() -> Iterator[Lease]:
    """Each family's checkpoint, loaded once for this file."""
    held: dict[str, tuple[Any, LoadedCheckpoint]] = {}

    def get(family: str) -> LoadedCheckpoint:
        if family not in held:
            context = CheckpointCache(FolderWeights({family: FOLDERS[family]()}), budget_bytes=1).lease(family)
            held[family] = (context, context.__enter__())
        return held[family][1]

    yield get
    for context, _ in held.values():
        context.__exit__(None, None, None)


def encode(checkpoint: LoadedCheckpoint, recipe: Recipe, calls: int = 20, **files: Path) -> Conditioning:
    source = FolderWeights(files)
    return Conditioner(checkpoint, LoraCache(source, 10**8), source).encode(recipe, calls)


def positive(checkpoint: LoadedCheckpoint, prompt: str, **changes: Any) -> Tensor:
    return encode(checkpoint, Recipe(prompt, **changes)).at(0).positive[0][0]


def negative(checkpoint: LoadedCheckpoint, text: str) -> Tensor:
    found = encode(checkpoint, Recipe("cat", text)).at(0).negative
    assert found is not None
    return found


def ids_of(checkpoint: LoadedCheckpoint, text: str) -> list[int]:
    found: list[int] = checkpoint.tokenizers[0](text, add_special_tokens=False).input_ids
    return found


def run_encoder(checkpoint: LoadedCheckpoint, ids: list[int], number: int = 0) -> Any:
    """The encoder's whole output for one chunk, framed and padded here."""
    tokenizer = checkpoint.tokenizers[number]
    framed = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    framed += [tokenizer.pad_token_id] * (tokenizer.model_max_length - len(framed))
    with torch.no_grad():
        return checkpoint.text_encoders[number](torch.tensor([framed]), output_hidden_states=True)


def weighed(checkpoint: LoadedCheckpoint, ids: list[int], weights: dict[int, float]) -> Tensor:
    """One chunk with the tokens at these places (BOS is 0) multiplied, without restoring the mean."""
    states = run_encoder(checkpoint, ids).last_hidden_state[0].clone()
    for place, weight in weights.items():
        states[place] *= weight
    return states


# Equal to diffusers


@pytest.mark.parametrize("family", ["sd1", "sd2", "mini"])
@pytest.mark.parametrize("texts", [PLAIN, ("cat", ""), ("Café, naïve 猫 ☂ 1girl", "don't, it's!!")])
def test_plain_prompts_equal_diffusers_to_the_bit(lease: Lease, family: str, texts: tuple[str, str]) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(FOLDERS[family](), dtype=torch.float32, local_files_only=True)
    expected, expected_negative = pipeline.encode_prompt(texts[0], "cpu", 1, True, texts[1])
    found = encode(lease(family), Recipe(*texts)).at(0)
    assert torch.equal(found.positive[0][0], expected[0])
    assert found.negative is not None and torch.equal(found.negative, expected_negative[0])
    assert found.positive[0][1] == 1
    assert found.pooled_positive is None and found.pooled_negative is None


@pytest.mark.parametrize("texts", [PLAIN, ("cat", "")])
def test_plain_prompts_equal_diffusers_to_the_bit_in_sdxl(lease: Lease, texts: tuple[str, str]) -> None:
    """An empty negative prompt is none to diffusers, and zeros to SDXL."""
    pipeline = StableDiffusionXLPipeline.from_pretrained(FOLDERS["sdxl"](), dtype=torch.float32, local_files_only=True)
    expected = pipeline.encode_prompt(texts[0], None, "cpu", 1, True, texts[1] or None)
    found = encode(lease("sdxl"), Recipe(*texts)).at(0)
    assert found.negative is not None and found.pooled_positive is not None and found.pooled_negative is not None
    assert torch.equal(found.positive[0][0], expected[0][0])
    assert torch.equal(found.negative, expected[1][0])
    assert torch.equal(found.pooled_positive, expected[2])
    assert torch.equal(found.pooled_negative, expected[3][0])


def test_a_text_that_just_fills_one_chunk_equals_diffusers(lease: Lease) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(FOLDERS["mini"](), dtype=torch.float32, local_files_only=True)
    text = " ".join(["red cat"] * 15)
    assert len(ids_of(lease("mini"), text)) == 30
    assert torch.equal(positive(lease("mini"), text), pipeline.encode_prompt(text, "cpu", 1, False)[0][0])


def test_without_guidance_there_is_no_negative(lease: Lease) -> None:
    assert encode(lease("sd1"), Recipe("cat", "dog", cfg_scale=1)).at(0).negative is None


# Chunks


def test_chunks_are_encoded_apart_and_joined(lease: Lease) -> None:
    checkpoint = lease("sd1")
    ids = ids_of(checkpoint, "cat " * 80)
    expected = [run_encoder(checkpoint, part).last_hidden_state[0] for part in (ids[:75], ids[75:])]
    found = encode(checkpoint, Recipe("cat " * 80))
    assert found.tokens == 154
    assert torch.equal(found.at(0).positive[0][0], torch.cat(expected))


def test_words_after_a_near_comma_share_a_chunk(lease: Lease) -> None:
    checkpoint = lease("sd1")
    text = "cat " * 70 + ", a red car with apple house"
    ids = ids_of(checkpoint, text)
    expected = [run_encoder(checkpoint, part).last_hidden_state[0] for part in (ids[:71], ids[71:])]
    assert torch.equal(positive(checkpoint, text), torch.cat(expected))


def test_break_starts_a_chunk(lease: Lease) -> None:
    checkpoint = lease("sd1")
    expected = [run_encoder(checkpoint, ids_of(checkpoint, word)).last_hidden_state[0] for word in ("cat", "dog")]
    assert torch.equal(positive(checkpoint, "cat BREAK dog"), torch.cat(expected))


def test_padding_is_the_tokenizers_own(lease: Lease) -> None:
    """SDXL's second tokenizer pads with "!", the first with the end token."""
    checkpoint = lease("sdxl")
    assert checkpoint.tokenizers[0].pad_token == "<|endoftext|>"
    assert checkpoint.tokenizers[1].pad_token == "!"
    ids = ids_of(checkpoint, "red cat")
    expected = [run_encoder(checkpoint, ids, number).hidden_states[-2][0] for number in (0, 1)]
    assert torch.equal(positive(checkpoint, "red cat"), torch.cat(expected, dim=-1))


def test_the_shorter_prompt_is_padded_with_its_last_vector(lease: Lease) -> None:
    checkpoint = lease("sd1")
    short = run_encoder(checkpoint, ids_of(checkpoint, "dog")).last_hidden_state[0]
    found = encode(checkpoint, Recipe("cat " * 160, "dog"))
    prompted = found.at(0)
    assert found.tokens == 231 and prompted.negative is not None
    assert torch.equal(prompted.negative[:77], short)
    assert torch.equal(prompted.negative[77:], short[-1:].expand(154, -1))
    swapped = encode(checkpoint, Recipe("dog", "cat " * 160)).at(0)
    assert torch.equal(swapped.positive[0][0], prompted.negative)


# Emphasis


def test_no_norm_weighs_the_tokens_alone(lease: Lease) -> None:
    checkpoint = lease("sd1")
    expected = weighed(checkpoint, ids_of(checkpoint, "a red cat"), {2: 1.3, 3: 1 / 1.1})
    assert torch.allclose(positive(checkpoint, "a (red:1.3) [cat]", emphasis="no-norm"), expected, atol=0, rtol=1e-6)


def test_original_restores_the_mean_chunk_by_chunk(lease: Lease) -> None:
    checkpoint = lease("mini")
    first = run_encoder(checkpoint, ids_of(checkpoint, "a red cat")).last_hidden_state[0]
    scaled = weighed(checkpoint, ids_of(checkpoint, "a red cat"), {2: 1.5})
    second = run_encoder(checkpoint, ids_of(checkpoint, "dog")).last_hidden_state[0]
    found = positive(checkpoint, "a (red:1.5) cat BREAK dog")
    torch.testing.assert_close(found[:32], scaled * (first.mean() / scaled.mean()), rtol=1e-4, atol=1e-6)
    assert torch.equal(found[32:], second)


def test_original_takes_its_mean_over_all_texts_of_the_schedule(lease: Lease) -> None:
    checkpoint = lease("mini")
    cat, dog = (ids_of(checkpoint, f"a red {word}") for word in ("cat", "dog"))
    plain = [run_encoder(checkpoint, ids).last_hidden_state[0] for ids in (cat, dog)]
    scaled = [weighed(checkpoint, ids, {2: 1.5}) for ids in (cat, dog)]
    factor = torch.stack(plain).mean() / torch.stack(scaled).mean()
    found = positive(checkpoint, "a (red:1.5) [cat:dog:10]")
    torch.testing.assert_close(found, scaled[0] * factor, rtol=1e-4, atol=1e-6)


def test_words_are_cut_where_their_weight_changes(lease: Lease) -> None:
    checkpoint = lease("sd1")
    ids = ids_of(checkpoint, "cat") + ids_of(checkpoint, "s")
    assert torch.equal(positive(checkpoint, "cat(s:1.5)", emphasis="no-norm"), weighed(checkpoint, ids, {2: 1.5}))


# Clip skip


@pytest.mark.parametrize("family", ["sd1", "sd2", "mini"])
def test_clip_skip_reads_an_earlier_layer_through_the_final_norm(lease: Lease, family: str) -> None:
    checkpoint = lease(family)
    output = run_encoder(checkpoint, ids_of(checkpoint, "a red cat"))
    with torch.no_grad():
        expected = checkpoint.text_encoders[0].final_layer_norm(output.hidden_states[-2])[0]
    assert torch.equal(positive(checkpoint, "a red cat", clip_skip=2), expected)
    assert torch.equal(positive(checkpoint, "a red cat", clip_skip=1), output.last_hidden_state[0])


def test_sdxl_ignores_clip_skip(lease: Lease) -> None:
    assert torch.equal(positive(lease("sdxl"), "red cat", clip_skip=12), positive(lease("sdxl"), "red cat"))


def test_more_layers_than_there_are_is_an_error_with_a_sentence(lease: Lease) -> None:
    with pytest.raises(RenderError, match=r"Clip skip 3 asks for more layers .* \(2\)") as error:
        positive(lease("sd1"), "cat", clip_skip=3)
    assert error.value.code == "clip-skip-too-deep"


# Schedules and AND


def test_a_switch_at_ten_keeps_the_first_text_for_eleven_calls(lease: Lease) -> None:
    checkpoint = lease("sd1")
    cat, dog = positive(checkpoint, "cat"), positive(checkpoint, "dog")
    run = encode(checkpoint, Recipe("[cat:dog:10]"))
    said = [run.at(call).positive[0][0] for call in range(20)]
    assert all(torch.equal(states, cat) for states in said[:11])
    assert all(torch.equal(states, dog) for states in said[11:])


def test_alternatives_take_turns_and_fractions_count_calls(lease: Lease) -> None:
    checkpoint = lease("sd1")
    words = {word: positive(checkpoint, word) for word in ("cat", "dog", "car")}

    def said(prompt: str, calls: int) -> list[str]:
        run = encode(checkpoint, Recipe(prompt), calls)
        found = [run.at(call).positive[0][0] for call in range(calls)]
        return [next(word for word, states in words.items() if torch.equal(states, one)) for one in found]

    assert said("[cat|dog|car]", 6) == ["cat", "cat", "dog", "car", "cat", "dog"]
    assert said("[cat:dog:0.5]", 8) == ["cat"] * 5 + ["dog"] * 3
    assert said("[cat:dog:0.5]", 15) == ["cat"] * 8 + ["dog"] * 7


def test_texts_of_one_schedule_get_as_many_chunks(lease: Lease) -> None:
    checkpoint = lease("sd1")
    run = encode(checkpoint, Recipe("[cat:" + "dog " * 80 + ":10]"))
    empty = run_encoder(checkpoint, []).last_hidden_state[0]
    assert run.tokens == 154
    assert torch.equal(run.at(0).positive[0][0], torch.cat([positive(checkpoint, "cat"), empty]))


def test_and_makes_parts_with_weights_and_each_its_own_schedule(lease: Lease) -> None:
    checkpoint = lease("sd1")
    run = encode(checkpoint, Recipe("cat :1.2 AND [dog:car:10] AND apple:-0.5"))
    early, late = run.at(0), run.at(15)
    assert [weight for _, weight in early.positive] == [1.2, 1.0, -0.5]
    for prompted, words in ((early, ("cat", "dog", "apple")), (late, ("cat", "car", "apple"))):
        for (states, _), word in zip(prompted.positive, words, strict=True):
            assert torch.equal(states, positive(checkpoint, word))


def test_parts_of_other_lengths_are_padded_with_their_last_vector(lease: Lease) -> None:
    run = encode(lease("sd1"), Recipe("cat AND " + "dog " * 80))
    (short, _), (long, _) = run.at(0).positive
    assert short.shape == long.shape == (154, 768)
    assert torch.equal(short[77:], short[76:77].expand(77, -1))


def test_parts_need_the_negative_even_without_guidance(lease: Lease) -> None:
    assert encode(lease("sd1"), Recipe("cat AND dog", cfg_scale=1)).at(0).negative is not None
    assert encode(lease("sd1"), Recipe("cat :0.5 AND", cfg_scale=1)).at(0).negative is not None


def test_in_a_negative_prompt_and_and_tags_are_words(lease: Lease) -> None:
    checkpoint = lease("sd1")
    text = "cat AND dog :1.5 <lora:x:1>"
    expected = run_encoder(checkpoint, ids_of(checkpoint, text)).last_hidden_state[0]
    assert torch.equal(negative(checkpoint, text), expected)


def test_schedules_and_weights_work_in_a_negative_prompt(lease: Lease) -> None:
    checkpoint = lease("sd1")
    run = encode(checkpoint, Recipe("a", "[cat:dog:3]"))
    early, late = run.at(3).negative, run.at(4).negative
    assert early is not None and late is not None
    assert torch.equal(early, negative(checkpoint, "cat"))
    assert torch.equal(late, negative(checkpoint, "dog"))


def test_tags_are_taken_out_of_the_prompt(lease: Lease) -> None:
    checkpoint = lease("sd1")
    ids = ids_of(checkpoint, "a , red cat")
    assert torch.equal(positive(checkpoint, "a <lora: x:0.5>, red cat"), weighed(checkpoint, ids, {}))


def test_a_tag_that_cannot_be_followed_is_an_error_with_a_sentence(lease: Lease) -> None:
    with pytest.raises(RenderError, match="Hypernetworks are not supported"):
        positive(lease("sd1"), "cat <hypernet:x:1>")


def test_sdxl_pools_the_first_chunk_of_each_part_and_text(lease: Lease) -> None:
    checkpoint = lease("sdxl")
    pooled = {
        word: run_encoder(checkpoint, ids_of(checkpoint, word), 1).text_embeds[0] for word in ("cat", "dog", "car")
    }
    run = encode(checkpoint, Recipe("cat BREAK house AND [dog:(car:1.4):3]"))
    early, late = run.at(3).pooled_positive, run.at(4).pooled_positive
    assert early is not None and late is not None
    assert torch.equal(early, torch.stack([pooled["cat"], pooled["dog"]]))
    assert torch.equal(late, torch.stack([pooled["cat"], pooled["car"]]))


def test_sdxl_negative_that_is_scheduled_to_nothing_is_encoded_not_zeroed(lease: Lease) -> None:
    found = encode(lease("sdxl"), Recipe("cat", "[:dog:3]")).at(0)
    assert found.negative is not None and found.negative.abs().sum() > 0


def test_a_prompt_too_heavy_to_encode_is_an_error_before_any_work(lease: Lease) -> None:
    prompt = "[" + "|".join("abcdefghijklmnopqrstuvwxyz") + "]" + ", !?" * 450
    with pytest.raises(RenderError, match="256 chunks are the limit") as error:
        encode(lease("sd1"), Recipe(prompt), 60)
    assert error.value.code == "prompt-too-heavy"


POPULAR = [
    (
        "<lora: hipoly3DModelLora_v20:0.5>, 3d, realistic, masterpiece, best quality, 1girl, Musician, "
        "holding an instrument",
        "[ : EasyNegative:0.5], extra fingers, fewer fingers, face paint, mole.",
    ),
    (
        "<(photorealistic:1.4), (extremely intricate:1.2)>, <(exquisitely detailed skin), cinematic light>, no humans, "
        "(((cat, rainbow cat))), photo background, (((lying on the floor)))",
        "(Worst quality, normal quality, low quality:1.7), watermark, signature, text, freckles, low res",
    ),
]


@pytest.mark.parametrize(("prompt", "unwanted"), POPULAR)
@pytest.mark.parametrize("family", ["mini", "sdxl"])
def test_prompts_that_people_bring_give_finite_tensors_of_one_length(
    lease: Lease, family: str, prompt: str, unwanted: str
) -> None:
    run = encode(lease(family), Recipe(prompt, unwanted))
    for call in (0, 10, 11, 19):
        prompted = run.at(call)
        assert prompted.negative is not None
        assert prompted.positive[0][0].shape == prompted.negative.shape
        assert len(prompted.negative) == run.tokens
        assert torch.isfinite(prompted.positive[0][0]).all() and torch.isfinite(prompted.negative).all()


# LoRAs of the text encoder

PLACE = "encoder_layers_0_self_attn_q_proj"


def kohya_file(path: Path, width: int = 768, prefix: str = "lora_te", seed: int = 1) -> Path:
    random = torch.Generator().manual_seed(seed)
    name = f"{prefix}_text_model_{PLACE}"
    tensors = {
        f"{name}.lora_down.weight": torch.randn(4, width, generator=random) * 0.3,
        f"{name}.lora_up.weight": torch.randn(width, 4, generator=random) * 0.3,
        f"{name}.alpha": torch.tensor(2.0),
    }
    save_file(tensors, path)
    return path


def merged_states(checkpoint: LoadedCheckpoint, text: str, weight: float, number: int = 0, seed: int = 1) -> Any:
    """The output of a copy of the encoder with the LoRA of `kohya_file` added to its weights."""
    encoder = copy.deepcopy(checkpoint.text_encoders[number])
    random = torch.Generator().manual_seed(seed)
    layer = encoder.get_submodule(("text_model." if number else "") + "encoder.layers.0.self_attn.q_proj")
    width = layer.weight.shape[0]
    down, up = torch.randn(4, width, generator=random) * 0.3, torch.randn(width, 4, generator=random) * 0.3
    layer.weight += weight * (2.0 / 4) * (up @ down)
    tokenizer = checkpoint.tokenizers[number]
    ids = tokenizer(text, padding="max_length", max_length=77, return_tensors="pt").input_ids
    with torch.no_grad():
        return encoder(ids, output_hidden_states=True)


@pytest.mark.parametrize(
    ("pick", "weight"),
    [
        (LoraPick("x", 0.8, sha256="x"), 0.8),
        (LoraPick("x", 0.8, text_weight=-0.5, sha256="x"), -0.5),
        (LoraPick("x", 0, text_weight=1.5, sha256="x"), 1.5),
    ],
)
def test_a_lora_changes_both_prompts_by_its_text_weight(
    lease: Lease, tmp_path: Path, pick: LoraPick, weight: float
) -> None:
    checkpoint = lease("sd1")
    found = encode(checkpoint, Recipe("red cat", "dog", loras=(pick,)), x=kohya_file(tmp_path / "x.safetensors")).at(0)
    assert found.negative is not None
    torch.testing.assert_close(found.positive[0][0], merged_states(checkpoint, "red cat", weight).last_hidden_state[0])
    torch.testing.assert_close(found.negative, merged_states(checkpoint, "dog", weight).last_hidden_state[0])
    assert not torch.allclose(found.positive[0][0], positive(checkpoint, "red cat"), atol=1e-3)


@pytest.mark.parametrize("pick", [LoraPick("x", 0, sha256="x"), LoraPick("x", 1, text_weight=0, sha256="x")])
def test_a_text_weight_of_zero_changes_no_bit(lease: Lease, tmp_path: Path, pick: LoraPick) -> None:
    found = encode(lease("sd1"), Recipe("red cat", loras=(pick,)), x=kohya_file(tmp_path / "x.safetensors"))
    assert torch.equal(found.at(0).positive[0][0], positive(lease("sd1"), "red cat"))


def test_several_loras_add_up_and_leave_the_encoder_as_it_was(lease: Lease, tmp_path: Path) -> None:
    checkpoint = lease("sd1")
    before = positive(checkpoint, "blue house")
    files = {name: kohya_file(tmp_path / f"{name}.safetensors", seed=1) for name in ("x", "y")}
    picks = (LoraPick("x", 0.5, sha256="x"), LoraPick("y", 0.25, sha256="y"))
    found = encode(checkpoint, Recipe("red cat", loras=picks), **files).at(0).positive[0][0]
    torch.testing.assert_close(found, merged_states(checkpoint, "red cat", 0.75).last_hidden_state[0])
    assert torch.equal(positive(checkpoint, "blue house "), before)


def test_sdxl_loras_reach_the_encoder_they_name(lease: Lease, tmp_path: Path) -> None:
    checkpoint = lease("sdxl")
    path = kohya_file(tmp_path / "g.safetensors", width=1280, prefix="lora_te2")
    found = encode(checkpoint, Recipe("red cat", loras=(LoraPick("g", 1, sha256="g"),)), g=path).at(0)
    plain = positive(checkpoint, "red cat")
    changed = merged_states(checkpoint, "red cat", 1, number=1)
    assert found.pooled_positive is not None
    assert torch.equal(found.positive[0][0][:, :768], plain[:, :768])
    torch.testing.assert_close(found.positive[0][0][:, 768:], changed.hidden_states[-2][0])
    torch.testing.assert_close(found.pooled_positive[0], changed.text_embeds[0])


def test_a_lora_for_an_encoder_that_is_not_there_is_refused(lease: Lease, tmp_path: Path) -> None:
    path = kohya_file(tmp_path / "g.safetensors", width=1280, prefix="lora_te2")
    with pytest.raises(WeightsRefused, match="“big” changes a text encoder that this checkpoint does not have"):
        encode(lease("sd1"), Recipe("cat", loras=(LoraPick("big", 1, sha256="g"),)), g=path)


# The cache and the threads


class Counted:
    """How often a text encoder ran inside the block."""

    def __init__(self, checkpoint: LoadedCheckpoint) -> None:
        self.encoder = checkpoint.text_encoders[0]
        self.runs = 0

    def __enter__(self) -> Counted:
        self.hook = self.encoder.register_forward_hook(self.count)
        return self

    def __exit__(self, *exception: object) -> None:
        self.hook.remove()

    def count(self, *call: object) -> None:
        self.runs += 1


def test_the_same_texts_are_encoded_once_whatever_else_the_recipe_says(lease: Lease) -> None:
    checkpoint = lease("sd1")
    recipe = Recipe("a cat under a house", "the worst")
    with Counted(checkpoint) as counted:
        first = encode(checkpoint, recipe)
        assert counted.runs == 2
        again = encode(checkpoint, recipe.replace(seed=7, steps=30, cfg_scale=4, width=768, sampler="DDIM"), 30)
        assert counted.runs == 2
        encode(checkpoint, recipe.replace(prompt="another cat under a house"))
        assert counted.runs == 3
    assert again.at(0).positive[0][0] is first.at(0).positive[0][0]


def test_whatever_changes_an_encoding_has_its_own_place_in_the_cache(lease: Lease, tmp_path: Path) -> None:
    checkpoint = lease("mini")
    files = {name: kohya_file(tmp_path / f"{name}.safetensors", width=128, seed=ord(name)) for name in "pq"}
    recipe = Recipe("one (red:1.3) cat in the cache", cfg_scale=1)
    changes: list[dict[str, Any]] = [
        {},
        {"clip_skip": 2},
        {"emphasis": "no-norm"},
        {"loras": (LoraPick("p", 0.5, sha256="p"),)},
        {"loras": (LoraPick("p", 0.6, sha256="p"),)},
        {"loras": (LoraPick("p", 0.5, sha256="q"),)},
        {"loras": (LoraPick("p", 0.5, sha256="p"), LoraPick("q", 0.5, sha256="q"))},
    ]
    found = [encode(checkpoint, recipe.replace(**change), **files).at(0).positive[0][0] for change in changes]
    for index, one in enumerate(found):
        assert not any(torch.equal(one, other) for other in found[:index])
    with Counted(checkpoint) as counted:
        repeated = [encode(checkpoint, recipe.replace(**change), **files).at(0).positive[0][0] for change in changes]
    assert counted.runs == 0
    assert all(one is other for one, other in zip(found, repeated, strict=True))


def test_two_checkpoints_do_not_share_encodings() -> None:
    source = FolderWeights({"one": tiny_checkpoint("sd1"), "two": tiny_checkpoint("sd1", seed=1)})
    cache = CheckpointCache(source, budget_bytes=10**9)
    with cache.lease("one") as one, cache.lease("two") as two:
        assert not torch.equal(positive(one, "cat"), positive(two, "cat"))
        assert memory_of(one.text_encoders[0]) is not memory_of(two.text_encoders[0])


def test_the_cache_stays_within_its_bytes_and_drops_the_longest_unused() -> None:
    cache: BudgetedCache[str, bytes] = BudgetedCache(10, len)
    for key in "abc":
        cache.get_or_make(key, lambda: b"1234")
    assert cache.used_bytes == 8
    assert cache.get_or_make("b", lambda: b"made again") == b"1234"
    assert cache.get_or_make("a", lambda: b"xyz") == b"xyz"
    assert cache.get_or_make("c", lambda: b"new") == b"new"
    assert cache.used_bytes == 10
    cache.get_or_make("huge", lambda: b"0" * 11)
    assert cache.used_bytes == 0


def test_threads_with_different_needs_get_what_they_would_get_alone(lease: Lease, tmp_path: Path) -> None:
    """LoRAs, layers and weights of one text must not leak into another's that is encoded at the same time."""
    checkpoint = lease("sd1")
    files = {name: kohya_file(tmp_path / f"{name}.safetensors", seed=ord(name)) for name in "pq"}

    def recipe(round: int, number: int) -> Recipe:
        loras = tuple(LoraPick(name, 0.7, sha256=name) for name in ("", "p", "q", "pq")[number % 4])
        return Recipe(f"{'red ' * round} [cat:dog:5], (house:1.{number})", "car", clip_skip=1 + number % 2, loras=loras)

    recipes = [recipe(1, number) for number in range(8)]
    source = FolderWeights(files)
    loras = LoraCache(source, 10**8)

    def run(recipe: Recipe) -> list[Tensor]:
        found = Conditioner(checkpoint, loras, source).encode(recipe, 10)
        return [found.at(call).positive[0][0] for call in (0, 9)]

    alone = [run(recipe) for recipe in recipes]
    memory = memory_of(checkpoint.text_encoders[0])
    for _ in range(3):
        memory.encoded = type(memory.encoded)(memory.encoded.budget_bytes, memory.encoded.size_of)
        start = threading.Barrier(8)

        def together(recipe: Recipe, start: threading.Barrier = start) -> list[Tensor]:
            start.wait()
            return run(recipe)

        with ThreadPoolExecutor(8) as pool:
            for expected, found in zip(alone, pool.map(together, recipes), strict=True):
                assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))
