"""What a program may do in a person's name, told by its token. What the person may do is their plan's to say."""

from __future__ import annotations

from django.db import models


class Scope(models.TextChoices):
    """The value is OAuth's word for it too."""

    READ = "read", "See your pictures, jobs, credits and settings"
    GENERATE = "generate", "Make pictures, and keep them in order"
    PUBLISH = "publish", "Publish, comment, like and follow in your name"
    TRAIN = "train", "Keep data sets, and train and merge LoRAs"
    MODERATE = "moderate", "Decide as a moderator, if you are one"


def every_scope() -> list[str]:
    """What a token may do that nobody has narrowed, as all could before there were scopes."""
    return list(Scope.values)
