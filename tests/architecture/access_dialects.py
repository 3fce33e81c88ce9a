"""The access table's rows for the dialects of other programs: spoken with a token alone, so a session opens nothing."""

from __future__ import annotations

from tests.architecture.access_rows import ALL, Outcomes, row

BY_TOKEN: Outcomes = ("login", "login", "login", "login")
A1111 = {
    **{f"sdapi/v1/{name}": row(POST=BY_TOKEN) for name in (
        "txt2img", "img2img", "extra-single-image", "png-info", "interrupt", "skip",
    )},
    **{f"sdapi/v1/{name}": row(GET=BY_TOKEN) for name in (
        "progress", "samplers", "schedulers", "sd-models", "sd-vae", "sd-modules", "loras", "embeddings",
        "prompt-styles", "upscalers", "latent-upscale-modes", "scripts", "cmd-flags", "memory",
    )},
    "sdapi/v1/options": row(GET=BY_TOKEN, POST=BY_TOKEN),
    "internal/ping": row(GET=ALL),
}  # fmt: skip

# An address of a file is its own key.
OPENAI = {
    "v1/models": row(GET=BY_TOKEN),
    "v1/models/<path:model>": row("v1/models/dall-e-3", GET=BY_TOKEN),
    **{f"v1/images/{name}": row(POST=BY_TOKEN) for name in ("generations", "variations", "edits")},
    "v1/images/files/<str:signed>": row("v1/images/files/made-up", GET=("403", "403", "403", "403")),
    "help/openai/": row(GET=ALL),
}
