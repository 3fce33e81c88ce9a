"""Rows of what steers pictures: ControlNets, and the networks that make control pictures and masks for them."""

from __future__ import annotations

from django.db import models

from generation.models.catalog import WeightRow
from generation.recipes.controls import usual_preprocessor


class ControlNet(WeightRow):
    """What holds a picture to the shape of another; it fits checkpoints of its family."""

    @property
    def usual_preprocessor(self) -> str:
        """What its name says of the pictures that it was taught with; “none” where it says nothing."""
        return usual_preprocessor(self.name)


class Annotator(WeightRow):
    """A network that sees depth or poses in a picture, or selects what was clicked. It has no family."""

    class Task(models.TextChoices):
        DEPTH = "depth", "Depth"
        POSE = "pose", "Pose"
        SEGMENT = "segment", "Select by click"

    task = models.CharField(max_length=7, choices=Task.choices)
