"""manage.py fill_fingerprints: pictures of before get theirs, once; one whose file is gone does not stop the others."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from accounts.models import User
from generation.imaging.pdq import SAME_PICTURE, pdq_distance
from generation.models import Fingerprint, GeneratedImage
from tests.generation.conftest import Draw


def test_older_pictures_get_their_fingerprints(
    alice: User, draw: Draw, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.management.commands.fill_fingerprints.PICTURES_A_READ", 2)
    images = [draw(alice, seed=seed) for seed in range(4)]
    before = {row.image_id: row.pdq for row in Fingerprint.objects.all()}
    assert before.keys() == {image.pk for image in images}
    Fingerprint.objects.all().delete()
    default_storage.delete(images[1].thumbnail)
    call_command("fill_fingerprints", most=1)
    call_command("fill_fingerprints")
    call_command("fill_fingerprints")
    assert capsys.readouterr().out.splitlines() == [
        "1 fingerprints made",
        "2 fingerprints made; of 1 pictures the file is gone",
        "0 fingerprints made; of 1 pictures the file is gone",
    ]
    for row in Fingerprint.objects.select_related("image"):
        assert row.image is not None and row.sha256 == row.image.sha256 and row.made_at == row.image.created_at
        assert pdq_distance(row.pdq, before[row.image_id]) <= SAME_PICTURE


def test_a_fingerprint_outlives_its_picture(alice: User, draw: Draw) -> None:
    image = draw(alice)
    GeneratedImage.objects.filter(pk=image.pk).delete()
    row = Fingerprint.objects.get()
    assert (row.image, row.sha256) == (None, image.sha256)


def test_without_tables_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise CommandError("The tables are missing.")

    monkeypatch.setattr("generation.management.commands.fill_fingerprints.require_tables", refuse)
    with pytest.raises(CommandError):
        call_command("fill_fingerprints")
