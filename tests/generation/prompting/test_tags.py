"""`<lora:...>` tags."""

from __future__ import annotations

import pytest

from generation.prompting import Tag, TagError, extract_tags
from tests.generation.prompting.texts import CAT, MUSICIAN, hostile

# text, name, weight for the UNet, weight for the text encoder where it differs
READ = [
    ("<lora:a>", "a", 1.0, None),
    ("<lora:a:0.8>", "a", 0.8, None),
    ("<lora:a:-1>", "a", -1.0, None),
    ("<lora:a:.5>", "a", 0.5, None),
    ("<lora: a b : 0.5 >", "a b", 0.5, None),
    ("<lora:a:0.2:0.9>", "a", 0.9, 0.2),
    ("<lora:a:te=0.2>", "a", 0.2, None),
    ("<lora:a:unet=0.9>", "a", 0.9, 1.0),
    ("<lora:a:te=0.2:unet=0.9>", "a", 0.9, 0.2),
    ("<lora:a:0.3:unet=0.9>", "a", 0.9, 0.3),
    ("<lora:a:unet=0.9:0.3>", "a", 0.9, 0.3),
    ("<lyco:a:0.8>", "a", 0.8, None),
    ("<LORA:a>", "a", 1.0, None),
    ("<lora:v1.5-x_y/z:1>", "v1.5-x_y/z", 1.0, None),
]

# text, the part that is wrong, code
WRONG = [
    ("a <lora:x:1..2>", "1..2", "tag-number"),
    ("<lora:bar:.>", ".", "tag-number"),
    ("<lora:x:1,5>", "1,5", "tag-number"),
    ("<lora:x:nan>", "nan", "tag-number"),
    ("<lora:x:inf>", "inf", "tag-number"),
    ("<lora:x:1_0>", "1_0", "tag-number"),
    ("<lora:x:te=a:1>", "a", "tag-number"),
    ("<lora:x:0.5:abc>", "abc", "tag-number"),
    ("<lora:quux:>", "", "tag-number"),
    ("<lora:x:" + "9" * 400 + ">", "9" * 400, "tag-number"),
    ("<lora: :1>", "<lora: :1>", "tag-without-name"),
    ("<lora:x:1:1:8>", "8", "tag-argument"),
    ("<lora:x:dyn=8>", "dyn=8", "tag-argument"),
    ("é <hypernet:x:1>", "<hypernet:x:1>", "hypernet"),
]

KEPT = ["<(a:1.4), b>", "<lora:a", "lora:a>", "<lora>", "<lora:>", "< lora:a>", "a < b : c > d", CAT]


@pytest.mark.parametrize(("text", "name", "weight", "text_weight"), READ)
def test_a_tag_says_a_name_and_weights(text: str, name: str, weight: float, text_weight: float | None) -> None:
    assert extract_tags(text) == ("", [Tag("lora", name, weight, text_weight, 0, len(text))])


@pytest.mark.parametrize(("text", "part", "code"), WRONG)
def test_a_wrong_tag_is_refused_at_its_place(text: str, part: str, code: str) -> None:
    with pytest.raises(TagError) as caught:
        extract_tags(text)
    assert (text[caught.value.start : caught.value.end], caught.value.code) == (part, code)
    assert str(caught.value).endswith((".", "weights."))


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_tag_stays(text: str) -> None:
    assert extract_tags(text) == (text, [])


def test_spaces_and_all_that_stands_around_a_tag_stay() -> None:
    text, (tag,) = extract_tags(MUSICIAN)
    assert text == MUSICIAN[MUSICIAN.index(">") + 1 :]
    assert (tag.name, tag.weight) == ("hipoly3DModelLora_v20", 0.5)
    assert MUSICIAN[tag.start : tag.end] == "<lora: hipoly3DModelLora_v20:0.5>"


def test_tags_come_in_order_with_their_places() -> None:
    text = "a <lora:b:0.5>, [<lora:c>:x:5] <lora:b:1>"
    rest, tags = extract_tags(text)
    assert rest == "a , [:x:5] "
    assert [text[tag.start : tag.end] for tag in tags] == ["<lora:b:0.5>", "<lora:c>", "<lora:b:1>"]


def test_tags_of_other_kinds_go_without_effect() -> None:
    assert extract_tags("a <style:b> c") == ("a  c", [])


@pytest.mark.parametrize("text", hostile())
def test_hostile_texts_are_read_or_refused(text: str) -> None:
    try:
        rest, tags = extract_tags(text)
    except TagError as error:
        assert 0 <= error.start <= error.end <= len(text)
    else:
        assert len(rest) + sum(tag.end - tag.start for tag in tags) <= len(text)
