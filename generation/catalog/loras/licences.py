"""The licences that a LoRA may carry: a table. What the site's operator imports may say anything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """`may_share`: its text lets others have the file, so the LoRA may be published and downloaded.

    `is_carried_on`: what is made of the file may be shared under this licence alone.
    """

    title: str
    sentence: str
    may_share: bool = True
    is_carried_on: bool = False


LICENCES: dict[str, Licence] = {
    "cc0": Licence("CC0 1.0", "No rights kept: anybody may do anything with it."),
    "cc-by": Licence("CC BY 4.0", "Anybody may use and change it who names the author."),
    "cc-by-sa": Licence(
        "CC BY-SA 4.0", "As CC BY; what is made of the file carries the same licence.", is_carried_on=True
    ),
    "cc-by-nc": Licence("CC BY-NC 4.0", "As CC BY, but not for money.", is_carried_on=True),
    "openrail": Licence(
        "CreativeML OpenRAIL-M", "Free use within the list of forbidden uses of Stable Diffusion 1.", is_carried_on=True
    ),
    "openrail-xl": Licence("CreativeML OpenRAIL++-M", "The same for Stable Diffusion XL.", is_carried_on=True),
    "mit": Licence("MIT", "Free use; the notice stays with the file."),
    "apache-2.0": Licence("Apache-2.0", "Free use with a grant of patents; the notice stays with the file."),
    "none": Licence(
        "All rights reserved", "For yourself and people you name; it cannot be published.", may_share=False
    ),
}
CHOICES = [(key, licence.title) for key, licence in LICENCES.items()]
PRIVATE = "none"


def key_of(title: str) -> str:
    """The key of a licence by the title that a row keeps; '' for one that is not in the table."""
    return next((key for key, licence in LICENCES.items() if licence.title.casefold() == title.casefold()), "")


def allowed_by(title: str) -> list[str]:
    """Keys of the licences under which something made of a file of this licence may stand.

    A permissive one allows all, one that is carried on itself, and one that the table does not know nothing public.
    """
    key = key_of(title)
    if not key or not LICENCES[key].may_share:
        return [PRIVATE]
    return [key, PRIVATE] if LICENCES[key].is_carried_on else list(LICENCES)


def allowed_by_all(allowed: Iterable[Iterable[str]]) -> list[str]:
    """What several parents allow together, as a row keeps it: in the table's order, empty where all are."""
    kept = set(LICENCES).intersection(*map(set, allowed))
    return [key for key in LICENCES if key in kept] if len(kept) < len(LICENCES) else []


def licences_within(allowed: Iterable[str]) -> dict[str, Licence]:
    """The rows of the table that a LoRA may carry, by what its row keeps of its parents."""
    kept = set(allowed) or set(LICENCES)
    return {key: licence for key, licence in LICENCES.items() if key in kept}


def may_share(title: str) -> bool:
    key = key_of(title)
    return bool(key) and LICENCES[key].may_share
