"""The rows of the benchmark `gallery`: any number of posts with their pictures, made in bulk and always the same.

They are spread over a year. Words, tags, weights, authors and points are as uneven as on a true site: few have many.
One in thirty is not public, one in a hundred was deleted by its owner. No files are written.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

BATCH = 5000
AUTHORS, TAGS, CHECKPOINTS, LORAS, WORDS = 500, 300, 8, 200, 3000
WORDS_A_PROMPT, WORDS_A_TITLE, TAGS_A_POST = 14, 3, 3
SIDES = ((512, 512), (512, 768), (768, 512), (1024, 1024), (832, 1216))
SPREAD = timedelta(days=365)


@dataclass(frozen=True)
class World:
    """What posts are made of; all are rows that are there."""

    authors: Sequence[Any]
    tags: Sequence[Any]
    checkpoints: Sequence[Any]
    loras: Sequence[Any]
    words: Sequence[str]


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
    from accounts.models import Plan, User
    from gallery.models import Tag
    from generation.models import Checkpoint, Lora

    plan = Plan.default()
    names = [f"author{n}" for n in range(AUTHORS)]
    User.objects.bulk_create([User(username=n, email=f"{n}@example.org", skeleton=n, plan=plan) for n in names])
    Tag.objects.bulk_create([Tag(name=f"{words()[n]} {n}") for n in range(TAGS)])
    Checkpoint.objects.bulk_create(
        [
            Checkpoint(name=f"checkpoint{n}", title=f"Checkpoint {n}", family="sd1", path=f"c{n}", sha256=f"{n:064x}")
            for n in range(CHECKPOINTS)
        ]
    )
    Lora.objects.bulk_create(
        [
            Lora(name=f"lora{n}", title=f"Lora {n}", family="sd1", path=f"l{n}", sha256=f"{n + 4096:064x}")
            for n in range(LORAS)
        ]
    )
    return World(
        list(User.objects.order_by("pk")),
        list(Tag.objects.order_by("pk")),
        list(Checkpoint.objects.order_by("pk")),
        list(Lora.objects.order_by("pk")),
        words(),
    )


def fill(world: World, first: int, last: int) -> None:
    """Posts number `first` to `last`, of which the later are younger or older as chance has it."""
    for start in range(first, last, BATCH):
        fill_batch(world, start, min(start + BATCH, last) - start)


def fill_batch(world: World, start: int, count: int) -> None:
    from django.db import transaction

    from gallery.models import Post
    from gallery.search import index_posts
    from generation.models import GeneratedImage, Job

    generator = np.random.default_rng(start)
    picks = {
        "author": uneven(generator, AUTHORS, (count,)),
        "tags": uneven(generator, TAGS, (count, TAGS_A_POST)),
        "checkpoint": uneven(generator, CHECKPOINTS, (count,)),
        "lora": uneven(generator, LORAS, (count,)),
        "words": uneven(generator, len(world.words), (count, WORDS_A_PROMPT + WORDS_A_TITLE)),
        "points": uneven(generator, 2000, (count,)),
        "age": generator.random(count),
        "chance": generator.random((count, 2)),
    }
    rows = [Row.of(world, {name: values[each] for name, values in picks.items()}) for each in range(count)]
    with transaction.atomic():
        jobs = Job.objects.bulk_create([row.job() for row in rows])
        images = GeneratedImage.objects.bulk_create([row.image(job) for row, job in zip(rows, jobs, strict=True)])
        made = [row.post(image) for row, image in zip(rows, images, strict=True)]
        posts = Post.objects.bulk_create(made)
        join(posts, rows)
        for part in range(0, count, 500):
            index_posts([post.pk for post in posts[part : part + 500]])


def join(posts: Sequence[Any], rows: Sequence[Row]) -> None:
    from gallery.models import Post

    pairs = list(zip(posts, rows, strict=True))
    tagged, lent = Post.tags.through, Post.loras.through
    tagged.objects.bulk_create(
        [tagged(post_id=post.pk, tag_id=tag.pk) for post, row in pairs for tag in row.tags], batch_size=BATCH
    )
    lent.objects.bulk_create([lent(post_id=post.pk, lora_id=row.lora.pk) for post, row in pairs])


@dataclass(frozen=True)
class Row:
    author: Any
    tags: tuple[Any, ...]
    checkpoint: Any
    lora: Any
    title: str
    prompt: str
    sides: tuple[int, int]
    points: int
    at: datetime
    rating: str
    is_public: bool
    is_deleted: bool

    @classmethod
    def of(cls, world: World, pick: dict[str, Any]) -> Row:
        text = [world.words[each] for each in pick["words"]]
        return cls(
            author=world.authors[pick["author"]],
            tags=tuple({world.tags[each] for each in pick["tags"]}),
            checkpoint=world.checkpoints[pick["checkpoint"]],
            lora=world.loras[pick["lora"]],
            title=" ".join(text[:WORDS_A_TITLE]),
            prompt=" ".join(text[WORDS_A_TITLE:]),
            sides=SIDES[int(pick["points"]) % len(SIDES)],
            points=int(pick["points"]),
            at=now() - SPREAD * float(pick["age"]),
            rating=rating_at(float(pick["age"]) * 1000 % 1),
            is_public=pick["chance"][0] > 1 / 30,
            is_deleted=pick["chance"][1] < 1 / 100,
        )

    def job(self) -> Any:
        from generation.models import Job

        return Job(
            owner=self.author, submission="s", recipe_json=self.recipe, prompt=self.prompt, credits=1, work=1.0,
            checkpoint_sha256=self.checkpoint.sha256, virtual_start=0.0, state=Job.State.DONE, attempt=1,
            finished_at=self.at,
        )  # fmt: skip

    @property
    def recipe(self) -> dict[str, Any]:
        from generation.recipes.picture import LoraPick, Recipe

        return Recipe(
            self.prompt, width=self.sides[0], height=self.sides[1], seed=1, checkpoint=self.checkpoint.name,
            checkpoint_sha256=self.checkpoint.sha256, loras=(LoraPick(self.lora.name, 0.8, sha256=self.lora.sha256),),
        ).to_json()  # fmt: skip

    def image(self, job: Any) -> Any:
        from generation.models import GeneratedImage

        name = f"images/{job.code}"
        return GeneratedImage(
            owner=self.author, job=job, recipe_json=job.recipe_json, prompt=self.prompt, infotext=self.prompt,
            width=self.sides[0], height=self.sides[1], seed=1, file=f"{name}.png", thumbnail=f"{name}-small.webp",
            thumbnail_320=f"{name}-320.webp", thumbnail_1280=f"{name}-1280.webp", size_bytes=1_000_000,
            sha256=secrets.token_hex(32), deleted_at=self.at if self.is_deleted else None,
        )  # fmt: skip

    def post(self, image: Any) -> Any:
        from gallery.facets import facets_of, shape_of
        from gallery.models import Post
        from gallery.ranking import BEGAN, TENFOLD
        from gallery.words import folded_words, spaced

        names = [tag.name for tag in self.tags]
        weights = (self.checkpoint.sha256, self.lora.sha256)
        score = float(np.log10(self.points + 1)) + (self.at - BEGAN) / TENFOLD
        return Post(
            image=image, author=self.author, title=self.title, checkpoint=self.checkpoint, submitted_at=self.at,
            state=Post.State.APPROVED if self.is_public else Post.State.REJECTED,
            approved_at=self.at if self.is_public else None, points=self.points, score=score,
            search_words=spaced(folded_words(" ".join((self.title, *names, self.prompt)))),
            facets=facets_of(self.author.pk, shape_of(*self.sides), self.rating, names, weights), rating=self.rating,
        )  # fmt: skip


def rating_at(chance: float) -> str:
    """One in 20 is sensitive, one in 200 explicit."""
    return "explicit" if chance < 1 / 200 else "sensitive" if chance < 1 / 20 else "general"


@cache
def now() -> datetime:
    return datetime.now(UTC)
