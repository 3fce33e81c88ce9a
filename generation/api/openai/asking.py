"""A request in OpenAI's words as the value that a picture is made by: which recipe, how many, and how they are sent.

What is allowed is the recipe's and the verbs' to judge, as for every submission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

from django.core.files.uploadedfile import UploadedFile

from accounts.models import ApiToken, User
from accounts.refusals import Refusal
from generation.api.openai.aliases import checkpoint_named
from generation.api.openai.fields import EFFORTS, GENERATION, STYLES, VARIATION, read_fields
from generation.api.openai.sizes import drawn_size
from generation.api.repeats import Write
from generation.api.sizes import Size
from generation.catalog.matching import read_recipe
from generation.catalog.resolving import find_checkpoint
from generation.jobs.submission import prepare_jobs, random_seed, write_jobs
from generation.models import Checkpoint
from generation.recipes.fields import STEPS_RANGE, defaults_for
from generation.recipes.picture import Recipe

NEEDED = ("checkpoint", "vae", "lora", "embedding", "picture")
"""Kinds of what a recipe cannot be drawn again without."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How pictures are sent: `quality` 1..100 of a JPEG or WebP, None for its usual one."""

    as_url: bool
    format: str = "png"
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request for pictures from a prompt asks for. `said` are its fields as they were sent."""

    said: Mapping[str, Any]
    delivery: Delivery
    streams_as: ClassVar[str] = "image_generation"
    """How the events of its stream are called."""

    @classmethod
    def read(cls, data: Any) -> Self:
        """Raises Refusal for a field that is wrong, unknown or beside another."""
        said = cls.checked(read_fields(data, GENERATION))
        return cls(said, delivery_of(said))

    @staticmethod
    def checked(said: dict[str, Any]) -> dict[str, Any]:
        """The fields. Raises Refusal for those that do not go together."""
        if said["prompt"] is None:
            raise Refusal("missing-parameter", "Missing required parameter: “prompt”.", field="prompt")
        if said["stream"] and said["n"] > 1:
            raise Refusal("invalid-value", "A stream has one picture: leave n out.", field="n")
        if said["partial_images"] and not said["stream"]:
            raise Refusal("invalid-value", "Partial pictures come with stream alone.", field="partial_images")
        if said["stream"] and said["response_format"] == "url":
            raise Refusal("invalid-value", "A stream has the pictures themselves.", field="response_format")
        return said

    def recipe(self, user: User) -> Recipe:
        """The recipe, with the defaults of its checkpoint filled in. Raises Refusal."""
        checkpoint = find_checkpoint(user, checkpoint_named(user, self.said["model"]))
        return self.recipe_with(user, checkpoint, (checkpoint.native_width, checkpoint.native_height))

    def recipe_with(self, user: User, checkpoint: Checkpoint, usual: Size) -> Recipe:
        """The recipe; `usual` is the size where none is asked for."""
        said = self.said
        width, height = drawn_size(said["size"], usual, user.plan.max_pixels)
        given = {
            "checkpoint": checkpoint.name,
            "prompt": self.prompt,
            "negative_prompt": said["negative_prompt"],
            "width": width,
            "height": height,
            "steps": self.steps(checkpoint.default_steps, user.plan.max_steps),
            "seed": random_seed() if said["seed"] in (None, -1) else said["seed"],
        }
        if said["guidance_scale"] is not None:
            given["cfg_scale"] = said["guidance_scale"]
        return Recipe(**{**defaults_for(checkpoint), **given})

    @property
    def prompt(self) -> str:
        """As a recipe has it: with plain line ends, and the words of the style where there is something to draw."""
        said = self.said
        prompt: str = said["prompt"].replace("\r\n", "\n")
        return f"{prompt}, {STYLES[said['style']]}" if said.get("style") and prompt.strip() else prompt

    def steps(self, usual: int, most: int) -> int:
        """Those that were asked for, which the plan may refuse; for a quality as many as the plan takes."""
        asked: int | None = self.said["num_inference_steps"]
        if asked is not None:
            return asked
        return max(1, min(round(usual * EFFORTS[self.said["quality"]]), most, STEPS_RANGE[1]))

    def begin(self, user: User, token: ApiToken | None) -> Write:
        """All that needs no transaction, and what is left to write. Raises Refusal."""
        return partial(write_jobs, user, prepare_jobs(user, self.recipe(user), self.said["n"]), token)


def delivery_of(said: Mapping[str, Any]) -> Delivery:
    """How the pictures are sent. Raises Refusal for a compression that the format does not have."""
    format, compression = said.get("output_format", "png"), said.get("output_compression")
    if format == "png" and compression not in (None, 100):
        sentence = "A PNG is never compressed with loss: take jpeg or webp."
        raise Refusal("invalid-value", sentence, field="output_compression")
    asked = said["response_format"] or ("url" if said["model"].startswith("dall-e") and not said.get("stream") else "")
    return Delivery(asked == "url", format, None if compression is None else max(1, compression))


@dataclass(frozen=True, slots=True)
class AskedVariation:
    """What a request for variations of a picture asks for: its recipe with other seeds, where it tells its recipe."""

    said: Mapping[str, Any]
    delivery: Delivery
    picture: UploadedFile[Any] | None

    @classmethod
    def read(cls, data: Any, picture: UploadedFile[Any] | None) -> AskedVariation:
        said = read_fields({name: value for name, value in data.items() if name != "image"}, VARIATION)
        if picture is None:
            raise Refusal("missing-parameter", "Missing required parameter: “image”.", field="image")
        return cls(said, delivery_of(said), picture)

    def recipe(self, user: User) -> Recipe:
        """The recipe of the picture with another seed. Raises Refusal where it tells none, or one of other weights."""
        matched = read_recipe(user, self.picture)
        for miss in matched.unmatched:
            if miss.kind in NEEDED:
                sentence = f"This picture cannot be drawn again here. {miss.message}"
                raise Refusal("recipe-not-here", sentence, field="image")
        values = dict(matched.values)
        if named := checkpoint_named(user, self.said["model"]):
            values["checkpoint"] = named
        checkpoint = find_checkpoint(user, values.get("checkpoint", ""))
        told = {**defaults_for(checkpoint), "prompt": "", **values, "seed": random_seed()}
        recipe = Recipe(**told, start=matched.start)
        if self.said["size"] == "auto":
            return recipe
        width, height = drawn_size(self.said["size"], (recipe.width, recipe.height), user.plan.max_pixels)
        return recipe.replace(width=width, height=height)

    def begin(self, user: User, token: ApiToken | None) -> Write:
        return partial(write_jobs, user, prepare_jobs(user, self.recipe(user), self.said["n"]), token)
