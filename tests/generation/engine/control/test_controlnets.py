"""Drawing with ControlNets: alone against diffusers' own pipelines to the bit, and beside others in one UNet call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generation.engine.loading.controlnets import load_controlnet
from generation.engine.outcome import RenderError, WeightsRefused
from generation.engine.renderer import Renderer
from generation.recipes.enlarging import Enlarge
from generation.recipes.picture import Recipe
from generation.recipes.starting import Start
from tests.control_renders import (
    FAMILIES,
    control,
    control_weights,
    draw_by_control_pipeline,
    drawing,
    pictures,
    reference,
)
from tests.ldm_layout import tiny_configs
from tests.renders import INPAINTING, allow_numpy_copies, draw, draw_together, levels_apart, recipe
from tests.tiny_controls import tiny_controlnet, tiny_controlnet_file

pytestmark = allow_numpy_copies

SAMPLERS = ("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M Karras", "DDIM", "UniPC", "Heun")
WIDE = drawing("wide").resize((96, 64))
TRANSPARENT = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
MASK = Image.new("L", (64, 64))
MASK.paste(255, (13, 20, 45, 51))


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer(
        control_weights(), pictures(drawing(), drawing("other"), WIDE, TRANSPARENT, MASK), device="cpu", threads=1
    )
    yield made
    made.close()


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_equals_the_pipeline_to_the_bit(renderer: Renderer, family: str, sampler: str) -> None:
    wanted = recipe(family, sampler=sampler, steps=3, controls=(control(f"{family}-a"),))
    drawn = draw(renderer, wanted)[0]
    assert np.array_equal(drawn, draw_by_control_pipeline(wanted, [drawing()]))
    assert not np.array_equal(drawn, draw(renderer, wanted.replace(controls=()))[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_several_with_weights_starts_and_ends_equal_the_pipeline_to_the_bit(renderer: Renderer, family: str) -> None:
    first = control(f"{family}-a", weight=0.6, start=0.25)
    second = control(f"{family}-b", drawing("other"), weight=1.3, end=0.5)
    wanted = recipe(family, controls=(first, second))
    made = draw_by_control_pipeline(wanted, [drawing(), drawing("other")])
    assert np.array_equal(draw(renderer, wanted)[0], made)


def test_without_guidance_it_equals_the_pipeline_to_the_bit(renderer: Renderer) -> None:
    wanted = recipe(cfg_scale=1.0, controls=(control(),))
    assert np.array_equal(draw(renderer, wanted)[0], draw_by_control_pipeline(wanted, [drawing()]))


def test_one_that_reads_blue_first_gets_it_first(renderer: Renderer) -> None:
    wanted = recipe(controls=(control("sd1-bgr"),))
    drawn = draw(renderer, wanted)[0]
    assert np.array_equal(drawn, draw_by_control_pipeline(wanted, [drawing()]))
    assert not np.array_equal(drawn, draw(renderer, recipe(controls=(control(),)))[0])


def test_no_weight_is_as_if_it_were_not_there(renderer: Renderer) -> None:
    assert np.array_equal(draw(renderer, recipe(controls=(control(weight=0),)))[0], draw(renderer, recipe())[0])


def test_another_shape_is_cropped_or_stretched(renderer: Renderer) -> None:
    """A pipeline only stretches."""
    stretched = recipe(controls=(control(image=WIDE, fit="stretch"),))
    assert np.array_equal(draw(renderer, stretched)[0], draw_by_control_pipeline(stretched, [WIDE]))
    cropped = recipe(controls=(control(image=WIDE),))
    assert np.array_equal(draw(renderer, cropped)[0], draw_by_control_pipeline(cropped, [WIDE.crop((16, 0, 80, 64))]))


@pytest.mark.parametrize(("preprocessor", "ground"), [("none", 0), ("tile", 255)])
def test_what_is_transparent_is_the_ground_of_its_kind(renderer: Renderer, preprocessor: str, ground: int) -> None:
    """Of a control picture black, where nothing is; of any other picture white, as paper."""
    read = renderer._controls._pictures.of(control(image=TRANSPARENT, preprocessor=preprocessor), (64, 64))
    assert (read == ground).all()


def test_rows_with_different_ones_and_without_share_each_call(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's picture is another's, and each network is called for its own rows alone."""
    wanted = [
        recipe(),
        recipe(seed=8, controls=(control(),)),
        recipe(seed=9, controls=(control("sd1-b", drawing("other"), weight=0.5),)),
        recipe(seed=10, controls=(control(), control("sd1-b", end=0.5))),
    ]
    alone = [draw(renderer, each)[0] for each in wanted]
    seen: dict[str, list[int]] = {"sd1-a": [], "sd1-b": []}
    with renderer._checkpoints.lease_controlnet("sd1-a") as a, renderer._checkpoints.lease_controlnet("sd1-b") as b:
        for loaded in (a, b):
            own = loaded.network.forward

            def forward(sample: torch.Tensor, *rest: object, own=own, name=loaded.sha256, **more: object) -> object:  # type: ignore[no-untyped-def]
                seen[name].append(len(sample))
                return own(sample, *rest, **more)

            monkeypatch.setattr(loaded.network, "forward", forward)
        calls = renderer.metrics.snapshot().calls
        for _ in range(3):  # until batches have grown to hold all
            together = draw_together(renderer, wanted)
            for first, second in zip(together, alone, strict=True):
                assert isinstance(first, np.ndarray) and levels_apart(first, second)[0] <= 1
    steps = renderer.metrics.snapshot().calls - calls
    assert steps < 3 * 4 * len(wanted) and max(seen["sd1-a"]) == 4 and max(seen["sd1-b"]) == 4
    assert sum(seen["sd1-a"]) == 3 * 4 * 2 * 2 and sum(seen["sd1-b"]) == 3 * (4 + 2) * 2


def test_prompts_of_different_lengths_are_drawn_as_if_each_ran_alone(renderer: Renderer) -> None:
    """The ControlNet knows no mask of the text: a long negative prompt must not change what the prompt sees."""
    long = ", ".join(["a red cat on the green house"] * 9)
    wanted = recipe(prompt=long, negative_prompt="blue", controls=(control(),))
    calls: list[tuple[int, ...]] = []
    with renderer._checkpoints.lease_controlnet("sd1-a") as loaded:
        own = loaded.network.forward

        def forward(*inputs: torch.Tensor, encoder_hidden_states: torch.Tensor, **more: object) -> object:
            calls.append(tuple(encoder_hidden_states.shape[:2]))
            return own(*inputs, encoder_hidden_states=encoder_hidden_states, **more)

        loaded.network.forward = forward
        try:
            drawn = draw(renderer, wanted)[0]
        finally:
            loaded.network.forward = own
    assert calls == [(1, 77), (1, 154)] * 4 and drawn.std() > 0


@pytest.mark.parametrize(
    ("checkpoint", "sampler", "masked"),
    [
        ("sd1", "Heun", False),
        ("sd1", "UniPC", True),
        ("sd2", "DPM++ 2M Karras", False),
        ("sd2", "DDIM", True),
        ("sdxl", "Euler a", False),
        ("sdxl", "DPM++ 2M", True),
        ("sd1-inpainting", "Euler", True),
    ],
)
def test_a_picture_and_a_mask_may_start_it_as_well(
    renderer: Renderer, checkpoint: str, sampler: str, masked: bool
) -> None:
    """Also then it equals the pipeline to the bit; its share of the steps is that of those that are drawn."""
    source, hole = drawing("other"), np.asarray(MASK) > 0
    start = Start(reference(source), 0.75, reference(MASK) if masked else None, mask_blur=0)
    network = f"{checkpoint.removesuffix(INPAINTING)}-a"
    wanted = recipe(checkpoint, sampler=sampler, start=start, controls=(control(network, end=0.7),))
    pixels = draw(renderer, wanted)[0]
    pipeline = draw_by_control_pipeline(wanted, [drawing()], [source, MASK] if masked else [source])
    if masked:
        assert np.array_equal(pixels[~hole], np.asarray(source)[~hole])
        pixels, pipeline = pixels[hole], pipeline[hole]
    assert np.array_equal(pixels, pipeline)


def test_only_the_masked_area_sees_its_part_of_the_control_picture(renderer: Renderer) -> None:
    """Changing the control picture elsewhere changes nothing."""
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 24, 24))
    elsewhere = drawing().copy()
    elsewhere.paste((0, 0, 0), (48, 48, 64, 64))
    made = Renderer(control_weights(), pictures(drawing(), elsewhere, mask), device="cpu", threads=1)
    start = Start(reference(drawing()), 1.0, reference(mask), area="masked", padding=0)
    try:
        drawn = [draw(made, recipe(start=start, controls=(control(image=each),)))[0] for each in (drawing(), elsewhere)]
        plain = draw(made, recipe(start=start))[0]
    finally:
        made.close()
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], plain)


def test_each_tile_of_an_upscale_sees_its_part_of_the_control_picture() -> None:
    """Changing the control picture in one corner changes nothing in the other."""
    elsewhere = drawing().copy()
    elsewhere.paste((0, 0, 0), (48, 48, 64, 64))
    made = Renderer(control_weights(), pictures(drawing(), elsewhere), device="cpu", threads=1)
    plain = recipe(enlarge=Enlarge(reference(drawing()), 2, strength=0.5, overlap=16))
    try:
        one, other = (draw(made, plain.replace(controls=(control(image=each),)))[0] for each in (drawing(), elsewhere))
        free = draw(made, plain)[0]
    finally:
        made.close()
    assert np.array_equal(one[:32, :32], other[:32, :32]) and not np.array_equal(one[96:, 96:], other[96:, 96:])
    assert not np.array_equal(one[:32, :32], free[:32, :32])


@pytest.mark.parametrize("layout", ["ldm", "diffusers"])
@pytest.mark.parametrize("family", FAMILIES)
def test_single_files_are_the_folder(family: str, layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generation.engine.families.CONFIGS", tiny_configs())
    single, folder = (
        load_controlnet(path, "", device=torch.device("cpu"), dtype=torch.float32)
        for path in (tiny_controlnet_file(family, layout), tiny_controlnet(family))
    )
    assert single.family == folder.family
    for part in ("network", "see"):
        found, wanted = getattr(single, part).state_dict(), getattr(folder, part).state_dict()
        assert found.keys() == wanted.keys() and all(torch.equal(found[key], wanted[key]) for key in wanted)


def test_another_family_is_refused_by_name_and_family(renderer: Renderer) -> None:
    with pytest.raises(WeightsRefused, match="SDXL.*SD 1.x") as caught:
        draw(renderer, recipe(controls=(control("sdxl-a"),)))
    assert caught.value.code == "wrong-family" and "tiny-control-sdxl" in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (recipe(controls=(control(image=drawing("unknown")),)), "source-missing"),
        (recipe(controls=(control("nowhere"),)), "missing-weights"),
        (recipe(controls=(control("sd1"),)), "wrong-kind"),
        (recipe(controls=(control(preprocessor="sd1-a", annotator_sha256="sd1-a"),)), "wrong-kind"),
    ],
)
def test_what_is_missing_or_of_another_kind_is_said(renderer: Renderer, wanted: Recipe, code: str) -> None:
    with pytest.raises(RenderError) as caught:
        draw(renderer, wanted)
    assert caught.value.code == code


def test_a_network_that_answers_nan_ends_its_own_request_alone(renderer: Renderer) -> None:
    with renderer._checkpoints.lease_controlnet("sd1-b") as loaded:
        bias = loaded.network.controlnet_mid_block.bias
        before = bias.clone()
        bias.fill_(torch.nan)
        try:
            broken, whole = draw_together(renderer, [recipe(controls=(control("sd1-b"),)), recipe(seed=8)])
        finally:
            bias.copy_(before)
    assert isinstance(broken, RenderError) and broken.code == "not-finite"
    assert isinstance(whole, np.ndarray)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(tiny_controlnet_file("sd1", "diffusers").read_bytes()[:-100])
    with pytest.raises(WeightsRefused):
        load_controlnet(path, "", device=torch.device("cpu"), dtype=torch.float32)
