"""Collections: public posts that somebody gathers, alone or with others, for themselves or for everybody."""

from __future__ import annotations

import secrets
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.crypto import constant_time_compare

from gallery.models.moderated import new_code
from gallery.models.posts import Post

TITLE_CHARS = 80


def new_key() -> str:
    """What opens a collection that is shared by its link."""
    return secrets.token_urlsafe(16)


class CollectionQuerySet(models.QuerySet["Collection"]):
    """Collections; filters read as a sentence: `Collection.objects.filled_by(alice)`."""

    def of(self, user: Any) -> Self:
        return self.filter(owner=user)

    def filled_by(self, user: Any) -> Self:
        """One's own, and those that one was asked to fill."""
        return self.filter(models.Q(owner=user) | models.Q(pk__in=user.filled_collections.values("pk")))

    def public(self) -> Self:
        return self.filter(visibility=Collection.Visibility.PUBLIC, owner__is_active=True)


class Collection(models.Model):
    """Posts under a title. Whoever may see it sees those of its posts that are public."""

    class Visibility(models.TextChoices):
        PRIVATE = "private", "Only me and whom I name"
        LINK = "link", "Whoever has the link"
        PUBLIC = "public", "Everybody"

    code = models.CharField(max_length=12, unique=True, default=new_code, editable=False)
    key = models.CharField(max_length=32, default=new_key, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="collections")
    title = models.CharField(max_length=TITLE_CHARS)
    visibility = models.CharField(max_length=7, choices=Visibility.choices, default=Visibility.PRIVATE)
    contributors = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="filled_collections")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CollectionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "visibility", "-id"], name="collection_of_owner")]

    def __str__(self) -> str:
        return self.title

    def is_filled_by(self, user: Any) -> bool:
        if not user.is_authenticated:
            return False
        return self.owner_id == user.pk or self.contributors.filter(pk=user.pk).exists()

    def is_visible_to(self, user: Any, key: str) -> bool:
        """`key` is what the address brought along."""
        if self.visibility == self.Visibility.PUBLIC and self.owner.is_active:
            return True
        by_link = self.visibility == self.Visibility.LINK and self.owner.is_active
        return (by_link and constant_time_compare(key, self.key)) or self.is_filled_by(user)


class CollectedPost(models.Model):
    """A post in a collection, once."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="entries")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "post"], name="collected_once")]
        indexes = [models.Index(fields=["collection", "-id"], name="collected_newest")]

    def __str__(self) -> str:
        return f"{self.collection}: {self.post}"
