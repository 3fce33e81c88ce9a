"""The access table's rows for the dialects of other programs: spoken with a token alone, so a session opens nothing."""

from __future__ import annotations

from tests.architecture.access_rows import ALL, TOKEN_ALONE, row

A1111 = {
    **{f"sdapi/v1/{name}": row(POST=TOKEN_ALONE) for name in (
        "txt2img", "img2img", "extra-single-image", "png-info", "interrupt", "skip",
    )},
    **{f"sdapi/v1/{name}": row(GET=TOKEN_ALONE) for name in (
        "progress", "samplers", "schedulers", "sd-models", "sd-vae", "sd-modules", "loras", "embeddings",
        "prompt-styles", "upscalers", "latent-upscale-modes", "scripts", "cmd-flags", "memory",
    )},
    "sdapi/v1/options": row(GET=TOKEN_ALONE, POST=TOKEN_ALONE),
    **{f"controlnet/{name}": row(GET=TOKEN_ALONE) for name in ("model_list", "module_list", "version")},
    "internal/ping": row(GET=ALL),
}  # fmt: skip

# An address of a file is its own key.
OPENAI = {
    "v1/models": row(GET=TOKEN_ALONE),
    "v1/models/<path:model>": row("v1/models/dall-e-3", GET=TOKEN_ALONE),
    **{f"v1/images/{name}": row(POST=TOKEN_ALONE) for name in ("generations", "variations", "edits")},
    "v1/images/files/<str:signed>": row("v1/images/files/made-up", GET=("403", "403", "403", "403")),
}
MCP = {
    "mcp": row(POST=TOKEN_ALONE),
    ".well-known/oauth-protected-resource/mcp": row(GET=("404", "404", "404", "404")),
}
