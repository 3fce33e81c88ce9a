"""From a recipe's prompts to what the UNet reads: against diffusers to the bit, and each of A1111's rules by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from generation.engine.outcome import RenderError
from generation.recipes.picture import Recipe
from tests.encoded_by_hand import (
    Lease,
    encode,
    families,
    folder_of,
    ids_of,
    negative,
    positive,
    run_encoder,
    weighed,
)

PLAIN = ("a photo of a red cat, sitting on a blue car", "the dog, green grass")


@pytest.fixture(scope="module")
def lease() -> Iterator[Lease]:
    """Each family's checkpoint, loaded once for this file."""
    yield from families()


# Equal to diffusers


@pytest.mark.parametrize("family", ["sd1", "sd2", "mini"])
@pytest.mark.parametrize("texts", [PLAIN, ("cat", ""), ("Café, naïve 猫 ☂ 1girl", "don't, it's!!")])
def test_plain_prompts_equal_diffusers_to_the_bit(lease: Lease, family: str, texts: tuple[str, str]) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(folder_of(family), dtype=torch.float32, local_files_only=True)
    expected, expected_negative = pipeline.encode_prompt(texts[0], "cpu", 1, True, texts[1])
    found = encode(lease(family), Recipe(*texts)).at(0)
    assert torch.equal(found.positive[0][0], expected[0])
    assert found.negative is not None and torch.equal(found.negative, expected_negative[0])
    assert found.positive[0][1] == 1
    assert found.pooled_positive is None and found.pooled_negative is None


@pytest.mark.parametrize("texts", [PLAIN, ("cat", "")])
def test_plain_prompts_equal_diffusers_to_the_bit_in_sdxl(lease: Lease, texts: tuple[str, str]) -> None:
    """An empty negative prompt is none to diffusers, and zeros to SDXL."""
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder_of("sdxl"), dtype=torch.float32, local_files_only=True)
    expected = pipeline.encode_prompt(texts[0], None, "cpu", 1, True, texts[1] or None)
    found = encode(lease("sdxl"), Recipe(*texts)).at(0)
    assert found.negative is not None and found.pooled_positive is not None and found.pooled_negative is not None
    assert torch.equal(found.positive[0][0], expected[0][0])
    assert torch.equal(found.negative, expected[1][0])
    assert torch.equal(found.pooled_positive, expected[2])
    assert torch.equal(found.pooled_negative, expected[3][0])


def test_a_text_that_just_fills_one_chunk_equals_diffusers(lease: Lease) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(folder_of("mini"), dtype=torch.float32, local_files_only=True)
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


def test_the_mask_covers_what_was_padded_between_prompt_and_negative_alone(lease: Lease) -> None:
    checkpoint = lease("sd1")
    assert encode(checkpoint, Recipe("cat", "dog")).mask is None
    long = "dog " * 80
    own, short = torch.ones(154), torch.cat([torch.ones(77), torch.zeros(77)])
    for recipe, rows in (
        (Recipe(long, "cat"), [short, own]),
        (Recipe("cat", long), [own, short]),
        (Recipe(f"cat AND {long}", "cat"), [short, own, own]),
        (Recipe("cat AND dog", long), [own, short, short]),
    ):
        mask = encode(checkpoint, recipe).mask
        assert mask is not None and torch.equal(mask, torch.stack(rows))


def test_with_the_mask_prompts_of_other_lengths_are_drawn_as_if_each_ran_alone(lease: Lease) -> None:
    checkpoint = lease("mini")
    run = encode(checkpoint, Recipe("red apple, " + "very nice " * 40, "car"))
    prompted, sample = run.at(0), torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    assert prompted.negative is not None and run.mask is not None
    with torch.no_grad():
        alone = checkpoint.unet(sample, 500, prompted.negative[None, :32], return_dict=False)[0]
        texts = torch.stack([prompted.negative, prompted.positive[0][0]])
        masked = checkpoint.unet(sample.repeat(2, 1, 1, 1), 500, texts, encoder_attention_mask=run.mask).sample[:1]
        seen = checkpoint.unet(sample.repeat(2, 1, 1, 1), 500, texts).sample[:1]
    torch.testing.assert_close(masked, alone, atol=1e-5, rtol=1e-4)
    assert (seen - alone).abs().max() > 1e-3


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
    with pytest.raises(RenderError, match="longer than 256 chunks") as error:
        encode(lease("sd1"), Recipe(prompt), 60)
    assert error.value.code == "prompt-too-heavy"


def test_parts_together_are_bounded_too(lease: Lease) -> None:
    part = "[" + "|".join("abcdefghijklmnopqrstuvwxyz") + "] cat " + "BREAK x " * 4
    with pytest.raises(RenderError) as error:
        encode(lease("mini"), Recipe(" AND ".join([part] * 3)), 60)
    assert error.value.code == "prompt-too-heavy"


def test_more_parts_than_the_prompt_language_allows_are_an_error(lease: Lease) -> None:
    assert len(encode(lease("mini"), Recipe(" AND ".join("abcdefghijklmnop"))).positive) == 16
    with pytest.raises(RenderError, match="AND joins 17 prompts"):
        encode(lease("mini"), Recipe(" AND ".join("abcdefghijklmnopq")))


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
