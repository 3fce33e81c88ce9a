"""The posts of the benchmark `gallery`: any number of them with their pictures, made in bulk and always the same.

They are spread over a year. Words, tags, weights, authors and points are as uneven as on a true site: few have many.
One in ten waits for a moderator, one in thirty was refused, one in a hundred was deleted by its owner, one in ten was
made from another. No files are written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from tests.benchmarks._staged_rows import insert, stage, unhindered

BATCH = 5000
AUTHORS, TAGS, CHECKPOINTS, LORAS, WORDS = 500, 300, 8, 200, 3000
WORDS_A_PROMPT, WORDS_A_TITLE, TAGS_A_POST = 14, 3, 3
SIDES = ((512, 512), (512, 768), (768, 512), (1024, 1024), (832, 1216))
SPREAD = timedelta(days=365)
SPARSE = 2**240 // 5000
"""Hashes differ in their first digits, as true ones do."""
LONGEST_LINEAGE = 12
POPULAR = 25
"""So many of the oldest posts are what every hundredth was made from."""
STAGED = {
    "id": "bigint", "author": "bigint", "checkpoint": "bigint", "lora": "bigint", "tag_1": "bigint", "tag_2": "bigint",
    "tag_3": "bigint", "width": "bigint", "height": "bigint", "points": "bigint", "state": "text", "title": "text",
    "prompt": "text", "words": "text", "facets": "text", "recipe": "text", "sha": "text", "code": "text",
    "score": "float", "at": "time", "approved_at": "time", "deleted_at": "time", "rating": "text",
    "parent": "bigint", "lineage": "text",
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """What posts are made of; all are rows that are there."""

    authors: Sequence[Any]
    tags: Sequence[Any]
    checkpoints: Sequence[Any]
    loras: Sequence[Any]
    words: Sequence[str]
    people: Mapping[str, Any]
    """Who asks: `somebody` with most posts, a `reader` who follows three with few, and a `moderator`."""


def uneven(generator: np.random.Generator, most: int, shape: tuple[int, ...]) -> np.ndarray:
    """Whole numbers under `most`, of which the small ones come often: near to Zipf's law."""
    return (most ** generator.random(shape) - 1).astype(np.int64) % most


@cache
def words() -> tuple[str, ...]:
    generator = np.random.default_rng(7)
    syllables = [first + second for first in "bdfglmnprstvz" for second in ("a", "e", "i", "o", "u", "ei", "an", "or")]
    picked = generator.integers(0, len(syllables), (WORDS * 2, 3))
    return tuple(dict.fromkeys("".join(syllables[each] for each in three) for three in picked))[:WORDS]


def world() -> World:
    from accounts.models import Plan, User, Wallet
    from gallery.models import Tag
    from generation.models import Checkpoint, Lora
    from tests.benchmarks._gallery_people import moderator

    plan = Plan.default()
    names = [f"author{n}" for n in range(AUTHORS)]
    User.objects.bulk_create([User(username=n, email=f"{n}@example.org", skeleton=n, plan=plan) for n in names])
    authors = list(User.objects.order_by("pk"))
    Wallet.objects.bulk_create([Wallet(user=author, balance=100) for author in authors])
    Tag.objects.bulk_create([Tag(name=f"{words()[n]} {n}") for n in range(TAGS)])
    common = {"family": "sd1", "is_public": True}
    Checkpoint.objects.bulk_create(
        [
            Checkpoint(
                name=f"checkpoint{n}", title=f"Checkpoint {n}", path=f"c{n}", sha256=f"{n * SPARSE:064x}", **common
            )
            for n in range(CHECKPOINTS)
        ]
    )
    Lora.objects.bulk_create(
        [
            Lora(name=f"lora{n}", title=f"Lora {n}", path=f"l{n}", sha256=f"{(n + 4096) * SPARSE:064x}", **common)
            for n in range(LORAS)
        ]
    )
    return World(
        authors,
        list(Tag.objects.order_by("pk")),
        list(Checkpoint.objects.order_by("pk")),
        list(Lora.objects.order_by("pk")),
        words(),
        {"somebody": authors[0], "reader": authors[2], "moderator": moderator()},
    )


def fill(world: World, first: int, last: int) -> None:
    """Posts number `first` to `last`, of which the later are younger or older as chance has it."""
    from django.db import connection

    from gallery.models import Post
    from generation.models import GeneratedImage, Job

    tagged, lent = Post.tags.through, Post.loras.through
    with unhindered(Job, GeneratedImage, Post, tagged, lent):
        stage("staged", STAGED, rows(world, first, last))
        as_json = "recipe::jsonb" if connection.vendor == "postgresql" else "recipe"
        name = "'images/' || code"
        same = {"id": "id", "code": "code", "owner_id": "author", "recipe_json": as_json, "prompt": "prompt"}
        job = {**same, "checkpoint_sha256": "sha", "finished_at": "at", "created_at": "at"}
        insert(
            Job(submission="s", credits=1, work=1.0, virtual_start=0.0, state=Job.State.DONE, attempt=1), job, "staged"
        )
        files = {"file": f"{name} || '.png'", "thumbnail": f"{name} || '-small.webp'"}
        files |= {f"thumbnail_{side}": f"{name} || '-{side}.webp'" for side in (320, 1280)}
        image = {**same, **files, "job_id": "id", "infotext": "prompt", "width": "width", "height": "height"}
        image |= {"sha256": "sha", "created_at": "at", "deleted_at": "deleted_at"}
        insert(GeneratedImage(seed=1, svg_file="", size_bytes=1_000_000, is_filed=True), image, "staged")
        post = {"id": "id", "code": "substr(code, 1, 12)", "author_id": "author", "image_id": "id", "title": "title"}
        post |= {"checkpoint_id": "checkpoint", "state": "state", "submitted_at": "at", "approved_at": "approved_at"}
        post |= {"points": "points", "score": "score", "search_words": "words", "facets": "facets", "rating": "rating"}
        insert(Post(), {**post, "made_from_id": "parent", "lineage": "lineage"}, "staged")
        for place in (1, 2, 3):
            tag = f"tag_{place}"
            insert(tagged(), {"post_id": "id", "tag_id": tag}, f"staged WHERE {tag} IS NOT NULL")
        insert(lent(), {"post_id": "id", "lora_id": "lora"}, "staged")
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO gallery_post_search (rowid, words, facets) SELECT id, words, facets FROM staged"
                )


def rows(world: World, first: int, last: int) -> Iterator[tuple[Any, ...]]:
    """In the order of STAGED."""
    for start in range(first, last, BATCH):
        yield from batch(world, start, min(start + BATCH, last) - start)


def batch(world: World, start: int, count: int) -> Iterator[tuple[Any, ...]]:
    """Facets and words as `publishing` writes them, which `check` looks after."""
    from gallery.facets import of_author, of_tag, of_weights, shape_of
    from gallery.ranking import BEGAN, TENFOLD

    generator = np.random.default_rng(start)
    tag_facets = [of_tag(tag.name) for tag in world.tags]
    tag_words = [tag.name for tag in world.tags]
    facets_of = {id(row): of_weights(row.sha256) for row in (*world.checkpoints, *world.loras)}
    picks = zip(
        uneven(generator, AUTHORS, (count,)).tolist(),
        uneven(generator, TAGS, (count, TAGS_A_POST)).tolist(),
        uneven(generator, CHECKPOINTS, (count,)).tolist(),
        uneven(generator, LORAS, (count,)).tolist(),
        uneven(generator, len(world.words), (count, WORDS_A_PROMPT + WORDS_A_TITLE)).tolist(),
        uneven(generator, 2000, (count,)).tolist(),
        generator.random(count).tolist(),
        generator.random((count, 2)).tolist(),
        generator.random((count, LONGEST_LINEAGE)).tolist(),
        strict=True,
    )
    for number, (author_at, tags_at, checkpoint_at, lora_at, words_at, points, age, chance, ancestors) in enumerate(
        picks, start
    ):
        author, checkpoint, lora = world.authors[author_at], world.checkpoints[checkpoint_at], world.loras[lora_at]
        tags_at = list(dict.fromkeys(tags_at))
        text = [world.words[each] for each in words_at]
        title, prompt = " ".join(text[:WORDS_A_TITLE]), " ".join(text[WORDS_A_TITLE:])
        width, height = SIDES[points % len(SIDES)]
        at = now() - SPREAD * age
        state = "pending" if chance[0] < 1 / 10 else "rejected" if chance[0] < 2 / 15 else "approved"
        rating = rating_at(age * 1000 % 1)
        facets = [of_author(author.pk), shape_of(width, height), rating]
        facets += [facets_of[id(checkpoint)], facets_of[id(lora)]]
        lineage = lineage_of(number, ancestors)
        yield (
            number + 1, author.pk, checkpoint.pk, lora.pk, *[world.tags[each].pk for each in tags_at],
            *[None] * (TAGS_A_POST - len(tags_at)), width, height, points, state, title, prompt,
            f" {title} {' '.join(tag_words[each] for each in tags_at)} {prompt} ",
            f" {' '.join((*facets, *(tag_facets[each] for each in tags_at)))} ",
            recipe_of(checkpoint, lora, (width, height)).replace("PROMPT", prompt),
            checkpoint.sha256, f"{(number + 1) * 0x9E3779B97F4A7C15 % 2**64:016x}",
            math.log10(points + 1) + (at - BEGAN) / TENFOLD, at, at if state == "approved" else None,
            at if chance[1] < 1 / 100 else None, rating, lineage[-1] if lineage else None, " ".join(map(str, lineage)),
        )  # fmt: skip


def lineage_of(number: int, ancestors: Sequence[float]) -> list[int]:
    """Keys of the posts that it goes back to, for one in ten of them; the older ones were there before."""
    if number < 1000 or number % 10:
        return []
    if number % 100 == 0:
        return [number // 100 % POPULAR + 1]
    return sorted({int(part * number) + 1 for part in ancestors[: number // 10 % LONGEST_LINEAGE + 1]})


def rating_at(chance: float) -> str:
    """One in 20 is sensitive, one in 200 explicit."""
    return "explicit" if chance < 1 / 200 else "sensitive" if chance < 1 / 20 else "general"


@cache
def recipe_of(checkpoint: Any, lora: Any, sides: tuple[int, int]) -> str:
    """As it is kept, with PROMPT in place of the prompt."""
    from generation.recipes.picture import LoraPick, Recipe

    recipe = Recipe(
        "PROMPT", width=sides[0], height=sides[1], seed=1, checkpoint=checkpoint.name,
        checkpoint_sha256=checkpoint.sha256, loras=(LoraPick(lora.name, 0.8, sha256=lora.sha256),),
    )  # fmt: skip
    return json.dumps(recipe.to_json())


def check() -> None:
    """What was written is what `publishing` would have written."""
    from gallery.facets import facets_of, shape_of
    from gallery.models import Post
    from gallery.words import folded_words, spaced

    for post in Post.objects.select_related("image", "checkpoint").order_by("code")[:50]:
        assert post.image and post.checkpoint
        names = sorted(tag.name for tag in post.tags.all())
        weights = (post.checkpoint.sha256, *(lora.sha256 for lora in post.loras.all()))
        facets = facets_of(post.author_id, shape_of(post.image.width, post.image.height), post.rating, names, weights)
        assert set(facets.split()) == set(post.facets.split())
        words = folded_words(" ".join((post.title, *names, post.image.recipe.prompt)))
        assert sorted(words) == sorted(post.search_words.split()) and post.search_words == spaced(
            post.search_words.split()
        )


@cache
def now() -> datetime:
    return datetime.now(UTC)
