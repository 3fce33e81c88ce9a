"""What the gallery is tested on: finished pictures of the cast, and posts that went through the verbs."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable

import numpy as np
import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.utils import timezone
from PIL import Image

from accounts.models import User
from gallery import news
from gallery.models import Post
from gallery.moderation import approve
from gallery.publishing import publish_image
from generation.models import Checkpoint, GeneratedImage, Job, Lora
from generation.recipes.picture import Recipe
from generation.storage.files import write
from tests.conftest import join

BASE, INK = "b" * 64, "a" * 64
Finish = Callable[..., GeneratedImage]
Publish = Callable[..., Post]


def encoded(seed: int, form: str) -> bytes:
    """Coarse noise, so that pictures of different seeds do not look alike."""
    cells = np.random.default_rng(seed).integers(0, 255, (8, 9), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(cells).resize((72, 64), Image.Resampling.NEAREST).convert("RGB").save(buffer, form, lossless=True)
    return buffer.getvalue()


@pytest.fixture
def first_reasons(db: None) -> None:
    """What a new site has, and a test that empties the tables has taken from those after it."""
    importlib.import_module("gallery.migrations.0010_desk").list_first_reasons(apps, None)


@pytest.fixture
def weights(db: None) -> None:
    Checkpoint.objects.create(name="base", title="Base", family="mini", path="base", sha256=BASE)
    Lora.objects.create(name="ink", title="Ink", family="mini", path="ink.safetensors", sha256=INK)


@pytest.fixture
def finish(weights: None) -> Finish:
    """A kept picture of somebody, with its files; `seed` decides its pixels."""

    def finished(owner: User, prompt: str = "a red apple", seed: int | None = None, **fields: object) -> GeneratedImage:
        seed = Job.objects.count() + 1 if seed is None else seed
        recipe = Recipe(prompt, width=72, height=64, seed=seed, checkpoint="base", checkpoint_sha256=BASE)
        recipe = recipe.replace(**fields)
        job = Job.objects.create(
            owner=owner, submission="s", recipe_json=recipe.to_json(), prompt=prompt, checkpoint_sha256=BASE,
            credits=0, work=1.0, virtual_start=0.0, state=Job.State.DONE, attempt=1, finished_at=timezone.now(),
        )  # fmt: skip
        return GeneratedImage.objects.create(
            owner=owner, job=job, recipe_json=job.recipe_json, prompt=prompt, infotext=f"{prompt}\nSteps: 20",
            width=recipe.width, height=recipe.height, seed=seed,
            file=write(f"images/{job.code}.png", encoded(seed, "PNG")),
            thumbnail=write(f"images/{job.code}.webp", encoded(seed, "WEBP")), size_bytes=100, sha256=f"{seed:064x}",
        )  # fmt: skip

    return finished


@pytest.fixture
def send_in(finish: Finish) -> Publish:
    """A post of somebody that waits for a moderator."""

    def sent(author: User, title: str = "Apple", *, tags: tuple[str, ...] = (), **fields: object) -> Post:
        return publish_image(author, finish(author, **fields), title, tags)

    return sent


@pytest.fixture
def publish(send_in: Publish, bob: User) -> Publish:
    """A public post of somebody: bob approved it."""

    def published(author: User, title: str = "Apple", **fields: object) -> Post:
        post = send_in(author, title, **fields)
        approve(bob, post)
        return post

    return published


def unread(user: User) -> int:
    """As the bar of every page counts it."""
    return int(User.objects.values_list(news.unread(user), flat=True).get(pk=user.pk))


@pytest.fixture
def dora(bob: User) -> User:
    """A second moderator."""
    user = join("dora", is_staff=True)
    user.groups.add(Group.objects.get(name="moderator"))
    return user
