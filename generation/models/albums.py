"""Albums of one's own pictures, and links by which others see one picture or one album for a while."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from generation.models.images import GeneratedImage, ImageQuerySet
from generation.models.jobs import new_code


class AlbumQuerySet(models.QuerySet["Album"]):
    def of(self, user: Any) -> Self:
        return self.filter(owner=user)


class Album(models.Model):
    """Some of a person's own pictures under a title, seen by them alone. A picture may be in several."""

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="albums")
    title = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AlbumQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "title"], name="one_album_of_a_person_per_title")]

    def __str__(self) -> str:
        return self.title


class AlbumPicture(models.Model):
    """A picture in an album."""

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="entries", db_index=False)
    image = models.ForeignKey(GeneratedImage, on_delete=models.CASCADE, related_name="album_entries")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["album", "image"], name="one_picture_once_an_album")]

    def __str__(self) -> str:
        return f"{self.image} in {self.album}"


class ShareQuerySet(models.QuerySet["ShareLink"]):
    def of(self, user: Any) -> Self:
        return self.filter(owner=user)

    def live(self) -> Self:
        """Those that let somebody in: neither revoked nor expired, of people who may still sign in."""
        return self.filter(revoked_at=None, expires_at__gt=Now(), owner__is_active=True)


class ShareLink(models.Model):
    """Whoever has its address sees one picture, or what is in one album, until it ends.

    The address is signed and not kept: nobody who reads the database alone can make it.
    """

    code = models.CharField(max_length=16, unique=True, default=new_code, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="share_links")
    image = models.ForeignKey(GeneratedImage, null=True, on_delete=models.CASCADE, related_name="share_links")
    album = models.ForeignKey(Album, null=True, on_delete=models.CASCADE, related_name="share_links")
    with_recipe = models.BooleanField(default=False, help_text="Prompt and settings are shown, and in the files.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(image__isnull=False, album__isnull=True)
                | models.Q(image__isnull=True, album__isnull=False),
                name="share_of_a_picture_or_an_album",
            )
        ]

    def __str__(self) -> str:
        return f"{self.album or self.image}"

    def images(self) -> ImageQuerySet:
        """What it shows now: what its owner has deleted, or taken out of the album, is not there any more."""
        rows: ImageQuerySet = GeneratedImage.objects.filter(owner=self.owner_id).kept()
        return rows.filter(pk=self.image_id) if self.image_id else rows.filter(album_entries__album=self.album_id)
