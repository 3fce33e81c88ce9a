"""The pages of styles: one's own to make, change and delete, the site's to read, and A1111's file."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from generation.catalog.styles import StyleFields, save_style
from generation.models import OwnStyle

INK = {"name": "Soft ink", "prompt": "ink drawing of {prompt}", "negative_prompt": "photograph", "family": "sd1"}


def test_a_style_is_made_changed_and_deleted(alices: Client, alice: User) -> None:
    assert alices.post("/styles/", INK)["Location"] == "/styles/"
    row = OwnStyle.objects.get(owner=alice)
    page = alices.get("/styles/").text
    assert "Soft ink" in page and "Line art" in page and "SD 1.5" in page
    address = f"/styles/{row.code}/"
    assert "ink drawing of {prompt}" in alices.get(address).text
    assert alices.post(address, {**INK, "name": "Ink"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.family) == ("Ink", "sd1")
    assert "Delete this style?" in alices.get(f"{address}delete/").text
    assert alices.post(f"{address}delete/").status_code == 302 and not OwnStyle.objects.exists()


def test_what_is_refused_is_said_at_its_field(alices: Client, alice: User) -> None:
    answer = alices.post("/styles/", {"name": "Empty"})
    assert answer.status_code == 400 and "Write a prompt or a negative prompt" in answer.text
    alices.post("/styles/", INK)
    again = alices.post("/styles/", INK)
    assert again.status_code == 409 and "You have a style “Soft ink” already." in again.text


def test_charlie_gets_404(charlies: Client, alice: User) -> None:
    code = save_style(alice, StyleFields("Ink", "ink")).code
    for answer in (charlies.get(f"/styles/{code}/"), charlies.post(f"/styles/{code}/delete/")):
        assert answer.status_code == 404
    assert "Ink" not in charlies.get("/styles/export/").text and OwnStyle.objects.exists()


def test_a_file_comes_and_goes(alices: Client, alice: User) -> None:
    file = SimpleUploadedFile("styles.csv", b'\xef\xbb\xbfname,prompt,negative_prompt\r\nInk,"a\nb",no\r\n,,\r\n')
    page = alices.post("/styles/import/", {"file": file}, follow=True).text
    assert "1 style added, 0 changed." in page
    sent = alices.get("/styles/export/")
    assert sent["Content-Type"] == "text/csv; charset=utf-8" and 'filename="styles.csv"' in sent["Content-Disposition"]
    assert sent.content == b'\xef\xbb\xbfname,prompt,negative_prompt\r\nInk,"a\nb",no\r\n'


def test_what_is_no_file_of_styles_is_refused(alices: Client, alice: User) -> None:
    page = alices.post("/styles/import/", {"file": SimpleUploadedFile("x.csv", b"a,b\n")}, follow=True).text
    assert "must name its columns" in page
    assert "Choose a styles.csv first." in alices.post("/styles/import/", follow=True).text
