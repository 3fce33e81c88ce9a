"""The page that explains each control in one line."""

from __future__ import annotations

from django.test import Client

from generation.recipes.fields import FIELDS
from generation.web.create import hires, parts
from generation.web.create.starting import FIT, MASKED_ROWS, STRENGTH


def test_every_control_has_its_line(client: Client, db: None) -> None:
    page = client.get("/help/controls/").text
    for row in (*FIELDS.values(), STRENGTH, *MASKED_ROWS, FIT, *hires.ROWS.values(), *parts.ROWS.values()):
        assert f"<dt>{row.title}</dt>" in page, row.name
    for key in ("B", "E", "L", "Z, Shift Z", "[ and ]"):
        assert f"<kbd>{key}</kbd>" in page
    assert "left, top, right or bottom" in page
    for title in ("control-pictures", "starting-from-a-picture", "a-second-pass-larger"):
        assert f'id="{title}"' in page
