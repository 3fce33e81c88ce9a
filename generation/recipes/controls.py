"""What holds the shape of a picture: ControlNets with the pictures that they read, and how those are made ready. Pure.

Whether there is such a ControlNet, and whether the person may use the picture, is decided where recipes are submitted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from generation.recipes.checks import InvalidRecipe, check_range
from generation.recipes.starting import FITS, PictureRef, sides_told

MAX_CONTROLS = 4
MAX_NAME_CHARS = 100
WEIGHT_RANGE = (0, 2)
SHARE_RANGE = (0, 1)
"""Of the steps: where a ControlNet begins and ends."""
THRESHOLD_RANGE = (1, 255)

SHARE_OF_A_STEP = 0.37
"""What a ControlNet costs beside the step that it joins: by its arithmetic 0.33 with SD 1.x, 0.34 with SD 2.x and 0.44
with SDXL. `python -m tests.benchmarks pictures --only beside` measures it."""


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """One way to make a control picture of any picture; `module` is what A1111's extension calls it."""

    title: str
    explanation: str
    module: str


READY = "none"
PREPROCESSORS: Mapping[str, Preprocessor] = {
    READY: Preprocessor("As it is", "The picture is a control picture already: lines, depth, a pose.", "none"),
    "canny": Preprocessor("Canny edges", "Thin lines along every edge of the picture.", "canny"),
    "lines": Preprocessor("Lines", "Soft strokes, as if it were drawn with a pencil.", "lineart_standard"),
    "scribble": Preprocessor("Scribble", "Rough thick strokes: only the large shapes stay.", "scribble_xdog"),
    "tile": Preprocessor("Tile", "The picture without its fine detail, which is drawn anew.", "tile_resample"),
    "luminance": Preprocessor("Recolour", "How light each place is, without colours.", "recolor_luminance"),
    "invert": Preprocessor("Invert", "Black lines on white become white on black.", "invert"),
}
"""Those that need no weights. Any other name of a recipe is that of an annotator in the catalog."""

# What else the extension calls what is made here the same way.
_OTHER_MODULES = {
    "": READY,
    "None": READY,
    "lineart_standard (from white bg & black line)": "lines",
    "tile_colorfix": "tile",
    "tile_colorfix+sharp": "tile",
    "recolor_intensity": "luminance",
    "invert (from white bg & black line)": "invert",
}
UNIT_KEY = re.compile(r"Control[Nn]et (\d{1,2})")
OWN_KEY = re.compile(r"Control \d{1,2} image (hash|size-[12])")
"""What of a picture's parameters tells of ControlNets: the extension's keys, and those of their pictures."""
_MODEL = re.compile(r"(?P<name>.*?)(?: ?\[(?P<hash>[0-9a-fA-F]{8,64})\])?")


@dataclass(frozen=True, slots=True)
class ControlPick:
    """One ControlNet of a recipe, by catalog name, and the picture that it reads; the `..._sha256` pin the files.

    `preprocessor` is a key of PREPROCESSORS or the name of an annotator. `weight` is that of what the ControlNet adds;
    it joins the steps from the share `start` of them to `end`. `low` and `high` are Canny's thresholds. `fit` says how
    a picture of other proportions comes into the recipe's size.
    """

    name: str
    picture: PictureRef
    sha256: str = ""
    preprocessor: str = READY
    annotator_sha256: str = ""
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    low: int = 100
    high: int = 200
    fit: str = "crop"

    def __post_init__(self) -> None:
        for what, name in (("A ControlNet", self.name), ("A preprocessor", self.preprocessor)):
            if not 0 < len(name) <= MAX_NAME_CHARS or "\x00" in name:
                raise InvalidRecipe("controls", f"{what} is named by at most {MAX_NAME_CHARS} characters.")
        check_range("controls", self.weight, WEIGHT_RANGE, f"The weight of ControlNet “{self.name}”")
        check_range("controls", self.start, SHARE_RANGE, f"The start of ControlNet “{self.name}”")
        check_range("controls", self.end, SHARE_RANGE, f"The end of ControlNet “{self.name}”")
        if self.start >= self.end:
            sentence = f"ControlNet “{self.name}” ends at {self.end:g} of the steps, but starts only at {self.start:g}."
            raise InvalidRecipe("controls", sentence, "bad-control-steps")
        check_range("controls", self.low, THRESHOLD_RANGE, "Canny's low threshold")
        check_range("controls", self.high, THRESHOLD_RANGE, "Canny's high threshold")
        if self.fit not in FITS:
            raise InvalidRecipe("controls", f"How the picture fits is one of: {', '.join(FITS)}.")

    @property
    def is_ready(self) -> bool:
        """Whether its picture is a control picture already."""
        return self.preprocessor == READY

    @property
    def needs_annotator(self) -> bool:
        return self.preprocessor not in PREPROCESSORS

    def joins(self, call: int, calls: int) -> bool:
        """Whether it takes part in UNet call number `call`, counted from 0, of `calls`: as diffusers' pipelines do."""
        within = not (call / calls < self.start or (call + 1) / calls > self.end)
        return bool(self.weight) and within

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "picture": PictureRef(**data["picture"])})

    def to_infotext(self, place: int) -> dict[str, str]:
        """The key and value of a unit of A1111's extension, whose reader takes its own words alone: so the picture,
        which cannot travel in a text, is named by its hash under keys of its own."""
        module = PREPROCESSORS[self.preprocessor].module if not self.needs_annotator else self.preprocessor
        pairs = {
            "Module": module,
            "Model": f"{self.name} [{self.sha256[:8]}]" if self.sha256 else self.name,
            "Weight": f"{self.weight!r}",
            "Resize Mode": FITS[self.fit].replace("resize", "Resize").replace("fill", "Fill"),
            **({"Threshold A": str(self.low), "Threshold B": str(self.high)} if module == "canny" else {}),
            "Guidance Start": f"{self.start!r}",
            "Guidance End": f"{self.end!r}",
            "Pixel Perfect": "True",
            "Control Mode": "Balanced",
        }
        return {
            f"ControlNet {place}": ", ".join(f"{key}: {value}" for key, value in pairs.items()),
            f"Control {place} image hash": self.picture.sha256,
            f"Control {place} image size": f"{self.picture.width}x{self.picture.height}",
        }


@dataclass(frozen=True, slots=True)
class TextControl:
    """What a picture's text tells of a unit of A1111's extension, as far as there are such things here.

    `model_hash` is empty where none is told. `picture` is None where none is pinned, as in files of other programs.
    `leftovers` are the settings that are not taken over.
    """

    model: str
    model_hash: str = ""
    preprocessor: str = READY
    weight: float = 1.0
    start: float = 0.0
    end: float = 1.0
    low: int = 100
    high: int = 200
    fit: str = "crop"
    picture: PictureRef | None = None
    leftovers: tuple[str, ...] = ()


def read_controls(fields: Mapping[str, str]) -> tuple[TextControl, ...]:
    """The units among a picture's parameters, in their order. Raises InvalidRecipe for numbers that are none."""
    units = sorted((int(found[1]), key) for key in fields if (found := UNIT_KEY.fullmatch(key)))
    return tuple(_read_unit(fields[key], _pinned(fields, place)) for place, key in units)


def _read_unit(text: str, picture: PictureRef | None) -> TextControl:
    """A unit as the extension writes it today, or did before 2023's autumn."""
    pairs = _pairs(text)
    model = _MODEL.fullmatch(pairs.get("model", "")[: 2 * MAX_NAME_CHARS])
    low, high = _thresholds(pairs)
    begins, ends = _pair(pairs.get("starting/ending", ""), ("0", "1"))
    module = pairs.get("module", pairs.get("preprocessor", ""))
    mode = pairs.get("control mode", "Balanced")
    try:
        return TextControl(
            model=model["name"] if model else "",
            model_hash=(model["hash"] or "").lower() if model else "",
            preprocessor=preprocessor_called(module),
            weight=float(pairs.get("weight", "1")),
            start=float(pairs.get("guidance start", begins)),
            end=float(pairs.get("guidance end", ends)),
            low=round(float(low)),
            high=round(float(high)),
            fit=fit_called(pairs.get("resize mode", FITS["crop"])),
            picture=picture,
            leftovers=() if mode in ("Balanced", "0") else (f"Control Mode: {mode}",),
        )
    except (ValueError, OverflowError):
        raise InvalidRecipe("controls", "A ControlNet of the picture is told in numbers that cannot be read.") from None


def preprocessor_called(module: str) -> str:
    """The key of what A1111's extension calls `module`; the name itself, as of an annotator, where it is none."""
    own = {row.module: key for key, row in PREPROCESSORS.items()} | _OTHER_MODULES
    return own.get(module, module)


def without_hash(model: str) -> str:
    """A model's name as A1111's extension tells it, without the hash in brackets behind it."""
    found = _MODEL.fullmatch(model[: 2 * MAX_NAME_CHARS])
    return found["name"] if found else model


def usual_preprocessor(name: str) -> str:
    """The preprocessor that a ControlNet's name tells of; READY where it tells of none that needs no weights."""
    words = {"canny": "canny", "lineart": "lines", "scribble": "scribble", "tile": "tile", "recolor": "luminance"}
    return next((key for word, key in words.items() if word in name.casefold()), READY)


def fit_called(mode: str) -> str:
    """The extension's resize mode, by its title or number; what it has not is its default."""
    titles = {title.casefold(): key for key, title in FITS.items()} | {"0": "stretch", "1": "crop", "2": "fill"}
    return titles.get(mode.removeprefix("ResizeMode.").casefold().replace("_", " "), "crop")


def check_controls(controls: Sequence[ControlPick]) -> None:
    if len(controls) > MAX_CONTROLS:
        raise InvalidRecipe("controls", f"A recipe takes at most {MAX_CONTROLS} ControlNets.", "too-many-controls")


def steps_of_controls(controls: Sequence[ControlPick], steps: int) -> float:
    """Steps of a picture without any that cost as much as what the ControlNets add over `steps` steps."""
    joined = sum(pick.joins(step, steps) for pick in controls for step in range(steps))
    return SHARE_OF_A_STEP * joined


def _pairs(text: str) -> dict[str, str]:
    """`key: value` between commas, keys in small letters; a piece without a colon goes on with the value before it."""
    pairs: dict[str, str] = {}
    last = ""
    for piece in text.split(","):
        key, colon, value = piece.partition(":")
        if colon:
            last = key.strip().casefold()
            pairs[last] = value.strip()
        elif last:
            pairs[last] += f",{piece}"
    return pairs


def _thresholds(pairs: Mapping[str, str]) -> tuple[str, str]:
    """Canny's; other preprocessors mean something else by them. -1 and None stand for the default."""
    if pairs.get("module", pairs.get("preprocessor", "")) != "canny":
        return "100", "200"
    former = pairs.get("preprocessor params", "")
    _, *params = former.strip("()").split(",") if former.count(",") == 2 else ("", "100", "200")
    low, high = pairs.get("threshold a", params[0].strip()), pairs.get("threshold b", params[1].strip())
    unset = ("-1", "None")
    return "100" if low in unset else low, "200" if high in unset else high


def _pair(text: str, otherwise: tuple[str, str]) -> tuple[str, str]:
    first, comma, second = text.strip("()").partition(",")
    return (first.strip(), second.strip()) if comma else otherwise


def _pinned(fields: Mapping[str, str], place: int) -> PictureRef | None:
    """The picture of a unit, by what `to_infotext` wrote and `read_infotext` split."""
    pinned, sides = fields.get(f"Control {place} image hash"), sides_told(fields, f"Control {place} image size")
    return PictureRef(pinned, *sides) if pinned and sides else None
