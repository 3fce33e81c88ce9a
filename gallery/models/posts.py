"""Posts: pictures that are public or want to be, what was decided about them, and what people complain of."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Self

from django.conf import settings
from django.db import models

from accounts.ratings import Rating
from gallery.models.moderated import Moderated, WrittenOnce
from gallery.ranking import score_of
from generation.models import Checkpoint, Fingerprint, GeneratedImage, Lora
from generation.recipes.picture import UNTOLD_PROMPT, Recipe


class Tag(models.Model):
    """A word that gathers posts; written in its normalised form (see `publishing.clean_tags`)."""

    name = models.CharField(max_length=30, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


LORA_TAG = re.compile(r"<lora:[^<>]*>")

NEWEST = ("approved_at", "pk")
"""The order of the gallery, by falling values."""


class PostQuerySet(models.QuerySet["Post"]):
    """Posts; filters read as a sentence: `Post.objects.public().of(alice).newest()`. Words are found by `filters`."""

    def approved(self) -> Self:
        """What anybody may see as far as posts tell: `Found` adds that the picture is still there."""
        return self.filter(state=Post.State.APPROVED, image__isnull=False)

    def public(self) -> Self:
        """What anybody may see: approved, and its picture is still there."""
        return self.approved().shown()

    def shown(self) -> Self:
        """Posts whose picture its owner has not deleted."""
        return self.filter(image__isnull=False, image__deleted_at=None)

    def visible_to(self, user: Any) -> Self:
        """The public ones, and one's own in any state."""
        own = models.Q(author=user.pk) if user.is_authenticated else models.Q(pk__in=[])
        return self.shown().filter(models.Q(state=Post.State.APPROVED) | own)

    def of(self, user: Any) -> Self:
        return self.filter(author=user)

    def rank(self, pk: int) -> None:
        """Bring the score of a public post in line with its points, after either has changed. Two queries."""
        rows = self.filter(pk=pk, state=Post.State.APPROVED)
        if approved_at := rows.values_list("approved_at", flat=True).first():
            rows.update(score=score_of(approved_at))

    def newest(self) -> Self:
        return self.order_by(*(f"-{name}" for name in NEWEST))


class Post(Moderated):
    """A picture that its author wants to be public, with as much of its recipe as they share."""

    class Shares(models.TextChoices):
        RECIPE = "recipe", "The whole recipe"
        SETTINGS = "settings", "The recipe without the prompt"
        NOTHING = "nothing", "Only the picture"

    # The picture's row is swept some time after its deletion; the post stays, with its decisions.
    image = models.OneToOneField(GeneratedImage, null=True, on_delete=models.SET_NULL, related_name="post")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="posts")
    title = models.CharField(max_length=80)
    tags = models.ManyToManyField(Tag, blank=True, related_name="posts")
    checkpoint = models.ForeignKey(Checkpoint, null=True, on_delete=models.SET_NULL, related_name="posts")
    loras = models.ManyToManyField(Lora, blank=True, related_name="posts")
    # It outlives the picture's row, so that what was taken down is still known when it comes again.
    fingerprint = models.ForeignKey(Fingerprint, null=True, on_delete=models.SET_NULL, related_name="posts")
    rating = models.CharField(
        max_length=9, choices=Rating.choices, default=Rating.GENERAL, db_default=Rating.GENERAL,
        help_text="By its author, at least what the automatic look said; moderators may change it.",
    )  # fmt: skip
    shares = models.CharField(
        max_length=8, choices=Shares.choices, default=Shares.RECIPE, db_default=Shares.RECIPE,
        help_text="What others see of its recipe, on its page, in its file and in the API.",
    )  # fmt: skip
    made_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="remixes",
        help_text="The post whose recipe it began with.",
    )  # fmt: skip
    lineage = models.CharField(
        max_length=200, blank=True, default="", db_default="",
        help_text="Ids of the posts that it goes back to, the one it was made from last; see `lineage`.",
    )  # fmt: skip
    search_words = models.TextField(blank=True, help_text="Folded words of title, tags and prompt; see `search`.")
    facets = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="What it is filtered by: author, shape, rating, weights, tags; see `facets`.",
    )
    points = models.IntegerField(default=0, db_default=0, help_text="How much it is liked; see `ranking`.")
    score = models.FloatField(default=0, db_default=0, help_text="Points and age in one number; see `ranking`.")

    objects = PostQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["state", "-approved_at", "-id"], name="post_newest"),
            models.Index(fields=["state", "-score", "-id"], name="post_trending"),
            models.Index(fields=["state", "-points", "-id"], name="post_top"),
            models.Index(fields=["author", "state", "-approved_at", "-id"], name="post_newest_of_author"),
            models.Index(fields=["author", "-id"], name="post_by_author"),
            models.Index(fields=["state", "submitted_at", "id"], name="post_by_state"),
            models.Index(
                fields=["made_from", "state", "-approved_at", "-id"],
                name="post_remixes",
                condition=models.Q(made_from__isnull=False),
            ),
            models.Index(fields=["author"], condition=models.Q(is_news=True), name="post_news"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="approved") | models.Q(approved_at__isnull=False),
                name="approved_has_its_time",
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        return self.state == self.State.APPROVED and self.image is not None and self.image.deleted_at is None

    @property
    def shown_recipe(self) -> Recipe | None:
        """What others see of the recipe; without its prompt it keeps the LoRAs that the prompt named."""
        if self.image is None or self.shares == self.Shares.NOTHING:
            return None
        # What it was made from may be somebody's own photograph; others draw it from its text.
        whole = self.image.recipe
        recipe = whole.replace(
            prompt=whole.prompt or UNTOLD_PROMPT, start=None, enlarge=None, inversion=None, controls=()
        )
        if self.shares == self.Shares.RECIPE:
            return recipe
        named = " ".join(LORA_TAG.findall(recipe.prompt)) or UNTOLD_PROMPT
        hires = recipe.hires and replace(
            recipe.hires, prompt=" ".join(LORA_TAG.findall(recipe.hires.prompt)), negative_prompt=""
        )
        return recipe.replace(prompt=named, negative_prompt="", embeddings=(), blend=None, hires=hires)

    @property
    def shown_prompt(self) -> str:
        return self.image.prompt if self.image is not None and self.shares == self.Shares.RECIPE else ""

    def follow(self) -> None:
        """A public one has its place among the others."""
        if self.state == self.State.APPROVED:
            Post.objects.rank(self.pk)


class Decision(WrittenOnce):
    """One change of a post's state."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="decisions")


class Report(models.Model):
    """Somebody's complaint about a public post: one from each person, open until a moderator has decided."""

    class Reason(models.TextChoices):
        SEXUAL = "sexual", "Sexual content"
        VIOLENT = "violent", "Violence or cruelty"
        HATEFUL = "hateful", "Hate or harassment"
        PERSON = "person", "A real person, without consent"
        COPIED = "copied", "Somebody else's work"
        OTHER = "other", "Something else"

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="reports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reports")
    reason = models.CharField(max_length=8, choices=Reason.choices)
    words = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["at", "id"], name="report_open", condition=models.Q(closed_at=None))]
        constraints = [models.UniqueConstraint(fields=["user", "post"], name="one_report_per_person")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.post}"


class BlockedPhrase(models.Model):
    """Words that no title, tag or prompt of a post may have, or that moderators are pointed at."""

    class Effect(models.TextChoices):
        REFUSE = "refuse", "Refuse the post"
        FLAG = "flag", "Point it out to moderators"

    phrase = models.CharField(max_length=100, unique=True, help_text="One or more whole words; case does not matter.")
    effect = models.CharField(max_length=6, choices=Effect.choices, default=Effect.FLAG)
    note = models.CharField(max_length=200, blank=True, help_text="Why; shown to moderators.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["phrase"]

    def __str__(self) -> str:
        return self.phrase
