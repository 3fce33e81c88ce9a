"""Rules about prompts as the operator keeps them, each version of them, and what was refused, noted or veiled.

Lists and rules are edited in the admin; what runs are versions, written by `safeguards.versions` alone.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models

from accounts.models import AppendOnlyQuerySet


class AppendOnly(models.Model):
    """A row that is written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("This record is append-only: rows cannot be changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("This record is append-only: rows cannot be deleted.")


class PhraseList(models.Model):
    """Phrases that mean one thing, one a line."""

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=80)
    phrases = models.TextField(
        help_text="One phrase a line, of whole words. Case, accents, look-alike letters and hidden letters do not "
        "matter. “word*” is any word that begins so, “{1-17}” a number in digits or words."
    )
    exceptions = models.TextField(
        blank=True, help_text="Phrases within which nothing counts: “baby blue” where “baby” is a phrase. One a line."
    )
    source = models.CharField(max_length=300, blank=True, help_text="Where the list comes from, or why it is there.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title


class RuleVersion(AppendOnly):
    """A rule as it stood from `at` on, with its lists: what ran then can be told for ever."""

    rule = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="one_version_of_a_number")]

    def __str__(self) -> str:
        return f"{self.rule}, version {self.number}"


class PromptRule(models.Model):
    """Lists that have an effect where one phrase of each is met in one submission."""

    class Effect(models.TextChoices):
        BLOCK = "block", "Block: refused, nothing is charged"
        REVIEW = "review", "Review: made, and moderators are asked to look"
        NOTE = "note", "Note: made, and recorded"

    name = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=80, help_text="Stands in the refusal.")
    effect = models.CharField(max_length=6, choices=Effect.choices, default=Effect.REVIEW)
    sentence = models.CharField(
        max_length=200,
        blank=True,
        help_text="Begins the refusal: what is not made here. The words follow by themselves.",
    )
    is_enabled = models.BooleanField(default=True)
    version = models.ForeignKey(RuleVersion, null=True, editable=False, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title


class RulePart(models.Model):
    """One of the lists of a rule, and in which text it is looked for."""

    class Place(models.TextChoices):
        PROMPT = "prompt", "Prompt"
        NEGATIVE = "negative_prompt", "Negative prompt"

    rule = models.ForeignKey(PromptRule, on_delete=models.CASCADE, related_name="parts")
    phrases = models.ForeignKey(PhraseList, on_delete=models.PROTECT, related_name="parts", verbose_name="list")
    place = models.CharField(max_length=15, choices=Place.choices, default=Place.PROMPT)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["rule", "phrases", "place"], name="one_part_of_a_list")]

    def __str__(self) -> str:
        return f"{self.phrases}, {self.get_place_display().lower()}"


class SafeguardRecordQuerySet(AppendOnlyQuerySet):
    """Written once, but for the one thing that may be taken away."""

    def forget_texts(self) -> int:
        """Take the texts away of who is deleted; which rule held in which version, by which words, stays. How many."""
        return models.QuerySet(self.model).filter(pk__in=self.exclude(text="").values("pk")).update(text="")


class SafeguardRecord(AppendOnly):
    """One time that a rule held or a drawn picture was rated: written once, kept."""

    class Effect(models.TextChoices):
        BLOCK = "block", "Refused"
        REVIEW = "review", "To be looked at"
        NOTE = "note", "Noted"
        WITHHELD = "withheld", "Withheld"
        VEILED = "veiled", "Veiled"

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="safeguard_records")
    effect = models.CharField(max_length=8, choices=Effect.choices)
    version = models.ForeignKey(
        RuleVersion, null=True, on_delete=models.PROTECT, related_name="records", help_text="The rule that held."
    )
    field = models.CharField(max_length=40, blank=True)
    words = models.JSONField(default=list, help_text="As they were written.")
    text = models.TextField(blank=True, help_text="The text that was refused or noted.")
    job = models.CharField(max_length=16, blank=True, help_text="The code of the job whose picture was looked at.")
    score = models.FloatField(null=True, help_text="What the scorer said of the picture, 0 to 1.")
    scorer = models.CharField(max_length=100, blank=True, help_text="Which scorer, with which limits.")

    objects: ClassVar[Any] = SafeguardRecordQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["effect", "-id"], name="safeguard_by_effect"),
            models.Index(fields=["user", "-id"], name="safeguard_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_effect_display()}: {self.version or self.scorer}"
