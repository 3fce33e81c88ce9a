"""The renderer from outside: pictures equal to diffusers', steps on the way, and who may leave when."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generation.engine.loading import checkpoints
from generation.engine.loading.components import LoadedComponents
from generation.engine.loading.layouts import load_components
from generation.engine.outcome import Rendered, RenderError, Step, WeightsRefused
from generation.engine.renderer import Renderer
from generation.recipes.picture import LoraPick, Recipe
from tests.renders import (
    allow_numpy_copies,
    draw,
    draw_by_pipeline,
    draw_together,
    every_weight,
    levels_apart,
    loaded,
    recipe,
)

pytestmark = allow_numpy_copies

EIGHT = ("Euler", "Euler a", "Heun", "DPM++ 2M", "DPM++ 2M SDE Karras", "DDIM", "PLMS", "UniPC")

HALF_PRECISION_LEVELS = 8


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as made:
        yield made


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Renderer]:
    """Its batches grow as where every row more is free: whether one pays is the machine's matter, and its mood's."""
    monkeypatch.setattr("generation.engine.renderer.device_clock", lambda device: lambda: 0.0)
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as made:
        yield made


# Alone: equal to diffusers


@pytest.mark.parametrize("sampler", EIGHT)
@pytest.mark.parametrize("cfg_scale", [1.0, 4.0])
def test_a_lone_request_equals_the_pipeline_to_the_bit(renderer: Renderer, sampler: str, cfg_scale: float) -> None:
    wanted = recipe("mini", sampler=sampler, steps=8, cfg_scale=cfg_scale, prompt="a red apple", negative_prompt="blue")
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted))


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl", "mini"])
@pytest.mark.parametrize("negative", ["", "a blue dog"])
def test_every_family_equals_its_pipeline_to_the_bit(renderer: Renderer, family: str, negative: str) -> None:
    """SDXL with its pooled text and sizes, SD 2 with v-prediction; a picture that is not square."""
    wanted = recipe(family, negative_prompt=negative, width=96, height=64)
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_pipeline(wanted))


@pytest.mark.parametrize("family", ["sd1", "sd2", "sdxl"])
def test_every_family_is_drawn_in_half_precision(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dtypes of a GPU's worker, on a CPU: each tensor meets those it is put together with."""
    monkeypatch.setattr("generation.engine.renderer.serving_dtype", lambda device: torch.float16)
    wanted = recipe(family, steps=2, width=64, height=64, negative_prompt="a blue dog")
    with closing(Renderer(every_weight(), device="cpu", threads=1)) as renderer:
        pixels, steps = draw(renderer, wanted)
    assert steps[-1].preview is not None
    levels, _ = levels_apart(pixels, draw_by_pipeline(wanted))
    assert levels <= HALF_PRECISION_LEVELS


def test_a_picture_has_the_size_of_its_recipe(renderer: Renderer) -> None:
    pixels, _ = draw(renderer, recipe(width=72, height=128))
    assert pixels.shape == (128, 72, 3) and pixels.dtype == np.uint8


def test_the_seed_decides(renderer: Renderer) -> None:
    first, again, other = (draw(renderer, recipe(seed=seed))[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_separate_vae_decodes(renderer: Renderer) -> None:
    plain, other = draw(renderer, recipe())[0], draw(renderer, recipe(vae_sha256="vae"))[0]
    assert not np.array_equal(plain, other)


def test_and_is_guided_by_each_part(renderer: Renderer) -> None:
    both, zeroed, alone = (
        draw(renderer, recipe(prompt=text))[0] for text in ("a cat AND a dog", "a cat AND a dog :0", "a cat")
    )
    assert not np.array_equal(both, alone)
    assert levels_apart(zeroed, alone)[0] <= 1


def test_a_lora_of_the_recipe_is_heard_with_its_weight(renderer: Renderer) -> None:
    def drawn(*picks: LoraPick) -> np.ndarray:
        return draw(renderer, recipe("mini", prompt="a red apple", loras=picks))[0]

    plain = drawn()
    assert np.array_equal(plain, drawn(LoraPick("3d", 0.0, sha256="fluent-3d")))
    strong = drawn(LoraPick("3d", 1.0, sha256="fluent-3d"))
    weak = drawn(LoraPick("3d", 0.2, sha256="fluent-3d"))
    assert 0 < distance(plain, weak) < distance(plain, strong)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.abs(first.astype(float) - second).mean())


# Together


def mixed(count: int = 8) -> list[Recipe]:
    """Strangers: prompts, seeds, steps, CFG scales (with and without), samplers and LoRAs all differ."""
    picks = (LoraPick("3d", 0.8, sha256="fluent-3d"), LoraPick("line", -0.4, sha256="line-art"))
    return [
        recipe(
            "mini",
            prompt=("a red apple", "a blue car", "a cat")[number % 3],
            negative_prompt=("", "green")[number % 2],
            seed=number,
            steps=(4, 6, 9)[number % 3],
            cfg_scale=(1.0, 4.0, 7.5)[number % 3],
            sampler=EIGHT[number % 8],
            loras=picks[: number % 3],
        )
        for number in range(count)
    ]


def test_strangers_share_calls_and_each_gets_the_picture_of_being_alone(roomy: Renderer) -> None:
    alone = [draw(roomy, wanted)[0] for wanted in mixed()]
    calls_before = roomy.metrics.snapshot().calls
    together = draw_together(roomy, mixed())
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, np.ndarray), other
        most, share = levels_apart(one, other)
        assert most <= 1 and share < 1e-3
    assert roomy.metrics.snapshot().calls - calls_before < 0.8 * sum(wanted.steps for wanted in mixed())
    assert max(roomy.metrics.snapshot().rows_by_call) > 2


def test_other_sizes_checkpoints_and_text_lengths_are_drawn_beside(renderer: Renderer) -> None:
    """None of them can share a call, all of them get their turn."""
    wanted = [recipe("mini"), recipe("sd1"), recipe("mini", width=128), recipe("mini", prompt="a red cat, " * 30)]
    alone = [draw(renderer, each)[0] for each in wanted]
    for one, other in zip(alone, draw_together(renderer, wanted), strict=True):
        assert not isinstance(other, Exception) and np.array_equal(one, other)


def test_checkpoints_that_are_new_at_once_are_all_loaded() -> None:
    """The libraries' loaders disturb each other when they run in two threads."""
    fresh = Renderer(every_weight(), device="cpu", threads=1)
    outcomes = draw_together(fresh, [recipe(name, steps=1) for name in ("sd1", "sd2", "sdxl", "mini")])
    fresh.close()
    assert all(isinstance(outcome, np.ndarray) for outcome in outcomes), outcomes


def test_who_wants_a_warm_checkpoint_waits_for_nobodys_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """While two that want the same new one load it once."""
    fresh = Renderer(every_weight(), device="cpu", threads=1)
    expected, _ = draw(fresh, recipe())
    begun, go_on, loads = threading.Event(), threading.Event(), []

    def slow_load(path: Path, **options: Any) -> LoadedComponents:
        loads.append(path)
        begun.set()
        assert go_on.wait(60)
        return load_components(path, **options)

    monkeypatch.setattr(checkpoints, "load_components", slow_load)
    cold: list[Any] = []
    thread = threading.Thread(target=lambda: cold.extend(draw_together(fresh, [recipe("mini"), recipe("mini")])))
    thread.start()
    try:
        assert begun.wait(60)
        assert np.array_equal(draw(fresh, recipe(), deadline_seconds=30)[0], expected)
        assert not cold, "the load is still under way"
    finally:
        go_on.set()
        thread.join()
        fresh.close()
    assert len(loads) == 1 and all(isinstance(outcome, np.ndarray) for outcome in cold), cold


# Steps


@pytest.mark.parametrize(("sampler", "calls"), [("Euler", 5), ("Heun", 9), ("PLMS", 6), ("DPM2", 9)])
def test_progress_counts_unet_calls(renderer: Renderer, sampler: str, calls: int) -> None:
    """Heun and DPM2 call twice a step, PLMS once more than it has steps."""
    _, steps = draw(renderer, recipe(sampler=sampler, steps=5))
    assert {step.total for step in steps} == {calls}
    indexes = [step.index for step in steps]
    assert indexes == sorted(indexes) and indexes[-1] == calls
    assert steps[-1].seconds_left == 0
    assert all(step.seconds_left >= 0 for step in steps)


def test_a_slow_consumer_gets_the_latest_step_and_no_backlog(renderer: Renderer) -> None:
    finished = renderer.metrics.snapshot().ended["finished"]
    with closing(renderer.render(recipe(steps=60))) as events:
        first = next(events)
        assert isinstance(first, Step) and first.index < 60
        while renderer.metrics.snapshot().ended["finished"] == finished:
            time.sleep(0.01)
        late, *rest = events
    assert isinstance(late, Step) and late.index == 60
    assert len(rest) == 1 and isinstance(rest[0], Rendered)


def test_previews_can_be_left_out(renderer: Renderer) -> None:
    _, steps = draw(renderer, recipe(), previews=False)
    assert steps and all(step.preview is None for step in steps)


def test_who_waits_hears_that_it_waits(renderer: Renderer) -> None:
    """So that a consumer can leave the queue, or keep a lease alive."""
    with held_up(renderer) as go_on, closing(renderer.render(recipe())) as events:
        waiting = next(events)
        go_on.set()
    assert isinstance(waiting, Step) and waiting.index == 0 and waiting.preview is None


# Leaving


def test_closing_cancels_within_one_step_and_leaves_the_others_alone(renderer: Renderer) -> None:
    other = recipe(steps=12, seed=3)
    expected = draw(renderer, other)[0]
    staying: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: staying.append(draw(renderer, other)[0]))
    with closing(renderer.render(recipe(steps=60))) as events:
        thread.start()
        next(events)
    calls = renderer.metrics.snapshot().calls
    thread.join()
    assert renderer.metrics.snapshot().calls - calls <= 12
    assert renderer.metrics.snapshot().ended["cancelled"] >= 1
    assert levels_apart(staying[0], expected)[0] <= 1


def test_who_leaves_while_waiting_never_starts(renderer: Renderer) -> None:
    waits = renderer.metrics.snapshot().queue_waits
    with held_up(renderer) as go_on:
        events = renderer.render(recipe())
        next(events)
        go_on.set()
        events.close()
    assert renderer.metrics.snapshot().queue_waits <= waits + 2


def test_a_deadline_ends_a_request_by_itself(renderer: Renderer) -> None:
    with pytest.raises(RenderError) as caught:
        draw(renderer, recipe(steps=60), deadline_seconds=0.0)
    assert caught.value.code == "deadline"
    draw(renderer, recipe())


def test_a_closed_renderer_fails_who_is_in_it_and_who_comes() -> None:
    closed = Renderer(every_weight(), device="cpu", threads=1)
    events = closed.render(recipe(steps=60))
    next(events)
    closed.close()
    for attempt in (events, closed.render(recipe())):
        with pytest.raises(RenderError) as caught:
            list(attempt)
        assert caught.value.code == "engine-stopped"


# Weights


@pytest.mark.parametrize(
    "changes",
    [
        {"checkpoint": "nowhere"},
        {"vae_sha256": "nowhere"},
        {"loras": (LoraPick("x", sha256="nowhere"),)},
        {"checkpoint": "fluent-3d"},
        {"loras": (LoraPick("x", sha256="sd2"),)},
        {"loras": (LoraPick("x", sha256="fluent-3d"),)},
    ],
)
def test_weights_that_cannot_be_used_are_refused_by_name(renderer: Renderer, changes: dict[str, Any]) -> None:
    """Missing, of another kind, or of another family; the engine goes on."""
    with pytest.raises(WeightsRefused) as caught:
        draw(renderer, recipe(**changes))
    assert caught.value.code and str(caught.value).endswith(".")
    draw(renderer, recipe())


class held_up:
    """Inside the block the engine thread stands still in a UNet call until the event is set."""

    def __init__(self, renderer: Renderer) -> None:
        self.renderer = renderer
        self.go_on = threading.Event()
        self.standing = threading.Event()

    def __enter__(self) -> threading.Event:
        def stand(*_: object) -> None:
            self.standing.set()
            self.go_on.wait(30)

        self.lease = loaded(self.renderer)
        self.hook = self.lease.__enter__().unet.register_forward_pre_hook(stand)
        self.thread = threading.Thread(target=draw, args=(self.renderer, recipe(width=72, steps=1)))
        self.thread.start()
        assert self.standing.wait(30)
        return self.go_on

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self.hook.remove()
        self.thread.join()
        self.lease.__exit__(None, None, None)
