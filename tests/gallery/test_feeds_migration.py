"""Posts from before the feeds get their facets and their score, as the verbs write them now."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

from django.apps import apps
from django.db import connection

from accounts.models import User
from gallery.models import Post
from generation.recipes.picture import LoraPick
from tests.gallery.conftest import INK, Publish

migration = import_module("gallery.migrations.0006_feeds")


def test_old_posts_are_filled(alice: User, publish: Publish, send_in: Publish) -> None:
    public = publish(alice, tags=("still life", "red"), loras=(LoraPick("ink", 1.0, sha256=INK),))
    waiting = send_in(alice, "Waits", height=200)
    written = {post.pk: (set(post.facets.split()), post.score) for post in Post.objects.all()}
    assert len(written[public.pk][0]) == 7 and written[public.pk][1] > 0
    Post.objects.update(facets="", score=0)
    migration.fill(apps, SimpleNamespace(connection=connection))
    filled = {post.pk: (set(post.facets.split()), post.score) for post in Post.objects.all()}
    assert filled[public.pk][0] == written[public.pk][0] and filled[waiting.pk] == written[waiting.pk]
    assert abs(filled[public.pk][1] - written[public.pk][1]) < 1e-6
    assert all(post.facets.startswith(" ") and post.facets.endswith(" ") for post in Post.objects.all())
