"""What requests of this dialect say of larger pictures: a second pass of txt2img, and the one upscale of its Extras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.models import User
from accounts.refusals import Refusal
from generation.api.a1111.values import number, text, whole
from generation.jobs.enlarging import enlarging, upscalers_for
from generation.models import SourcePicture
from generation.recipes.enlarging import LANCZOS, LATENT_MODES, SCALE_RANGE, Hires
from generation.recipes.fields import FIELDS, STEPS_RANGE
from generation.recipes.picture import Recipe

SIDE = (0, 4096)
SAME = ("", "Use same sampler", "Use same scheduler")


def read_hires(
    user: User, body: Mapping[str, Any], recipe: Recipe, known_sampling: Callable[[str, str], tuple[str, str]]
) -> Hires:
    """The second pass of a request; `recipe` is the first. Raises Refusal."""
    strength, scale = number(body, "denoising_strength"), number(body, "hr_scale")
    sampler, schedule = text(body, "hr_sampler_name"), text(body, "hr_scheduler")
    if sampler in SAME and schedule in SAME:
        sampler = schedule = ""
    else:
        sampler, schedule = known_sampling(
            recipe.sampler if sampler in SAME else sampler, recipe.schedule if schedule in SAME else schedule
        )
    return Hires(
        scale=_scale_by_size(body, recipe) or scale or 2.0,
        steps=whole(body, "hr_second_pass_steps", (0, STEPS_RANGE[1])) or 0,
        strength=0.7 if strength is None else strength,
        upscaler=_known(user, text(body, "hr_upscaler") or "Latent", [*LATENT_MODES]),
        sampler=sampler,
        schedule=schedule,
        prompt=FIELDS["prompt"].read(text(body, "hr_prompt")),
        negative_prompt=FIELDS["negative_prompt"].read(text(body, "hr_negative_prompt")),
    )


def read_upscale(user: User, body: Mapping[str, Any], source: SourcePicture) -> Recipe:
    """The upscale that Extras ask for. Raises Refusal."""
    scale = number(body, "upscaling_resize")
    if whole(body, "resize_mode", (0, 1)):
        width = whole(body, "upscaling_resize_w", SIDE) or 512
        height = whole(body, "upscaling_resize_h", SIDE) or 512
        scale = min(width / source.width, height / source.height)
    if scale is not None and not SCALE_RANGE[0] <= scale <= SCALE_RANGE[1]:
        sentence = f"Pictures are enlarged {SCALE_RANGE[0]:g} to {SCALE_RANGE[1]:g} times here, not {scale:g} times."
        raise Refusal("bad-scale", sentence, field="upscaling_resize")
    name = text(body, "upscaler_1") or LANCZOS
    return enlarging(user, source.code, scale or 2.0, _known(user, LANCZOS if name == "None" else name, []))


def _scale_by_size(body: Mapping[str, Any], recipe: Recipe) -> float:
    """By hr_resize_x and hr_resize_y; 0 where neither says anything."""
    width, height = whole(body, "hr_resize_x", SIDE) or 0, whole(body, "hr_resize_y", SIDE) or 0
    scales = [width / recipe.width] * bool(width) + [height / recipe.height] * bool(height)
    if len(scales) == 2 and abs(scales[0] - scales[1]) > 0.02:
        raise Refusal("bad-size", "The second pass has the proportions of the first.", field="hr_resize_x")
    return scales[0] if scales else 0.0


def _known(user: User, name: str, more: list[str]) -> str:
    """The name as it is spelt here. Raises Refusal for an unknown upscaler."""
    known = {each.casefold(): each for each in [*more, *upscalers_for(user)]}
    if name.casefold() not in known:
        raise Refusal("unknown-upscaler", f"There is no upscaler “{name[:100]}”.", field="upscaler")
    return known[name.casefold()]
