"""The answer to a request to draw, in the words of A1111: pictures as base64, what was asked, and `info` as a text."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from generation.api.a1111.reading import Asked
from generation.imaging.provenance import SOFTWARE
from generation.models import GeneratedImage, Job
from generation.recipes.picture import Recipe
from generation.storage.downloads import file_bytes

INTERRUPTED = "It was interrupted."
LATE = "Not all are ready yet. The rest goes on, and will be among your pictures."


def drawn(asked: Asked, jobs: Sequence[Job], images: Sequence[GeneratedImage]) -> dict[str, Any]:
    """`images` are those of the jobs that are done; there may be fewer, and none, where jobs were interrupted."""
    files = [base64.b64encode(file_bytes(image, "png")).decode() for image in images] if asked.sends_images else []
    return {"images": files, "parameters": dict(asked.said), "info": json.dumps(info(asked, jobs, images))}


def info(asked: Asked, jobs: Sequence[Job], images: Sequence[GeneratedImage]) -> dict[str, Any]:
    """The keys that programs look for; `notes` are this site's own, and say what is not as it was asked."""
    recipes = [image.recipe for image in images] or [job.recipe for job in jobs]
    return {
        **of_recipe(recipes[0]),
        "all_prompts": [recipe.prompt for recipe in recipes],
        "all_negative_prompts": [recipe.negative_prompt for recipe in recipes],
        "all_seeds": [recipe.seed for recipe in recipes],
        "all_subseeds": [recipe.variation.seed if recipe.variation else recipe.seed for recipe in recipes],
        "batch_size": len(jobs),
        "extra_generation_params": {},
        "index_of_first_image": 0,
        "infotexts": [image.infotext for image in images],
        "styles": [*asked.styles],
        "job_timestamp": f"{jobs[0].created_at:%Y%m%d%H%M%S}",
        "version": SOFTWARE,
        "notes": [*asked.notes, *missing(jobs, images)],
    }


def of_recipe(recipe: Recipe) -> dict[str, Any]:
    varied = recipe.variation
    from_width, from_height = (varied.resize_from if varied else None) or (-1, -1)
    return {
        "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt,
        "seed": recipe.seed,
        "subseed": varied.seed if varied else recipe.seed,
        "subseed_strength": varied.strength if varied else 0,
        "seed_resize_from_w": from_width,
        "seed_resize_from_h": from_height,
        "width": recipe.width,
        "height": recipe.height,
        "sampler_name": recipe.sampler,
        "cfg_scale": recipe.cfg_scale,
        "steps": recipe.steps,
        "restore_faces": False,
        "face_restoration_model": None,
        "denoising_strength": recipe.start.strength if recipe.start else None,
        "sd_model_name": recipe.checkpoint,
        "sd_model_hash": recipe.checkpoint_sha256[:10],
        "sd_vae_name": recipe.vae or None,
        "sd_vae_hash": recipe.vae_sha256[:10] or None,
        "clip_skip": recipe.clip_skip,
        "is_using_inpainting_conditioning": False,
    }


def missing(jobs: Sequence[Job], images: Sequence[GeneratedImage]) -> list[str]:
    """Why there are fewer pictures than jobs."""
    if len(images) == len(jobs):
        return []
    told = dict.fromkeys(job.error_message for job in jobs if job.state == Job.State.FAILED)
    interrupted = any(job.state == Job.State.CANCELLED for job in jobs)
    late = any(job.is_unfinished for job in jobs)
    return [*told, *([INTERRUPTED] if interrupted else []), *([LATE] if late else [])]
