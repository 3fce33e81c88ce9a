"""A person's own styles: named fragments of prompts. Those that the site brings along are no rows."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models

from generation.models.catalog import FAMILY_TITLES
from generation.models.images import GeneratedImage
from generation.models.jobs import new_code
from generation.recipes.styles import Style


class OwnStyleQuerySet(models.QuerySet[Any]):
    def of(self, user: Any) -> Self:
        return self.filter(owner=user).order_by("name")


class OwnStyle(models.Model):
    """One style of one person. Written by `catalog.styles` alone."""

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=100)
    prompt = models.TextField(blank=True)
    negative_prompt = models.TextField(blank=True)
    family = models.CharField(
        max_length=12, blank=True, choices=list(FAMILY_TITLES.items()), help_text="Empty: for every checkpoint."
    )
    sample = models.ForeignKey(
        GeneratedImage, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="A picture of its owner that shows what it does.",
    )  # fmt: skip

    objects = OwnStyleQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_style_of_a_person_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def style(self) -> Style:
        return Style(self.name, self.prompt, self.negative_prompt, self.family)
