"""The renderer: `render(recipe)` yields steps and then the picture. The door to the engine for worker, shell and tests.

Loading, text encoding and VAE decoding happen on the caller's thread; denoising on the engine's (`batching.loop`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from generation.engine.batching.loop import EngineLoop
from generation.engine.batching.metrics import EngineMetrics
from generation.engine.batching.request import LatestStep, RenderRequest
from generation.engine.control.annotators import Annotators
from generation.engine.control.control import Controls
from generation.engine.control.pictures import ControlPictures, Window, window_of
from generation.engine.decoding import decode
from generation.engine.denoising import DenoisedPrediction, Denoising
from generation.engine.device_arbiter import DeviceArbiter
from generation.engine.encoding import Encoded, Encoder, as_tensor
from generation.engine.failures import deadline_passed, entering_as_render_error, failing_as_render_error
from generation.engine.loading.checkpoints import CheckpointCache, LoadedCheckpoint, WeightSource, serving_dtype
from generation.engine.loading.controlnets import LoadedControlNet
from generation.engine.lora.mixed_batch import LoraCache
from generation.engine.lora.resident import ResidentLoras
from generation.engine.outcome import Pixels, Rendered, Step
from generation.engine.palette import palette_guide
from generation.engine.picturesource import GivenPictures, PictureSource, read_picture
from generation.engine.previews import preview_map
from generation.engine.progress import Progress
from generation.engine.refining import Refinement
from generation.engine.samplers import make_scheduler, validate_table
from generation.engine.second_pass import SecondPass, enlarged_latents, recipe_of_second_pass
from generation.engine.starting_points import begin, canvas_of
from generation.engine.streams import beside_the_engine, device_clock
from generation.engine.text.conditioning import Conditioner
from generation.engine.upscaling import Upscale, Upscalers
from generation.imaging.canvas import Canvas, on_white
from generation.recipes.enlarging import Enlarge, Hires
from generation.recipes.picture import Recipe
from generation.recipes.sampling import calls_of, schedule_length

logger = logging.getLogger(__name__)

GIB = 1024**3
ENCODED_BUDGET_BYTES = 2**26
"""Of a picture of 512 × 512 pixels a quarter of a mebibyte is kept."""
HEARTBEAT_SECONDS = 1.0
UPSCALER_BUDGET_BYTES = GIB // 4
DEADLINE_SECONDS = 900.0

Making = Generator[Step, None, tuple[Pixels, NDArray[np.bool_] | None]]
"""Steps, and at last the picture and which of its pixels were drawn (None: all)."""


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
        self._upscalers = Upscalers(weights, UPSCALER_BUDGET_BYTES, self.device, dtype)
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
        made = self._enlarging if recipe.enlarge else self._drawing
        pixels, drawn = yield from made(recipe, Progress(previews), started + deadline_seconds)
        yield Rendered(pixels, time.monotonic() - started, drawn)

    def _drawing(self, recipe: Recipe, progress: Progress, deadline: float) -> Making:
        """A picture from noise or from a picture, with its second pass, if it has one."""
        canvas = self._canvas(recipe)
        lease = self._checkpoints.lease(recipe.checkpoint_sha256, recipe.vae_sha256)
        with self._arbiter.picture(), entering_as_render_error(lease) as checkpoint:
            with self._denoising(recipe, checkpoint, canvas, deadline, window_of(recipe, canvas)) as request:
                progress.total = request.denoising.total + (
                    _calls_of_second(recipe, recipe.hires) if recipe.hires else 0
                )
                yield from self._steps(request, checkpoint, progress)
                latents = request.latents()
            if recipe.hires:
                latents = yield from self._second_pass(recipe, recipe.hires, checkpoint, latents, progress, deadline)
            pixels = self._decode(checkpoint, latents)
        return (pixels, None) if canvas is None else (canvas.finished(pixels), canvas.drawn)

    def _second_pass(
        self,
        recipe: Recipe,
        hires: Hires,
        checkpoint: LoadedCheckpoint,
        latents: torch.Tensor,
        progress: Progress,
        deadline: float,
    ) -> Generator[Step, None, torch.Tensor]:
        """From the latents (1, C, h, w) of the first pass to those of the larger picture."""
        size = hires.size_of(recipe.width, recipe.height)
        if hires.is_latent:
            factor = 2 ** (len(checkpoint.vae.config.block_out_channels) - 1)
            second = SecondPass.of(recipe, hires, enlarged_latents(latents, hires.upscaler, size, factor))
        else:
            small = Image.fromarray(self._decode(checkpoint, latents))
            pixels = yield from self._upscaled(small, size, hires.upscaler_sha256, progress, deadline)
            second = SecondPass.of(recipe, hires, self._encode(checkpoint, pixels))
        own = recipe_of_second_pass(recipe, hires)
        with self._denoising(own, checkpoint, second, deadline) as request:
            progress.total = progress.done + request.denoising.total
            yield from self._steps(request, checkpoint, progress)
            return request.latents()

    def _enlarging(self, recipe: Recipe, progress: Progress, deadline: float) -> Making:
        """An upscale of the recipe's picture, drawn over in tiles where it has a strength."""
        assert recipe.enlarge is not None
        with self._arbiter.picture():
            source = self._source(recipe.enlarge)
            sha256 = recipe.enlarge.upscaler_sha256
            pixels = yield from self._upscaled(source, recipe.enlarge.size, sha256, progress, deadline)
            if recipe.enlarge.strength:
                pixels = yield from self._refined(recipe, recipe.enlarge, pixels, progress, deadline)
        return pixels, None

    def _refined(
        self, recipe: Recipe, enlarge: Enlarge, pixels: Pixels, progress: Progress, deadline: float
    ) -> Generator[Step, None, Pixels]:
        """The picture (H, W, 3), each tile of it drawn anew, a few at a time so that they leave room for others."""
        refinement = Refinement(recipe, enlarge, pixels)
        lease = self._checkpoints.lease(recipe.checkpoint_sha256, recipe.vae_sha256)
        with entering_as_render_error(lease) as checkpoint:
            for tiles in refinement.rounds():
                with ExitStack() as stack:
                    requests = [
                        stack.enter_context(
                            self._denoising(
                                refinement.recipe,
                                checkpoint,
                                refinement.canvas(tile),
                                deadline,
                                Window(enlarge.size, tile.box),
                            )
                        )
                        for tile in tiles
                    ]
                    progress.total = progress.done + requests[0].denoising.total * refinement.left
                    for tile, request in zip(tiles, requests, strict=True):
                        yield from self._steps(request, None, progress)
                        refinement.take(tile, self._decode(checkpoint, request.latents()))
        return refinement.result

    def _upscaled(
        self, source: Image.Image, size: tuple[int, int], sha256: str, progress: Progress, deadline: float
    ) -> Generator[Step, None, Pixels]:
        """The picture in `size` (width, height), a Step for each tile of a network; (height, width, 3)."""
        with entering_as_render_error(self._upscalers.lease(sha256)) as network:
            upscale = Upscale(source, size, network)
            tiles = upscale.tiles()
            progress.total = max(progress.total, progress.done) + len(upscale.boxes)
            for _ in upscale.boxes:
                if time.monotonic() > deadline:
                    raise deadline_passed()
                self._tile_of(tiles)
                yield progress.tile_done()
        return upscale.result

    @failing_as_render_error()
    def _tile_of(self, tiles: Iterator[int]) -> None:
        next(tiles)

    @failing_as_render_error()
    def _source(self, enlarge: Enlarge) -> Image.Image:
        return on_white(read_picture(self._pictures, enlarge.source))

    @failing_as_render_error()
    def _encode(self, checkpoint: LoadedCheckpoint, pixels: Pixels) -> Encoded:
        with self._vae, beside_the_engine(self.device):
            return self._encoder.encode(checkpoint, as_tensor(pixels))

    def _steps(self, request: RenderRequest, checkpoint: LoadedCheckpoint | None, progress: Progress) -> Iterator[Step]:
        """The request's steps among those of the picture."""
        for latest in request.steps(HEARTBEAT_SECONDS):
            yield self._step(latest, checkpoint if progress.previews else None, progress)
        progress.done += request.denoising.total

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
        self,
        recipe: Recipe,
        checkpoint: LoadedCheckpoint,
        begins: Canvas | SecondPass | None,
        deadline: float,
        window: Window | None = None,
    ) -> Iterator[RenderRequest]:
        """The request in the engine's hands; leaving the block, however, takes it out.

        `window` is what is drawn of the picture over which control pictures lie; None: all of it.
        """
        controls = entering_as_render_error(self._controls.lease(checkpoint, recipe.controls))
        loras = entering_as_render_error(self._residents.lease(checkpoint.unet_loras, recipe.loras))
        with controls as networks, loras:
            request = RenderRequest(self._prepare(recipe, checkpoint, begins, networks, window), deadline)
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
        begins: Canvas | SecondPass | None = None,
        networks: Sequence[LoadedControlNet] = (),
        window: Window | None = None,
    ) -> Denoising:
        second = begins if isinstance(begins, SecondPass) else None
        steps = second.scheduled if second else recipe.steps
        scheduler = make_scheduler(recipe.sampler, recipe.schedule, steps, checkpoint.scheduler_config)
        length = second.length if second else schedule_length(recipe.sampler, recipe.steps)
        with beside_the_engine(self.device):
            conditioner = Conditioner(checkpoint, self._loras, self._weights)
            conditioning = conditioner.encode(recipe, length, second.passed if second else 0)
            with self._vae:
                start = begin(recipe, checkpoint, self._encoder, begins, self._pictures)
            controls = self._controls.see(networks, recipe.controls, start.size, conditioning, window)
            guide = palette_guide(recipe, checkpoint)
            return Denoising(recipe, checkpoint, scheduler, conditioning, start, controls, guide)

    @failing_as_render_error()
    def _decode(self, checkpoint: LoadedCheckpoint, latents: torch.Tensor) -> Pixels:
        with self._vae, beside_the_engine(self.device):
            return decode(checkpoint, latents)

    @torch.inference_mode()
    def _step(self, latest: LatestStep, checkpoint: LoadedCheckpoint | None, progress: Progress) -> Step:
        """With a preview if there is something new to see and a checkpoint is given to see it by."""
        preview = None
        if checkpoint is not None and latest.denoised is not None:
            with beside_the_engine(self.device):
                preview = _preview(checkpoint, latest.denoised)
        return progress.step(latest, preview, self.metrics.recent_step_seconds())


def _calls_of_second(recipe: Recipe, hires: Hires) -> int:
    _, made = hires.steps_of(recipe.steps, recipe.sampler)
    return calls_of(hires.sampler or recipe.sampler, made) if made else 0


def _preview(checkpoint: LoadedCheckpoint, denoised: DenoisedPrediction) -> Pixels | None:
    """None where it cannot be made: for want of a preview nobody loses the picture."""
    try:
        return preview_map(checkpoint.family.key, checkpoint.vae)(denoised.latents())
    except Exception:
        logger.exception("A preview failed")
        return None
