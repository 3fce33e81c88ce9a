"""`manage.py demo_pictures STYLE`: the pictures that a bundled LoRA is learned from, out of downloaded npm packages.

Fetches nothing: `npm pack` the packages that `generation/bundled/README.md` names into one folder first.
"""

from __future__ import annotations

import importlib
import io
import json
import tarfile
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from PIL import Image

SIDE = 128
NAMES = "emojibase-data"
INK = "#111111"
THINGS = (
    "airplane", "alien", "anchor", "avocado", "balloon", "banana", "bicycle", "birthday cake", "bomb", "broccoli",
    "bus", "butterfly", "cactus", "camera", "candle", "carrot", "cat face", "cherries", "clown face", "cookie",
    "crab", "crown", "dog face", "dolphin", "doughnut", "drum", "elephant", "fire", "flamingo", "french fries", "frog",
    "ghost", "glasses", "grapes", "guitar", "hamburger", "hammer", "hot beverage", "house", "ice cream", "key",
    "kiwi fruit", "lemon", "light bulb", "lollipop", "monkey face", "mushroom", "octopus", "owl", "panda", "peach",
    "pear", "pencil", "penguin", "pig face", "pineapple", "pizza", "rabbit face", "rainbow", "red apple", "red heart",
    "robot", "rocket", "sailboat", "scissors", "shark", "skull", "slightly smiling face", "snail", "snake",
    "snowflake", "soccer ball", "star", "strawberry", "sun", "sunflower", "t-shirt", "teddy bear", "tomato", "trophy",
    "trumpet", "turtle", "umbrella", "unicorn", "violin", "watermelon", "wrapped gift", "zebra",
)  # fmt: skip
"""Things that the bundled checkpoint draws well, by their names in Unicode CLDR."""


class Package:
    """One `npm pack` archive, read in place."""

    def __init__(self, folder: Path, name: str) -> None:
        found = sorted(folder.glob(f"{name}-[0-9]*.tgz"))
        if not found:
            raise CommandError(f"{folder} holds no {name}-….tgz: fetch it with `npm pack`.")
        self._archive = tarfile.open(found[-1])  # noqa: SIM115  (read from as long as the command runs)

    def read(self, path: str) -> bytes | None:
        """A file's bytes, None where there is none."""
        try:
            file = self._archive.extractfile(f"package/{path}")
        except KeyError:
            return None
        return file.read() if file else None

    def json(self, path: str) -> Any:
        return json.loads(self.read(path) or b"{}")


Draw = Callable[[str], "Image.Image | None"]


def shaded(folder: Path) -> Draw:
    """From a code point to the 3D drawing on white."""
    package = Package(folder, "lobehub-fluent-emoji-3d")

    def draw(code: str) -> Image.Image | None:
        data = next(filter(None, (package.read(f"assets/{name}.webp") for name in spellings(code))), None)
        return None if data is None else on_white(Image.open(io.BytesIO(data)))

    return draw


def lines(folder: Path) -> Draw:
    """From a code point to black lines on white, drawn from SVG by `resvg-py`."""
    package = Package(folder, "iconify-json-fluent-emoji-high-contrast")
    icons, names = package.json("icons.json")["icons"], package.json("chars.json")
    try:
        resvg: Any = importlib.import_module("resvg_py")
    except ImportError as error:
        raise CommandError("Line art is drawn from SVG: `pip install resvg-py` first.") from error

    def draw(code: str) -> Image.Image | None:
        name = next((names[one] for one in spellings(code) if names.get(one) in icons), None)
        if name is None:
            return None
        body = icons[name]["body"].replace("currentColor", INK)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="{SIDE}" height="{SIDE}">{body}</svg>'
        return on_white(Image.open(io.BytesIO(bytes(resvg.svg_to_bytes(svg_string=svg)))))

    return draw


STYLES: Mapping[str, tuple[Callable[[Path], Draw], str]] = {
    "fluent-3d": (shaded, "3d"),
    "line-art": (lines, "line art"),
}
"""How a bundled LoRA's pictures are drawn, and the word that every second caption carries."""


class Command(BaseCommand):
    help = "Prepare the pictures and captions that a bundled LoRA is learned from."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("style", choices=[*STYLES])
        parser.add_argument("--packages", type=Path, required=True, help="the folder with the `npm pack` archives")
        parser.add_argument("--out", type=Path, required=True, help="a folder for pictures and captions")

    def handle(self, *, style: str, packages: Path, out: Path, **options: Any) -> str:
        make, word = STYLES[style]
        draw = make(packages)
        # From a name to its code point in hex.
        codes = {one["label"]: one["hexcode"].lower() for one in Package(packages, NAMES).json("en/data.json")}
        out.mkdir(parents=True, exist_ok=True)
        written = 0
        for thing in THINGS:
            picture = draw(codes[thing]) if thing in codes else None
            if picture is not None:
                picture.save(out / f"{thing}.png")
                (out / f"{thing}.txt").write_text(caption(thing, word if written % 2 else ""), "utf-8")
                written += 1
        return f"{written} pictures in {out}"


def spellings(code: str) -> tuple[str, ...]:
    """With the variation selector and without: the packages do not agree."""
    return code, f"{code}-fe0f", code.replace("-fe0f", "")


def on_white(image: Image.Image) -> Image.Image:
    over = image.convert("RGBA").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")


def caption(thing: str, word: str) -> str:
    name = thing.removesuffix(" face") if thing not in ("clown face", "slightly smiling face") else thing
    article = "an" if name[0] in "aeiou" else "a"
    return f"{article} {name}, {word}".rstrip(", ")
