"""The things that the addresses of the access table name: all of them are alice's."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.models import ApiToken, User
from gallery.collecting import make_collection
from gallery.commenting import write_comment
from gallery.models import Post, Release, Sanction
from gallery.sanctions import appeal_token
from generation.jobs.albums import add_to_album, create_album
from generation.jobs.sharing import share, token_of
from generation.jobs.sources import bring_picture
from generation.models import (
    Album,
    Checkpoint,
    DataSet,
    GeneratedImage,
    Job,
    LabGrid,
    Lora,
    OwnStyle,
    ShareLink,
    Snapshot,
    SourcePicture,
    TrainingRun,
    TrainingSearch,
    Webhook,
    WebhookDelivery,
    Wildcard,
)
from generation.recipes.grids.axes import Axis
from generation.recipes.grids.between import Between
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe
from generation.storage.files import write
from generation.training.datasets.lifecycle import create_dataset
from generation.training.datasets.uploads import add_uploads


def things_of(alice: User) -> dict[str, str]:
    """Name in the table's paths -> what stands for it in an address."""
    made, done = queued_job(alice), finished_image(alice)
    dataset = filled_dataset(alice)
    token, _ = ApiToken.objects.create(user=alice, name="laptop")
    album = album_of(alice, done)
    link = share(alice, album, 7)
    return {
        "job": made.code,
        "image": done.code,
        "own": finished_image(alice).code,
        "album": album.code,
        "link": link.code,
        "shared": token_of(link),
        "revoked": token_of(ended(share(alice, done, 7), revoked_at=timezone.now())),
        "expired": token_of(ended(share(alice, done, 7), expires_at=timezone.now())),
        "run": running_run(alice).code,
        "dataset": dataset.code,
        "picture": dataset.pictures.get().code,
        "source": source_of(alice).code,
        "webhook": (hook := Webhook.objects.create(owner=alice, url="https://x.example/", secret="sealed")).code,
        "delivery": WebhookDelivery.objects.create(webhook=hook, event="job.done", body="{}", state="failed").code,
        "search": TrainingSearch.objects.create(owner=alice, name="rates", axes={}, recipe_json={}, budget=9).code,
        "post": (shown := public_post(alice)).code,
        "collection": make_collection(alice, "Apples").code,
        "comment": write_comment(alice, shown, "My first apple.").code,
        "waiting": waiting_post(alice).code,
        "rejected": rejected_post(alice).code,
        "appeal_token": appeal_token(strike_of(alice)),
        "token": token.token_key,
        "lora": Lora.objects.create(
            name="ink", title="Ink", family="mini", path="ink.safetensors", sha256="a" * 64
        ).name,
        "grid": grid_of(alice).code,
        "way": way_of(alice).code,
        "own_lora": own_lora(alice, "e").name,
        "style": OwnStyle.objects.create(owner=alice, name="Soft ink", prompt="ink drawing of {prompt}").code,
        "wildcard": Wildcard.objects.create(owner=alice, name="animals/birds", lines="a crow").name,
        "release": release(alice, own_lora(alice, "f"), done, "approved").code,
        "waiting_lora": (waited := own_lora(alice, "0")).name,
        "waiting_release": release(alice, waited, done, "pending").code,
        "checkpoint": Checkpoint.objects.create(
            name="base", title="Base", family="mini", path="base", sha256="b" * 64
        ).name,
    }


def album_of(owner: User, image: GeneratedImage) -> Album:
    """An album with one picture."""
    album = create_album(owner, "Apples")
    assert add_to_album(album, [image.code]) == 1
    return album


def source_of(owner: User) -> SourcePicture:
    """A picture to start from, as somebody brought it."""
    png = io.BytesIO()
    Image.new("RGBA", (32, 32), (200, 0, 0, 128)).save(png, "PNG")
    return bring_picture(owner, SimpleUploadedFile("apple.png", png.getvalue()))


def ended(link: ShareLink, **fields: datetime) -> ShareLink:
    ShareLink.objects.filter(pk=link.pk).update(**fields)
    return link


def grid_of(owner: User) -> LabGrid:
    """A grid of one cell, as the lab leaves it."""
    plan = GridPlan(Recipe("a red apple", width=64, height=64), (Axis("steps", ("4",)),))
    job_row(owner, submission="g1")
    return LabGrid.objects.create(owner=owner, plan_json=plan.to_json(), prompt="x", submission="g1", credits=0)


def way_of(owner: User) -> LabGrid:
    """A grid that is a way between two seeds, done, with its sheet and its films."""
    plan = GridPlan(Recipe("a red apple", width=64, height=64), between=Between("seeds", 3))
    grid: LabGrid = LabGrid.objects.create(
        owner=owner, plan_json=plan.to_json(), prompt="x", submission="g2", credits=0, state=LabGrid.State.DONE
    )
    GeneratedImage.objects.create(
        owner=owner,
        grid=grid,
        recipe_json=plan.recipe.to_json(),
        prompt="x",
        infotext="x",
        width=64,
        height=64,
        seed=1,
        file=write(f"images/{grid.code}-0.png", picture("PNG")),
        thumbnail=write(f"images/{grid.code}-0.webp", picture("WEBP")),
        film_file=write(f"images/{grid.code}-0-film.mp4", b"film"),
        animation_file=write(f"images/{grid.code}-0-moving.webp", picture("WEBP")),
        size_bytes=100,
        sha256="e" * 64,
    )
    return grid


def own_lora(owner: User, digit: str) -> Lora:
    """A private LoRA, as an upload leaves it."""
    files = Path(settings.WEIGHTS_DIRS[0]) / "uploads"
    files.mkdir(parents=True, exist_ok=True)
    (files / f"{digit * 64}.safetensors").write_bytes(b"weights")
    return Lora.objects.create(
        name=f"own-{digit}", title="Own", family="mini", path=f"uploads/{digit * 64}.safetensors", sha256=digit * 64,
        owner=owner, is_public=False, licence="MIT",
    )  # fmt: skip


def release(author: User, lora: Lora, image: GeneratedImage, state: str) -> Release:
    """A release with one sample, in the state that its author or a moderator left it in."""
    now = timezone.now()
    made = Release.objects.create(
        lora=lora, author=author, title=lora.title, licence="MIT", state=state, submitted_at=now, approved_at=now
    )
    made.samples.create(image=image, place=0)
    made.follow()
    return made


def public_post(author: User) -> Post:
    """An approved post, as `publish_image` and a moderator leave it."""
    now = timezone.now()
    return Post.objects.create(
        image=finished_image(author), author=author, title="Apple", state="approved", submitted_at=now, approved_at=now
    )


def waiting_post(author: User) -> Post:
    """A post as `publish_image` leaves it."""
    return Post.objects.create(
        image=finished_image(author), author=author, title="Pear", state="pending", submitted_at=timezone.now()
    )


def rejected_post(author: User) -> Post:
    """A post that a moderator did not accept."""
    post = waiting_post(author)
    Post.objects.filter(pk=post.pk).update(state="rejected")
    post.decisions.create(who=author, verb="reject", reason="Too dark.", from_state="pending", to_state="rejected")
    return post


def strike_of(person: User) -> Sanction:
    """A strike that counts, as a moderator gives it."""
    return Sanction.objects.create(kind="strike", person=person, by=person, reason="Rude.", at=timezone.now())


def job_row(owner: User, **fields: object) -> Job:
    recipe = {"prompt": "a red apple", "width": 64, "height": 64}
    values = {"submission": "s1", "recipe_json": recipe, "prompt": "a red apple", "checkpoint_sha256": "b" * 64}
    return Job.objects.create(owner=owner, credits=0, work=1.0, virtual_start=0.0, **{**values, **fields})


def filled_dataset(owner: User) -> DataSet:
    """A data set with one picture."""
    dataset = create_dataset(owner, "Noto", "noto style", consent=True)
    assert add_uploads(dataset, [SimpleUploadedFile("apple.png", picture("PNG"))]).refused == []
    return dataset


def running_run(owner: User) -> TrainingRun:
    """A training in a worker's hands, with one snapshot."""
    run = TrainingRun.objects.create(
        owner=owner, name="noto", recipe_json={}, manifest=[], checkpoint_sha256="b" * 64, state="running", credits=0,
        step=500, steps=1000,
    )  # fmt: skip
    Snapshot.objects.create(
        run=run, step=500, file=write(f"runs/{run.code}/1-500.safetensors", b"weights"),
        samples=[write(f"runs/{run.code}/1-500-0.png", picture("PNG"))],
    )  # fmt: skip
    return run


def queued_job(owner: User) -> Job:
    return job_row(owner)


def finished_image(owner: User) -> GeneratedImage:
    """A kept image with its files, as `finish_job` leaves it."""
    job = job_row(owner, state=Job.State.DONE, attempt=1)
    return GeneratedImage.objects.create(
        owner=owner,
        job=job,
        recipe_json=job.recipe_json,
        prompt=job.prompt,
        infotext="a red apple\nSteps: 20",
        width=64,
        height=64,
        seed=1,
        file=write(f"images/{job.code}.png", picture("PNG")),
        thumbnail=write(f"images/{job.code}.webp", picture("WEBP")),
        size_bytes=100,
        sha256="c" * 64,
    )


def picture(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "tomato").save(buffer, form)
    return buffer.getvalue()
