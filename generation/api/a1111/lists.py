"""What there is to choose from, as this dialect lists it: what the token's person may use, and no paths of the site."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from generation.api.a1111.base import A1111View, json_object, own_token
from generation.api.a1111.options import Options
from generation.api.a1111.scripts import HONOURED
from generation.api.a1111.weights import title_of, usable_checkpoint
from generation.api.access import HasScope, usable_checkpoints, usable_loras, user_of
from generation.catalog.styles import styles_for
from generation.models import Checkpoint, Embedding, Upscaler, Vae
from generation.recipes.enlarging import LANCZOS, LATENT_MODES
from generation.recipes.sampling import SCHEDULES, TABLE

ENDING = ".safetensors"
UNTOLD = {"error": "unavailable"}
"""What A1111 says itself where it cannot tell."""


class OptionsView(A1111View):
    """The options of this token; POST sets those that there are, and ignores the rest."""

    scopes = {"GET": "read", "POST": "generate"}

    def get(self, request: Request) -> Response:
        return Response(Options.of(own_token(request)).to_json(user_of(request)))

    def post(self, request: Request) -> Response:
        token = own_token(request)
        Options.of(token).with_changes(user_of(request), json_object(request)).keep(token)
        return Response({})


class SamplersView(A1111View):
    scope = "read"

    def get(self, request: Request) -> Response:
        return Response([{"name": name, "aliases": [alias(name)], "options": {}} for name in TABLE])


class SchedulersView(A1111View):
    scope = "read"

    def get(self, request: Request) -> Response:
        return Response(
            [
                {"name": alias(name), "label": name, "aliases": None, "default_rho": -1, "need_inner_model": False}
                for name in SCHEDULES
            ]
        )


class CheckpointsView(A1111View):
    scope = "read"

    def get(self, request: Request) -> Response:
        rows = usable_checkpoints(request).order_by("-is_default", "title")
        return Response([checkpoint_json(row) for row in rows])


class VaesView(A1111View):
    """Forge's list of modules, too: there are no other ones."""

    scope = "read"

    def get(self, request: Request) -> Response:
        rows = Vae.objects.usable_by(user_of(request)).order_by("title")
        return Response([{"model_name": row.name, "filename": row.name + ENDING} for row in rows])


class LorasView(A1111View):
    scope = "read"

    def get(self, request: Request) -> Response:
        rows = usable_loras(request).newest_for(user_of(request)).order_by("title")
        return Response(
            [{"name": row.word, "alias": row.title, "path": row.word + ENDING, "metadata": {}} for row in rows]
        )


class EmbeddingsView(A1111View):
    """`loaded` are those that fit the checkpoint of the options."""

    scope = "read"

    def get(self, request: Request) -> Response:
        user = user_of(request)
        checkpoint = usable_checkpoint(user, Options.of(own_token(request)).checkpoint)
        family = checkpoint.family if checkpoint else ""
        sorts: dict[str, dict[str, Any]] = {"loaded": {}, "skipped": {}}
        for row in Embedding.objects.usable_by(user).order_by("name"):
            sort = "loaded" if row.family == family else "skipped"
            sorts[sort][row.name] = {
                "step": None, "sd_checkpoint": None, "sd_checkpoint_name": None, "shape": None, "vectors": row.tokens,
            }  # fmt: skip
        return Response(sorts)


class UpscalersView(A1111View):
    """A1111's name for none, which programs look for, Lanczos, and the networks of the site."""

    scope = "read"

    def get(self, request: Request) -> Response:
        told = {"model_name": None, "model_path": None, "model_url": None, "scale": 4}
        rows = Upscaler.objects.usable_by(user_of(request)).order_by("name")
        networks = [{**told, "name": row.name, "model_name": row.title, "scale": row.scale} for row in rows]
        return Response([{"name": "None", **told}, {"name": LANCZOS, **told}, *networks])


class LatentModesView(A1111View):
    """How a second pass upscales latents."""

    scope = "read"

    def get(self, request: Request) -> Response:
        return Response([{"name": name} for name in LATENT_MODES])


class StylesView(A1111View):
    """Styles that the token's person can pick, for whichever checkpoint."""

    scope = "read"

    def get(self, request: Request) -> Response:
        rows = styles_for(user_of(request))
        return Response([{each: getattr(row, each) for each in ("name", "prompt", "negative_prompt")} for row in rows])


class ScriptsView(A1111View):
    """Those that may be sent along and are honoured."""

    scope = "read"

    def get(self, request: Request) -> Response:
        return Response({"txt2img": list(HONOURED), "img2img": list(HONOURED)})


class FlagsView(A1111View):
    """How the program was started: all that a client may know is that it has an API."""

    scope = "read"

    def get(self, request: Request) -> Response:
        return Response({"api": True, "nowebui": False})


class MemoryView(A1111View):
    """The machine is the operator's business."""

    scope = "read"

    def get(self, request: Request) -> Response:
        return Response({"ram": UNTOLD, "cuda": UNTOLD})


class PingView(A1111View):
    """Whether anybody is there; for anybody."""

    scope = ""
    permission_classes = [AllowAny, HasScope]

    def get(self, request: Request) -> Response:
        return Response({})


def alias(name: str) -> str:
    """A name as A1111 spells it for programs, such as `sgm_uniform`."""
    return name.lower().replace("++", "pp").replace(" ", "_")


def checkpoint_json(row: Checkpoint) -> dict[str, Any]:
    return {
        "title": title_of(row),
        "model_name": row.name,
        "hash": row.autov2,
        "sha256": row.sha256,
        "filename": row.name + ENDING,
        "config": None,
    }
