"""What is known of a picture that somebody brings, mark by mark: manifest, XMP, watermark, fingerprint.

It says whether a picture was made here and when, never by whom, and shows only what whoever asks may see anyway.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.urls import Resolver404, resolve
from PIL import Image

from accounts.refusals import NotFound, Refusal
from gallery.models import Post, Release, ReleaseSample
from generation.imaging.manifest import Manifest, ManifestState, read_manifest
from generation.imaging.pdq import SAME_PICTURE, SURE_QUALITY, pdq_distance, pdq_hash
from generation.imaging.provenance import SOURCE_TYPES
from generation.imaging.reading import picture_format, source_type_of
from generation.imaging.svg_metadata import read_svg_infotext
from generation.imaging.untrusted import MAX_FILE_BYTES, check_file_size, open_picture
from generation.imaging.upright import upright
from generation.imaging.watermark import extract
from generation.jobs.sharing import link_of
from generation.models import Fingerprint, GeneratedImage
from generation.storage.files import read_kept
from generation.storage.signing import trusted_certificates
from generation.storage.thumbnails import SIDES

ADDRESS_CHARS = 500
POST_ROUTES = ("post", "post-picture", "post-thumbnail", "post-thumbnail-sized", "api-post")
IMAGE_ROUTES = ("image", "image-file", "image-thumbnail", "image-download", "api-image", "api-image-file")
LINK_ROUTES = ("shared", "shared-image", "shared-picture", "shared-thumbnail")
SMALL_ROUTES = ("post-thumbnail", "post-thumbnail-sized", "image-thumbnail", "shared-thumbnail", "release-sample")


class Likeness(StrEnum):
    """How a picture is like one that was made here."""

    SAME_FILE = "same-file"
    NEAR = "near"
    NONE = "none"
    PLAIN = "plain"
    """It is so plain that its fingerprint says nothing."""
    UNCHECKED = "unchecked"
    """It is an SVG, which has no pixels to compare."""


class WatermarkState(StrEnum):
    """What the watermark says."""

    OURS = "ours"
    UNKNOWN = "unknown"
    """It carries the number of a picture that this site does not know."""
    ABSENT = "absent"
    UNCHECKED = "unchecked"


class Verdict(StrEnum):
    """All marks in one word."""

    INTACT = "intact"
    CHANGED = "changed"
    STRIPPED = "stripped"
    """The watermark of a picture that was made here, in a file that says nothing of it any more."""
    LOOKALIKE = "lookalike"
    AI_ELSEWHERE = "ai-elsewhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verified:
    """What each mark says. `source_type` is IPTC's term alone; `distance` in bits of 256; `row` is what was found."""

    format: str
    manifest: Manifest
    source_type: str
    watermark: WatermarkState
    likeness: Likeness
    distance: int | None = None
    row: Fingerprint | None = None
    post: Post | None = None
    own_image: GeneratedImage | None = None

    @property
    def verdict(self) -> Verdict:
        if self.manifest.state == ManifestState.OURS:
            return Verdict.INTACT
        if self.row is not None and self.likeness == Likeness.SAME_FILE:
            return Verdict.INTACT
        if self.manifest.is_from_here:
            return Verdict.CHANGED
        if self.watermark == WatermarkState.OURS:
            return Verdict.STRIPPED
        if self.row is not None:
            return Verdict.LOOKALIKE
        told = any("rainedAlgorithmic" in term for term in (self.source_type, self.manifest.source_type))
        if told or self.watermark == WatermarkState.UNKNOWN:
            return Verdict.AI_ELSEWHERE
        return Verdict.UNKNOWN

    @property
    def made_at(self) -> datetime | None:
        return self.row.made_at if self.row else None


def verify_upload(user: Any, upload: UploadedFile[Any] | None, address: str) -> Verified:
    """As `verify_picture`, of an uploaded file or, without one, of what stands at an address of this site."""
    if upload is None and not address:
        raise Refusal("no-picture", "Choose a picture, or give its address on this site.", field="picture")
    if upload is not None and (upload.size or 0) > MAX_FILE_BYTES:
        size = f"{MAX_FILE_BYTES >> 20} MiB"
        raise Refusal("picture-too-large", f"The file is larger than {size}.", field="picture")
    return verify_picture(user, picture_at(user, address) if upload is None else upload.read())


def verify_picture(user: Any, data: bytes) -> Verified:
    """Look at a file of PNG, JPEG, WebP or SVG. Raises PictureRefused for anything else, or what is too large."""
    check_file_size(data)
    format = picture_format(data)
    if format == "svg":
        read_svg_infotext(data)  # refuses what is no XML, or would expand
    manifest = read_manifest(data, format, trusted_certificates())
    source_type = source_type_of(data, format).removeprefix(SOURCE_TYPES)
    if format == "svg":
        return Verified(format, manifest, source_type, WatermarkState.UNCHECKED, Likeness.UNCHECKED)
    picture = upright(open_picture(data))
    found = extract(picture)
    numbered = Fingerprint.objects.filter(mark=found.id)[:20] if found else Fingerprint.objects.none()
    likeness, distance, row = _likest(data, picture, numbered)
    state = WatermarkState.ABSENT
    if found is not None:
        state = WatermarkState.OURS if row is not None and row.mark == found.id else WatermarkState.UNKNOWN
    return Verified(format, manifest, source_type, state, likeness, distance, row, *_seen_by(user, row))


def _likest(
    data: bytes, picture: Image.Image, numbered: QuerySet[Fingerprint]
) -> tuple[Likeness, int | None, Fingerprint | None]:
    """The picture made here that this one is most like, the ones with its watermark's number before all others."""
    same = Fingerprint.objects.filter(sha256=hashlib.sha256(data).hexdigest()).first()
    if same is not None:
        return Likeness.SAME_FILE, 0, same
    pdq, quality = pdq_hash(picture)
    if row := min(numbered, key=lambda row: pdq_distance(row.pdq, pdq), default=None):
        distance = pdq_distance(row.pdq, pdq)
        return Likeness.NEAR if distance <= SAME_PICTURE else Likeness.NONE, distance, row
    if quality < SURE_QUALITY:
        return Likeness.PLAIN, None, None
    near = Fingerprint.objects.telling(SURE_QUALITY).near(pdq)
    if not near:
        return Likeness.NONE, None, None
    return Likeness.NEAR, near[0][1], Fingerprint.objects.get(pk=near[0][0])


def _seen_by(user: Any, row: Fingerprint | None) -> tuple[Post | None, GeneratedImage | None]:
    """The post and the image of a fingerprint, as far as this person may see them."""
    if row is None:
        return None, None
    post = Post.objects.public().filter(fingerprint=row).first()
    own = None
    if user.is_authenticated and row.image_id is not None:
        own = GeneratedImage.objects.of(user).kept().filter(pk=row.image_id).first()
    return post, own


def picture_at(user: Any, address: str) -> bytes:
    """The file behind an address of this site's own, as this person may see it; nothing is fetched over the network.

    Raises Refusal for another site's address, NotFound where there is no such picture, or none that they may see.
    """
    try:
        parts = urlsplit(address.strip()[:ADDRESS_CHARS])
    except ValueError as error:
        raise Refusal("bad-address", "This is no address.", field="address") from error
    if parts.netloc and parts.hostname not in (settings.HOST, *settings.ALLOWED_HOSTS):
        raise Refusal(
            "other-site", "That is another site's address. Save the picture, then upload the file.", field="address"
        )
    try:
        route = resolve(parts.path if parts.path.startswith("/") else f"/{parts.path}")
    except Resolver404:
        route = None
    image = _image_behind(user, str(route.url_name), route.kwargs) if route else None
    if route is None or image is None:
        raise NotFound("not-found", "There is no picture at this address, or you may not see it.", field="address")
    if route.url_name not in SMALL_ROUTES:
        return read_kept(image.file)
    sizes = {side: getattr(image, field) for field, side in SIDES.items()}
    return read_kept(sizes.get(route.kwargs.get("side", 0), "") or image.thumbnail)


def _image_behind(user: Any, name: str, given: dict[str, Any]) -> GeneratedImage | None:
    """The picture of an address by its route's name, as far as this person may see it there."""
    code = given.get("code", "")
    if name in POST_ROUTES:
        post = Post.objects.visible_to(user).filter(code=code).select_related("image").first()
        return post.image if post else None
    if name in IMAGE_ROUTES and user.is_authenticated:
        return GeneratedImage.objects.of(user).kept().filter(code=code).first()
    if name in LINK_ROUTES and (link := link_of(given["token"])):
        rows = link.images().filter(code=code) if code else link.images()
        # The address of an album alone names no picture.
        return rows.first() if code or link.image_id else None
    if name == "release-sample":
        samples = ReleaseSample.objects.filter(release__in=Release.objects.visible_to(user).filter(code=code))
        sample = samples.filter(place=given["place"], image__deleted_at=None).select_related("image").first()
        return sample.image if sample else None
    return None
