"""The families of checkpoints the engine draws with, one row each: what differs between them stands here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True, slots=True)
class Family:
    """One row. `key` is the word of `weightfiles.kinds`; `native_side` is the side in pixels that it was trained at.

    `context_width`: width of the text states the UNet attends to. `text_encoders`: of how many the states are joined.
    `pooled`: the UNet also takes the last encoder's pooled state and the six size numbers (SDXL's micro conditioning).
    `penultimate`: the text states are those before the last layer, without the final norm. `pads`: the token that fills
    up a chunk, for each encoder, where the file does not say it.
    """

    key: str
    title: str
    context_width: int
    text_encoders: int = 1
    pooled: bool = False
    penultimate: bool = False
    native_side: int = 512
    pads: tuple[str, ...] = ("<|endoftext|>",)

    @property
    def configs(self) -> Path:
        """The folder of component configs with which a single-file checkpoint of this family is loaded offline."""
        return CONFIGS / self.key


FAMILIES: dict[str, Family] = {
    row.key: row
    for row in (
        Family("mini", "Mini", context_width=128, native_side=128),
        Family("sd1", "SD 1.x", context_width=768),
        Family("sd2", "SD 2.x", context_width=1024, native_side=768, pads=("!",)),
        Family(
            "sdxl",
            "SDXL",
            context_width=2048,
            text_encoders=2,
            pooled=True,
            penultimate=True,
            native_side=1024,
            pads=("<|endoftext|>", "!"),
        ),
    )
}
