"""What goes wrong in one request ends that request alone; what goes wrong with the device costs nobody a picture."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from torch import Tensor

from generation.engine import decoding, vae_tiles
from generation.engine.loading.checkpoints import FolderWeights
from generation.engine.lora import mixed_batch as loras_module
from generation.engine.lora.on_gpu import GpuLayer
from generation.engine.outcome import Pixels, RenderError
from generation.engine.renderer import Renderer
from generation.engine.text.conditioning import Conditioner
from generation.recipes.picture import LoraPick, Recipe
from tests.renders import (
    allow_numpy_copies,
    checkpoint_folder,
    draw,
    draw_together,
    every_weight,
    levels_apart,
    loaded,
    recipe,
)
from tests.tiny_loras import Pair, random_pairs, write_lora
from tests.tiny_weights import tiny_checkpoint

pytestmark = allow_numpy_copies

CULPRIT = recipe(prompt="a green dog", steps=6)
OTHERS = [recipe(seed=seed, steps=6) for seed in range(4)]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer(every_weight(), device="cpu", threads=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def expected(renderer: Renderer) -> list[Pixels]:
    return [draw(renderer, wanted)[0] for wanted in OTHERS]


def assert_drawn(outcomes: list[Any], expected: list[Pixels]) -> None:
    for outcome, picture in zip(outcomes, expected, strict=True):
        assert isinstance(outcome, np.ndarray), outcome
        assert levels_apart(outcome, picture)[0] <= 1


def assert_failed(outcome: object, code: str) -> None:
    assert isinstance(outcome, RenderError), outcome
    assert outcome.code == code and str(outcome).endswith(".")


@contextmanager
def unet_hook(renderer: Renderer, before_call: Callable[[Tensor, Tensor], None]) -> Iterator[None]:
    """Runs with the latents and the text of every UNet call."""

    def hook(module: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        before_call(args[0], kwargs["encoder_hidden_states"])

    with loaded(renderer) as checkpoint:
        handle = checkpoint.unet.register_forward_pre_hook(hook, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()


def text_of(renderer: Renderer, wanted: Recipe) -> Tensor:
    with loaded(renderer) as checkpoint:
        return Conditioner(checkpoint, renderer._loras, every_weight()).encode(wanted, 1).at(0).positive[0][0]


# The UNet


def test_a_unet_error_finds_its_culprit(renderer: Renderer, expected: list[Pixels]) -> None:
    words = text_of(renderer, CULPRIT)

    def choke(latents: Tensor, text: Tensor) -> None:
        if any(torch.equal(row, words) for row in text):
            raise ValueError("this text chokes the UNet")

    with unet_hook(renderer, choke):
        first, *rest = draw_together(renderer, [CULPRIT, *OTHERS])
    assert_failed(first, "render-failed")
    assert_drawn(rest, expected)


NO_MEMORY = (
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 34359738368 bytes."),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError(),
)
no_memory = pytest.mark.parametrize("error", NO_MEMORY, ids=["gpu", "cpu", "driver", "cublas", "python"])


@no_memory
def test_out_of_memory_halves_the_batch_and_repeats_no_step(expected: list[Pixels], error: Exception) -> None:
    small = Renderer(every_weight(), device="cpu", threads=1)
    attempts: list[int] = []

    def overflow(latents: Tensor, text: Tensor) -> None:
        attempts.append(len(latents))
        if len(latents) > 2:
            raise error

    with unet_hook(small, overflow):
        outcomes = draw_together(small, OTHERS)
    small.close()
    assert_drawn(outcomes, expected)
    too_large = [rows for rows in attempts if rows > 2]
    assert len(too_large) == 1, "a batch that did not fit is never tried again"
    assert len(attempts) - len(too_large) == sum(wanted.steps for wanted in OTHERS), "no step was done twice"


def test_a_picture_that_never_fits_fails_alone(renderer: Renderer, expected: list[Pixels]) -> None:
    def overflow(latents: Tensor, text: Tensor) -> None:
        if latents.shape[-1] > 8:
            raise torch.OutOfMemoryError("no memory")

    with unet_hook(renderer, overflow):
        first, *rest = draw_together(renderer, [recipe(width=128), *OTHERS])
    assert_failed(first, "out-of-memory")
    assert_drawn(rest, expected)


def test_memory_is_emptied_when_the_failed_call_has_let_go(
    renderer: Renderer, expected: list[Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback holds the tensors of its frames, and what they hold cannot be emptied."""
    activations: list[weakref.ref[Tensor]] = []
    alive_when_emptied: Queue[bool] = Queue()

    def overflow(latents: Tensor, text: Tensor) -> None:
        activation = latents * 2
        if not activations:
            activations.append(weakref.ref(activation))
            raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: alive_when_emptied.put(activations[0]() is not None))
    with unet_hook(renderer, overflow):
        assert_failed(draw_together(renderer, OTHERS[:1])[0], "out-of-memory")
    # The picture's end is told before.
    assert alive_when_emptied.get(timeout=60) is False
    assert_drawn(draw_together(renderer, OTHERS), expected)


@no_memory
def test_a_checkpoint_that_does_not_fit_is_not_called_broken(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise error

    fresh = Renderer(every_weight(), device="cpu", threads=1)
    with monkeypatch.context() as patch:
        patch.setattr(diffusers.UNet2DConditionModel, "from_pretrained", full)
        assert_failed(draw_together(fresh, [recipe()])[0], "out-of-memory")
    assert isinstance(draw_together(fresh, [recipe()])[0], np.ndarray), "there may be room another time"
    fresh.close()


@pytest.mark.parametrize("step", ["_checkpoints", "_residents"])
@pytest.mark.parametrize(
    ("error", "code"), [(torch.OutOfMemoryError("full"), "out-of-memory"), (ZeroDivisionError(), "render-failed")]
)
def test_nothing_raw_comes_out_of_a_lease(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception, code: str
) -> None:
    @contextmanager
    def failing(*args: object) -> Iterator[None]:
        raise error
        yield

    monkeypatch.setattr(getattr(renderer, step), "lease", failing)
    assert_failed(draw_together(renderer, [recipe()])[0], code)


def test_a_picture_too_large_to_decode_is_decoded_in_tiles(renderer: Renderer) -> None:
    wanted = recipe("mini", prompt="a red apple", width=384, height=320, steps=3)
    whole, _ = draw(renderer, wanted)
    sizes: list[tuple[int, ...]] = []

    def overflow(module: object, args: tuple[Tensor, ...]) -> None:
        sizes.append(tuple(args[0].shape[-2:]))
        if max(sizes[-1]) > vae_tiles.UNIT * decoding.SMALL_TILE:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    with loaded(renderer, "mini") as checkpoint:
        # Its last resampling to full size is where the whole picture is, or one tile of it.
        hook = checkpoint.vae.decoder.up_blocks[-1].register_forward_pre_hook(overflow)
        tiles = checkpoint.vae.decoder.up_blocks[-1].resnets[0].register_forward_pre_hook(overflow)
        tiled, _ = draw(renderer, wanted)
        hook.remove()
        tiles.remove()
    assert sizes[0] == (320, 384) and len(sizes) > 2
    assert levels_apart(tiled, whole)[0] <= 1
    assert np.array_equal(draw(renderer, wanted)[0], whole)


def test_a_picture_too_large_even_in_tiles_fails_by_name(renderer: Renderer) -> None:
    def overflow(*call: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with loaded(renderer) as checkpoint:
        hook = checkpoint.vae.decoder.register_forward_pre_hook(overflow)
        deeper = checkpoint.vae.decoder.conv_in.register_forward_pre_hook(overflow)
        assert_failed(draw_together(renderer, [recipe()])[0], "out-of-memory")
        hook.remove()
        deeper.remove()


# Numbers that run away


def test_nan_ends_the_request_that_has_it(tmp_path: Path, expected: list[Pixels]) -> None:
    """A LoRA whose finite values are absurd."""
    unet = diffusers.UNet2DConditionModel.from_pretrained(tiny_checkpoint("sd1") / "unet", dtype=torch.float32)
    pairs = {name: type(pair)(pair.down * 1e18, pair.up * 1e18) for name, pair in random_pairs(unet).items()}
    lora = write_lora(tmp_path / "runaway.safetensors", "kohya", unet=pairs)
    renderer = Renderer(FolderWeights({"sd1": checkpoint_folder("sd1"), "runaway": lora}), device="cpu", threads=1)
    poisoned = recipe(loras=(LoraPick("runaway", 2.0, 0.0, "runaway"),), steps=6)
    first, *rest = draw_together(renderer, [poisoned, *OTHERS])
    renderer.close()
    assert_failed(first, "not-finite")
    assert_drawn(rest, expected)


KINDS = {"linear": r"\.attn[12]\.", "conv": r"\.conv[12]\."}


@pytest.mark.parametrize("stacked", [False, True], ids=["on a CPU", "as on a GPU"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_lora_that_overflows_everywhere_spares_those_who_draw_beside_it(
    kind: str, stacked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values that are finite in the file and infinite once multiplied, in a request that joins a running batch."""
    if stacked:
        monkeypatch.setattr(
            loras_module, "CpuLayer", lambda name, layer, rows, pairs, merged: GpuLayer(layer, rows, pairs)
        )
    unet = diffusers.UNet2DConditionModel.from_pretrained(tiny_checkpoint("sd1") / "unet", dtype=torch.float32)
    absurd = {name: Pair(pair.down.sign() * 3e38, pair.up) for name, pair in random_pairs(unet, KINDS[kind]).items()}
    files = {
        "absurd": write_lora(tmp_path / "absurd.safetensors", "kohya", unet=absurd),
        "sane": write_lora(tmp_path / "sane.safetensors", "kohya", unet=random_pairs(unet, KINDS[kind])),
    }
    renderer = Renderer(FolderWeights({"sd1": checkpoint_folder("sd1"), **files}), device="cpu", threads=1)
    picks = [(), (LoraPick("sane", 0.5, 0.0, "sane"),), (LoraPick("sane", -0.5, 0.0, "sane"),)]
    others = [wanted.replace(steps=12, loras=loras) for wanted, loras in zip(OTHERS[:3], picks, strict=True)]
    alone = [draw(renderer, wanted)[0] for wanted in others]
    poisoned = recipe(loras=(LoraPick("absurd", 1.0, 0.0, "absurd"),), steps=6)
    first, *rest = drawn_with_latecomer(renderer, poisoned, others)
    renderer.close()
    assert_failed(first, "not-finite")
    assert_drawn(rest, alone)


def drawn_with_latecomer(renderer: Renderer, late: Recipe, others: list[Recipe]) -> list[Any]:
    """The outcomes, `late`'s first; it comes while all others are being drawn."""
    groups = renderer._loop._groups
    company, may_come = [], threading.Event()

    def watch(latents: Tensor, text: Tensor) -> None:
        company.append(len(groups.requests))
        if len(groups.requests) == len(others) and not may_come.is_set():
            may_come.set()
            deadline = time.monotonic() + 60
            while len(groups.requests) == len(others) and time.monotonic() < deadline:
                time.sleep(0.005)

    def come() -> Any:
        may_come.wait(60)
        try:
            return draw(renderer, late)[0]
        except RenderError as error:
            return error

    with unet_hook(renderer, watch), ThreadPoolExecutor(1) as pool:
        latecomer = pool.submit(come)
        drawn = draw_together(renderer, others)
    assert len(others) + 1 in company
    return [latecomer.result(), *drawn]


def test_nan_from_the_vae_is_no_picture(renderer: Renderer) -> None:
    with loaded(renderer) as checkpoint:
        hook = checkpoint.vae.decoder.register_forward_hook(lambda *call: call[2] * float("nan"))
        with pytest.raises(RenderError) as caught:
            draw(renderer, recipe())
        hook.remove()
    assert caught.value.code == "not-finite"
    draw(renderer, recipe())


# The rest of the road


def test_a_schedulers_error_ends_its_request(
    renderer: Renderer, expected: list[Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(diffusers.DDIMScheduler, "step", broken)
    first, *rest = draw_together(renderer, [recipe(sampler="DDIM"), *OTHERS])
    assert_failed(first, "render-failed")
    assert_drawn(rest, expected)


@pytest.mark.parametrize("part", ["text_encoder", "vae"])
def test_errors_beside_the_step_end_their_request(renderer: Renderer, part: str, expected: list[Pixels]) -> None:
    def broken(*call: object) -> None:
        raise ZeroDivisionError

    with loaded(renderer) as checkpoint:
        module = checkpoint.vae.decoder if part == "vae" else checkpoint.text_encoders[0]
        hook = module.register_forward_pre_hook(broken)
        outcome = draw_together(renderer, [recipe(prompt=f"a {part} with a house")])[0]
        hook.remove()
    assert_failed(outcome, "render-failed")
    assert_drawn(draw_together(renderer, OTHERS), expected)


def test_a_dead_engine_thread_fails_everyone_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dying = Renderer(every_weight(), device="cpu", threads=1)
    inside = threading.Barrier(len(OTHERS))

    def die(group: object) -> None:
        raise AssertionError("a bug in the loop")

    def draw_until_it_dies(place: int) -> None:
        events = dying.render(OTHERS[place].replace(steps=60))
        next(events)
        inside.wait(30)
        monkeypatch.setattr(dying._loop, "_round", die)
        try:
            list(events)
        except RenderError as error:
            codes.append(error.code)

    codes: list[str] = []
    threads = [threading.Thread(target=draw_until_it_dies, args=(place,)) for place in range(len(OTHERS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert codes == ["engine-stopped"] * len(OTHERS) and dying.died
    assert_failed(draw_together(dying, [recipe()])[0], "engine-stopped")
