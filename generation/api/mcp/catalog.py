"""Tools that look and change nothing: what a prompt means, and what of the catalog there is to make a picture with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db.models import Q
from rest_framework.request import Request

from generation.api.access import usable_checkpoints, usable_loras, user_of
from generation.api.mcp.parts import part_schemas
from generation.api.mcp.schemas import field_schema, object_of, value_of
from generation.api.mcp.tool import Tool
from generation.catalog.inspecting import inspect_prompt
from generation.catalog.resolving import find_checkpoint
from generation.catalog.styles import picked_styles, styles_for
from generation.models import Annotator, Checkpoint, ControlNet, Lora
from generation.recipes.controls import PREPROCESSORS
from generation.recipes.fields import FIELDS
from generation.recipes.styles import styled

MOST_ROWS = 100
"""Of a list at once: what a model reads costs its person, too."""
FAMILY = {"type": "string", "maxLength": 20, "description": "Only those for checkpoints of this family."}
LOOKED_FOR = {"type": "string", "maxLength": 100, "description": "Only those whose name or description has it."}
INSPECTED = ("prompt", "negative_prompt", "checkpoint", "steps", "sampler", "seed")


class InspectPrompt(Tool):
    """Explain a prompt without making anything."""

    name = "inspect_prompt"
    title = "Explain a prompt"
    description = (
        "Explain how a prompt would be read, without making anything and at no cost: weights, schedule, LoRA tags, "
        "wildcards, length in tokens, and what is wrong where. With styles it explains the prompt as they make it. "
        "Use it before make_picture when a prompt has syntax."
    )
    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        fields = {name: field_schema(FIELDS[name]) for name in INSPECTED}
        return object_of({**fields, "styles": part_schemas()["styles"]}, ["prompt"])

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        user = user_of(request)
        given = {name: value_of(FIELDS[name], value) for name, value in arguments.items() if name in FIELDS}
        FIELDS["prompt"].check(given["prompt"])
        checkpoint = find_checkpoint(user, given.get("checkpoint", ""))
        picked = picked_styles(user, arguments.get("styles", ()), checkpoint.family)
        prompt, negative_prompt = styled(given["prompt"], given.get("negative_prompt", ""), picked)
        inspected = inspect_prompt(
            user,
            prompt,
            negative_prompt,
            checkpoint=checkpoint,
            steps=given.get("steps", checkpoint.default_steps),
            sampler=given.get("sampler") or checkpoint.default_sampler,
            seed=given.get("seed", 0),
        )
        return inspected.to_json()


class ListCheckpoints(Tool):
    """The checkpoints that one may use."""

    name = "list_checkpoints"
    title = "List checkpoints"
    description = (
        "List the Stable Diffusion checkpoints that may be used, with the size, steps, CFG and sampler that suit each. "
        "make_picture takes one by its name; without one it takes the default."
    )
    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return object_of({"q": LOOKED_FOR})

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        words = arguments.get("q", "").strip()
        rows = usable_checkpoints(request).order_by("name")
        if words:
            rows = rows.filter(Q(name__icontains=words) | Q(title__icontains=words) | Q(description__icontains=words))
        found = list(rows[: MOST_ROWS + 1])
        return {"checkpoints": [checkpoint_data(row) for row in found[:MOST_ROWS]], "more": len(found) > MOST_ROWS}


class ListLoras(Tool):
    """The LoRAs that one may use."""

    name = "list_loras"
    title = "List LoRAs"
    description = (
        "List the LoRAs that may be used: styles, characters and things that a checkpoint has not learnt. A LoRA only "
        "works with checkpoints of its family; write its trigger words into the prompt, too."
    )
    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return object_of({"q": LOOKED_FOR, "family": FAMILY})

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        rows = usable_loras(request).newest_for(user_of(request)).matching(arguments.get("q", "")).order_by("name")
        if family := arguments.get("family"):
            rows = rows.filter(family=family)
        found = list(rows[: MOST_ROWS + 1])
        return {"loras": [lora_data(row) for row in found[:MOST_ROWS]], "more": len(found) > MOST_ROWS}


class ListControlNets(Tool):
    """The ControlNets that one may use, and the ways to make a picture ready for them."""

    name = "list_controlnets"
    title = "List ControlNets"
    description = (
        "List the ControlNets that may be used: each keeps the shape of a picture, its edges, depth or pose. A "
        "ControlNet only works with checkpoints of its family. Preprocessors say how a picture is made ready for one."
    )
    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return object_of({"family": FAMILY})

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        rows = ControlNet.objects.usable_by(request.user).order_by("name")
        if family := arguments.get("family"):
            rows = rows.filter(family=family)
        found = list(rows[: MOST_ROWS + 1])
        annotators = Annotator.objects.usable_by(request.user).exclude(task=Annotator.Task.SEGMENT).order_by("name")
        preprocessors = {name: row.explanation for name, row in PREPROCESSORS.items()}
        preprocessors |= {row.name: row.get_task_display() for row in annotators}
        return {
            "controlnets": [controlnet_data(row) for row in found[:MOST_ROWS]],
            "more": len(found) > MOST_ROWS,
            "preprocessors": preprocessors,
        }


class ListStyles(Tool):
    """The styles that one may pick."""

    name = "list_styles"
    title = "List styles"
    description = (
        "List the styles that may be picked, the person's own first: words that are put around a prompt. "
        "`{prompt}` is where its own words go."
    )
    scope = "read"

    @classmethod
    def schema_of_input(cls) -> dict[str, Any]:
        return object_of({"family": FAMILY})

    def call(self, request: Request, arguments: Mapping[str, Any]) -> dict[str, Any]:
        found = styles_for(user_of(request), arguments.get("family") or None)
        return {"styles": [asdict(style) for style in found[:MOST_ROWS]], "more": len(found) > MOST_ROWS}


def controlnet_data(row: ControlNet) -> dict[str, Any]:
    return {
        "name": row.name, "title": row.title, "family": row.family, "description": row.description,
        "licence": row.licence, "usual_preprocessor": row.usual_preprocessor,
    }  # fmt: skip


def checkpoint_data(row: Checkpoint) -> dict[str, Any]:
    return {
        "name": row.name, "title": row.title, "family": row.family, "description": row.description,
        "licence": row.licence, "width": row.native_width, "height": row.native_height, "steps": row.default_steps,
        "cfg_scale": row.default_cfg_scale, "sampler": row.default_sampler, "is_default": row.is_default,
    }  # fmt: skip


def lora_data(row: Lora) -> dict[str, Any]:
    return {
        "name": row.name, "title": row.title, "family": row.family, "description": row.description,
        "licence": row.licence, "trigger_words": row.trigger_words,
    }  # fmt: skip
