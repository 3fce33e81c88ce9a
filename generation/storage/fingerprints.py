"""Remembers what each picture made here looks like: written with its row, or later for older ones."""

from __future__ import annotations

import io

from django.db import IntegrityError, transaction
from PIL import Image

from generation.imaging.encode import Pixels
from generation.imaging.pdq import pdq_hash
from generation.models import Fingerprint, GeneratedImage
from generation.models.fingerprints import chunks_of
from generation.storage.files import read_kept


def new_fingerprint(pixels: Pixels) -> Fingerprint:
    """The fingerprint of a picture that is about to be kept; not saved, see `keep_fingerprint`."""
    pdq, quality = pdq_hash(pixels)
    return Fingerprint(pdq=pdq, quality=quality, **chunks_of(pdq))


def keep_fingerprint(fingerprint: Fingerprint, image: GeneratedImage) -> Fingerprint:
    """Save it with its picture's row, inside the transaction that made that row."""
    fingerprint.image, fingerprint.sha256, fingerprint.made_at = image, image.sha256, image.created_at
    fingerprint.save(force_insert=True)
    return fingerprint


def fingerprint_of(image: GeneratedImage) -> Fingerprint:
    """The picture's fingerprint; made of its small copy where it has none. Raises NotFound where its file is gone."""
    known = Fingerprint.objects.filter(image=image).first()
    if known is not None:
        return known
    with Image.open(io.BytesIO(read_kept(image.thumbnail)), formats=("PNG", "WEBP")) as picture:
        made = new_fingerprint(picture)
    try:
        with transaction.atomic():
            return keep_fingerprint(made, image)
    except IntegrityError:  # somebody else was quicker
        return Fingerprint.objects.get(image=image)
