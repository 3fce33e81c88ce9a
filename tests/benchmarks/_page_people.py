"""The people of the benchmark `pages`: with nothing, with many pictures, and a moderator; all by the site's verbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from accounts.models import User
    from generation.models import GeneratedImage

PROMPT = "a lighthouse on a cliff at dusk, oil on canvas, heavy clouds, warm windows, gulls, long exposure sea"
TILES = 71
WAITING = 12
"""Pictures that wait for the moderator; the first one is in no gallery, and all others are public: more than a page."""
SIDE = 128


@dataclass(frozen=True, slots=True)
class People:
    """Session cookies by who they are, and what addresses name."""

    sessions: dict[str, str]
    image: str
    post: str


def settle() -> People:
    """On a fresh data folder with the bundled catalog; what waits for the moderator is another's."""
    from django.conf import settings
    from django.contrib.auth.models import Group
    from django.core.management import call_command

    from accounts.credits import grant
    from accounts.models import Plan, User
    from gallery.following import follow
    from gallery.moderation import MODERATORS, approve
    from gallery.publishing import publish_image
    from generation.catalog.importing import import_folder

    call_command("migrate", verbosity=0)
    list(import_folder(settings.WEIGHTS_DIRS[-1]))
    Plan.default()
    users = {name: User.objects.create_user(name, f"{name}@example.org") for name in ("empty", "busy", "moderator")}
    User.objects.filter(username="moderator").update(is_staff=True)
    users["moderator"].groups.add(Group.objects.get_or_create(name=MODERATORS)[0])
    grant(users["busy"], 10_000, reference="benchmark")
    images = drawn(users["busy"], TILES)
    moderator = User.objects.get(username="moderator")
    posts = []
    for left, image in zip(range(len(images) - 2, -1, -1), images[1:], strict=True):
        posts.append(publish_image(users["busy"], image, f"Lighthouse {image.seed}", ["sea"]))
        if left >= WAITING:  # decided one by one, since few may wait of one person
            approve(moderator, posts[-1])
    follow(moderator, users["busy"])
    return People({name: session_of(user) for name, user in users.items()}, images[0].code, posts[0].code)


def drawn(owner: User, count: int) -> list[GeneratedImage]:
    """So many finished pictures of one press of the button; only their pixels are made up."""
    from generation.jobs.lifecycle import finish_job
    from generation.jobs.queueing import claim_next
    from generation.jobs.submission import submit_jobs
    from generation.models import Job
    from generation.recipes.picture import Recipe

    images = []
    for number in range(count):
        submit_jobs(owner, Recipe(prompt=PROMPT, width=SIDE, height=SIDE, steps=4, seed=number), 1)
        job = claim_next("benchmark")
        assert job is not None
        # Coarse, so that no two look alike to the gallery.
        cells = np.random.default_rng(number).integers(0, 255, (8, 8, 3), np.uint8)
        image = finish_job(job, cells.repeat(SIDE // 8, 0).repeat(SIDE // 8, 1), 0.1)
        assert image is not None
        images.append(image)
    Job.objects.filter(owner=owner).update(submission="one-press")
    return images


def session_of(user: User) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)
