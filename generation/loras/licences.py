"""The licences that a LoRA may carry: a table. What the site's operator imports may say anything else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """`may_share`: its text lets others have the file, so the LoRA may be published and downloaded."""

    title: str
    sentence: str
    may_share: bool = True


LICENCES: dict[str, Licence] = {
    "cc0": Licence("CC0 1.0", "No rights kept: anybody may do anything with it."),
    "cc-by": Licence("CC BY 4.0", "Anybody may use and change it who names the author."),
    "cc-by-sa": Licence("CC BY-SA 4.0", "As CC BY; what is made of the file carries the same licence."),
    "cc-by-nc": Licence("CC BY-NC 4.0", "As CC BY, but not for money."),
    "openrail": Licence("CreativeML OpenRAIL-M", "Free use within the list of forbidden uses of Stable Diffusion 1."),
    "openrail-xl": Licence("CreativeML OpenRAIL++-M", "The same for Stable Diffusion XL."),
    "mit": Licence("MIT", "Free use; the notice stays with the file."),
    "apache-2.0": Licence("Apache-2.0", "Free use with a grant of patents; the notice stays with the file."),
    "none": Licence(
        "All rights reserved", "For yourself and people you name; it cannot be published.", may_share=False
    ),
}
CHOICES = [(key, licence.title) for key, licence in LICENCES.items()]


def key_of(title: str) -> str:
    """The key of a licence by the title that a row keeps; '' for one that is not in the table."""
    return next((key for key, licence in LICENCES.items() if licence.title.casefold() == title.casefold()), "")


def may_share(title: str) -> bool:
    key = key_of(title)
    return bool(key) and LICENCES[key].may_share
