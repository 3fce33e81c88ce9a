"""Facets, points and score of posts, and an index of words and facets: PostgreSQL's, or SQLite's in a table of its own."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import migrations, models

BATCH = 1000
ON_POSTGRESQL = """
    CREATE INDEX post_words_and_facets ON gallery_post USING gin
    (to_tsvector('simple'::regconfig, COALESCE(search_words, '')), string_to_array(btrim(facets), ' '))
"""
ON_SQLITE = """
    CREATE VIRTUAL TABLE gallery_post_search USING fts5(words, facets, tokenize='ascii', prefix='1 2 3')
"""


def facets_of(post: Any) -> str:
    """As `gallery.facets` says it at this time."""
    image = post.image
    sides = (image.width, image.height)
    shape = "square" if max(sides) <= 1.1 * min(sides) else "portrait" if image.height > image.width else "landscape"
    weights = [post.checkpoint.sha256] if post.checkpoint else []
    weights += [lora.sha256 for lora in post.loras.all()]
    tags = [hashlib.sha256(tag.name.encode()).hexdigest() for tag in post.tags.all()]
    # What is older than ratings is rated general by the migration that brings them.
    names = [f"a{post.author_id}", shape, "general", *(f"w{sha[:16]}" for sha in weights), *(f"t{sha[:16]}" for sha in tags)]
    return f" {' '.join(names)} "


def fill(apps: Any, schema_editor: Any) -> None:
    posts = apps.get_model("gallery", "Post").objects.exclude(image=None)
    rows = posts.select_related("image", "checkpoint").prefetch_related("loras", "tags").order_by("pk")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        for post in batch:
            post.facets = facets_of(post)
            if post.approved_at:
                post.score = (post.approved_at - datetime(2025, 1, 1, tzinfo=UTC)) / timedelta(days=1)
        posts.bulk_update(batch, ["facets", "score"])
        last = batch[-1].pk


def create_index(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS post_search_words")
        schema_editor.execute(ON_POSTGRESQL)
        return
    schema_editor.execute(ON_SQLITE)
    schema_editor.execute(
        "INSERT INTO gallery_post_search (rowid, words, facets) SELECT id, search_words, facets FROM gallery_post"
    )


def drop_index(apps: Any, schema_editor: Any) -> None:
    postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute("DROP INDEX post_words_and_facets" if postgresql else "DROP TABLE gallery_post_search")


class Migration(migrations.Migration):
    dependencies = [("gallery", "0005_news"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name="post",
            name="facets",
            field=models.TextField(
                blank=True,
                default="",
                db_default="",
                help_text="What it is filtered by: author, shape, rating, weights, tags; see `facets`.",
            ),
        ),
        migrations.AddField(
            model_name="post",
            name="points",
            field=models.IntegerField(db_default=0, default=0, help_text="How much it is liked; see `ranking`."),
        ),
        migrations.AddField(
            model_name="post",
            name="score",
            field=models.FloatField(db_default=0, default=0, help_text="Points and age in one number; see `ranking`."),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="post", index=models.Index(fields=["state", "-score", "-id"], name="post_trending")
        ),
        migrations.AddIndex(model_name="post", index=models.Index(fields=["state", "-points", "-id"], name="post_top")),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(fields=["author", "state", "-approved_at", "-id"], name="post_newest_of_author"),
        ),
        migrations.RunPython(create_index, drop_index),
    ]
