"""The samples of a training on one sheet: a row for each snapshot, a column for each prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from generation.engine.outcome import Pixels
from generation.engine.training.outcome import Measured

LABEL_WIDTH = 96
HEAD_HEIGHT = 18
GAP = 4
INK, PAPER, MARKED = "#222222", "#ffffff", "#e8f3e8"


def contact_sheet(snapshots: Sequence[Measured], proposed: int | None = None) -> Pixels:
    """RGB pixels (height, width, 3); each row says step and validation loss, the proposed one on another ground."""
    height, width = snapshots[0].samples[0].shape[:2]
    columns = len(snapshots[0].samples)
    size = (LABEL_WIDTH + columns * (width + GAP), HEAD_HEIGHT + len(snapshots) * (height + GAP))
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for column, prompt in enumerate(snapshots[0].prompts):
        pen.text((LABEL_WIDTH + column * (width + GAP), 2), _cut(prompt, width, font), INK, font)
    for row, snapshot in enumerate(snapshots):
        top = HEAD_HEIGHT + row * (height + GAP)
        if snapshot.step == proposed:
            pen.rectangle((0, top - GAP // 2, size[0], top + height + GAP // 2), MARKED)
        loss = "" if snapshot.validation_loss is None else f"\nval. {snapshot.validation_loss:.3f}"
        pen.text((6, top + height // 2 - 14), f"step {snapshot.step}{loss}", INK, font)
        for column, sample in enumerate(snapshot.samples):
            sheet.paste(Image.fromarray(sample), (LABEL_WIDTH + column * (width + GAP), top))
    pixels: Pixels = np.asarray(sheet)
    return pixels


def _cut(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """As much of the text as fits into a column."""
    while text and font.getlength(text) > width:
        text = text[:-1]
    return text
