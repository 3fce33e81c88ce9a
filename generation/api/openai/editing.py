"""A request to edit a picture as a recipe: the picture and its mask are kept as if they had been brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile

from accounts.models import User
from accounts.refusals import Refusal
from generation.api.openai.aliases import checkpoint_named
from generation.api.openai.asking import Asked, delivery_of
from generation.api.openai.fields import EDIT, FIDELITIES, read_fields
from generation.catalog.resolving import find_checkpoint
from generation.imaging.brought import mask_png
from generation.imaging.untrusted import MAX_FILE_BYTES
from generation.jobs.pinning import picture_of
from generation.jobs.sources import alpha_mask_of, bring_picture
from generation.models import SourcePicture
from generation.recipes.picture import Recipe
from generation.recipes.starting import PictureRef, Start, drawn_like

PICTURES = ("image", "image[]")
FILES = (*PICTURES, "mask")
WITH_A_MASK = 1.0
"""How much changes below a mask: all of it is drawn anew, as OpenAI does."""


@dataclass(frozen=True, slots=True)
class AskedEdit(Asked):
    """Beside what every request asks for: the picture, and the mask if one was sent."""

    picture: UploadedFile[Any]
    mask: UploadedFile[Any] | None
    streams_as: ClassVar[str] = "image_edit"

    @classmethod
    def read_form(cls, data: Mapping[str, Any], files: Any) -> Self:
        """Raises Refusal for a field that is wrong, unknown or beside another, and for no or several pictures."""
        said = cls.checked(read_fields({name: value for name, value in data.items() if name not in FILES}, EDIT))
        pictures = [file for name in PICTURES for file in files.getlist(name)]
        if not pictures:
            raise Refusal("missing-parameter", "Missing required parameter: “image”.", field="image")
        if len(pictures) > 1:
            raise Refusal("invalid-value", "One picture is edited at a time: send one image.", field="image")
        return cls(said, delivery_of(said), pictures[0], files.get("mask"))

    def recipe(self, user: User) -> Recipe:
        checkpoint = find_checkpoint(user, checkpoint_named(user, self.said["model"]))
        source = bring_picture(user, self.picture)
        mask = self.mask_of(user, source)
        strength = self.said["strength"]
        if strength is None:
            strength = WITH_A_MASK if mask else FIDELITIES[self.said["input_fidelity"]]
        start = Start(picture_of(user, source.code), strength, mask)
        usual = drawn_like(start, user.plan.max_pixels)
        return self.recipe_with(user, checkpoint, (usual["width"], usual["height"])).replace(start=start)

    def mask_of(self, user: User, source: SourcePicture) -> PictureRef | None:
        """What is transparent is drawn: in the mask that was sent, else in the picture itself, as OpenAI has it."""
        if self.mask is not None:
            data = mask_png(self.mask.read(MAX_FILE_BYTES + 1), clear_is_drawn=True)
            return picture_of(user, bring_picture(user, ContentFile(data, "mask")).code)
        return picture_of(user, alpha_mask_of(user, source).code) if source.has_alpha else None
