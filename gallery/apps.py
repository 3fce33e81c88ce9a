"""The app of the public gallery: posts, moderation and what visitors see. It only sees finished images."""

from __future__ import annotations

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    name = "gallery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from gallery.cards import register  # its models can be imported only now

        register()
