"""Styles: named fragments of prompts, put around a person's own words as A1111 does it; and its `styles.csv`. Pure.

Which styles there are for whom is the catalog's (`catalog.styles`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from accounts.refusals import Refusal
from generation.recipes.enlarging import Hires

PLACE = "{prompt}"
"""Where the person's own words stand in a style; without it they stand before it."""
COLUMNS = ("name", "prompt", "negative_prompt")
OLD_PROMPT = "text"
"""What A1111 called the column of prompts at first."""
MAX_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Style:
    """`family` is that of the checkpoints it was written for; empty means any."""

    name: str
    prompt: str = ""
    negative_prompt: str = ""
    family: str = ""


def merged(fragment: str, prompt: str) -> str:
    """A prompt within one style's fragment."""
    if PLACE in fragment:
        return fragment.replace(PLACE, prompt)
    return ", ".join(part for part in (prompt.strip(), fragment.strip()) if part)


def styled(prompt: str, negative_prompt: str, styles: Iterable[Style]) -> tuple[str, str]:
    """Both prompts with the styles put around them, one after the other."""
    for style in styles:
        prompt, negative_prompt = merged(style.prompt, prompt), merged(style.negative_prompt, negative_prompt)
    return prompt, negative_prompt


def styled_second(hires: Hires, styles: Iterable[Style]) -> Hires:
    """A second pass with the styles put around the prompts of its own; without one it has the first's, styled."""
    prompt, negative = styled(hires.prompt, hires.negative_prompt, styles)
    return replace(
        hires, prompt=prompt if hires.prompt else "", negative_prompt=negative if hires.negative_prompt else ""
    )


def read_csv(data: bytes, family: str = "") -> list[Style]:
    """The styles of a `styles.csv`, whichever version of A1111 wrote it; of two with one name the later.

    Lines without a name, dividers and remarks (`#`) are left out. Raises Refusal for what is no such table.
    """
    rows = _rows(data)
    head = next(rows, [])
    columns = [name.strip().lower() for name in head]
    if "name" not in columns or not {"prompt", OLD_PROMPT} & {*columns}:
        sentence = f"The first line of the file must name its columns: {', '.join(COLUMNS)}."
        raise Refusal("no-styles", sentence, field="file")
    prompts = columns.index("prompt" if "prompt" in columns else OLD_PROMPT)
    negatives = columns.index("negative_prompt") if "negative_prompt" in columns else len(columns)
    found: dict[str, Style] = {}
    for row in rows:
        name = _cell(row, columns.index("name")).strip()
        style = Style(name, _cell(row, prompts), _cell(row, negatives), family)
        if name and not name.startswith("#") and (style.prompt or style.negative_prompt):
            found[name] = style
        if len(found) > MAX_ROWS:
            raise Refusal("too-many-styles", f"The file has more than {MAX_ROWS:,} styles.", field="file")
    return list(found.values())


def _rows(data: bytes) -> Iterator[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal("no-styles", "The file is not UTF-8. Save it as that.", field="file") from None
    # Newlines within quotes are the prompt's; which kind the file has is its program's matter.
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error:
        raise Refusal("no-styles", "The file is no table of styles: a text in it has no end.", field="file") from None


def _cell(row: Sequence[str], column: int) -> str:
    """A short row has empty cells."""
    return row[column] if column < len(row) else ""


def write_csv(styles: Iterable[Style]) -> bytes:
    """As A1111 writes it: with a byte order mark, lines ended by CR and LF, texts in quotes where they need them."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows((style.name, style.prompt, style.negative_prompt) for style in styles)
    return text.getvalue().encode("utf-8-sig")
