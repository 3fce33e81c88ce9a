"""Options: set for one token alone, whatever else is sent with them, and gone by where a request says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from accounts.grants import Grant
from accounts.models import ApiToken, User
from accounts.scopes import Scope
from generation.api.a1111.options import ABOUT
from generation.models import Checkpoint, Job
from tests.generation.api.a1111.conftest import NewProgram, ask, get

pytestmark = pytest.mark.usefixtures("catalog")
OTHER = {"CLIP_stop_at_last_layers": 2, "emphasis": "No norm", "tempera_fit_size": False}


def another_checkpoint() -> Checkpoint:
    """Beside the bundled one; nobody draws with it."""
    return Checkpoint.objects.create(name="dreams", title="Dreams", family="mini", path="dreams", sha256="d" * 64)


def test_they_tell_what_programs_look_for(program: Any) -> None:
    options, own = get(program, "options"), Checkpoint.objects.get()
    assert options.keys() >= ABOUT.keys()
    assert options["sd_model_checkpoint"] == f"emoji-diffusion [{own.sha256[:10]}]"
    assert (options["sd_checkpoint_hash"], options["sd_vae"]) == (own.sha256, "Automatic")
    # SillyTavern takes a site that names this for Forge.
    assert "forge_preset" not in options


def test_what_is_set_is_told_and_drawn_with(program: Any, drawn: list[Any]) -> None:
    another_checkpoint()
    assert ask(program, "options", {**OTHER, "sd_model_checkpoint": "dreams"}).json() == {}
    told = get(program, "options")
    assert {name: told[name] for name in OTHER} == OTHER
    assert told["sd_model_checkpoint"] == f"dreams [{'d' * 10}]"
    ask(program, "options", {"sd_model_checkpoint": "emoji-diffusion"})
    assert ask(program, "txt2img", {"prompt": "an apple", "width": 256, "height": 256}).status_code == 200
    recipe = Job.objects.get().recipe
    assert (recipe.clip_skip, recipe.emphasis, recipe.width) == (2, "no-norm", 256)


def test_another_token_has_its_own(program: Any, alice: User, charlie: User, new_program: NewProgram) -> None:
    """Also another one of the same person."""
    others = [new_program(alice), new_program(charlie)]
    before = [get(other, "options") for other in others]
    assert ask(program, "options", OTHER).status_code == 200
    assert [get(other, "options") for other in others] == before


def test_the_whole_object_may_be_sent_back(program: Any) -> None:
    """As Open WebUI does to change the checkpoint; most of it cannot be set."""
    title = f"dreams [{another_checkpoint().sha256[:10]}]"
    whole = get(program, "options") | {"sd_model_checkpoint": title, "samples_save": False, "unknown": {"a": []}}
    assert ask(program, "options", whole).status_code == 200
    assert get(program, "options") == get(program, "options") | {"sd_model_checkpoint": title}
    assert "unknown" not in get(program, "options")


def test_each_is_set_by_itself(program: Any) -> None:
    for name, value in OTHER.items():
        ask(program, "options", {name: value})
    told = get(program, "options")
    assert {name: told[name] for name in OTHER} == OTHER


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"sd_model_checkpoint": "nightmares"}, 400),
        ({"sd_model_checkpoint": 7}, 422),
        ({"sd_vae": "nightmares"}, 400),
        ({"CLIP_stop_at_last_layers": "all"}, 422),
        ({"emphasis": "Ignore"}, 422),
        ({"tempera_fit_size": "yes"}, 422),
        ([], 400),
    ],
)
def test_what_cannot_be_set_changes_nothing(program: Any, sent: Any, status: int) -> None:
    before = get(program, "options")
    answer = ask(program, "options", sent if isinstance(sent, list) else {**OTHER, **sent})
    assert (answer.status_code, set(answer.json())) == (status, {"error", "detail", "body", "errors"})
    assert get(program, "options") == before


def test_a_checkpoint_that_is_gone_is_the_default_one(program: Any, drawn: list[Any]) -> None:
    row = another_checkpoint()
    ask(program, "options", {"sd_model_checkpoint": "dreams"})
    row.delete()
    assert get(program, "options")["sd_model_checkpoint"].startswith("emoji-diffusion")
    assert ask(program, "txt2img", {"prompt": "an apple"}).status_code == 200


def test_a_strangers_checkpoint_is_none(program: Any, charlie: User) -> None:
    row = another_checkpoint()
    Checkpoint.objects.filter(pk=row.pk).update(owner=charlie, is_public=False)
    assert ask(program, "options", {"sd_model_checkpoint": "dreams"}).status_code == 400


def test_without_any_checkpoint_a_program_still_connects(program: Any) -> None:
    Checkpoint.objects.all().delete()
    assert get(program, "options")["sd_model_checkpoint"] is None
    assert get(program, "sd-models") == []


def test_they_outlive_the_cache(program: Any) -> None:
    ask(program, "options", OTHER)
    cache.clear()
    told = get(program, "options")
    assert {name: told[name] for name in OTHER} == OTHER


def test_what_this_version_does_not_know_is_left_out(program: Any) -> None:
    ApiToken.objects.update(options={"clip_skip": 3, "former": 1})
    assert get(program, "options")["CLIP_stop_at_last_layers"] == 3


def test_a_program_let_in_by_oauth_has_none(program: Any, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = Grant(1, tuple(Scope.values))
    monkeypatch.setattr("config.tokens.TokenAuthentication.authenticate", lambda self, request: (alice, grant))
    answers = (program.get("/sdapi/v1/options"), ask(program, "txt2img", {"prompt": "an apple"}))
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(403, "token-needed")] * 2
