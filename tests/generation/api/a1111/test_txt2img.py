"""txt2img: what each field becomes, by which rules values are bounded, what is refused, and the shape of the answer."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import pytest
from PIL import Image

from accounts.models import ApiToken, Plan, User
from generation.api.a1111.fields import UNUSED, USED
from generation.jobs.lifecycle import cancel_job, fail_job
from generation.jobs.queueing import claim_next
from generation.models import Checkpoint, GeneratedImage, Job
from generation.recipes.sampling import SAMPLERS
from tests.conftest import credits_of
from tests.generation.api.a1111.conftest import ask, draw_all

pytestmark = pytest.mark.usefixtures("catalog")


def make(program: Any, **fields: object) -> dict[str, Any]:
    """The answer with `info` as an object."""
    answer = ask(program, "txt2img", {"prompt": "a red apple", **fields})
    assert answer.status_code == 200, answer.json()
    body = answer.json()
    return {**body, "info": json.loads(body["info"])}


def refusal(program: Any, status: int, **fields: object) -> dict[str, str]:
    answer = ask(program, "txt2img", {"prompt": "a red apple", **fields})
    body: dict[str, str] = answer.json()
    assert (answer.status_code, set(body)) == (status, {"error", "detail", "body", "errors"}), body
    assert body["body"] == "" and not Job.objects.exists()
    return body


def recipe_of(program: Any, **fields: object) -> Any:
    make(program, **fields)
    return Job.objects.latest("pk").recipe


def test_the_answer(program: Any, alice: User, drawn: list[Any]) -> None:
    body = make(program, negative_prompt="worms", seed=7, batch_size=2, steps=4, width=128, height=64, cfg_scale=5)
    assert set(body) == {"images", "parameters", "info"}
    pictures = [Image.open(io.BytesIO(base64.b64decode(each, validate=True))) for each in body["images"]]
    assert [(picture.format, picture.size) for picture in pictures] == [("PNG", (128, 64))] * 2
    assert pictures[0].info["parameters"] == body["info"]["infotexts"][0]
    assert body["parameters"]["prompt"] == "a red apple" and body["parameters"]["batch_size"] == 2
    info = body["info"]
    assert (info["seed"], info["all_seeds"], info["width"], info["height"]) == (7, [7, 8], 128, 64)
    assert (info["steps"], info["cfg_scale"], info["batch_size"]) == (4, 5.0, 2)
    assert (info["prompt"], info["all_negative_prompts"]) == ("a red apple", ["worms", "worms"])
    assert (info["sd_model_name"], info["index_of_first_image"]) == ("emoji-diffusion", 0)
    assert info["notes"] == []


INFO = {
    "prompt", "all_prompts", "negative_prompt", "all_negative_prompts", "seed", "all_seeds", "subseed",
    "all_subseeds", "subseed_strength", "width", "height", "sampler_name", "cfg_scale", "steps", "batch_size",
    "restore_faces", "sd_model_name", "sd_model_hash", "sd_vae_name", "sd_vae_hash", "denoising_strength",
    "extra_generation_params", "index_of_first_image", "infotexts", "styles", "job_timestamp", "clip_skip", "version",
}  # fmt: skip


def test_info_has_the_keys_that_programs_look_for(program: Any, drawn: list[Any]) -> None:
    assert make(program)["info"].keys() >= INFO


def test_it_is_made_as_by_every_door(program: Any, alice: User, drawn: list[Any]) -> None:
    """One submission of the token's, paid once from wallet and budget, and kept like any other."""
    make(program, batch_size=2, n_iter=2, width=128, height=128)
    jobs = list(Job.objects.all())
    assert len({job.submission for job in jobs}) == 1 and len(jobs) == 4
    assert {job.token for job in jobs} == {program.token}
    paid = sum(job.credits for job in jobs)
    assert credits_of(alice) == 1000 - paid
    assert ApiToken.objects.get(pk=program.token.pk).spent == paid
    assert GeneratedImage.objects.of(alice).kept().count() == 4
    assert drawn == [[job.pk for job in jobs]]


def test_what_is_missing_is_the_checkpoints_own(program: Any, drawn: list[Any]) -> None:
    recipe, own = recipe_of(program), Checkpoint.objects.get()
    assert (recipe.width, recipe.height, recipe.steps) == (own.native_width, own.native_height, own.default_steps)
    assert (recipe.cfg_scale, recipe.sampler, recipe.schedule) == (own.default_cfg_scale, "Euler", "Automatic")
    nothing = dict.fromkeys(("width", "height", "steps", "cfg_scale", "sampler_name", "scheduler", "seed", "styles"))
    assert recipe_of(program, **nothing).replace(seed=0) == recipe.replace(seed=0)


@pytest.mark.parametrize("seed", [None, -1, -2, "-1"])
def test_a_seed_is_drawn(program: Any, drawn: list[Any], seed: object) -> None:
    seeds = {make(program, seed=seed)["info"]["seed"] for _ in range(2)}
    assert len(seeds) == 2


@pytest.mark.parametrize(
    ("sent", "sampler", "schedule"),
    [
        ({"sampler_name": "Euler a"}, "Euler a", "Automatic"),
        ({"sampler_name": "euler_a"}, "Euler a", "Automatic"),
        ({"sampler_name": "k_dpmpp_2m", "scheduler": "karras"}, "DPM++ 2M", "Karras"),
        ({"sampler_name": "DPM++ 2M Karras"}, "DPM++ 2M Karras", "Automatic"),
        ({"sampler_name": "dpmpp_2m_karras", "scheduler": "Automatic"}, "DPM++ 2M", "Karras"),
        ({"sampler_index": "DDIM"}, "DDIM", "Automatic"),
        ({"sampler_name": "Heun", "sampler_index": "DDIM"}, "Heun", "Automatic"),
        ({"sampler_name": "Euler", "scheduler": "sgm_uniform"}, "Euler", "SGM Uniform"),
        ({"sampler_name": "Euler", "scheduler": "SGM Uniform"}, "Euler", "SGM Uniform"),
        ({"scheduler": "beta"}, "Euler", "Beta"),
    ],
)
def test_samplers_by_all_their_names(
    program: Any, drawn: list[Any], sent: dict[str, str], sampler: str, schedule: str
) -> None:
    recipe = recipe_of(program, **sent)
    assert (recipe.sampler, recipe.schedule) == (sampler, schedule)


@pytest.mark.parametrize(
    "sent",
    [
        {"scheduler": "Align Your Steps"},
        {"scheduler": "polyexponential"},
        {"sampler_name": "DDIM", "scheduler": "Karras"},
    ],
)
def test_a_schedule_that_the_sampler_has_not_becomes_automatic(
    program: Any, drawn: list[Any], sent: dict[str, str]
) -> None:
    (note,) = make(program, **sent)["info"]["notes"]
    assert "Automatic" in note and sent["scheduler"] in note
    assert Job.objects.get().recipe.schedule == "Automatic"


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_of_the_list_is_taken(program: Any, drawn: list[Any], name: str) -> None:
    assert recipe_of(program, sampler_name=name, steps=2).sampler == name


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ((1024, 1024), (192, 192)),  # what LibreChat always sends; the checkpoint was taught with 128×128
        ((512, 512), (192, 192)),
        ((1024, 512), (264, 128)),
        ((512, 2048), (96, 384)),
        ((192, 192), (192, 192)),
        ((128, 256), (128, 256)),
        ((100, 130), (96, 128)),
        ((64, 64), (64, 64)),
        ((64, 2048), (64, 576)),
    ],
)
def test_sizes(program: Any, drawn: list[Any], asked: tuple[int, int], got: tuple[int, int]) -> None:
    body = make(program, width=asked[0], height=asked[1])
    recipe = Job.objects.get().recipe
    assert (recipe.width, recipe.height) == (body["info"]["width"], body["info"]["height"]) == got
    noted = [f"{got[0]}×{got[1]} pixels are drawn, not {asked[0]}×{asked[1]}."] if got != asked else []
    assert body["info"]["notes"] == noted
    assert (body["parameters"]["width"], body["parameters"]["height"]) == asked


@pytest.mark.parametrize("where", ["request", "token"])
def test_whoever_wants_the_size_has_it(program: Any, drawn: list[Any], where: str) -> None:
    """As far as the plan goes, and no recipe has more than so many pixels."""
    unfitted = {"tempera_fit_size": False}
    sent = {"override_settings": unfitted} if where == "request" else {}
    if where == "token":
        assert ask(program, "options", unfitted).status_code == 200
    assert recipe_of(program, width=512, height=512, steps=1, **sent).width == 512
    assert recipe_of(program, width=2048, height=2048, steps=1, **sent).width == 1024


@pytest.mark.parametrize(
    ("sent", "steps"),
    [({"steps": 50}, 50), ({"steps": 150}, 50), ({"steps": 51}, 50), ({"steps": "20"}, 20), ({"steps": 20.0}, 20)],
)
def test_steps_are_at_most_the_plans(program: Any, drawn: list[Any], sent: dict[str, Any], steps: int) -> None:
    """Open WebUI asks for 50 where nobody has set it."""
    notes = make(program, **sent)["info"]["notes"]
    assert Job.objects.get().recipe.steps == steps
    assert notes == ([f"50 steps are drawn, not {sent['steps']}."] if float(sent["steps"]) > 50 else [])


def test_a_sampler_bounds_steps_too(program: Any, drawn: list[Any]) -> None:
    Plan.objects.update(max_steps=60)
    assert recipe_of(program, sampler_name="LCM", steps=60).steps == 50


def test_pictures_are_at_most_the_plans(program: Any, drawn: list[Any]) -> None:
    body = make(program, batch_size=4, n_iter=3, width=64, height=64, steps=1)
    assert len(body["images"]) == 8
    assert body["info"]["notes"] == ["8 pictures are made, not 12."]


@pytest.mark.parametrize(("sent", "got"), [(0, 1.0), (0.5, 1.0), (30, 30.0), ("7.5", 7.5)])
def test_cfg(program: Any, drawn: list[Any], sent: object, got: float) -> None:
    assert recipe_of(program, cfg_scale=sent).cfg_scale == got


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"steps": 0}, "bad-steps"),
        ({"steps": 1e9}, "bad-steps"),
        ({"steps": "many"}, "bad-steps"),
        ({"steps": 1.5}, "bad-steps"),
        ({"steps": True}, "bad-steps"),
        ({"steps": [20]}, "bad-steps"),
        ({"batch_size": 1000}, "bad-batch-size"),
        ({"batch_size": 0}, "bad-batch-size"),
        ({"n_iter": 1000}, "bad-n-iter"),
        ({"width": 4096}, "bad-width"),
        ({"height": -8}, "bad-height"),
        ({"width": "wide"}, "bad-width"),
        ({"cfg_scale": 31}, "bad-cfg-scale"),
        ({"cfg_scale": "nan"}, "bad-cfg-scale"),
        ({"cfg_scale": "1e999"}, "bad-cfg-scale"),
        ({"cfg_scale": {}}, "bad-cfg-scale"),
        ({"seed": 2**32}, "bad-seed"),
        ({"seed": "seven"}, "bad-seed"),
        ({"seed": 1.5}, "bad-seed"),
        ({"clip_skip": 13}, "bad-clip-skip"),
        ({"prompt": ""}, "empty-prompt"),
        ({"prompt": None}, "empty-prompt"),
        ({"prompt": 7}, "bad-prompt"),
        ({"prompt": "x" * 2001}, "prompt-too-long"),
        ({"negative_prompt": ["worms"]}, "bad-negative-prompt"),
        ({"send_images": "no"}, "bad-send-images"),
        ({"override_settings": []}, "bad-override-settings"),
        ({"override_settings": {"CLIP_stop_at_last_layers": 99}}, "bad-clip-stop-at-last-layers"),
        ({"override_settings": {"emphasis": "loud"}}, "bad-emphasis"),
        ({"script_name": "X/Y/Z plot"}, "unknown-script"),
    ],
)
def test_what_is_no_such_value_is_refused_and_free(program: Any, alice: User, sent: dict[str, Any], error: str) -> None:
    body = refusal(program, 422, **sent)
    assert body["error"].lower() == error and body["detail"]
    assert credits_of(alice) == 1000


def test_an_unknown_sampler_is_told_as_a1111_does(program: Any) -> None:
    assert refusal(program, 404, sampler_name="Magic")["detail"] == "Sampler not found"


@pytest.mark.parametrize("overrides", [{"sd_model_checkpoint": "dreams"}, {"sd_vae": "dreams"}])
def test_an_unknown_file(program: Any, overrides: dict[str, str]) -> None:
    assert "dreams" in refusal(program, 400, override_settings=overrides)["detail"]


def test_an_unknown_lora_has_its_place(program: Any) -> None:
    assert "“ghost”" in refusal(program, 400, prompt="an apple <lora:ghost:1>")["detail"]


def test_loras_of_the_prompt(program: Any, drawn: list[Any]) -> None:
    assert [pick.name for pick in recipe_of(program, prompt="an apple <lora:line-art:0.5>").loras] == ["line-art"]


def test_a_checkpoint_by_its_title(program: Any, drawn: list[Any]) -> None:
    (row,) = program.get("/sdapi/v1/sd-models").json()
    for name in (row["title"], row["model_name"]):
        assert recipe_of(program, override_settings={"sd_model_checkpoint": name}).checkpoint == "emoji-diffusion"


def test_settings_of_a_request_end_with_it(program: Any, drawn: list[Any]) -> None:
    settings = {"CLIP_stop_at_last_layers": 2, "emphasis": "No norm", "sd_vae": "Automatic", "eta_ddim": 1}
    body = make(program, override_settings=settings, override_settings_restore_afterwards=False)
    recipe = Job.objects.get().recipe
    assert (recipe.clip_skip, recipe.emphasis, recipe.vae) == (2, "no-norm", "")
    assert body["info"]["notes"] == ["Unknown settings are ignored: eta_ddim."]
    assert recipe_of(program).clip_skip == 1


def test_a_model_that_is_none_is_ignored(program: Any, drawn: list[Any]) -> None:
    (note,) = make(program, model="dall-e-3")["info"]["notes"]
    assert note.startswith("model is ignored.") and "dall-e-3" in note
    assert make(program, model="emoji-diffusion")["info"]["notes"] == []


def test_unknown_fields_are_ignored_and_told(program: Any, drawn: list[Any]) -> None:
    body = make(program, colour="red", zoom=2, hr_cfg=2, restore_faces=True, styles=["Sepia"])
    notes = body["info"]["notes"]
    assert "Unknown fields are ignored: colour, zoom." in notes
    assert sorted(note.split()[0] for note in notes) == ["Unknown", "Unknown", "restore_faces"]
    assert not {"colour", "zoom", "hr_cfg"} & body["parameters"].keys()


def test_a_thousand_unknown_fields_are_not_all_told(program: Any, drawn: list[Any]) -> None:
    (note,) = make(program, **{f"field{number:04}": number for number in range(1000)})["info"]["notes"]
    assert note.endswith("field0019 and 980 more.")


def test_the_names_of_columns_say_nothing(program: Any, alice: User, drawn: list[Any]) -> None:
    """Neither of a job nor of its person."""
    models = (Job, GeneratedImage, User, ApiToken, Plan)
    columns = {column.name for model in models for column in model._meta.concrete_fields} - USED.keys()
    plain = make(program, seed=7, override_settings={})
    sent = dict.fromkeys(columns, 1)
    body = make(program, seed=7, **sent, override_settings=sent)
    first, second = Job.objects.order_by("pk")
    assert (second.owner, second.token, second.credits, second.state) == (alice, program.token, first.credits, "done")
    assert body["parameters"] == plain["parameters"]
    alice.refresh_from_db()
    assert not alice.is_staff and not alice.is_superuser and credits_of(alice) == 1000 - 2 * first.credits


def test_no_field_is_in_both_tables() -> None:
    assert not USED.keys() & UNUSED.keys()


def test_secrets_in_the_body_are_not_repeated(program: Any, drawn: list[Any]) -> None:
    answer = ask(program, "txt2img", {"prompt": "a red apple", "auth": "alice:secret", "url": "http://x.example"})
    assert answer.status_code == 200
    assert "secret" not in answer.content.decode() and "x.example" not in answer.content.decode()


def test_pictures_are_left_out_if_nobody_wants_them(program: Any, alice: User, drawn: list[Any]) -> None:
    assert make(program, send_images=False)["images"] == []
    assert GeneratedImage.objects.of(alice).count() == 1


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff\xfe", b"7"])
def test_a_broken_body(program: Any, body: bytes) -> None:
    answer = program.post("/sdapi/v1/txt2img", body, content_type="application/json")
    assert (answer.status_code, set(answer.json())) == (400, {"error", "detail", "body", "errors"})


def test_any_wish_for_an_answer_is_met_with_json(program: Any, drawn: list[Any]) -> None:
    answer = ask(program, "txt2img", {"prompt": "a red apple"}, Accept="image/png")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


def test_no_credits(program: Any, alice: User) -> None:
    from accounts.credits import hold

    hold(alice, 1000, reference="rent")
    Plan.objects.update(daily_credits=0)
    assert refusal(program, 402)["error"] == "no-credits"


def test_of_an_interrupted_request_what_was_ready_comes(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def until_ended(jobs: list[int], seconds: float = 0) -> bool:
        cancel_job(Job.objects.get(pk=jobs[1]))
        draw_all()
        return True

    monkeypatch.setattr("generation.api.waiting.until_ended", until_ended)
    body = make(program, batch_size=2, seed=7)
    assert (len(body["images"]), body["info"]["all_seeds"]) == (1, [7])
    assert body["info"]["notes"] == ["It was interrupted."]


def test_an_interrupted_request_may_have_no_picture(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def until_ended(jobs: list[int], seconds: float = 0) -> bool:
        cancel_job(Job.objects.get())
        return True

    monkeypatch.setattr("generation.api.waiting.until_ended", until_ended)
    body = make(program, seed=7)
    assert (body["images"], body["info"]["seed"], body["info"]["notes"]) == ([], 7, ["It was interrupted."])


@pytest.mark.parametrize(("code", "status"), [("internal-error", 500), ("picture-withheld", 422)])
def test_where_none_could_be_drawn(
    program: Any, alice: User, monkeypatch: pytest.MonkeyPatch, code: str, status: int
) -> None:
    def until_ended(jobs: list[int], seconds: float = 0) -> bool:
        job = claim_next("w")
        assert job is not None
        return fail_job(job, code, "It did not become a picture.")

    monkeypatch.setattr("generation.api.waiting.until_ended", until_ended)
    answer = ask(program, "txt2img", {"prompt": "a red apple"})
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["detail"] == "It did not become a picture."
    assert credits_of(alice) == 1000


def test_what_takes_too_long_goes_on(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.api.waiting.until_ended", lambda jobs: False)
    answer = ask(program, "txt2img", {"prompt": "a red apple"})
    assert (answer.status_code, answer.json()["error"]) == (504, "still-drawn")
    assert Job.objects.get().state == Job.State.QUEUED


def test_what_is_ready_in_time_comes(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def until_ended(jobs: list[int], seconds: float = 0) -> bool:
        assert claim_next("somebody slow") is not None
        draw_all()
        return False

    monkeypatch.setattr("generation.api.waiting.until_ended", until_ended)
    body = make(program, batch_size=2, seed=7)
    assert (len(body["images"]), body["info"]["all_seeds"]) == (1, [8])
    assert body["info"]["notes"][0].startswith("Not all are ready yet.")
