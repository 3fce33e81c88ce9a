"""A grid whose cells have all ended becomes one picture, once, with labels and named gaps. Any process does it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from PIL import Image

from accounts.ratings import Rating, strongest
from generation.imaging.film import encode_animation, encode_film
from generation.imaging.gridsheet import PlacedCell, PlacedSheet, draw_grid
from generation.jobs.filing import keep_image
from generation.jobs.lifecycle import infotext_of
from generation.jobs.pinning import note_uses
from generation.jobs.sources import source_type_of_jobs
from generation.models import Fingerprint, GeneratedImage, Job, LabGrid
from generation.recipes.grids.plan import GridPlan
from generation.recipes.picture import Recipe
from generation.storage import files
from generation.storage.fingerprints import keep_fingerprint
from generation.storage.marks import marked
from generation.storage.thumbnails import ENDINGS, thumbnails_of

logger = structlog.get_logger(__name__)

TYPEFACE = "static/vendor/fonts/inter-latin.woff2"
FILM_ENDINGS = {"animation_file": "-moving.webp", "film_file": "-film.mp4"}
GAPS = {Job.State.FAILED: "Not made", Job.State.CANCELLED: "Cancelled", Job.State.DONE: "Deleted"}


def ready_grids() -> QuerySet[LabGrid]:
    """Grids that wait for nothing but their picture."""
    going = Job.objects.unfinished().filter(submission=OuterRef("submission"), owner=OuterRef("owner"))
    found: QuerySet[LabGrid] = LabGrid.objects.filter(~Exists(going), state=LabGrid.State.DRAWING)
    return found


def is_last(job: Job) -> bool:
    """Whether a grid waits for its picture now that this job has ended."""
    return ready_grids().filter(submission=job.submission).exists()


def finish_ready_grids() -> int:
    """Make the picture of every grid that is ready; the number made. May run in several processes at once.

    One whose cells have lost a file waits for it, and must not keep the others waiting.
    """
    ready = filter(is_readable, ready_grids().select_related("owner"))
    return sum(finish_grid(grid) is not None for grid in ready)


def finish_grid(grid: LabGrid) -> GeneratedImage | None:
    """Keep the grid's picture and end it in one transaction. None when nothing was drawn, or another was quicker."""
    jobs = list(grid.jobs.select_related("image"))
    drawn = [job for job in jobs if kept_image(job) is not None]
    if not drawn:
        _end(grid, LabGrid.State.EMPTY)
        return None
    sheet = picture_of(grid.plan, jobs)
    # The first of those with the most LoRAs stands for the grid, pinned as it was drawn.
    recipe = max((job.recipe for job in drawn), key=lambda recipe: len(recipe.loras))
    infotext = f"{infotext_of(recipe)}, {grid.plan.script_text()}"
    rating = strongest(*(image.rating for job in drawn if (image := kept_image(job)) is not None))
    picture = marked(sheet, source_type_of_jobs(jobs))
    png, thumbnails = picture.png(infotext), thumbnails_of(picture)
    name = f"{files.FOLDER}/{grid.created_at:%Y/%m/%d}/{grid.code}-0"
    kept = {"file": files.write(f"{name}.png", png)}
    kept |= {field: files.write(f"{name}{ENDINGS[field]}", data) for field, data in thumbnails.items()}
    films = films_of(grid.plan, jobs)
    kept |= {field: files.write(f"{name}{FILM_ENDINGS[field]}", data) for field, data in films.items()}
    with transaction.atomic():
        image = _keep_row(grid, recipe, infotext, sheet, kept, png, rating) if _end(grid, LabGrid.State.DONE) else None
        if image is not None:
            keep_fingerprint(picture.fingerprint, image)
            note_uses(image, recipe)
    if image is None:
        files.discard(*kept.values())
    else:
        logger.info("grid_finished", grid=grid.code, pictures=len(drawn), cells=len(jobs))
    return image


def films_of(plan: GridPlan, jobs: Sequence[Job]) -> dict[str, bytes]:
    """The files of a plan that is a way between two ends, by their fields; empty for others, and for a lone picture.

    A film is not worth the sheet: where it cannot be made, there is none.
    """
    if plan.between is None:
        return {}
    by_place = {job.position: job for job in jobs}
    cells = {place: placed(job, "").picture for place, job in by_place.items()}
    frames = [picture for place in plan.between.shown if (picture := cells.get(place)) is not None]
    if len(frames) < 2:
        return {}
    source_type = source_type_of_jobs(jobs)
    made = {"animation_file": encode_animation(frames, plan.between.rate, source_type)}
    try:
        made["film_file"] = encode_film(frames, plan.between.rate, source_type)
    except (RuntimeError, ImportError):
        logger.exception("film_not_made")
    return made


def finish_again(grid: LabGrid) -> GeneratedImage | None:
    """Make the picture of a grid that ended without one."""
    LabGrid.objects.filter(pk=grid.pk, state=LabGrid.State.DONE, image=None).update(state=LabGrid.State.DRAWING)
    return finish_grid(grid)


def is_readable(grid: LabGrid) -> bool:
    """Whether every cell's picture that is kept has its file, without which the grid's cannot be made."""
    images = map(kept_image, grid.jobs.select_related("image"))
    return all(files.is_there(image.file) for image in images if image is not None)


def is_whole(grid: LabGrid) -> bool:
    """Whether the picture could be made again as it was: nothing that was drawn has been deleted since, or is lost."""
    drawn = grid.jobs.filter(state=Job.State.DONE).select_related("image")
    return all(kept_image(job) is not None for job in drawn) and is_readable(grid)


def redraw(image: GeneratedImage) -> None:
    """Write the files of a grid's picture that are gone, under their names."""
    if image.grid is None:
        raise ValueError("only a grid's picture is drawn from others")
    jobs = list(image.grid.jobs.select_related("image"))
    sheet = picture_of(image.grid.plan, jobs)
    known = Fingerprint.objects.filter(image=image).first()
    picture = marked(sheet, source_type_of_jobs(jobs), again=known.mark if known else None)
    lost = [field for field in FILM_ENDINGS if getattr(image, field) and not files.is_there(getattr(image, field))]
    films = films_of(image.grid.plan, jobs) if lost else {}
    for field, data in (*thumbnails_of(picture).items(), *films.items()):
        name = getattr(image, field)
        if name and not files.is_there(name):
            files.write(name, data)
    if not files.is_there(image.file):
        png = picture.png(image.infotext)
        sums = {"size_bytes": len(png), "sha256": hashlib.sha256(png).hexdigest()}
        GeneratedImage.objects.filter(pk=image.pk, file=files.write(image.file, png)).update(**sums)
        Fingerprint.objects.filter(image=image).update(sha256=sums["sha256"])


def kept_image(job: Job) -> GeneratedImage | None:
    image: GeneratedImage | None = getattr(job, "image", None)
    return image if image is not None and image.file and image.deleted_at is None else None


def picture_of(plan: GridPlan, jobs: Sequence[Job]) -> Image.Image:
    """The whole grid, drawn from its cells' files."""
    by_place = {job.position: job for job in jobs}
    sheets = [
        PlacedSheet(
            rows=[[placed(by_place.get(cell.place), cell.caption) for cell in row] for row in sheet.rows],
            columns=sheet.columns,
            labels=sheet.labels,
            title=sheet.title,
        )
        for sheet in plan.sheets()
    ]
    foot, size = f"{plan.title} · seed {plan.recipe.seed}", (plan.recipe.width, plan.recipe.height)
    return draw_grid(sheets, foot, size, settings.BASE_DIR / TYPEFACE)


def placed(job: Job | None, caption: str) -> PlacedCell:
    image = kept_image(job) if job else None
    if image is None:
        return PlacedCell(None, caption, GAPS.get(Job.State(job.state), "") if job else "")
    with Image.open(io.BytesIO(files.read(image.file)), formats=("PNG",)) as picture:
        return PlacedCell(picture.convert("RGB"), caption)


def _end(grid: LabGrid, state: LabGrid.State) -> bool:
    rows = LabGrid.objects.filter(pk=grid.pk, state=LabGrid.State.DRAWING)
    return bool(rows.update(state=state, finished_at=timezone.now()))


def _keep_row(
    grid: LabGrid,
    recipe: Recipe,
    infotext: str,
    sheet: Image.Image,
    kept: dict[str, str],
    png: bytes,
    rating: Rating,
) -> GeneratedImage:
    return keep_image(
        owner_id=grid.owner_id,
        grid=grid,
        recipe_json=recipe.to_json(),
        prompt=grid.prompt,
        infotext=infotext,
        width=sheet.width,
        height=sheet.height,
        seed=recipe.seed,
        **kept,
        size_bytes=len(png),
        sha256=hashlib.sha256(png).hexdigest(),
        rating=rating,
    )
