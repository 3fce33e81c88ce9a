"""The options that requests of one token go by where they say nothing themselves: told, set, and kept for it alone.

A1111 has one set for everybody. Here each token has its own, so that no program changes what another one draws with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from accounts.models import ApiToken, User
from generation.api.a1111.values import flag, text, whole
from generation.api.a1111.weights import OWN_VAE, checkpoint_called, title_of, usable_checkpoint, vae_called
from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import EMPHASIS_MODES, FIELDS, WholeNumber

FIT = "tempera_fit_size"

ABOUT: Mapping[str, str] = {
    "sd_model_checkpoint": "The checkpoint, by its title in the list, its name or its file.",
    "sd_vae": "The VAE; Automatic is the checkpoint's own.",
    "CLIP_stop_at_last_layers": "Clip skip.",
    "emphasis": "Original or No norm.",
    FIT: "True, as it is unless set: sizes that the checkpoint draws badly become smaller ones of the same shape.",
}
"""Every option that can be set, and what it is. What else is sent is ignored."""
_CLIP_SKIP = FIELDS["clip_skip"]


@dataclass(frozen=True, slots=True)
class Options:
    """What was set, by the recipe's words. An empty `checkpoint` is the site's default one, an empty `vae` its own."""

    checkpoint: str = ""
    vae: str = ""
    clip_skip: int = 1
    emphasis: str = "original"
    fits_size: bool = True

    @classmethod
    def of(cls, token: ApiToken) -> Self:
        """Those of the token; what an earlier version kept and this one does not know is left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in token.options.items() if name in known})

    def keep(self, token: ApiToken) -> None:
        ApiToken.objects.filter(pk=token.pk).update(options=asdict(self))

    def with_changes(self, user: User, sent: Mapping[str, Any]) -> Self:
        """These options with those among `sent` that can be set. Raises Refusal for values that they cannot have."""
        changes: dict[str, Any] = {}
        if sent.get("sd_model_checkpoint") is not None:
            changes["checkpoint"] = checkpoint_called(user, text(sent, "sd_model_checkpoint")).name
        if sent.get("sd_vae") is not None:
            changes["vae"] = vae_called(user, text(sent, "sd_vae"))
        assert isinstance(_CLIP_SKIP, WholeNumber)
        clip_skip = whole(sent, "CLIP_stop_at_last_layers", _CLIP_SKIP.limits)
        if clip_skip is not None:
            changes["clip_skip"] = clip_skip
        if sent.get("emphasis") is not None:
            changes["emphasis"] = _emphasis(text(sent, "emphasis"))
        return replace(self, **changes, fits_size=flag(sent, FIT, self.fits_size))

    def to_json(self, user: User) -> dict[str, Any]:
        """What programs look for; those that show all options back to their people send all of them again."""
        checkpoint = usable_checkpoint(user, self.checkpoint)
        return {
            "sd_model_checkpoint": title_of(checkpoint) if checkpoint else None,
            "sd_checkpoint_hash": checkpoint.sha256 if checkpoint else "",
            "sd_vae": self.vae or OWN_VAE,
            "CLIP_stop_at_last_layers": self.clip_skip,
            "emphasis": EMPHASIS_MODES[self.emphasis],
            FIT: self.fits_size,
            "samples_format": "png",
            "enable_pnginfo": True,
            "live_previews_enable": True,
        }


def _emphasis(title: str) -> str:
    for value, known in EMPHASIS_MODES.items():
        if title.casefold() in (value, known.casefold()):
            return value
    raise InvalidRecipe("emphasis", f"emphasis must be one of: {', '.join(EMPHASIS_MODES.values())}.")
