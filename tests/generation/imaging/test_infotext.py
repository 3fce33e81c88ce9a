"""Infotext out and in: A1111's rules, exact prompts, and any text at all read in little time."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generation.imaging.infotext import hash_pairs, read_infotext, write_infotext
from generation.recipes.blending import Blend
from generation.recipes.enlarging import Hires
from generation.recipes.picture import EmbeddingPick, Recipe

A1111_TEXT = """(masterpiece:1.2), a cat: "Tom"
second line, <lora:add_detail:0.6>
Negative prompt: bad, worst: quality
and more
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890, Size: 512x768, \
Model hash: 6ce0161689, Model: "v1, 5: pruned", VAE hash: 735e4c3a44, VAE: vae-ft.safetensors, Clip skip: 2, \
Lora hashes: "add_detail: 7c6bad76eb54, b: 0123456789ab", TI hashes: "EasyNegative: c74b4e810b03", Version: v1.10.1"""

CIVITAI_TEXT = """car, tree
Negative prompt: blurry
Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 13.5, Seed: 839351144, Size: 832x1216, Clip skip: 2, \
Hashes: {"model": "abc123", "lora:x, y": "def"}, Created Date: 2024-05-05T01:02:03.4567890Z, \
Civitai resources: [{"type":"checkpoint","modelVersionId":290640},{"type":"lora","weight":0.4,"modelVersionId":7}], \
Civitai metadata: {"note": "a, b: c"}"""

HOSTILE_PROMPTS = [
    'say "hi", she: said\n\nwith, commas: and\ttabs 😀 “quotes” \\ \\n',
    "a\nNegative prompt: not mine\nb",
    "Negative prompt: all of it",
    "cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64, Version: v1.0.0, Prompt length: 2",
    "  blanks at both ends  ",
    "\n\nlines around\n\n",
    "carriage\r\nreturns\rhere\r",
    "Prompt length: 3, Steps: 1, Seed: 2",
    "a\x0bb\x85c\u2028d",
]

texts = st.text(st.characters(exclude_characters="\x00"), max_size=300)
tricky = st.lists(
    st.sampled_from(
        ["Negative prompt:", "\n", "\r", " ", "Steps: 20", ", ", "Sampler: Euler", ": ", '"', "\\", "Prompt length: 1",
         "{", "}", "[", "]", "Hashes: {", "😀", "word", "<lora:a:1>", "Size: 8x8"]
    ),
    max_size=30,
).map("".join)  # fmt: skip
prompts = st.one_of(texts, tricky)


@given(prompts, prompts)
@settings(max_examples=300, deadline=None)
@example("a\nNegative prompt: b", "c\nNegative prompt: d")
def test_any_prompts_come_back_exactly(prompt: str, negative: str) -> None:
    recipe = Recipe(prompt=f"x{prompt}", negative_prompt=negative)
    read = read_infotext(write_infotext(recipe))
    assert (read.prompt, read.negative_prompt) == (recipe.prompt, negative)


@pytest.mark.parametrize("prompt", HOSTILE_PROMPTS)
@pytest.mark.parametrize("negative", ["", *HOSTILE_PROMPTS])
def test_hostile_prompts_come_back_and_forge_nothing(prompt: str, negative: str) -> None:
    recipe = Recipe(prompt=prompt, negative_prompt=negative, steps=33, seed=77, width=640)
    read = read_infotext(write_infotext(recipe))
    assert (read.prompt, read.negative_prompt) == (prompt, negative)
    assert (read.get("Steps"), read.get("Seed"), read.get("Size-1")) == ("33", "77", "640")


values = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(values, values)
@settings(max_examples=300, deadline=None)
@example('"quoted"', "[1, 2]")
@example("{}", " blanks ")
def test_any_names_come_back_exactly(checkpoint: str, vae: str) -> None:
    read = read_infotext(write_infotext(Recipe(prompt="x", checkpoint=checkpoint, vae=vae)))
    assert (read.get("Model"), read.get("VAE")) == (checkpoint, vae)


def test_the_text_is_a1111s() -> None:
    recipe = Recipe(
        prompt="a (cat), <lora:a:0.5>",
        negative_prompt="bad",
        sampler="DPM++ 2M",
        schedule="Karras",
        cfg_scale=6.5,
        seed=9,
        clip_skip=2,
        emphasis="no-norm",
        checkpoint="v1-5",
        checkpoint_sha256="6ce0161689" + "0" * 54,
        vae="my: vae",
        vae_sha256="735e4c3a44" + "0" * 54,
        embeddings=(EmbeddingPick("EasyNegative", "c74b4e810b03" + "0" * 52),),
    )
    assert write_infotext(recipe, lora_hashes={"a": "7c6bad76eb54", "b": "0123456789ab"}) == (
        "a (cat), <lora:a:0.5>\nNegative prompt: bad\n"
        "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 9, Size: 512x512, "
        'Model hash: 6ce0161689, Model: v1-5, VAE hash: 735e4c3a44, VAE: "my: vae", Clip skip: 2, '
        'Lora hashes: "a: 7c6bad76eb54, b: 0123456789ab", TI hashes: "EasyNegative: c74b4e810b03", '
        "Emphasis: No norm, Version: Tempera 0.1"
    )


def test_emphasis_is_told_where_any_text_has_brackets() -> None:
    for more in ({"hires": Hires(prompt="a (dog)")}, {"blend": Blend("a (dog)")}):
        assert "Emphasis: No norm" in write_infotext(Recipe(prompt="plain", emphasis="no-norm", **more))


def test_defaults_are_left_out() -> None:
    text = write_infotext(Recipe(prompt="plain", emphasis="no-norm"))
    assert text.count("\n") == 1
    for key in ("Clip skip", "Emphasis", "Model", "VAE", "hashes", "Negative", "Prompt length"):
        assert key not in text
    assert "CFG scale: 7," in text


def test_a1111_text_is_read() -> None:
    read = read_infotext(A1111_TEXT)
    assert read.prompt == '(masterpiece:1.2), a cat: "Tom"\nsecond line, <lora:add_detail:0.6>'
    assert read.negative_prompt == "bad, worst: quality\nand more"
    assert read.get("Model") == "v1, 5: pruned"
    assert (read.get("Size-1"), read.get("Size-2"), "Size" in read.fields) == ("512", "768", False)
    assert read.lora_hashes == {"add_detail": "7c6bad76eb54", "b": "0123456789ab"}
    assert read.embedding_hashes == {"EasyNegative": "c74b4e810b03"}
    assert (read.get("Emphasis"), read.get("RNG")) == ("Original", "GPU")


def test_raw_json_blocks_do_not_break_the_line() -> None:
    read = read_infotext(CIVITAI_TEXT)
    assert read.blocks["Hashes"] == {"model": "abc123", "lora:x, y": "def"}
    assert [row["type"] for row in read.blocks["Civitai resources"]] == ["checkpoint", "lora"]
    assert read.blocks["Civitai metadata"] == {"note": "a, b: c"}
    assert set(read.fields) == {
        "Steps", "Sampler", "CFG scale", "Seed", "Size-1", "Size-2", "Clip skip", "Created Date"
    }  # fmt: skip


def test_broken_json_stays_text() -> None:
    read = read_infotext("x\nSteps: 20, Hashes: {oops, Seed: 3, Sampler: Euler")
    assert (read.get("Hashes"), read.get("Seed"), read.get("Sampler")) == ("{oops", "3", "Euler")


@pytest.mark.parametrize("last", ["Steps: 20, Seed: 1", "just a line", "time: 10:30"])
def test_fewer_than_three_parameters_are_prompt(last: str) -> None:
    read = read_infotext(f"a cat\n{last}")
    assert read.prompt == f"a cat\n{last}"
    assert not read.fields


def test_a_key_equal_to_its_value_is_written_bare() -> None:
    assert ", Model, " in write_infotext(Recipe(prompt="x", checkpoint="Model", vae="y"))


def test_a_text_pasted_with_other_line_ends_is_read() -> None:
    written = write_infotext(Recipe(prompt="a\nNegative prompt: b", negative_prompt="c"))
    read = read_infotext(written.replace("\n", "\r\n") + "\r\n")
    assert (read.prompt, read.negative_prompt, read.get("Seed")) == ("a\nNegative prompt: b", "c", "0")


def test_a_prompt_edited_after_writing_is_still_read() -> None:
    written = write_infotext(Recipe(prompt="  a", negative_prompt="c"))
    assert "Prompt length: 3" in written
    read = read_infotext(written.replace("  a", "edited"))
    assert (read.prompt, read.negative_prompt) == ("edited", "c")


@pytest.mark.parametrize(
    ("version", "prompt", "old"),
    [
        ("v1.5.2", "[a:b:1.0]", True),
        ("1.5.2-4-gabcdef", "[a:b:5]", True),
        ("v1.5.2", "no brackets", False),
        ("v1.6.0", "[a:b:1.0]", False),
        ("v1.6.0-RC-3-g2f", "[a]", False),
        ("v1.10.1", "[a]", False),
        ("f2.0.1v1.10.1-previous-669", "[a]", False),
        ("Tempera 0.1", "[a]", False),
        ("ComfyUI", "[a]", False),
    ],
)
def test_only_old_a1111_versions_switch_the_schedule_rule(version: str, prompt: str, old: bool) -> None:
    read = read_infotext(f"{prompt}\nSteps: 2, Seed: 1, Version: {version}")
    assert read.old_schedule_rule is old


A1111_LINE = "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234, Size: 128x128"
PLACES = {
    "below": f"a red apple\nNegative prompt: blurry\n{A1111_LINE}\nTemplate: a {{red|green}} apple\n"
    "Negative Template: b",
    "several lines": f"a red apple\nNegative prompt: blurry\n{A1111_LINE.replace(', ', chr(10))}",
    "wrapped": f"a red apple\nNegative prompt: blurry\n{A1111_LINE.replace(', CFG', f',{chr(10)}CFG')}",
    "semicolons": f"a red apple\nNegative prompt: blurry\n{A1111_LINE.replace(', ', '; ')}",
    "bars": f"a red apple\nNegative prompt: blurry\n{A1111_LINE.replace(', ', ' | ')}",
    "equals": f"a red apple\nNegative prompt: blurry\n{A1111_LINE.replace(': ', '=')}",
    "other case": f"a red apple\nNegative Prompt: blurry\n{A1111_LINE.lower().replace('dpm++ 2m', 'DPM++ 2M')}",
    "one line": f"a red apple Negative prompt: blurry {A1111_LINE}",
    "between": f"a red apple\n{A1111_LINE}\nNegative prompt: blurry",
    "above": f"{A1111_LINE}\nPrompt: a red apple\nNegative prompt: blurry",
    "labelled": f"Prompt: a red apple\nNegative prompt: blurry\n{A1111_LINE.replace(', ', chr(10))}",
    "blocks below": f'a red apple\nNegative prompt: blurry\n{A1111_LINE}\nHashes: {{"model": "abc123"}}',
    "Windows": f"a red apple\r\nNegative prompt: blurry\r\n{A1111_LINE}\r\n\r\nNote below\r\n",
}


@pytest.mark.parametrize("place", PLACES)
def test_parameters_are_found_wherever_they_stand(place: str) -> None:
    read = read_infotext(PLACES[place])
    assert (read.prompt, read.negative_prompt) == ("a red apple", "blurry")
    keys = ("Steps", "Sampler", "CFG scale", "Seed", "Size-1", "Size-2")
    assert [read.get(key) for key in keys] == ["20", "DPM++ 2M", "7", "1234", "128", "128"]
    assert read.get("Schedule type").casefold() == "karras"


def test_what_stands_below_the_parameters_is_kept_by_its_name() -> None:
    read = read_infotext(PLACES["below"] + "\nand more")
    assert (read.get("Template"), read.get("Negative Template")) == ("a {red|green} apple", "b\nand more")
    assert read_infotext(PLACES["blocks below"]).blocks == {"Hashes": {"model": "abc123"}}
    assert read_infotext(PLACES["Windows"]).get("Text below") == "Note below"


def test_few_parameters_behind_a_negative_prompt_are_not_its_words() -> None:
    read = read_infotext("a cat\nNegative prompt: blurry\nSteps: 20, Seed: 1")
    assert (read.negative_prompt, read.get("Steps"), read.get("Seed")) == ("blurry", "20", "1")


def test_hash_pairs_take_names_with_commas_and_colons() -> None:
    assert hash_pairs("a, b: 12ab, c: d: 34cd") == {"a, b": "12ab", "c: d": "34cd"}


@given(st.one_of(texts, tricky, st.text(alphabet='ab :,"\\{}[]-/\nx1', max_size=400)))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_without_an_error(text: str) -> None:
    read = read_infotext(text)
    assert read.lora_hashes is not None
    assert isinstance(read.old_schedule_rule, bool)


@pytest.mark.parametrize(
    "unit",
    [
        "steps:1,",
        "steps: 1\n",
        "steps=1|",
        "\t",
        "; ",
        "Template: a\n",
        "a",
        "a:",
        "aa:",
        'aa:"',
        'aa:["',
        'aa:"\\',
        "aa: [",
        '{"a":',
        " ",
        "-/",
        ",",
        "<lora:",
        "\n",
        "aa: b, ",
        '\\"',
    ],
)
def test_hostile_repetitions_take_linear_time(unit: str) -> None:
    line = (unit * 60_000)[:100_000]
    start = time.perf_counter()
    read_infotext(f"{line}\nSteps: 1, Seed: 2, Lora hashes: x{line}")
    assert time.perf_counter() - start < 5  # quadratic reading takes minutes


def test_ten_thousand_random_texts_are_read() -> None:
    chance = random.Random(5)
    pieces = ["Steps: ", "20", ", ", '"', ":", "\n", "Negative prompt: ", *"{[}]\\é😀 ", "Size: 1x2"]
    for _ in range(10_000):
        read_infotext("".join(chance.choices(pieces, k=chance.randrange(40))))
