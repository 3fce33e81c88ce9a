"""The table of what a request of this dialect may say: what each field becomes, or that it has no effect here.

The help page shows it, and `reading` goes by it: a field that is in neither table is unknown, and told as ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Unused:
    """A field without effect here. It is told in `info` unless it has one of the values that ask for nothing.

    `said_by_every_program` is one that programs always fill in, whatever their people want: it is never told.
    """

    why: str
    asks_nothing: tuple[Any, ...] = (None, False, 0, "", (), {})
    said_by_every_program: bool = False


USED: Mapping[str, str] = {
    "prompt": "The prompt, with <lora:name:weight>, emphasis, schedules and wildcards. At most 2,000 signs.",
    "negative_prompt": "The negative prompt.",
    "seed": "The seed of the first picture; the next ones count up. Missing, null or below 0: one is drawn.",
    "subseed": "The variation seed of the first picture; the next ones count up. Missing or below 0: one is drawn.",
    "subseed_strength": "How far the seed's noise is turned towards the variation seed's, 0 to 1.",
    "seed_resize_from_w": "With seed_resize_from_h: the size at which the seed was found.",
    "seed_resize_from_h": "See seed_resize_from_w.",
    "styles": "Names of styles, yours or the site's, put around both prompts. Unknown ones are ignored.",
    "width": "The width. Missing: the checkpoint's own. See “Sizes”.",
    "height": "The height. Missing: the checkpoint's own. See “Sizes”.",
    "steps": "The steps. Missing: the checkpoint's own. More than your plan draws are drawn as many as it does.",
    "cfg_scale": "The CFG scale. Missing: the checkpoint's own. Below 1 it is 1.",
    "sampler_name": "The sampler, also by the names of other programs. An unknown one is refused with 404.",
    "sampler_index": "The same by its old name; sampler_name counts where both are there.",
    "scheduler": "The schedule type. One that the site or the sampler has not becomes Automatic.",
    "batch_size": "How many pictures, times n_iter. More than your plan makes at once are as many as it does.",
    "n_iter": "See batch_size.",
    "clip_skip": "Clip skip, as SD.Next has it.",
    "model": "The checkpoint, as stable-diffusion.cpp has it; a name that the site has not is ignored.",
    "override_settings": "For this request alone, any of the options that can be set.",
    "alwayson_scripts": "See “Scripts”.",
    "script_name": "Scripts that one chooses are not run: any name is refused with 422.",
    "enable_hr": "True: a second pass, larger. Not with img2img.",
    "hr_scale": "How many times as large, 1 to 4. Missing: 2.",
    "hr_resize_x": "The result's width instead, in the proportions of the first pass. See hr_scale.",
    "hr_resize_y": "The result's height instead. See hr_scale.",
    "hr_upscaler": "A latent mode, Lanczos, or a network of the site; an unknown one is refused. Missing: Latent.",
    "hr_second_pass_steps": "The second pass's steps. 0: as many as the first.",
    "hr_sampler_name": "The second pass's sampler, where it is another.",
    "hr_scheduler": "Its schedule type.",
    "hr_prompt": "Its prompt, where it is another.",
    "hr_negative_prompt": "Its negative prompt.",
    "denoising_strength": "How much the second pass changes, 0 to 1. Missing: 0.7.",
    "send_images": "False: the pictures are made and kept, and not sent along.",
}
"""Field -> what becomes of it."""

FROM_PICTURES: Mapping[str, str] = {
    "init_images": "The picture to start from, as base64; only the first is taken. It is kept as if you had brought it "
    "by hand, for some days.",
    "denoising_strength": "How much of it changes, 0 to 1. Missing: 0.75.",
    "resize_mode": "0 stretches it to the size, 1 cuts it, 2 fills what is missing from its edges; 3 is done as 0.",
    "mask": "White is drawn, black is kept to the bit; where it has transparency, what is opaque is drawn. As large as "
    "the picture.",
    "mask_blur": "Pixels over which the mask's edge fades, inwards alone. Missing: 4. At most 64.",
    "inpainting_fill": "What stands below the mask at first: 0 fills it from around, 1 leaves it, 2 noise, 3 nothing.",
    "inpaint_full_res": "True, also where it is missing: only the masked area is drawn, in the whole size.",
    "inpaint_full_res_padding": "Pixels around the masked area. Missing: 0. At most 256.",
    "inpainting_mask_invert": "1: black is drawn.",
}
"""The same for what img2img takes beside all others; its sizes are the picture's own where they are missing."""

_NOISE = "Samplers have the noise of their own."
_KEPT = "Every picture is kept under “My pictures”, and no grid is made of them."

UNUSED: Mapping[str, Unused] = {
    "hr_checkpoint_name": Unused("Both passes are drawn by one checkpoint.", (None, "", "Use same checkpoint")),
    "hr_cfg": Unused("Both passes have one CFG scale.", said_by_every_program=True),
    "hr_additional_modules": Unused("Both passes have one VAE.", said_by_every_program=True),
    "firstphase_width": Unused("The first pass has the width of the request."),
    "firstphase_height": Unused("The first pass has the height of the request."),
    "refiner_checkpoint": Unused("No second checkpoint takes over.", (None, "", "None")),
    "refiner_switch_at": Unused("No second checkpoint takes over.", said_by_every_program=True),
    "restore_faces": Unused("Faces are left as they are drawn."),
    "tiling": Unused("Pictures do not join at their edges."),
    "eta": Unused(_NOISE, (None, 0, 1)),
    "s_churn": Unused(_NOISE),
    "s_tmin": Unused(_NOISE),
    "s_tmax": Unused(_NOISE),
    "s_noise": Unused(_NOISE, (None, 0, 1)),
    "s_min_uncond": Unused("Every step heeds the negative prompt."),
    "distilled_cfg_scale": Unused("There is one CFG scale.", said_by_every_program=True),
    "disable_extra_networks": Unused("Tags of LoRAs always count."),
    "infotext": Unused("Fields are read from the request alone."),
    "comments": Unused("Comments are no part of the picture."),
    "force_task_id": Unused("Jobs have names of their own."),
    "script_args": Unused("Scripts that one chooses are not run.", said_by_every_program=True),
    "override_settings_restore_afterwards": Unused(
        "Settings of a request end with it.", said_by_every_program=True
    ),
    "do_not_save_samples": Unused(_KEPT, said_by_every_program=True),
    "do_not_save_grid": Unused(_KEPT, said_by_every_program=True),
    "save_images": Unused(_KEPT, said_by_every_program=True),
    "url": Unused("Where the program believes to send it; neither read nor kept.", said_by_every_program=True),
    "auth": Unused("The password once more; neither read nor kept.", said_by_every_program=True),
}  # fmt: skip
"""Field -> why it has no effect."""

UNUSED_FROM_PICTURES: Mapping[str, Unused] = {
    **{name: unused for name, unused in UNUSED.items() if name not in FROM_PICTURES},
    "enable_hr": Unused("A second pass follows pictures from text alone."),
    **{name: Unused("There is no second pass.", said_by_every_program=True) for name in USED if name.startswith("hr_")},
    "include_init_images": Unused("What was sent is not sent back.", said_by_every_program=True),
    "image_cfg_scale": Unused("It is of checkpoints that edit by orders.", said_by_every_program=True),
    "mask_blur_x": Unused("The edge fades equally wide on all sides; see mask_blur.", said_by_every_program=True),
    "mask_blur_y": Unused("The edge fades equally wide on all sides; see mask_blur.", said_by_every_program=True),
    "mask_round": Unused("A soft mask is drawn later where it is darker.", said_by_every_program=True),
    "initial_noise_multiplier": Unused(_NOISE, (None, 1, 1.0)),
    "latent_mask": Unused("The mask is that of the picture."),
}


def is_asked_for(unused: Unused, value: Any) -> bool:
    """Whether the value wants something that it does not get."""
    if unused.said_by_every_program:
        return False
    return (tuple(value) if isinstance(value, list) else value) not in unused.asks_nothing
