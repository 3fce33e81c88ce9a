"""`python -m tests.benchmarks._pictures_on`: the figures of “My pictures” on the database of the settings, as JSON.

Rows are made in bulk, without files; they are filed by the site's own verb. A request is timed from the whole of the
middleware to the rendered page, by itself in the process. Every filter leaves a full page to those with 600 and more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from tests.benchmarks._queue_on import database
from tests.benchmarks._web_server import row

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User

SIZES = {"ten": 10, "some": 600, "many": 10_000}
ROUNDS = 40
MOST_MS, MOST_QUERIES, MOST_TIMES = 100.0, 8, 1.5
PROMPT = "a {what} number {number} on a cliff at dusk, oil on canvas, heavy clouds, warm windows, gulls, long exposure"
A_DAY_BACK = timedelta(days=1)


def main() -> None:
    with database() as vendor:
        from django.db import connection

        users = {name: settle(name, count) for name, count in SIZES.items()}
        if vendor == "postgresql":  # as it does by itself in time; SQLite never does
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        print(json.dumps(list(measured(vendor, users))))


def settle(name: str, count: int) -> User:
    """Half with a LoRA, a quarter square, a tenth starred; half were made yesterday, all are in an album."""
    from django.utils import timezone

    from accounts.models import Plan, User
    from generation.jobs.filing import file_images
    from generation.models import Album, AlbumPicture, GeneratedImage

    Plan.default()
    owner = User.objects.create_user(name, f"{name}@example.org")
    images = made(owner, count)
    GeneratedImage.objects.bulk_create(images, batch_size=500)
    while file_images():
        pass
    half = images[count // 2].pk
    GeneratedImage.objects.filter(owner=owner, pk__lt=half).update(created_at=timezone.now() - A_DAY_BACK)
    album = Album.objects.create(owner=owner, title="All of them")
    AlbumPicture.objects.bulk_create([AlbumPicture(album=album, image=image) for image in images], batch_size=1000)
    return owner


def made(owner: User, count: int) -> list[Any]:
    from generation.models import GeneratedImage, Job

    common: dict[str, Any] = {"credits": 0, "work": 1.0, "virtual_start": 0.0, "state": "done", "submission": "s"}
    jobs = []
    for number in range(count):
        prompt = PROMPT.format(what="lighthouse" if number % 2 else "windmill", number=number)
        recipe: dict[str, Any] = {"prompt": prompt, "checkpoint": "one" if number % 3 else "other"}
        recipe["loras"] = [{"name": "ink", "weight": 0.8}] if number % 2 else []
        jobs.append(Job(owner=owner, recipe_json=recipe, prompt=prompt, checkpoint_sha256="b" * 64, **common))
    Job.objects.bulk_create(jobs, batch_size=500)
    return [
        GeneratedImage(
            owner=owner, job=job, recipe_json=job.recipe_json, prompt=job.prompt, infotext=job.prompt * 3,
            width=512, height=768 if number % 4 else 512, seed=number, is_starred=number % 10 == 0,
            file=f"images/2026/{job.code}.png", thumbnail=f"images/2026/{job.code}-small.webp", size_bytes=400_000,
            sha256="c" * 64,
        )
        for number, job in enumerate(jobs)
    ]  # fmt: skip


def measured(vendor: str, users: dict[str, User]) -> Iterator[dict[str, Any]]:
    clients = {name: client_of(user) for name, user in users.items()}
    for what in asked(users["ten"]):
        addresses = {name: address_of(what, clients[name], user) for name, user in users.items()}
        times = timed(clients, addresses)
        for name, count in SIZES.items():
            p95 = quantiles(times[name], n=20)[-1]
            goal, holds = (f"under {MOST_MS:.0f}", p95 < MOST_MS) if name == "many" else ("", None)
            yield row(f"{vendor}, {what} of {count:,}: p95", p95, "ms", goal, holds)
        ratio = median(times["many"]) / median(times["some"])
        yield row(f"{vendor}, {what}: 10,000 over 600", ratio, "times", f"under {MOST_TIMES}", ratio < MOST_TIMES)
        queries = queries_of(clients["many"], addresses["many"])
        most = f"at most {MOST_QUERIES}"
        yield row(f"{vendor}, {what}: queries", queries, "", most, queries <= MOST_QUERIES)


def asked(user: User) -> dict[str, str]:
    """What is asked for -> its query; an album's code is each person's own."""
    from django.utils import timezone

    today = timezone.now().date()
    return {
        "page": "",
        "deep page": "",
        "starred": "starred=1",
        "checkpoint": "checkpoint=one",
        "LoRA": "lora=ink",
        "size": "size=512x512",
        "since a day": f"since={today}",
        "until a day": f"until={today - A_DAY_BACK}",
        "a word of half": "q=lighthouse",
        "words of all": "q=cliff+dusk+oil",
        "the start of a word": "q=wind",
        "a word of none": "q=zeppelin",
        "album": "album=",
        "all at once": f"q=lighthouse&lora=ink&checkpoint=one&size=512x768&since={today}",
        "deep page of words": "q=cliff",
        "deep page of a LoRA": "lora=ink",
    }


def address_of(what: str, client: Client, user: User) -> str:
    from generation.models import Album, GeneratedImage
    from generation.web.paging import signer

    query = asked(user)[what]
    if what == "album":
        query += Album.objects.get(owner=user).code
    if what.startswith("deep"):
        rows = GeneratedImage.objects.filter(owner=user).order_by("pk").values_list("pk", flat=True)
        query += f"&before={signer.sign_object([str(rows[rows.count() // 4])])}"
    return f"/images/?{query}"


def client_of(user: User) -> Client:
    from django.test import Client

    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def timed(clients: dict[str, Client], addresses: dict[str, str]) -> dict[str, list[float]]:
    """Milliseconds, in turns; the first two rounds, in which things are loaded, are left out."""
    times: dict[str, list[float]] = {name: [] for name in clients}
    for number in range(ROUNDS + 2):
        for name, client in clients.items():
            began = time.perf_counter()
            answer = client.get(addresses[name], headers={"Host": "localhost"})
            taken = 1000 * (time.perf_counter() - began)
            assert answer.status_code == 200, addresses[name]
            if number > 1:
                times[name].append(taken)
    return times


def queries_of(client: Client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        client.get(address, headers={"Host": "localhost"})
    return len(captured)


if __name__ == "__main__":
    main()
