"""From a picture's words to a recipe's values: what is known is taken over, what is not is listed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.imaging.infotext import NamedLora, ParsedInfotext, read_infotext, write_infotext
from generation.imaging.matching import Lookups, MatchedRecipe, match_recipe
from generation.recipes.checks import InvalidRecipe
from generation.recipes.enlarging import Hires
from generation.recipes.picture import Recipe
from generation.recipes.sampling import SAMPLERS, SCHEDULES, check_sampling

CHECKPOINTS = {"6ce0161689": "dream", "dream": "dream"}
LORAS = {"7c6bad76eb54": "detail", "detail": "detail", "ink": "ink"}
EMBEDDINGS = {"Easy": "Easy", "c1aa1d3adf13": "Easy"}


def found(known: dict[str, str], hash: str, name: str) -> tuple[str, ...]:
    if name == "style":
        return ("ink-style", "oil-style")
    match = known.get(hash) or known.get(name)
    return (match,) if match else ()


LOOKUPS = Lookups(
    checkpoint=lambda name, hash: found(CHECKPOINTS, hash, name),
    lora=lambda name, hash: found(LORAS, hash, name),
    vae=lambda name, hash: ("fine",) if name == "fine" else (),
    embedding=lambda name, hash: found(EMBEDDINGS, hash, name),
    samplers=SAMPLERS,
    schedules=SCHEDULES,
)


def matched(text: str) -> MatchedRecipe:
    return match_recipe(read_infotext(text), LOOKUPS)


def missed(result: MatchedRecipe) -> list[tuple[str, str]]:
    return [(miss.kind, miss.name) for miss in result.unmatched]


def test_an_own_recipe_comes_back_whole() -> None:
    recipe = Recipe(
        prompt="a (cat)\nNegative prompt: x, <lora:detail:0.6>",
        negative_prompt=" b ",
        width=640,
        height=768,
        steps=33,
        cfg_scale=6.25,
        sampler="DPM++ 2M",
        schedule="Karras",
        seed=2**32 - 1,
        clip_skip=2,
        emphasis="no-norm",
        checkpoint="dream",
        vae="fine",
    )
    result = matched(write_infotext(recipe, checkpoint_hash="6ce0161689"))
    assert result.unmatched == []
    assert Recipe(**result.values) == recipe


def test_names_are_found_by_hash_and_written_as_the_catalog_has_them() -> None:
    result = matched(
        "x <lora:My Detail:0.6>, <lyco: ink :0.2:0.3>\n"
        "Steps: 20, Sampler: Euler, Seed: 1, Model hash: 6ce0161689, Model: other, "
        'Lora hashes: "My Detail: 7c6bad76eb54"'
    )
    assert result.values["checkpoint"] == "dream"
    assert result.values["prompt"] == "x <lora:detail:0.6>, <lyco: ink :0.2:0.3>"
    assert result.unmatched == []


def test_what_this_site_lacks_is_listed() -> None:
    result = matched(
        "x <lora:gone:1>\nSteps: 20, Sampler: Restart, Schedule type: Odd, Seed: 1, "
        "Model hash: 0000000000, Model: lost, "
        'VAE: blessed, TI hashes: "Easy: 1, Hard: 2", Emphasis: Ignore, Denoising strength: 0.4, Mask blur: 4, '
        "Version: v1.10.1"
    )
    assert missed(result) == [
        ("lora", "gone"),
        ("checkpoint", "lost"),
        ("vae", "blessed"),
        ("embedding", "Hard"),
        ("sampler", "Restart"),
        ("schedule", "Odd"),
        ("value", "Emphasis"),
        ("setting", "Denoising strength"),
        ("setting", "Mask blur"),
    ]
    assert result.values["prompt"] == "x <lora:gone:1>"
    assert {"checkpoint", "vae", "sampler", "schedule"}.isdisjoint(result.values)
    assert "“lost”" in result.unmatched[1].message


def test_a_second_pass_has_this_sites_names() -> None:
    result = matched(
        "x <lora:My Detail:1>\nSteps: 20, Sampler: Euler, Seed: 1, Denoising strength: 0.4, Hires upscale: 2, "
        'Hires upscaler: 4x-net, Hires sampler: dpmpp_2m_karras, Hires prompt: "y <lora:My Detail:1> <lora:gone:1>", '
        'Lora hashes: "My Detail: 7c6bad76eb54"'
    )
    assert result.larger == {
        "hires": Hires(2.0, 0, 0.4, sampler="DPM++ 2M", schedule="Karras", prompt="y <lora:detail:1> <lora:gone:1>")
    }
    assert missed(result) == [("upscaler", "4x-net"), ("lora", "gone")]


def test_a_sampler_of_the_second_pass_that_is_not_here_is_told() -> None:
    result = matched(
        "x\nSteps: 20, Sampler: Euler, Seed: 1, Hires upscale: 2, Hires sampler: Restart, Hires schedule type: Odd"
    )
    assert result.larger == {"hires": Hires(2.0, 0, 0.75)}
    assert missed(result) == [("sampler", "Restart"), ("schedule", "Odd")]


@pytest.mark.parametrize(
    "told",
    [
        {"Postprocess upscale by": "4", "Postprocess upscaler": "R-ESRGAN 4x+"},
        {"Hires steps": "10", "Hires prompt": "a dog"},
        {"Init image hash": "0a1b2c3d", "Mask blur": "4", "Inpaint area": "Only masked"},
    ],
    ids=["extras", "no second pass", "no pinned picture"],
)
def test_what_means_nothing_here_is_not_passed_over(told: dict[str, str]) -> None:
    pairs = ", ".join(f"{key}: {value}" for key, value in told.items())
    result = matched(f"x\nSteps: 20, Sampler: Euler, Seed: 1, {pairs}")
    assert missed(result) == [("setting", key) for key in told] and not result.larger


def test_a_hash_alone_is_told_by_its_hash() -> None:
    result = matched("x\nSteps: 20, Sampler: Euler, Seed: 1, Model hash: 0000000000")
    assert missed(result) == [("checkpoint", "0000000000")]
    assert "with hash 0000000000" in result.unmatched[0].message


@pytest.mark.parametrize(
    ("told", "sampler", "schedule"),
    [
        ("Sampler: DPM++ 2M Karras", "DPM++ 2M Karras", "Automatic"),
        ("Sampler: Heun Karras", "Heun", "Karras"),
        ("Sampler: euler A", "Euler a", "Automatic"),
        ("Sampler: UniPC, Schedule type: sgm uniform", "UniPC", "SGM Uniform"),
        ("Sampler: dpmpp_2m_karras", "DPM++ 2M", "Karras"),
        ("Sampler: k_dpmpp_2m_ka", "DPM++ 2M", "Karras"),
        ("Sampler: k_euler", "Euler", "Automatic"),
        ("Sampler: k_euler_a", "Euler a", "Automatic"),
        ("Sampler: euler_ancestral, Schedule type: normal", "Euler a", "Normal"),
        ("Sampler: dpmpp_2m_sde_gpu_exponential", "DPM++ 2M SDE", "Exponential"),
        ("Sampler: DPM++ 2M SDE Exponential", "DPM++ 2M SDE", "Exponential"),
        ("Sampler: uni_pc, Schedule type: sgm_uniform", "UniPC", "SGM Uniform"),
        ("Sampler: DPM2, Schedule type: karras", "DPM2", "Karras"),
        ("Sampler: DPM++ 2M, Schedule type: Uniform", "DPM++ 2M", "Normal"),
    ],
)
def test_samplers_of_every_age_are_known(told: str, sampler: str, schedule: str) -> None:
    result = matched(f"x\nSteps: 20, Seed: 1, {told}")
    assert (result.values["sampler"], result.values["schedule"]) == (sampler, schedule)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Steps: 150", "Steps"),
        ("Steps: many", "Steps"),
        ("CFG scale: nan", "CFG scale"),
        ("CFG scale: 1e999", "CFG scale"),
        ("Seed: 18446744073709551615", "Seed"),
        ("Seed: -1", "Seed"),
        ("Clip skip: 99", "Clip skip"),
        ("Size: 513x512", "Size"),
        ("Size: 4096x4096", "Size"),
        ("Size-1: a, Size-2: b", "Size"),
    ],
)
def test_values_out_of_range_are_listed_not_bent(told: str, name: str) -> None:
    result = matched(f"x\nSampler: Euler, Emphasis: Original, Version: v1.10, {told}")
    assert missed(result) == [("value", name)]
    assert result.unmatched[0].message.endswith(".")
    assert not {"steps", "cfg_scale", "seed", "width", "height"} & set(result.values)


def test_a_prompt_too_long_is_listed_and_shown() -> None:
    result = matched("x" * 3_000 + "\nSteps: 20, Seed: 1, Sampler: Euler")
    assert missed(result) == [("value", "prompt")]
    assert len(result.values["prompt"]) == 3_000


def test_loras_from_outside_the_prompt_become_tags() -> None:
    loras = (NamedLora("detail", 0.5), NamedLora("ink", 0.7, 0.25), NamedLora("gone", 1.0))
    result = match_recipe(ParsedInfotext(prompt="x", loras=loras, leftovers=("Upscaler",), tool="ComfyUI"), LOOKUPS)
    assert result.values["prompt"] == "x <lora:detail:0.5> <lora:ink:0.25:0.7>"
    assert missed(result) == [("lora", "gone"), ("setting", "Upscaler")]
    assert "ComfyUI" in result.unmatched[1].message


CIVITAI = (
    'Civitai resources: [{"type":"checkpoint","modelName":"dream","modelVersionId":1},'
    '{"type":"ImageJobNetworkParams { Strength = 0.4, TriggerWord = , Type = lora }","weight":0.4,"modelName":"ink"},'
    '{"air":"urn:air:sd1:lora:civitai:5@6","weight":1,"modelVersionId":6},{"type":"embed","modelName":"Hard"}]'
)


def test_a_name_of_several_files_is_told_and_not_guessed() -> None:
    result = matched("x <lora:style:1>\nSteps: 20, Sampler: Euler, Seed: 1")
    assert result.values["prompt"] == "x <lora:style:1>"
    (miss,) = result.unmatched
    assert (miss.kind, miss.name) == ("lora", "style")
    assert "“ink-style” and “oil-style”" in miss.message


def test_an_embedding_with_another_name_here_is_written_as_the_catalog_has_it() -> None:
    """Its word in the prompt is all that picks it."""
    result = matched(
        "a cat\nNegative prompt: (Bad Hands v1.3:1.2), bad hands v1.3x\n"
        'Steps: 20, Sampler: Euler, Seed: 1, TI hashes: "Bad Hands v1.3: c1aa1d3adf13"'
    )
    assert result.values["negative_prompt"] == "(Easy:1.2), bad hands v1.3x"
    assert result.unmatched == []


def test_civitais_list_is_matched_too() -> None:
    result = matched(f"x\nSteps: 20, Seed: 1, Sampler: Euler, {CIVITAI}")
    assert result.values["checkpoint"] == "dream"
    assert result.values["prompt"] == "x <lora:ink:0.4>"
    assert missed(result) == [("lora", "Civitai version 6"), ("embedding", "Hard")]


def test_civitais_list_does_not_repeat_the_prompts_own_tags() -> None:
    result = matched(f"x <lora:detail:0.6>\nSteps: 20, Seed: 1, Sampler: Euler, {CIVITAI}")
    assert result.values["prompt"] == "x <lora:detail:0.6>"


def test_the_hashes_block_finds_a_lora() -> None:
    result = matched(
        "x <lora:odd:1>\nSteps: 20, Seed: 1, Sampler: Euler, "
        'Hashes: {"LORA:odd": "7c6bad76eb54", "model": "6ce0161689"}'
    )
    assert (result.values["prompt"], result.values["checkpoint"]) == ("x <lora:detail:1>", "dream")


def test_an_old_schedule_is_pointed_out() -> None:
    result = matched("[a:b:1.0]\nSteps: 20, Seed: 1, Sampler: Euler, Version: v1.5.2")
    assert missed(result) == [("setting", "Version")]


@given(st.text(max_size=200), st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_picture_text_is_matched_without_an_error(prompt: str, last: str) -> None:
    result = matched(f"{prompt}\nSteps: 1, Seed: 2, Size: 64x64, {last}")
    assert "prompt" in result.values


HASH = "ab" * 32
STARTED = {"Init image hash": HASH, "Init image size-1": "64", "Init image size-2": "64", "Mask hash": HASH}
LARGER = {"Enlarged picture hash": HASH, "Enlarged picture size-1": "64", "Enlarged picture size-2": "64"}
SECOND = {"Hires upscaler": "Latent", "Hires resize-1": "64", "Hires resize-2": "64"}
INVERTED = {"Inverted image hash": HASH, "Inverted image size-1": "64", "Inverted image size-2": "64"}
CONTROLLED = {
    "ControlNet 0": "Module: canny, Model: edges", "Control 0 image hash": HASH, "Control 0 image size-1": "64",
    "Control 0 image size-2": "64",
}  # fmt: skip
VARIED = {"Variation seed strength": "0.5", "Palette": "#ff0000", "Blend prompt": "a dog"}
HOSTILE = ("", "0", "-1", "9" * 5_000, "1e999", "nan", "x", "٣", "1 2", "0x0", "{}", "\x00")
OTHERS = {
    "Mask blur", "Denoising strength", "Masked area padding", "Outpainting", "Hires steps", "Hires upscale",
    "Hires prompt", "Hires sampler", "Postprocess upscale by", "SD upscale overlap", "Variation seed",
    "Seed resize from-1", "Seed resize from-2", "Palette strength", "Blend amount", "Inversion amount", "Size-1",
    "Size-2", "Steps",
}  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_of_each_key_are_listed_or_taken(value: str) -> None:
    lookups = replace(LOOKUPS, controlnet=lambda name, hash: ("edges",), has_picture=lambda sha256: True)
    whole = {"Size-1": "64", "Size-2": "64"}
    for told in (STARTED, LARGER, SECOND, INVERTED, CONTROLLED, VARIED):
        for key in {*told, *OTHERS}:
            result = match_recipe(ParsedInfotext("x", fields={**whole, **told, key: value}), lookups)
            assert result.values["prompt"] == "x"


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_what_was_read_is_never_refused_for_its_sampling(sampler: str, schedule: str) -> None:
    """What the sampler cannot follow is listed by itself, so that the rest can be drawn."""
    result = matched(f"x\nSteps: 60, Sampler: {sampler}, Schedule type: {schedule}, CFG scale: 7, Seed: 1")
    recipe = Recipe(**result.values)
    try:
        check_sampling(sampler, schedule, 1)
    except InvalidRecipe:
        assert missed(result)[0] == ("schedule", schedule)
        assert "cannot follow" in result.unmatched[0].message
    else:
        assert recipe.schedule == schedule
    check_sampling(recipe.sampler, recipe.schedule, recipe.steps)


def test_a_schedule_is_not_handed_to_another_sampler() -> None:
    result = matched("x\nSteps: 20, Sampler: Restart, Schedule type: Karras, Seed: 1")
    assert missed(result) == [("sampler", "Restart"), ("schedule", "Karras")]
    assert "schedule" not in result.values


def test_a_seed_of_64_bits_is_told_with_the_true_figures() -> None:
    result = matched("x\nSteps: 20, Sampler: Euler, Seed: 510624072213608")
    assert [miss.message for miss in result.unmatched] == [
        "Seed must lie between 0 and 4,294,967,295. The picture says 510624072213608."
    ]


def test_a_name_with_the_suffix_of_its_file_is_found() -> None:
    result = matched("x <lora:ink.safetensors:1>\nSteps: 20, Sampler: Euler, Seed: 1, Model: dream.safetensors")
    assert (result.values["checkpoint"], result.values["prompt"]) == ("dream", "x <lora:ink:1>")
    assert result.unmatched == []
