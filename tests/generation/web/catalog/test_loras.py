"""The pages of one's own LoRAs: upload, edit, people, delete, file."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

from accounts.models import User
from generation.catalog.loras.quarantine import quarantine
from generation.models import Lora
from tests.lora_files import lora_bytes, lora_upload


@pytest.fixture
def mine(alices: Client) -> Lora:
    assert alices.post("/loras/upload/", {"file": lora_upload()})["Location"] == "/loras/my-style/edit/"
    return Lora.objects.get()


DETAILS = {"title": "Ink", "name": "ink", "trigger_words": "ink, wash", "licence": "cc-by", "may_download": "on"}


def test_it_is_uploaded_described_and_found_among_mine(alices: Client, mine: Lora) -> None:
    assert alices.post("/loras/my-style/edit/", DETAILS)["Location"] == "/loras/ink/"
    page = alices.get("/loras/ink/").text
    assert "CC BY 4.0" in page and 'data-copy="wash"' in page and "Download" in page and "By you" in page
    assert "Private" in alices.get("/loras/?mine=1").text


def test_a_refusal_stands_at_its_field(alices: Client, mine: Lora) -> None:
    page = alices.post("/loras/my-style/edit/", {**DETAILS, "name": "a b"})
    assert page.status_code == 400 and "A name is one word" in page.text
    page = alices.post("/loras/upload/", {"file": lora_upload()})
    assert page.status_code == 409 and "You have this file already" in page.text


def test_people_are_named(alices: Client, charlies: Client, charlie: User, mine: Lora) -> None:
    assert charlies.get("/loras/my-style/").status_code == 404
    assert alices.post("/loras/my-style/people/", {"people": "charlie"}).status_code == 302
    assert charlies.get("/loras/my-style/").status_code == 200
    assert "Shared with you" in charlies.get("/loras/").text
    assert "Nobody here is called" in alices.post("/loras/my-style/people/", {"people": "zoe"}).text


@pytest.mark.parametrize("page", ["edit/", "people/", "delete/", "version/", "publish/", "withdraw/", "file"])
def test_charlie_gets_404(charlies: Client, mine: Lora, page: str) -> None:
    for ask in (charlies.get, charlies.post):
        assert ask(f"/loras/my-style/{page}").status_code in (404, 405)
    assert Lora.objects.filter(pk=mine.pk).exists()


def test_a_version_is_uploaded_for_an_own_lora_alone(alices: Client, charlies: Client, mine: Lora) -> None:
    assert charlies.post("/loras/upload/?version_of=my-style", {"file": lora_upload(2)}).status_code == 404
    assert alices.get("/loras/upload/?version_of=my-style").status_code == 200
    assert "my-style-v2" in alices.post("/loras/upload/?version_of=my-style", {"file": lora_upload(2)})["Location"]
    page = alices.get("/loras/my-style/").text
    assert "my-style-v1" in page and "Newest" in page


def test_one_that_is_there_carries_another_on(alices: Client, charlies: Client, mine: Lora) -> None:
    assert 'id="version"' not in alices.get("/loras/my-style/edit/").text, "there is no other"
    alices.post("/loras/upload/", {"file": lora_upload(2, "noto.safetensors")})
    assert "/loras/noto/edit/#version" in alices.get("/loras/noto/").text
    assert "my-style (my-style)" in alices.get("/loras/noto/edit/").text
    refused = alices.post("/loras/noto/version/", {"version_of": "nothing"})
    assert refused.status_code == 400 and 'id="version"' in refused.text
    assert alices.post("/loras/noto/version/", {"version_of": "my-style"})["Location"] == "/loras/noto/"
    page = alices.get("/loras/my-style/").text
    assert "my-style-v1" in page and "v2" in page and "Newest" in page
    assert "#version" not in page


@pytest.mark.parametrize("words", [["w" * 80], ["a cat, by noto"]])
def test_the_page_of_a_trained_one_takes_its_own_words_back(alices: Client, mine: Lora, words: list[str]) -> None:
    Lora.objects.update(trigger_words=words)
    unchanged = {**DETAILS, "trigger_words": words[0]}
    assert alices.post("/loras/my-style/edit/", unchanged).status_code == 302
    assert Lora.objects.get().trigger_words == words


def test_a_merge_offers_what_its_parents_allow(alices: Client, mine: Lora) -> None:
    assert 'value="mit"' in alices.get("/loras/my-style/edit/").text
    Lora.objects.update(allowed_licences=["cc-by-sa", "none"])
    page = alices.get("/loras/my-style/edit/").text
    assert 'value="cc-by-sa"' in page and 'value="none"' in page and 'value="mit"' not in page
    assert "what the LoRAs it was merged from allow" in page
    assert alices.post("/loras/my-style/edit/", {**DETAILS, "licence": "mit"}).status_code == 400


def test_what_is_quarantined_says_so_to_its_owner(alices: Client, charlies: Client, mine: Lora) -> None:
    quarantine([mine.sha256], "It stopped workers.")
    assert "It stopped workers." in alices.get("/loras/my-style/").text
    assert "Quarantined" in alices.get("/loras/?mine=1").text
    assert "my-style" not in alices.get("/create/").text


def test_deleting_it(alices: Client, mine: Lora) -> None:
    assert alices.post("/loras/my-style/delete/")["Location"] == "/loras/"
    assert not Lora.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_file_comes_in_pieces(alices: Client, alice: User, mine: Lora) -> None:
    async def taken() -> tuple[Any, bytes]:
        client = AsyncClient()
        await client.aforce_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
        response: Any = await client.get("/loras/my-style/file")
        return response, b"".join([piece async for piece in response.streaming_content])

    response, data = async_to_sync(taken)()
    assert data == lora_bytes(1) and response["Content-Length"] == str(len(data))
    assert response["Content-Disposition"] == 'attachment; filename="my-style.safetensors"'


def test_an_admin_lifts_a_quarantine(admin_client: Client, mine: Lora) -> None:
    quarantine([mine.sha256], "It stopped workers.")
    assert "my-style" in admin_client.get("/admin/generation/lora/?quarantined=1").text
    done = {"action": "let_back", "_selected_action": [mine.pk]}
    assert admin_client.post("/admin/generation/lora/", done).status_code == 302
    mine.refresh_from_db()
    assert mine.is_enabled and mine.quarantined_at is None


def test_moderators_do_not_change_loras(bobs: Client, mine: Lora) -> None:
    assert bobs.get("/admin/generation/lora/").status_code == 403


def test_it_asks_before_a_lora_goes(alices: Client, mine: Lora) -> None:
    assert 'data-opens="delete-lora"' in alices.get("/loras/my-style/edit/").text
    asked = alices.get("/loras/my-style/delete/").text
    assert "Delete this LoRA?" in asked and 'href="/loras/my-style/edit/"' in asked
    assert Lora.objects.exists()
