"""The renderer: `render(recipe)` yields steps and then the picture. The door to the engine for worker, shell and tests.

Loading, text encoding and VAE decoding happen on the caller's thread; denoising on the engine's (`batching.loop`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

import torch

from generation.engine.batching.loop import EngineLoop
from generation.engine.batching.metrics import EngineMetrics
from generation.engine.batching.request import LatestStep, RenderRequest
from generation.engine.control.annotators import Annotators
from generation.engine.control.control import Controls
from generation.engine.control.pictures import ControlPictures, window_of
from generation.engine.decoding import decode
from generation.engine.denoising import DenoisedPrediction, Denoising
from generation.engine.device_arbiter import DeviceArbiter
from generation.engine.encoding import Encoder
from generation.engine.failures import entering_as_render_error, failing_as_render_error
from generation.engine.loading.checkpoints import CheckpointCache, LoadedCheckpoint, WeightSource, serving_dtype
from generation.engine.loading.controlnets import LoadedControlNet
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.lora.resident import ResidentLoras
from generation.engine.outcome import Pixels, Rendered, Step
from generation.engine.palette import palette_guide
from generation.engine.picturesource import GivenPictures, PictureSource
from generation.engine.previews import preview_map
from generation.engine.samplers import make_scheduler, validate_table
from generation.engine.starting_points import begin, canvas_of
from generation.engine.streams import beside_the_engine, device_clock
from generation.engine.text.conditioning import Conditioner
from generation.imaging.canvas import Canvas
from generation.recipes.picture import Recipe
from generation.recipes.sampling import schedule_length

logger = logging.getLogger(__name__)

GIB = 1024**3
ENCODED_BUDGET_BYTES = 2**26
"""Of a picture of 512 × 512 pixels a quarter of a mebibyte is kept."""
HEARTBEAT_SECONDS = 1.0
DEADLINE_SECONDS = 900.0


class Renderer:
    """One device's renderer. `render` may run in many threads at once: their requests share UNet calls.

    `device` is "auto", "cpu" or a CUDA device; `threads` limits torch's threads on a CPU. Budgets are in bytes.
    """

    def __init__(
        self,
        weights: WeightSource,
        pictures: PictureSource | None = None,
        *,
        device: str = "auto",
        threads: int | None = None,
        checkpoint_budget_bytes: int = 12 * GIB,
        lora_budget_bytes: int = GIB // 2,
    ) -> None:
        validate_table()
        if threads:
            torch.set_num_threads(threads)
        self.device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        self.metrics = EngineMetrics()
        dtype = serving_dtype(self.device)
        self._weights = weights
        self._pictures = pictures or GivenPictures({})
        self._checkpoints = CheckpointCache(
            weights, budget_bytes=checkpoint_budget_bytes, device=self.device, dtype=dtype
        )
        self._loras = LoraCache(weights, lora_budget_bytes, device=self.device, dtype=dtype)
        self._residents = ResidentLoras(self._loras, lora_budget_bytes)
        self._encoder = Encoder(ENCODED_BUDGET_BYTES)
        self.annotators = Annotators(self._checkpoints, self.device)
        self._controls = Controls(self._checkpoints, ControlPictures(self._pictures, self.annotators))
        self._vae = threading.Lock()
        self._arbiter = DeviceArbiter()
        self._loop = EngineLoop(self.metrics, device_clock(self.device))

    def render(
        self, recipe: Recipe, *, previews: bool = True, deadline_seconds: float = DEADLINE_SECONDS
    ) -> Generator[Step | Rendered, None, None]:
        """Yield a Step after each UNet call of this recipe, the latest only, then one Rendered.

        About once a second without news the last Step comes again without a preview; its index is 0 while the request
        waits for its place. Closing the iterator cancels within one step. Raises InvalidRecipe for the recipe's fault,
        RenderError or its child WeightsRefused for ours; code `deadline` after `deadline_seconds`.
        """
        started = time.monotonic()
        canvas = self._canvas(recipe)
        lease = self._checkpoints.lease(recipe.checkpoint_sha256, recipe.vae_sha256)
        with self._arbiter.picture(), entering_as_render_error(lease) as checkpoint:
            with self._denoising(recipe, checkpoint, canvas, started + deadline_seconds) as request:
                for step in request.steps(HEARTBEAT_SECONDS):
                    yield self._step(step, checkpoint if previews else None)
                latents = request.latents()
            pixels = self._decode(checkpoint, latents)
        if canvas is None:
            yield Rendered(pixels, time.monotonic() - started)
        else:
            yield Rendered(canvas.finished(pixels), time.monotonic() - started, canvas.drawn)

    @contextmanager
    def time_slice(self, check: Callable[[], object] = lambda: None) -> Iterator[None]:
        """The device for one step of something else, as soon as no picture is being drawn: see `DeviceArbiter`."""
        with self._arbiter.time_slice(check):
            yield
            if self.device.type == "cuda":
                # What was only queued would still run when a picture begins.
                torch.cuda.synchronize(self.device)

    @property
    def loaded(self) -> set[str]:
        """The sha256 of the checkpoints in memory: a recipe that names one begins without loading."""
        return self._checkpoints.loaded

    @property
    def died(self) -> bool:
        """Whether the engine broke: nothing can be drawn here any more, and the process should be started anew."""
        return self._loop.died

    def close(self) -> None:
        """Stop the engine after the call under way; renders under way fail with `engine-stopped`."""
        self._loop.close()

    @contextmanager
    def _denoising(
        self, recipe: Recipe, checkpoint: LoadedCheckpoint, canvas: Canvas | None, deadline: float
    ) -> Iterator[RenderRequest]:
        """The request in the engine's hands; leaving the block, however, takes it out."""
        controls = entering_as_render_error(self._controls.lease(checkpoint, recipe.controls))
        loras = entering_as_render_error(self._residents.lease(checkpoint.unet_loras, recipe.loras))
        with controls as networks, loras:
            request = RenderRequest(self._prepare(recipe, checkpoint, canvas, networks), deadline)
            if request.denoising.done:  # no strength leaves no step
                request.finish()
                yield request
                return
            self._loop.join(request)
            try:
                yield request
            finally:
                self._loop.leave(request)

    @failing_as_render_error()
    def _canvas(self, recipe: Recipe) -> Canvas | None:
        """Where drawing begins, for recipes that start from a picture."""
        return canvas_of(recipe, self._pictures)

    @failing_as_render_error()
    @torch.inference_mode()
    def _prepare(
        self,
        recipe: Recipe,
        checkpoint: LoadedCheckpoint,
        canvas: Canvas | None,
        networks: Sequence[LoadedControlNet],
    ) -> Denoising:
        scheduler = make_scheduler(recipe.sampler, recipe.schedule, recipe.steps, checkpoint.scheduler_config)
        length = schedule_length(recipe.sampler, recipe.steps)
        with beside_the_engine(self.device):
            conditioning = Conditioner(checkpoint, self._loras, self._weights).encode(recipe, length)
            with self._vae:
                start = begin(recipe, checkpoint, self._encoder, canvas, self._pictures)
            controls = self._controls.see(networks, recipe, conditioning, window_of(recipe, canvas))
            guide = palette_guide(recipe, checkpoint)
            return Denoising(recipe, checkpoint, scheduler, conditioning, start, controls, guide)

    @failing_as_render_error()
    def _decode(self, checkpoint: LoadedCheckpoint, latents: torch.Tensor) -> Pixels:
        with self._vae, beside_the_engine(self.device):
            return decode(checkpoint, latents)

    @torch.inference_mode()
    def _step(self, latest: LatestStep, checkpoint: LoadedCheckpoint | None) -> Step:
        """With a preview if there is something new to see and a checkpoint is given to see it by."""
        preview = None
        if checkpoint is not None and latest.denoised is not None:
            with beside_the_engine(self.device):
                preview = _preview(checkpoint, latest.denoised)
        left = latest.seconds_left if latest.index else latest.total * self.metrics.recent_step_seconds()
        return Step(latest.index, latest.total, preview, left)


def _preview(checkpoint: LoadedCheckpoint, denoised: DenoisedPrediction) -> Pixels | None:
    """None where it cannot be made: for want of a preview nobody loses the picture."""
    try:
        return preview_map(checkpoint.family.key, checkpoint.vae)(denoised.latents())
    except Exception:
        logger.exception("A preview failed")
        return None
