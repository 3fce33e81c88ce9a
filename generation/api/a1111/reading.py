"""What a request to draw asks for, as a recipe, a number of pictures, and notes on all that is not as it was said.

Three rules. What A1111's own page lets people set is drawn, or drawn as near to it as the site does, with a note; what
goes beyond that page, or is no such value, is refused. What is missing is the token's option or the checkpoint's
default. What is unknown is ignored, and told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Plan, User
from accounts.refusals import NotFound, Refusal
from generation.api.a1111.controls import read_units
from generation.api.a1111.enlarging import read_hires
from generation.api.a1111.fields import UNUSED, USED, is_asked_for
from generation.api.a1111.options import ABOUT, Options
from generation.api.a1111.scripts import notes_on
from generation.api.a1111.values import flag, mapping, number, text, whole
from generation.api.a1111.weights import checkpoint_called, usable_checkpoint
from generation.api.sizes import fitted
from generation.catalog.styles import picked_styles, styles_for
from generation.imaging.foreign_names import sampler_and_schedule
from generation.jobs.submission import random_seed
from generation.models import Checkpoint
from generation.recipes.checks import MAX_SEED, InvalidRecipe, check_range
from generation.recipes.controls import ControlPick
from generation.recipes.enlarging import Hires
from generation.recipes.fields import FIELDS, MAX_PIXELS, SIDE_STEP, STEPS_RANGE
from generation.recipes.picture import Recipe
from generation.recipes.sampling import AUTOMATIC, SAMPLERS, SCHEDULES, TABLE
from generation.recipes.starting import Start, drawn_like
from generation.recipes.styles import Style, styled, styled_second
from generation.recipes.variation import RESIZE_FROM, Variation

STEPS, SIDE, CFG, BATCH_SIZE, BATCHES = (1, 150), (64, 2048), (0, 30), (1, 8), (1, 100)
"""As far as the sliders of A1111's page go."""
MOST_OF_NATIVE = 2.25
"""Times the area that the checkpoint was taught with: beyond half as much again a side, things are drawn twice."""
SHOWN_NAMES = 20
"""So many unknown fields are told by their names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`said` is what the request said of the fields that became the recipe, as it is repeated in the answer."""

    recipe: Recipe
    count: int
    said: Mapping[str, Any]
    notes: tuple[str, ...]
    sends_images: bool
    styles: tuple[str, ...] = ()


class Reader:
    """Reads one request, and notes on the way what becomes of it."""

    used, unused = USED, UNUSED

    def __init__(self, user: User, body: Mapping[str, Any], options: Options) -> None:
        self.user, self.body, self.options = user, body, options
        self.notes: list[str] = []
        self.styles: list[Style] = []
        self.style_names: list[str] = []

    def read(self) -> Asked:
        """Raises Refusal."""
        self.read_rest()
        options = self.read_options()
        checkpoint = self.read_checkpoint(options)
        sampler, schedule = self.read_sampling(checkpoint)
        start = self.read_start()
        width, height = self.read_size(checkpoint, options, start)
        cfg_scale = self.read_cfg(checkpoint)
        prompt, negative_prompt = self.read_prompts(checkpoint)
        recipe = Recipe(
            prompt=prompt,
            negative_prompt=negative_prompt,
            width=width,
            height=height,
            steps=self.read_steps(checkpoint, sampler),
            cfg_scale=cfg_scale,
            sampler=sampler,
            schedule=schedule,
            seed=self.read_seed(),
            clip_skip=whole(self.body, "clip_skip", (0, 12)) or options.clip_skip,
            emphasis=options.emphasis,
            checkpoint=checkpoint.name,
            vae=options.vae,
            variation=self.read_variation(),
            start=start,
            controls=self.read_controls(),
        )
        recipe = recipe.replace(hires=self.read_hires(recipe))
        count = self.read_count()
        sends_images = flag(self.body, "send_images", True)
        return Asked(recipe, count, self.said(), tuple(self.notes), sends_images, tuple(self.style_names))

    def said(self) -> dict[str, Any]:
        """Without what may be large, or a secret."""
        scalar = (str, int, float, bool, type(None))
        return {name: value for name in self.used if isinstance(value := self.body.get(name), scalar)}

    def read_options(self) -> Options:
        settings = mapping(self.body, "override_settings")
        self.note_unknown("Unknown settings", settings.keys() - ABOUT.keys())
        return self.options.with_changes(self.user, settings)

    def read_checkpoint(self, options: Options) -> Checkpoint:
        if model := text(self.body, "model"):
            try:
                return checkpoint_called(self.user, model)
            except Refusal as refusal:
                self.notes.append(f"model is ignored. {refusal.message}")
        kept = usable_checkpoint(self.user, options.checkpoint) or checkpoint_called(self.user, "")
        if options.checkpoint not in ("", kept.name):
            self.notes.append(f"The checkpoint “{options.checkpoint}” of your options is gone; {kept.name} draws.")
        return kept

    def read_sampling(self, checkpoint: Checkpoint) -> tuple[str, str]:
        name = text(self.body, "sampler_name") or text(self.body, "sampler_index") or checkpoint.default_sampler
        wanted = text(self.body, "scheduler")
        sampler, schedule = known_sampling(name, wanted)
        if schedule not in TABLE[sampler].schedules:
            self.notes.append(f"{sampler} draws with the schedule type {AUTOMATIC}, not with “{wanted[:100]}”.")
            schedule = AUTOMATIC
        return sampler, schedule

    def read_steps(self, checkpoint: Checkpoint, sampler: str) -> int:
        steps = whole(self.body, "steps", STEPS) or checkpoint.default_steps
        most = min(self.user.plan.max_steps, STEPS_RANGE[1], TABLE[sampler].most_steps or STEPS_RANGE[1])
        if steps > most:
            self.notes.append(f"{most} steps are drawn, not {steps}.")
        return min(steps, most)

    def read_start(self) -> Start | None:
        """What is drawn from, where this is asked for pictures from pictures."""
        return None

    def read_hires(self, recipe: Recipe) -> Hires | None:
        """The second pass; raises Refusal."""
        if not flag(self.body, "enable_hr", False):
            return None
        return styled_second(read_hires(self.user, self.body, recipe, known_sampling), self.styles)

    def read_size(self, checkpoint: Checkpoint, options: Options, start: Start | None) -> tuple[int, int]:
        own = drawn_like(start, self.user.plan.max_pixels) if start else {}
        width = whole(self.body, "width", SIDE) or own.get("width", checkpoint.native_width)
        height = whole(self.body, "height", SIDE) or own.get("height", checkpoint.native_height)
        size = fitted((width, height), most_pixels(self.user.plan, checkpoint, options.fits_size))
        if size != (width, height):
            self.notes.append(f"{size[0]}×{size[1]} pixels are drawn, not {width}×{height}.")
        return size

    def read_cfg(self, checkpoint: Checkpoint) -> float:
        cfg_scale = number(self.body, "cfg_scale")
        if cfg_scale is None:
            return checkpoint.default_cfg_scale
        check_range("cfg_scale", cfg_scale, CFG, "cfg_scale")
        return max(1.0, cfg_scale)

    def read_seed(self) -> int:
        seed = number(self.body, "seed")
        if seed is None or seed < 0:
            return random_seed()
        return whole(self.body, "seed", (0, MAX_SEED)) or 0

    def read_prompts(self, checkpoint: Checkpoint) -> tuple[str, str]:
        """Both prompts with the styles around them; those that the site has not are told."""
        prompts = [FIELDS[name].read(text(self.body, name)) for name in ("prompt", "negative_prompt")]
        names = self.body.get("styles") or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise InvalidRecipe("styles", "styles must be a list of names.")
        known = {style.name.casefold() for style in styles_for(self.user)}
        self.note_unknown("Unknown styles", [name for name in names if name.casefold() not in known])
        picked = [name for name in names if name.casefold() in known]
        self.styles = picked_styles(self.user, picked, checkpoint.family)
        self.style_names = picked
        return styled(prompts[0], prompts[1], self.styles)

    def read_variation(self) -> Variation | None:
        strength = number(self.body, "subseed_strength") or 0.0
        seed = number(self.body, "subseed")
        if strength and (seed is None or seed < 0):
            seed = random_seed()
        sides = [max(whole(self.body, f"seed_resize_from_{side}", (-1, SIDE[1])) or 0, 0) for side in "wh"]
        # Rounded down to whole latents, as A1111 does.
        size = (sides[0] // SIDE_STEP * SIDE_STEP, sides[1] // SIDE_STEP * SIDE_STEP) if all(sides) else None
        if size and max(size) > RESIZE_FROM.limits[1]:
            self.notes.append(f"seed_resize_from is ignored: it is at most {RESIZE_FROM.limits[1]} pixels a side.")
            size = None
        return Variation.of(int(seed or 0) % (MAX_SEED + 1), strength, size)

    def read_controls(self) -> tuple[ControlPick, ...]:
        """What the extension's units ask for. Last of all, since it keeps their pictures."""
        pictures = self.body.get("init_images")
        own = pictures[0] if isinstance(pictures, list) and pictures else ""
        # Whether they are an object was asked with the rest; some programs send an empty list.
        units = read_units(self.user, self.body.get("alwayson_scripts") or {}, own)
        self.notes.extend(units.notes)
        return units.picks

    def read_count(self) -> int:
        batch_size = whole(self.body, "batch_size", BATCH_SIZE) or 1
        count = batch_size * (whole(self.body, "n_iter", BATCHES) or 1)
        most = self.user.plan.max_pictures
        if count > most:
            self.notes.append(f"{most} pictures are made, not {count}.")
        return min(count, most)

    def read_rest(self) -> None:
        """What becomes no part of the recipe: scripts, and fields without effect."""
        if script := text(self.body, "script_name"):
            raise InvalidRecipe("script_name", f"Script '{script[:100]}' not found", "unknown-script")
        self.notes.extend(notes_on(self.body.get("alwayson_scripts") or {}))
        for name, unused in self.unused.items():
            if name in self.body and is_asked_for(unused, self.body[name]):
                self.notes.append(f"{name} is ignored. {unused.why}")
        self.note_unknown("Unknown fields", self.body.keys() - self.used.keys() - self.unused.keys())

    def note_unknown(self, what: str, names: Any) -> None:
        if names:
            told = ", ".join(name[:100] for name in sorted(names)[:SHOWN_NAMES])
            more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
            self.notes.append(f"{what} are ignored: {told}{more}.")


def most_pixels(plan: Plan, checkpoint: Checkpoint, fits_size: bool) -> int:
    """The largest area that a request of this dialect gets."""
    native = checkpoint.native_width * checkpoint.native_height
    fitting = int(MOST_OF_NATIVE * native) if fits_size else MAX_PIXELS
    return min(plan.max_pixels, MAX_PIXELS, fitting)


def known_sampling(name: str, scheduler: str) -> tuple[str, str]:
    """The site's words for a sampler and a schedule type of whatever program; an unknown schedule type is Automatic.

    Raises NotFound for an unknown sampler.
    """
    own = {each.casefold(): each for each in SAMPLERS}
    _, schedule = sampler_and_schedule("", scheduler)
    if name.strip().casefold() in own:
        sampler = own[name.strip().casefold()]
    else:
        sampler, schedule = sampler_and_schedule(name, scheduler)
        if sampler not in SAMPLERS:
            raise NotFound("unknown-sampler", "Sampler not found")
    known = {each.casefold(): each for each in SCHEDULES}
    return sampler, known.get(schedule.casefold(), AUTOMATIC if not scheduler else schedule)
