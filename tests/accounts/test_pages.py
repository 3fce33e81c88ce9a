"""The account pages: one's own, and nobody else's."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from accounts.credits import hold, release
from accounts.models import ApiToken, User
from tests.conftest import PASSWORD

PAGES = ["/account/", "/account/credits/", "/account/tokens/"]


@pytest.mark.parametrize("page", PAGES)
def test_it_works(alices: Client, page: str) -> None:
    answer = alices.get(page)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("page", PAGES)
def test_anonymous_is_sent_to_sign_in(client: Client, db: None, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_opening_the_account_gives_the_daily_credits(charlies: Client, charlie: User) -> None:
    charlies.get("/account/")
    assert charlie.wallet.balance == charlie.plan.daily_credits


def test_the_ledger_lists_every_entry_with_what_it_was_for(alices: Client, alice: User) -> None:
    hold(alice, 3, reference="job:1", note="a red apple")
    release("job:1", note="Cancelled: a red apple")
    page = alices.get("/account/credits/").content.decode()
    assert "for the test" in page
    assert page.count("a red apple") >= 2


def test_a_token_is_shown_once_and_works(alices: Client, alice: User) -> None:
    made = alices.post("/account/tokens/", {"name": "laptop", "budget": ""}).context["made"]
    assert made.startswith("tmp_")
    assert made not in alices.get("/account/tokens/").content.decode()
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {made}"})
    assert answer.json()["username"] == "alice"


def test_a_removed_token_is_refused(alices: Client, alice: User) -> None:
    token, key = ApiToken.objects.create(user=alice, name="laptop")
    assert alices.post(f"/account/tokens/{token.token_key}/remove/").status_code == 302
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_charlie_gets_404_for_alices_token(charlies: Client, alice: User) -> None:
    token, _ = ApiToken.objects.create(user=alice, name="laptop")
    assert charlies.post(f"/account/tokens/{token.token_key}/remove/").status_code == 404
    assert ApiToken.objects.filter(user=alice).count() == 1


def test_a_token_needs_a_name(alices: Client, alice: User) -> None:
    answer = alices.post("/account/tokens/", {"name": ""})
    assert answer.context["form"].errors["name"]
    assert not ApiToken.objects.exists()


def test_a_new_password_ends_every_token_and_the_page_says_so(alices: Client, alice: User, charlie: User) -> None:
    kept = ApiToken.objects.create(user=charlie, name="laptop")[0]
    ApiToken.objects.create(user=alice, name="laptop")
    assert "your API tokens are removed" in alices.get("/accounts/password/change/").text
    new = {"oldpassword": PASSWORD, "password1": "another long password", "password2": "another long password"}
    assert alices.post("/accounts/password/change/", new).status_code == 302
    assert list(ApiToken.objects.all()) == [kept]
    assert "your API tokens are removed" in str(mail.outbox[0].body)


def test_a_password_that_the_operator_sets_ends_them_too(alice: User) -> None:
    _, key = ApiToken.objects.create(user=alice, name="laptop")
    alice.check_password(PASSWORD)
    alice.save()
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    alice.set_password("another long password")
    alice.save()
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_it_asks_before_a_token_goes(alices: Client, charlies: Client, alice: User) -> None:
    token, _ = ApiToken.objects.create(user=alice, name="lap<b>top")
    page = alices.get("/account/tokens/").text
    remove = f"/account/tokens/{token.token_key}/remove/"
    assert (
        f'data-opens="remove-{token.token_key}"' in page
        and f'<dialog class="dialog" id="remove-{token.token_key}"' in page
    )
    asked = alices.get(remove).text
    for text in (page, asked):
        assert "Programs that use “lap&lt;b&gt;top” are refused" in text and f'action="{remove}"' in text
    assert ApiToken.objects.filter(user=alice).count() == 1
    assert charlies.get(remove).status_code == 404
