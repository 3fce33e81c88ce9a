"""Editing a picture by words: drawn again from the noise behind it, with another prompt."""

from __future__ import annotations

import dataclasses

from accounts.models import User
from generation.jobs.pinning import picture_of
from generation.jobs.submission import submit_jobs
from generation.models import GeneratedImage, Job
from generation.recipes.checks import InvalidRecipe
from generation.recipes.fields import FIELDS, check_size
from generation.recipes.inversion import Inversion, Inverted
from generation.recipes.picture import NESTED, Recipe
from generation.recipes.sampling import AUTOMATIC

SAMPLER = "DDIM"
"""The way back is the way there: other samplers draw from the noise, too, and come out elsewhere."""
STEPS = 50
CFG_SCALE = 2.0
"""1 keeps the most of the picture; the checkpoint's usual one changes far more than the words say."""


def edited_by_words(
    user: User, image: GeneratedImage, prompt: str, shows: str, *, steps: int = STEPS, cfg_scale: float = CFG_SCALE
) -> Recipe:
    """The recipe that draws one's own picture anew with `prompt`; `shows` says what it shows now. Raises Refusal."""
    before = image.recipe
    no_parts = {field.name: field.default for field in dataclasses.fields(Recipe) if field.name in NESTED}
    no_parts["inversion"] = Inversion(Inverted(picture_of(user, image.code), shows))
    try:
        check_size(image.width, image.height)
        width, height = image.width, image.height
    except InvalidRecipe:  # it was made larger than pictures are drawn
        width, height = before.width, before.height
    return before.replace(
        prompt=prompt,
        width=width,
        height=height,
        steps=steps,
        cfg_scale=cfg_scale,
        sampler=SAMPLER,
        schedule=AUTOMATIC,
        loras=(),
        embeddings=(),
        **no_parts,
    )


def edit_by_words(
    user: User, image: GeneratedImage, prompt: str, shows: str, *, steps: int = STEPS, cfg_scale: float = CFG_SCALE
) -> list[Job]:
    """Queue the edited picture. Raises Refusal; then nothing has changed."""
    FIELDS["prompt"].check(prompt)
    recipe = edited_by_words(user, image, prompt, shows, steps=steps, cfg_scale=cfg_scale)
    return submit_jobs(user, recipe, made_from=image.job.made_from if image.job else "")
