"""From what a recipe starts: its pictures read and laid out, and what the engine begins with. The kinds themselves are
in `starting` and `inpainting`."""

from __future__ import annotations

import torch

from generation.engine.encoding import Encoder, as_tensor
from generation.engine.inpainting import Inpainting
from generation.engine.loading.checkpoints import LoadedCheckpoint
from generation.engine.picturesource import PictureSource, read_picture
from generation.engine.second_pass import FromFirstPass, SecondPass
from generation.engine.starting import FromInverted, FromNoise, FromPicture
from generation.imaging.canvas import Canvas, lay_out
from generation.recipes.checks import InvalidRecipe
from generation.recipes.picture import Recipe
from generation.recipes.starting import Start
from generation.weightfiles.kinds import INPAINTING_CHANNELS


def canvas_of(recipe: Recipe, pictures: PictureSource) -> Canvas | None:
    """The recipe's pictures, laid out; None without any. Raises RenderError, InvalidRecipe for an empty mask."""
    if recipe.start is None:
        return None
    source = read_picture(pictures, recipe.start.source)
    mask = read_picture(pictures, recipe.start.mask) if recipe.start.mask else None
    return lay_out(recipe.start, source, mask, (recipe.width, recipe.height))


def begin(
    recipe: Recipe,
    checkpoint: LoadedCheckpoint,
    encoder: Encoder,
    canvas: Canvas | SecondPass | None,
    pictures: PictureSource,
) -> FromNoise:
    """What the request begins with. Raises InvalidRecipe for an inpainting checkpoint without a mask."""
    if isinstance(canvas, SecondPass):
        return FromFirstPass(recipe, checkpoint, canvas)
    masked = canvas is not None and canvas.mask is not None
    if checkpoint.unet.config.in_channels == INPAINTING_CHANNELS and not masked:
        raise InvalidRecipe("checkpoint", NEEDS_A_MASK, "needs-a-mask")
    if recipe.inversion:
        size = (recipe.width, recipe.height)
        read = [(wanted, read_picture(pictures, wanted)) for wanted in recipe.inversion.pictures]
        frames = [lay_out(Start(wanted), picture, None, size).frame for wanted, picture in read]
        return FromInverted(recipe, checkpoint, [encoder.encode(checkpoint, as_tensor(frame)) for frame in frames])
    if canvas is None:
        return FromNoise(recipe, checkpoint)
    picture = as_tensor(canvas.frame)
    encoded = encoder.encode(checkpoint, picture)
    if canvas.mask is None:
        return FromPicture(recipe, checkpoint, encoded)
    # Laid out in memory as diffusers' mask, else the product is not.
    mask = torch.from_numpy(canvas.mask[None, ..., None].transpose(0, 3, 1, 2))
    kept = encoder.encode(checkpoint, picture * (mask < 0.5))
    return Inpainting(recipe, checkpoint, encoded, kept, canvas.mask)


NEEDS_A_MASK = "This checkpoint only inpaints: it needs a picture and a mask of what is to be drawn."
