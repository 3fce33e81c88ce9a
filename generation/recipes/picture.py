"""The recipe: all that decides a picture, as a frozen value. Pure: it knows no database, no request and no device.

What each field may be stands in `fields`; what a plan or a checkpoint allows is decided by the doors' verbs.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from generation.recipes.blending import Blend
from generation.recipes.checks import MAX_SEED, InvalidRecipe
from generation.recipes.controls import ControlPick, check_controls
from generation.recipes.enlarging import Enlarge, Hires
from generation.recipes.fields import FIELDS, check_size
from generation.recipes.inversion import Inversion
from generation.recipes.palette import Palette
from generation.recipes.starting import PictureRef, Start
from generation.recipes.variation import Variation

UNTOLD_PROMPT = "…"
"""Of a recipe whose own prompt is not shared: with none at all it would be no recipe."""
MAX_LORAS = 5
WEIGHT_LIMIT = 2.0
NESTED: dict[str, Callable[[Any], Any]] = {
    "start": Start.from_json,
    "controls": lambda picks: tuple(ControlPick.from_json(pick) for pick in picks),
    "variation": Variation.from_json,
    "inversion": Inversion.from_json,
    "blend": Blend.from_json,
    "palette": Palette.from_json,
    "hires": lambda data: Hires(**{**data, "loras": tuple(LoraPick(**pick) for pick in data.get("loras", ()))}),
    "enlarge": Enlarge.from_json,
}
"""How optional values of a recipe are read from JSON, which leaves them out where there are none."""


@dataclass(frozen=True, slots=True)
class LoraPick:
    """One LoRA of a recipe: `weight` goes to the UNet, `text_weight` to the text encoder (None: the same weight).

    `sha256` pins the file; it is empty until the name has been looked up.
    """

    name: str
    weight: float = 1.0
    text_weight: float | None = None
    sha256: str = ""

    def __post_init__(self) -> None:
        for value in (self.weight, self.text_weight):
            if value is not None and not (math.isfinite(value) and abs(value) <= WEIGHT_LIMIT):
                sentence = f"The weight of LoRA “{self.name}” must lie between -2 and 2."
                raise InvalidRecipe("loras", sentence, "bad-lora-weight")

    @property
    def encoder_weight(self) -> float:
        return self.weight if self.text_weight is None else self.text_weight


@dataclass(frozen=True, slots=True)
class EmbeddingPick:
    """A textual-inversion embedding that the prompt names as a word, pinned to its file."""

    name: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a picture. Sizes in pixels, `seed` 0..2**32-1, `cfg_scale` 1 means no negative branch.

    `prompt` keeps its `<lora:...>` tags, as infotext does; `loras` holds the same picks, pinned.
    `checkpoint` and `vae` are catalog names; their `..._sha256` pin the files. An empty `vae` is the checkpoint's own.
    """

    prompt: str
    negative_prompt: str = ""
    width: int = FIELDS["width"].default
    height: int = FIELDS["height"].default
    steps: int = FIELDS["steps"].default
    cfg_scale: float = FIELDS["cfg_scale"].default
    sampler: str = FIELDS["sampler"].default
    schedule: str = FIELDS["schedule"].default
    seed: int = FIELDS["seed"].default
    clip_skip: int = FIELDS["clip_skip"].default
    emphasis: str = FIELDS["emphasis"].default
    checkpoint: str = ""
    checkpoint_sha256: str = ""
    vae: str = ""
    vae_sha256: str = ""
    loras: tuple[LoraPick, ...] = ()
    embeddings: tuple[EmbeddingPick, ...] = ()
    start: Start | None = None
    controls: tuple[ControlPick, ...] = ()
    variation: Variation | None = None
    inversion: Inversion | None = None
    blend: Blend | None = None
    palette: Palette | None = None
    hires: Hires | None = None
    enlarge: Enlarge | None = None

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            # An upscale needs no words: it may be of a picture that somebody brought.
            if not (name == "prompt" and self.enlarge and not self.prompt):
                field.check(getattr(self, name))
        check_size(self.width, self.height)
        if len(self.loras) > MAX_LORAS:
            raise InvalidRecipe("loras", f"A recipe takes at most {MAX_LORAS} LoRAs.", "too-many-loras")
        if self.start and self.inversion:
            sentence = "A picture is drawn from a picture or from the noise behind one, not from both."
            raise InvalidRecipe("inversion", sentence, "start-and-inversion")
        if self.hires and self.start:
            raise InvalidRecipe("hires", "A second pass follows a picture from text, not one from a picture.")
        if self.enlarge and (self.hires or self.start or self.inversion):
            raise InvalidRecipe("enlarge", "An upscale begins with its picture alone.")
        if self.hires:
            self.hires.size_of(self.width, self.height)
        check_controls(self.controls)

    @property
    def is_drawn(self) -> bool:
        """Whether a checkpoint takes part in it; a plain upscale only remembers what its picture was drawn with."""
        return self.enlarge is None or self.enlarge.strength > 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture that comes out, where the whole of it is drawn."""
        if self.enlarge:
            return self.enlarge.size
        return self.hires.size_of(self.width, self.height) if self.hires else (self.width, self.height)

    def sibling(self, index: int) -> Recipe:
        """The recipe of one of several pictures that one press makes: seeds count up; of variations, theirs do."""
        if self.variation and self.variation.strength:
            seed = (self.variation.seed + index) % (MAX_SEED + 1)
            return self.replace(variation=dataclasses.replace(self.variation, seed=seed))
        return self.replace(seed=(self.seed + index) % (MAX_SEED + 1))

    @property
    def further_prompts(self) -> tuple[str, ...]:
        """What is read besides the two prompts: that of a blend, and those under which pictures are inverted."""
        blend = (self.blend.prompt,) if self.blend else ()
        return blend + (tuple(end.prompt for end in self.inversion.ends if end.prompt) if self.inversion else ())

    @property
    def every_lora(self) -> tuple[LoraPick, ...]:
        """Those of either pass; one that both draw with stands once, as the first does."""
        own = {pick.name for pick in self.loras}
        second = self.hires.loras if self.hires else ()
        return (*self.loras, *(pick for pick in second if pick.name not in own))

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `from_json` reads back to an equal recipe."""
        data = dataclasses.asdict(self)
        return {name: value for name, value in data.items() if name not in NESTED or value}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Recipe:
        picks = tuple(LoraPick(**pick) for pick in data.get("loras", ()))
        embeddings = tuple(EmbeddingPick(**pick) for pick in data.get("embeddings", ()))
        nested = {name: read(data[name]) for name, read in NESTED.items() if data.get(name)}
        return cls(**{**data, **nested, "loras": picks, "embeddings": embeddings})

    @property
    def sources(self) -> tuple[PictureRef, ...]:
        """The pictures that it was made from; neither masks nor what held it to a shape."""
        if begun := self.start or self.enlarge:
            return (begun.source,)
        return self.inversion.pictures if self.inversion else ()

    @property
    def pictures(self) -> tuple[PictureRef, ...]:
        """All that have to be read to draw it."""
        masks = (self.start.mask,) if self.start and self.start.mask else ()
        return (*self.sources, *masks, *(pick.picture for pick in self.controls))

    def enlarged(self, enlarge: Enlarge) -> Recipe:
        """That of an upscale of this recipe's picture: what it shows stays, how it came about does not."""
        usual = {field.name: field.default for field in dataclasses.fields(self) if field.name in NESTED}
        return self.replace(**{**usual, "enlarge": enlarge})

    def replace(self, **changes: Any) -> Recipe:
        return dataclasses.replace(self, **changes)
