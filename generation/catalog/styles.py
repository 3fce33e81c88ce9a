"""Styles: those that the site brings along, and people's own, which come before the site's of the same name."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.quotas import hold_account
from accounts.refusals import Conflict, NotFound, QuotaExceeded, Refusal
from generation.catalog.resolving import did_you_mean
from generation.models import GeneratedImage, OwnStyle
from generation.models.catalog import FAMILY_TITLES
from generation.recipes.fields import MAX_NAME_CHARS, MAX_PROMPT_CHARS
from generation.recipes.picture import Recipe
from generation.recipes.styles import Style, read_csv, styled, styled_second, write_csv

MAX_STYLES = 200
MAX_PICKED = 8
"""Styles of one recipe."""
MAX_CSV_BYTES = 2**20
SHIPPED = Path(settings.BASE_DIR) / "generation" / "bundled" / "styles"
SAMPLES = "styles"
"""The folder of sample pictures, below that of the static files."""


@functools.cache
def shipped_styles() -> tuple[Style, ...]:
    """Of each family one file, in A1111's format."""
    files = [(family, SHIPPED / f"{family}.csv") for family in FAMILY_TITLES]
    return tuple(style for family, file in files if file.exists() for style in read_csv(file.read_bytes(), family))


@functools.cache
def sample_of(style: Style) -> str:
    """The path of a shipped style's sample picture among the static files; empty where there is none."""
    name = f"{SAMPLES}/{style.family}/{re.sub(r'[^a-z0-9]+', '-', style.name.lower())}.webp"
    return name if (Path(settings.BASE_DIR) / "static" / name).exists() else ""


def styles_for(user: User, family: str | None = None) -> list[Style]:
    """What a person may pick, for checkpoints of one family or for all: their own first, then the site's."""
    own = [row.style for row in OwnStyle.objects.of(user)]
    taken = {style.name.casefold() for style in own}
    every = [*own, *(style for style in shipped_styles() if style.name.casefold() not in taken)]
    return [style for style in every if family is None or style.family in ("", family)]


def apply_styles(user: User, recipe: Recipe, names: Sequence[str], family: str) -> Recipe:
    """The recipe with these styles put around its prompts, in their order. Raises Refusal."""
    if not names:
        return recipe
    styles = picked_styles(user, names, family)
    prompt, negative = styled(recipe.prompt, recipe.negative_prompt, styles)
    hires = recipe.hires and styled_second(recipe.hires, styles)
    return recipe.replace(prompt=prompt, negative_prompt=negative, hires=hires)


def picked_styles(user: User, names: Sequence[str], family: str) -> list[Style]:
    """The styles of these names. Raises Refusal for one that there is not, and for too many."""
    if len(names) > MAX_PICKED:
        raise Refusal("too-many-styles", f"A picture takes at most {MAX_PICKED} styles.", field="styles")
    # Of several with one name that for the family comes first; one that was made for another family is taken too.
    known: dict[str, Style] = {}
    for style in sorted(styles_for(user), key=lambda style: style.family not in ("", family)):
        known.setdefault(style.name.casefold(), style)
    for name in names:
        if name.casefold() not in known:
            near = did_you_mean(name, [style.name for style in known.values()])
            raise NotFound("unknown-style", f"There is no style “{name[:MAX_NAME_CHARS]}”.{near}", field="styles")
    return [known[name.casefold()] for name in names]


def own_style(user: User, code: str) -> OwnStyle:
    row: OwnStyle | None = OwnStyle.objects.of(user).filter(code=code).select_related("sample").first()
    if row is None:
        raise NotFound("not-found", "There is no such style, or it is not yours.")
    return row


@dataclass(frozen=True, slots=True)
class StyleFields:
    """What a person says of a style; `sample` is the code of a picture of theirs, or empty."""

    name: str
    prompt: str = ""
    negative_prompt: str = ""
    family: str = ""
    sample: str = ""

    @property
    def style(self) -> Style:
        return Style(self.name.strip(), self.prompt, self.negative_prompt, self.family)


def save_style(user: User, fields: StyleFields, row: OwnStyle | None = None) -> OwnStyle:
    """Make a style, or give `row` these fields. Raises Refusal."""
    style = check_style(fields.style)
    sample = None
    if fields.sample:
        sample = GeneratedImage.objects.of(user).kept().filter(code=fields.sample).first()
        if sample is None:
            raise NotFound("no-picture", "There is no such picture, or it is not yours.", field="sample")
    with transaction.atomic():
        hold_account(user)
        if row is None:
            _check_room(user, 1)
        row = row or OwnStyle(owner=user)
        row.name, row.prompt, row.negative_prompt = style.name, style.prompt, style.negative_prompt
        row.family, row.sample = style.family, sample
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as error:
            raise Conflict("name-taken", f"You have a style “{style.name}” already.", field="name") from error
    return row


def check_style(style: Style) -> Style:
    """Raise Refusal for what is no style."""
    if not style.name or len(style.name) > MAX_NAME_CHARS or not style.name.isprintable():
        raise Refusal("bad-name", f"A style's name has 1 to {MAX_NAME_CHARS} letters.", field="name")
    if style.family and style.family not in FAMILY_TITLES:
        raise Refusal("bad-family", f"A family is one of: {', '.join(FAMILY_TITLES)}.", field="family")
    if not (style.prompt.strip() or style.negative_prompt.strip()):
        raise Refusal("empty-style", "Write a prompt or a negative prompt for the style.", field="prompt")
    for field, text in (("prompt", style.prompt), ("negative_prompt", style.negative_prompt)):
        if len(text) > MAX_PROMPT_CHARS:
            raise Refusal("prompt-too-long", f"A style's text has at most {MAX_PROMPT_CHARS} characters.", field=field)
        if "\x00" in text:
            raise Refusal("bad-character", "The style holds a NUL character, which no prompt can have.", field=field)
    return style


def _check_room(user: User, more: int) -> None:
    if OwnStyle.objects.of(user).count() + more > MAX_STYLES:
        sentence = f"You can have {MAX_STYLES} styles of your own. Delete some to make room."
        raise QuotaExceeded("too-many-styles", sentence)


@dataclass(frozen=True, slots=True)
class ImportedStyles:
    """What became of a file's styles: how many are new, and have other texts now; sentences on those left out."""

    added: int
    updated: int
    refused: tuple[str, ...]


def import_styles(user: User, data: bytes) -> ImportedStyles:
    """A `styles.csv` becomes own styles; those that have one of its names take its texts. Raises Refusal."""
    if len(data) > MAX_CSV_BYTES:
        raise Refusal("file-too-large", f"The file is larger than {MAX_CSV_BYTES >> 20} MiB.", field="file")
    good, refused = [], []
    for style in read_csv(data):
        try:
            good.append(check_style(style))
        except Refusal as refusal:
            refused.append(f"“{style.name[:40]}”: {refusal.message}")
    with transaction.atomic():
        hold_account(user)
        known = {row.name: row for row in OwnStyle.objects.of(user)}
        new = [style for style in good if style.name not in known]
        _check_room(user, len(new))
        OwnStyle.objects.bulk_create(_row(user, style) for style in new)
        changed = [style for style in good if style.name in known and _texts(known[style.name].style) != _texts(style)]
        for style in changed:
            row = known[style.name]
            row.prompt, row.negative_prompt = style.prompt, style.negative_prompt
            row.save(update_fields=["prompt", "negative_prompt"])
    return ImportedStyles(len(new), len(changed), tuple(refused))


def _row(user: User, style: Style) -> OwnStyle:
    return OwnStyle(owner=user, name=style.name, prompt=style.prompt, negative_prompt=style.negative_prompt)


def _texts(style: Style) -> tuple[str, str]:
    return style.prompt, style.negative_prompt


def export_styles(user: User) -> bytes:
    """A person's own styles as a `styles.csv`."""
    return write_csv(row.style for row in OwnStyle.objects.of(user))
