"""The table of what requests may have: how each field is read, and for the help page what becomes of it.

Fields that no picture here can heed are refused, and so are those that nobody knows, as OpenAI does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.refusals import Refusal
from generation.api.openai.sizes import RULE
from generation.recipes.checks import MAX_SEED
from generation.recipes.fields import FIELDS

Read = Callable[[str, Any], Any]

MOST_PICTURES = 10
MOST_PARTIALS = 3
FORMATS = ("png", "jpeg", "webp")
EFFORTS = {
    "auto": 1.0, "standard": 1.0, "medium": 1.0, "low": 0.5, "high": 1.5, "hd": 1.5, "xhigh": 2.0, "max": 2.0,
}  # fmt: skip
"""Quality -> how many times the checkpoint's own steps are taken."""
STYLES = {"vivid": "vivid colours, dramatic light", "natural": "natural colours, soft light"}
"""Style -> the words that are put behind the prompt."""
MOST_TAG_CHARS = 512


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a request. `read` takes its name and a value that is not null, and raises Refusal for a wrong one.

    `takes` and `becomes` are for people. Left out or null it is `default`.
    """

    name: str
    takes: str
    becomes: str
    read: Read
    default: Any = None


def invalid(name: str, message: str) -> Refusal:
    return Refusal("invalid-value", message, field=name)


def text(most: int | None = None) -> Read:
    def read(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise invalid(name, f"{name} must be a text.")
        if most is not None and len(value) > most:
            raise invalid(name, f"{name} has {len(value)} characters; at most {most} are taken.")
        return value

    return read


def one_of(*words: str, why: str = "") -> Read:
    def read(name: str, value: Any) -> str:
        if value not in words:
            raise invalid(name, f"{name} must be one of: {', '.join(words)}. {why}".rstrip())
        return str(value)

    return read


def whole(low: float, high: float) -> Read:
    """Also as the text of a form, and as a number such as 20.0."""

    def read(name: str, value: Any) -> int:
        number_read = number(name, value)
        if number_read != number_read // 1 or not low <= number_read <= high:
            raise invalid(name, f"{name} must be a whole number from {low:.15g} to {high:.15g}.")
        return int(number_read)

    return read


def number(name: str, value: Any) -> float:
    """Its range is the recipe's to judge."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise invalid(name, f"{name} must be a number.") from None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise invalid(name, f"{name} must be a number.")
    return value


def yes_or_no(name: str, value: Any) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise invalid(name, f"{name} must be true or false.")
    return value


def not_here(name: str, value: Any) -> None:
    raise Refusal("unsupported-parameter", f"No picture here can heed {name}: leave it out.", field=name)


PROMPT = Field("prompt", "text", "The prompt with all its grammar: weights, schedules, <lora:…>, wildcards.", text())
MODEL = Field(
    "model", "a name", "The checkpoint of this name, or what the operator lets the name stand for; without one the "
    "default checkpoint.", text(200), "",
)  # fmt: skip
N = Field(
    "n", f"1 to {MOST_PICTURES}", "So many pictures with seeds counting up, as far as your plan makes them at once.",
    whole(1, MOST_PICTURES), 1,
)  # fmt: skip
SIZE = Field("size", "“auto”, or such as 1024x1024", RULE, text(20), "auto")
FORMAT = Field(
    "response_format", "url, b64_json",
    "b64_json: the picture itself. url: an address that shows it for ten minutes to whoever has it. Left out it is "
    "b64_json, and url where the model's name begins with dall-e.", one_of("url", "b64_json"),
)  # fmt: skip
USER = Field("user", "text", "Nothing: it names nobody here. Who asks is told by the token.", text(MOST_TAG_CHARS))

ROWS: tuple[Field, ...] = (
    PROMPT,
    MODEL,
    N,
    SIZE,
    Field(
        "quality", ", ".join(EFFORTS), "Steps: the checkpoint's own; half of them for low, half as many more for high "
        "and hd, twice as many for xhigh and max, as far as your plan takes them.", one_of(*EFFORTS), "auto",
    ),
    Field(
        "style", ", ".join(STYLES), "Words behind the prompt: "
        + "; ".join(f"{style}: “{words}”" for style, words in STYLES.items()) + ".", one_of(*STYLES),
    ),
    Field(
        "background", "auto, opaque", "Nothing: every picture fills its ground. transparent is refused.",
        one_of("auto", "opaque", why="No picture here has a transparent ground."), "auto",
    ),
    Field(
        "moderation", "auto", "Nothing: the rules of this site hold. low is refused.",
        one_of("auto", why="The rules of this site hold for everybody."), "auto",
    ),
    Field("output_format", ", ".join(FORMATS), "The format of the file.", one_of(*FORMATS), "png"),
    Field(
        "output_compression", "0 to 100", "The quality of a JPEG or WebP; a PNG has none, and takes 100 alone.",
        whole(0, 100),
    ),
    FORMAT,
    Field(
        "stream", "true, false", "Server-sent events: partial pictures from the live previews, then the picture. For "
        "one picture at a time.", yes_or_no, False,
    ),
    Field(
        "partial_images", f"0 to {MOST_PARTIALS}", "How many partial pictures a stream has at most; fewer where the "
        "picture is done sooner.", whole(0, MOST_PARTIALS), 0,
    ),
    USER,
    Field("safety_identifier", "text", "Said back in the answer; it names nobody here.", text(MOST_TAG_CHARS)),
    Field("negative_prompt", "text", FIELDS["negative_prompt"].explanation, text(), ""),
    Field("num_inference_steps", "a whole number", "Steps, in place of quality.", whole(0, 10_000)),
    Field("guidance_scale", "a number", "The CFG scale; without it the checkpoint's own.", number),
    Field("seed", "a whole number", "The seed; without it, and for -1, one is drawn.", whole(-1, MAX_SEED)),
    *(
        Field(name, "—", "Refused: no picture here can heed it.", not_here)
        for name in ("complexity", "frame_count", "frame_duration_ms", "svg")
    ),
)  # fmt: skip
GENERATION: Mapping[str, Field] = {row.name: row for row in ROWS}
VARIATION: Mapping[str, Field] = {row.name: row for row in (MODEL, N, SIZE, FORMAT, USER)}
"""Beside the picture."""


FIDELITIES = {"low": 0.75, "high": 0.5}
"""input_fidelity -> how much of a picture without a mask changes."""
EDIT_ROWS: tuple[Field, ...] = (
    Field(
        "input_fidelity", ", ".join(FIDELITIES), "How near the picture stays to yours where there is no mask: by 0.75 "
        "it changes for low, by 0.5 for high.", one_of(*FIDELITIES), "low",
    ),
    Field(
        "strength", "0 to 1", "How much it changes, in place of input_fidelity. Left out it is 1 with a mask.", number,
    ),
    *(row for row in ROWS if row.name != "style"),
)  # fmt: skip
EDIT: Mapping[str, Field] = {row.name: row for row in EDIT_ROWS}
"""Beside the picture and its mask."""


def read_fields(data: Any, table: Mapping[str, Field]) -> dict[str, Any]:
    """Every field of the table with its value, its default where it was left out. Raises Refusal."""
    if not isinstance(data, Mapping):
        raise Refusal("invalid-value", "The body must be a JSON object.")
    for name in data:
        if name not in table:
            raise Refusal("unknown-parameter", f"Unknown parameter: “{name[:100]}”.", field=name[:100])
    return {
        name: row.default if (value := data.get(name)) is None else row.read(name, value) for name, row in table.items()
    }
