"""The second pass on the Create page: its fields, the value they mean, and what its upscaler may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from accounts.models import User
from generation.jobs.enlarging import upscalers_for
from generation.recipes.enlarging import HIRES_RANGE, HIRES_STRENGTH_RANGE, LATENT_MODES, Hires
from generation.recipes.fields import STEPS_RANGE, Name, Number, Prompt, RecipeField, WholeNumber

ROWS: Mapping[str, RecipeField] = {
    row.name: row
    for row in (
        Number(
            name="hires_scale",
            title="Times larger",
            explanation="How much wider and higher the second pass is. Its pixels are paid with its steps.",
            default=2.0,
            limits=HIRES_RANGE,
        ),
        WholeNumber(
            name="hires_steps",
            title="Second steps",
            explanation="Steps of the second pass. 0: as many as the first.",
            default=0,
            limits=(0, STEPS_RANGE[1]),
        ),
        Number(
            name="hires_strength",
            title="Change",
            explanation="How much the second pass draws anew. Latent upscalers need 0.5 or more, the others less.",
            default=0.7,
            limits=HIRES_STRENGTH_RANGE,
        ),
        Name(
            name="hires_upscaler",
            title="Upscaler",
            explanation="What makes the first pass larger: in latents, or in pixels.",
            default="Latent",
        ),
        Prompt(
            name="hires_prompt",
            title="Second prompt",
            explanation="What the second pass draws by. Empty: the same prompt.",
        ),
    )
}


def hires_of(cleaned: Mapping[str, Any]) -> Hires | None:
    """The value of a valid form; None where no second pass is ticked. Raises InvalidRecipe."""
    if not cleaned.get("hires"):
        return None
    typed = {name.removeprefix("hires_"): cleaned.get(name) for name in ROWS}
    return Hires(**{name: value for name, value in typed.items() if value not in (None, "")})


def fields_of_hires(hires: Hires | None) -> dict[str, str]:
    """As the form's fields: all of them, empty where there is no second pass."""
    if hires is None:
        return {"hires": "", **dict.fromkeys(ROWS, "")}
    told = {name: row.text(getattr(hires, name.removeprefix("hires_"))) for name, row in ROWS.items()}
    return {"hires": "on", **told}


def upscaler_choices(user: User) -> Sequence[str]:
    return [*LATENT_MODES, *upscalers_for(user)]
