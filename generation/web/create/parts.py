"""What the Create form has besides the recipe's fields: variation, palette, styles, and what a recipe brings along."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from generation.catalog.styles import sample_of, styles_for
from generation.recipes import palette, variation
from generation.recipes.blending import Blend
from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import RecipeField
from generation.recipes.inversion import Inversion
from generation.recipes.palette import Palette
from generation.recipes.styles import Style
from generation.recipes.variation import Variation

ROWS: Mapping[str, RecipeField] = {row.name: row for row in (variation.STRENGTH, variation.SEED, palette.STRENGTH)}
RESIZED = ("resize_width", "resize_height")
MAX_CARRIED_CHARS = 20_000

CARRIED: Mapping[str, Callable[[Any], Any]] = {"inversion": Inversion.from_json, "blend": Blend.from_json}
"""What the page shows and cannot change: it came with a recipe."""


class NamesWidget(forms.TextInput):
    """Several ticked names, or one text with a line for each, as drafts keep them."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str:
        values = data.getlist(name) if isinstance(data, MultiValueDict) else [data.get(name) or ""]
        return "\n".join(str(value) for value in values)


class NamesField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(required=False, widget=NamesWidget(), max_length=4_000)

    def clean(self, value: Any) -> list[str]:
        return names_in(super().clean(value))


def names_in(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.splitlines() if name.strip()))


def parts_of(cleaned: Mapping[str, Any], new_seed: int) -> dict[str, Any]:
    """The values of a valid form, by the names that Recipe has. Raises InvalidRecipe."""
    strength = cleaned.get("variation_strength") or 0.0
    seed = cleaned.get("variation_seed")
    width, height = (cleaned.get(name) for name in RESIZED)
    size = (width, height) if width and height else None
    colours_strength = cleaned.get("palette_strength")
    return {
        "variation": Variation.of(new_seed if seed is None else seed, strength, size),
        "palette": Palette.read(
            cleaned.get("palette") or "", palette.STRENGTH.default if colours_strength is None else colours_strength
        ),
        **carried_parts(cleaned.get("carried") or ""),
    }


def carried_parts(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        data = json.loads(text)
        return {name: read(data[name]) for name, read in CARRIED.items() if data.get(name)}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidRecipe("carried", "What came with the recipe cannot be read. Untick it.") from None


def fields_of_parts(parts: Mapping[str, Any]) -> dict[str, str]:
    """As `fields_of` of the other fields: all of them, empty for what there is not."""
    varied: Variation | None = parts.get("variation")
    colours: Palette | None = parts.get("palette")
    carried = {name: asdict(parts[name]) for name in ("inversion", "blend") if parts.get(name)}
    size = (varied.resize_from if varied else None) or ("", "")
    return {
        "variation_strength": variation.STRENGTH.text(varied.strength) if varied and varied.strength else "",
        "variation_seed": str(varied.seed) if varied and varied.strength else "",
        "resize_width": str(size[0]),
        "resize_height": str(size[1]),
        "palette": " ".join(colours.colours) if colours else "",
        "palette_strength": palette.STRENGTH.text(colours.strength) if colours else "",
        "carried": json.dumps(carried) if carried else "",
        "styles": "",
    }


def carried_sentence(text: str) -> str:
    """What a recipe brought along, for people; empty for nothing that can be read."""
    try:
        parts = carried_parts(text)
    except InvalidRecipe:
        return ""
    said = []
    if inversion := parts.get("inversion"):
        said.append("between the noise behind two pictures" if inversion.toward else "from the noise behind a picture")
    if blend := parts.get("blend"):
        said.append(f"blended with “{blend.prompt[:80]}”")
    return f"Drawn {' and '.join(said)}" if said else ""


@dataclass(frozen=True, slots=True)
class StyleOption:
    """A style to tick; `sample` is the path of its picture among the static files, or empty."""

    style: Style
    sample: str
    ticked: bool


def style_options(user: User, family: str, ticked: Sequence[str]) -> list[StyleOption]:
    """Those for the family; and those that are ticked already, whatever they are for, first."""
    every = styles_for(user)
    chosen = [style for style in every if style.name in ticked]
    others = [style for style in every if style.family in ("", family) and style.name not in ticked]
    return [StyleOption(style, sample_of(style), style.name in ticked) for style in (*chosen, *others)]
