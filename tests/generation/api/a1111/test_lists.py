"""What there is to choose from, in the shapes that programs read; what a person may not use is in no list."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from generation.api.a1111.scripts import SCRIPTS
from generation.models import Checkpoint, Embedding, Lora, Vae
from generation.recipes.sampling import SAMPLERS, SCHEDULES
from tests.generation.api.a1111.conftest import NewProgram, get

pytestmark = pytest.mark.usefixtures("catalog")


def row(model: Any, digit: str, **fields: object) -> Any:
    name = f"{model.__name__.lower()}-{digit}"
    values = {"name": name, "title": name.title(), "family": "mini", "path": f"folder/{name}", "sha256": digit * 64}
    return model.objects.create(**{**values, **fields})


def test_checkpoints(program: Any) -> None:
    own = Checkpoint.objects.get()
    assert get(program, "sd-models") == [
        {
            "title": f"emoji-diffusion [{own.sha256[:10]}]",
            "model_name": "emoji-diffusion",
            "hash": own.sha256[:10],
            "sha256": own.sha256,
            "filename": "emoji-diffusion.safetensors",
            "config": None,
        }
    ]


@pytest.mark.parametrize("name", ["sd-vae", "sd-modules"])
def test_vaes(program: Any, name: str) -> None:
    assert get(program, name) == []
    row(Vae, "a")
    assert get(program, name) == [{"model_name": "vae-a", "filename": "vae-a.safetensors"}]


def test_loras(program: Any) -> None:
    told = {each["name"]: each for each in get(program, "loras")}
    assert told.keys() == {"fluent-3d", "line-art"}
    assert told["line-art"].keys() == {"name", "alias", "path", "metadata"}


def test_embeddings_by_whether_they_fit(program: Any) -> None:
    row(Embedding, "a", tokens=3)
    row(Embedding, "b", family="sdxl")
    told = get(program, "embeddings")
    assert (list(told["loaded"]), list(told["skipped"])) == (["embedding-a"], ["embedding-b"])
    assert told["loaded"]["embedding-a"]["vectors"] == 3


def test_what_is_somebody_elses_is_in_no_list(program: Any, charlie: User) -> None:
    for model in (Checkpoint, Vae, Lora, Embedding):
        row(model, "e", owner=charlie, is_public=False)
        row(model, "f", is_enabled=False)
    told = "".join(str(get(program, name)) for name in ("sd-models", "sd-vae", "loras", "embeddings"))
    for model in (Checkpoint, Vae, Lora, Embedding):
        assert f"{model.__name__.lower()}-" not in told


def test_what_the_token_may_not_use_is_in_no_list(alice: User, new_program: NewProgram) -> None:
    row(Checkpoint, "a")
    narrow = new_program(alice, allowed_checkpoints=["checkpoint-a"], allowed_loras=["line-art"])
    assert [each["model_name"] for each in get(narrow, "sd-models")] == ["checkpoint-a"]
    assert [each["name"] for each in get(narrow, "loras")] == ["line-art"]


def test_no_path_of_the_site_is_told(program: Any) -> None:
    row(Vae, "a")
    told = "".join(str(get(program, name)) for name in ("sd-models", "sd-vae", "loras", "cmd-flags", "memory"))
    assert "folder/" not in told and "/bundled" not in told and "/home" not in told


def test_samplers_and_schedulers(program: Any) -> None:
    samplers, schedulers = get(program, "samplers"), get(program, "schedulers")
    assert [each["name"] for each in samplers] == list(SAMPLERS)
    assert all(each.keys() == {"name", "aliases", "options"} for each in samplers)
    assert [each["label"] for each in schedulers] == list(SCHEDULES)
    assert {"automatic", "karras", "sgm_uniform"} <= {each["name"] for each in schedulers}
    assert all(each.keys() == {"name", "label", "aliases", "default_rho", "need_inner_model"} for each in schedulers)


def test_what_the_site_has_not(program: Any) -> None:
    assert [each["name"] for each in get(program, "latent-upscale-modes")][:2] == ["Latent", "Latent (antialiased)"]
    none, lanczos = get(program, "upscalers")
    assert lanczos["name"] == "Lanczos"
    assert none.keys() == {"name", "model_name", "model_path", "model_url", "scale"} and none["name"] == "None"
    assert get(program, "memory").keys() == {"ram", "cuda"}
    assert get(program, "cmd-flags")["api"] is True


def test_scripts(program: Any) -> None:
    told = get(program, "scripts")
    assert told.keys() == {"txt2img", "img2img"} and "dynamic prompts" in told["txt2img"]
    # webuiapi sends arguments of its own for these if they are there.
    assert not {"adetailer", "controlnet m2m", "animatediff"} & set(told["txt2img"])
    assert len({script.title.casefold() for script in SCRIPTS}) == len(SCRIPTS)


def test_the_ping_is_for_anybody(db: None) -> None:
    assert Client().get("/internal/ping").json() == {}


def test_what_is_not_there_is_told_in_this_shape(program: Any) -> None:
    for answer in (program.get("/sdapi/v1/nothing"), program.post("/sdapi/v1/server-kill"), program.get("/internal/x")):
        assert (answer.status_code, set(answer.json())) == (404, {"error", "detail", "body", "errors"})
    answer = program.get("/sdapi/v1/txt2img")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")


def test_no_answer_is_kept_by_anybody(program: Any) -> None:
    answer = program.get("/sdapi/v1/options")
    assert "no-store" in answer["Cache-Control"] and "Authorization" in answer["Vary"]
