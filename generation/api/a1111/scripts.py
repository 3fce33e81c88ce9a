"""The list of extensions' scripts that requests bring along: which are honoured, ignored with a note, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from generation.recipes.checks import InvalidRecipe

Fate = Literal["honoured", "ignored", "refused"]
Asks = Callable[[list[Any]], bool]


def always(args: list[Any]) -> bool:
    return True


def by_switch(place: int) -> Asks:
    """Whether the argument at this place switches the script on."""
    return lambda args: len(args) > place and args[place] is True


def by_units(args: list[Any]) -> bool:
    """Whether any of its units is switched on, as each is that does not say otherwise."""
    units = [arg for arg in args if isinstance(arg, dict)]
    return any(unit.get("enabled", unit.get("enable", True)) not in (False, None) for unit in units)


@dataclass(frozen=True, slots=True)
class Script:
    """`title` as its extension has it; a version behind it is read over. `asks` tells whether its arguments want it."""

    title: str
    fate: Fate
    why: str
    asks: Asks = always


SCRIPTS = (
    Script("Dynamic Prompts", "honoured", "Choices and wildcards of the prompt are drawn by the seed."),
    Script("Comments", "honoured", "Comments in prompts are left out."),
    Script("Seed", "honoured", "The fields of the request say it."),
    Script("Sampler", "honoured", "The fields of the request say it."),
    Script("ADetailer", "ignored", "Faces and hands are not drawn over.", by_switch(0)),
    Script("Self Attention Guidance", "ignored", "Guidance is by CFG alone.", by_switch(0)),
    Script("Refiner", "ignored", "No second checkpoint takes over.", by_switch(0)),
    Script("Hypertile", "ignored", "It would only draw faster.", by_switch(0)),
    Script("Tiled VAE", "ignored", "It would only take less memory.", by_switch(0)),
    Script("Never OOM Integrated", "ignored", "It would only take less memory.", by_switch(0)),
    Script("FreeU Integrated", "ignored", "The UNet is used as it was taught.", by_switch(0)),
    Script("Extra options", "ignored", "Options come as override_settings."),
    Script("ControlNet", "honoured", "Its units hold the picture to the shape of others; see the site's ControlNets."),
    Script("roop", "refused", "No face is put into a picture.", by_switch(1)),
    Script("ReActor", "refused", "No face is put into a picture.", by_switch(1)),
    Script("AnimateDiff", "refused", "No films are drawn.", by_units),
    Script("Regional Prompter", "refused", "A prompt is for the whole picture.", by_switch(0)),
    Script("Tiled Diffusion", "refused", "A prompt is for the whole picture.", by_switch(0)),
)
HONOURED = tuple(script.title.lower() for script in SCRIPTS if script.fate == "honoured")


def notes_on(scripts: Any) -> Iterator[str]:
    """What is to be told of the ignored ones among `alwayson_scripts`. Raises InvalidRecipe for a refused one.

    Those that are refused and not switched on are as if they were not there: some programs always send them.
    """
    if not isinstance(scripts, Mapping):
        raise InvalidRecipe("alwayson_scripts", "alwayson_scripts must be an object.", "bad-alwayson-scripts")
    for name, sent in scripts.items():
        script = script_of(name)
        args = sent.get("args", []) if isinstance(sent, Mapping) else None
        if not isinstance(args, list):
            raise InvalidRecipe("alwayson_scripts", f"The arguments of {name} must be a list.", "bad-alwayson-scripts")
        if script.fate == "honoured" or not script.asks(args):
            continue
        if script.fate == "refused":
            raise InvalidRecipe("alwayson_scripts", f"{script.title} is not run here. {script.why}", "script-refused")
        yield f"{script.title} is ignored. {script.why}"


def script_of(name: str) -> Script:
    """The script of this name. Raises InvalidRecipe, in the words that programs know, for an unknown one."""
    plain = name.casefold().strip()
    for script in SCRIPTS:
        title = script.title.casefold()
        if plain == title or plain.startswith(f"{title} v"):
            return script
    raise InvalidRecipe("alwayson_scripts", f"always on script {name[:100]} not found", "unknown-script")
