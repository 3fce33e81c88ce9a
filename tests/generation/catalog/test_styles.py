"""Styles of the catalog: shipped ones, people's own, which of them are meant, quota, and the file of A1111's."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from accounts.refusals import Refusal
from generation.catalog import styles
from generation.catalog.styles import (
    StyleFields,
    apply_styles,
    export_styles,
    import_styles,
    own_style,
    picked_styles,
    sample_of,
    save_style,
    shipped_styles,
    styles_for,
)
from generation.models import Checkpoint, OwnStyle
from generation.models.catalog import FAMILY_TITLES
from generation.recipes.enlarging import Hires
from generation.recipes.picture import Recipe
from generation.recipes.styles import PLACE

INK = StyleFields("Ink", "ink drawing of {prompt}", "photograph")


def test_each_shipped_style_is_whole() -> None:
    families = {style.family for style in shipped_styles()}
    assert families >= {"mini", "sd1", "sdxl"} and families <= {*FAMILY_TITLES}
    for family in families:
        names = [style.name for style in shipped_styles() if style.family == family]
        assert len(names) == len({*names}) >= 10
    assert all(PLACE in style.prompt for style in shipped_styles())


def test_those_for_the_bundled_checkpoint_have_pictures() -> None:
    assert all(sample_of(style) for style in shipped_styles() if style.family == "mini")


def test_shipped_styles_are_drawn_as_they_stand(alice: User, catalog: Checkpoint) -> None:
    """Their LoRAs are here, and no word of theirs is refused."""
    from generation.jobs.submission import prepare

    for style in shipped_styles():
        if style.family == "mini":
            recipe = apply_styles(alice, Recipe("apple", width=64, height=64), [style.name], "mini")
            (ready,) = prepare(alice, recipe, 1)
            assert bool(ready.loras) == ("<lora:" in style.prompt)


def test_own_styles_come_before_the_sites(alice: User, charlie: User) -> None:
    save_style(alice, StyleFields("3d", "my own {prompt}"))
    save_style(charlie, StyleFields("Watery", "{prompt}, water"))
    names = [style.name for style in styles_for(alice, "mini")]
    assert names[0] == "3d" and "3D" not in names and "Watery" not in names and "Line art" in names
    assert {style.family for style in styles_for(alice)} >= {"mini", "sd1", "sdxl", ""}
    assert picked_styles(alice, ["3D"], "mini")[0].prompt == "my own {prompt}"


def test_of_several_of_one_name_that_of_the_family_is_meant(alice: User) -> None:
    assert [picked_styles(alice, ["watercolour"], family)[0].family for family in ("sd1", "sdxl")] == ["sd1", "sdxl"]


def test_they_are_put_around_the_prompts(alice: User) -> None:
    save_style(alice, INK)
    save_style(alice, StyleFields("Soft", "soft light"))
    recipe = apply_styles(alice, Recipe("a cat", "dogs"), ["Ink", "soft"], "mini")
    assert (recipe.prompt, recipe.negative_prompt) == ("ink drawing of a cat, soft light", "dogs, photograph")
    assert apply_styles(alice, Recipe("a cat"), [], "mini") == Recipe("a cat")
    second = apply_styles(alice, Recipe("a cat", hires=Hires(prompt="a dog")), ["Ink"], "mini").hires
    assert second is not None and second.negative_prompt == ""
    assert second.prompt == "ink drawing of a dog"
    with pytest.raises(Refusal) as refused:
        apply_styles(alice, Recipe("x" * 1_990), ["Ink"], "mini")
    assert refused.value.code == "prompt-too-long"


@pytest.mark.parametrize(("names", "code"), [(["Inkk"], "unknown-style"), (["Ink"] * 9, "too-many-styles")])
def test_what_cannot_be_picked_is_refused(alice: User, names: list[str], code: str) -> None:
    save_style(alice, INK)
    with pytest.raises(Refusal) as refused:
        apply_styles(alice, Recipe("a cat"), names, "mini")
    assert (refused.value.code, refused.value.field) == (code, "styles")
    assert code != "unknown-style" or "Did you mean “Ink”?" in refused.value.message


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"prompt": "", "negative_prompt": " "}, "prompt"),
        ({"prompt": "x" * 2_001}, "prompt"),
        ({"negative_prompt": "a\x00"}, "negative_prompt"),
        ({"family": "sd9"}, "family"),
        ({"sample": "0123456789abcdef"}, "sample"),
    ],
)
def test_what_is_no_style_is_refused(alice: User, change: dict[str, Any], field: str) -> None:
    from dataclasses import replace

    with pytest.raises(Refusal) as refused:
        save_style(alice, replace(INK, **change))
    assert refused.value.field == field and not OwnStyle.objects.exists()


def test_names_are_ones_own_and_few_enough(alice: User, charlie: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row = save_style(alice, INK)
    assert save_style(charlie, INK).owner == charlie
    with pytest.raises(Refusal) as refused:
        save_style(alice, INK)
    assert (refused.value.code, refused.value.status) == ("name-taken", 409)
    monkeypatch.setattr(styles, "MAX_STYLES", 1)
    with pytest.raises(Refusal) as full:
        save_style(alice, StyleFields("Another", "x"))
    assert (full.value.code, full.value.status) == ("too-many-styles", 429)
    assert save_style(alice, StyleFields("Renamed", "x"), row).name == "Renamed"
    with pytest.raises(Refusal, match="not yours"):
        own_style(charlie, row.code)


def test_a_file_is_taken_over_and_given_back(alice: User) -> None:
    save_style(alice, INK)
    file = b'name,prompt,negative_prompt\nInk,new ink,\nSoft,"soft,\nlight",harsh\nToo long,' + b"x" * 2_001 + b",\n"
    brought = import_styles(alice, file)
    assert (brought.added, brought.updated) == (1, 1) and "Too long" in brought.refused[0]
    assert [(row.name, row.prompt) for row in OwnStyle.objects.of(alice)] == [
        ("Ink", "new ink"),
        ("Soft", "soft,\nlight"),
    ]
    again = import_styles(alice, export_styles(alice))
    assert (again.added, again.updated, again.refused) == (0, 0, ())


def test_a_file_that_is_too_much_changes_nothing(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(styles, "MAX_STYLES", 1)
    for data, code in ((b"name,prompt\na,x\nb,x\n", "too-many-styles"), (b"x" * (2**20 + 1), "file-too-large")):
        with pytest.raises(Refusal) as refused:
            import_styles(alice, data)
        assert refused.value.code == code
    assert not OwnStyle.objects.exists()
