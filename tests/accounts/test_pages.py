"""The account pages: one's own, and nobody else's."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import quotas, views
from accounts.credits import hold, release, settle
from accounts.models import ApiToken, User
from accounts.tokens import people_secret_of
from generation.storage.quota import stored_bytes
from tests.conftest import PASSWORD

PAGES = ["/account/", "/account/credits/", "/account/tokens/", "/account/viewing/"]


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


def rows(page: str) -> list[str]:
    """The lines of the ledger, without markup."""
    body = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    assert body
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>.*?</tr>", body[1], re.DOTALL)]


def test_the_ledger_tells_every_thing_in_one_line(alices: Client, alice: User) -> None:
    for number, note in enumerate(("a red apple", "a pear", "a star", "a car", "a moon")):
        hold(alice, 12, reference=f"job:{number}", note=note)
    release("job:0", note="Cancelled: a red apple")
    settle("job:1", 12, note="a pear")
    settle("job:2", 9, note="Cancelled: a star")
    settle("job:3", 0)
    told = [row.split(" ", 3)[3] for row in rows(alices.get("/account/credits/").text)]
    assert told == [
        "a moon Held −12",
        "a car Came back 0",
        "Cancelled: a star Paid, 3 came back −9",
        "a pear Paid −12",
        "Cancelled: a red apple Came back 0",
        "for the test Given +1000",
    ]


def test_the_lines_add_up_to_the_balance_and_fill_whole_pages(
    alices: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "LINES_A_PAGE", 2)
    for number in range(3):
        hold(alice, 10, reference=f"job:{number}", note="a pear")
        settle(f"job:{number}", 7)
    pages = [alices.get("/account/credits/", {"page": number}).context["lines"] for number in (1, 2)]
    assert [len(lines) for lines in pages] == [2, 2]
    assert sum(line.amount for lines in pages for line in lines) == 1000 - 21


def test_charlie_reads_his_own_ledger_alone(charlies: Client, alice: User) -> None:
    hold(alice, 3, reference="job:1", note="a red apple")
    assert "a red apple" not in charlies.get("/account/credits/").text


def test_the_ledger_says_when_credits_come_and_what_room_is_used(
    charlies: Client, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 3, 31, 20, 30, tzinfo=UTC))
    monkeypatch.setattr(quotas.measures, "stored_bytes", lambda user: 3 * 1024**2)
    for address in ("/account/", "/account/credits/"):
        page = " ".join(charlies.get(address).text.split())
        assert '<time datetime="2026-04-01T00:00:00+00:00">00:00 UTC</time>' in page
        assert "the balance is filled up to 100, should you have fewer by then." in page
        assert "3.0 MB of" in page and "2.0 GB" in page


def test_the_room_used_is_that_of_the_persons_files(alice: User) -> None:
    assert quotas.measures.stored_bytes is stored_bytes


def test_a_token_is_shown_once_and_works(alices: Client, alice: User) -> None:
    made = alices.post("/account/tokens/", {"name": "laptop", "scopes": ["read"], "budget": ""}).context["made"]
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


def test_a_token_is_made_with_its_bounds(alices: Client, alice: User) -> None:
    typed = {
        "name": "laptop", "scopes": ["read", "train"], "budget": "50", "daily_credits": "5", "days": "7",
        "allowed_checkpoints": "emoji-diffusion, emoji-diffusion", "allowed_loras": "line-art\r\nfluent-3d",
        "allowed_addresses": "192.0.2.7\n10.1.2.3/8", "speaks_for_people": "on",
    }  # fmt: skip
    context = alices.post("/account/tokens/", typed).context
    token = ApiToken.objects.get()
    assert (token.scopes, token.budget, token.daily_credits) == (["read", "train"], 50, 5)
    assert (token.allowed_checkpoints, token.allowed_loras) == (["emoji-diffusion"], ["line-art", "fluent-3d"])
    assert token.allowed_addresses == ["192.0.2.7/32", "10.0.0.0/8"]
    assert not token.speaks_for_people and not context["secret"]
    assert token.expiry is not None and 6 < (token.expiry - token.created).total_seconds() / 86400 < 8


def test_an_administrators_token_may_speak_for_people(admin_client: Client) -> None:
    typed = {"name": "open webui", "scopes": ["generate"], "speaks_for_people": "on"}
    context = admin_client.post("/account/tokens/", typed).context
    token = ApiToken.objects.get()
    assert token.speaks_for_people and len(context["secret"]) > 30
    assert context["secret"] == people_secret_of(token) != token.people_secret
    assert people_secret_of(token) not in admin_client.get("/account/tokens/").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scopes", "all"), ("scopes", ""), ("days", "100000"), ("daily_credits", "0"),
        ("allowed_addresses", "home"), ("allowed_loras", "x" * 101),
        ("allowed_checkpoints", "\n".join(map(str, range(51)))),
    ],
)  # fmt: skip
def test_a_token_with_a_bound_that_is_none_is_not_made(alices: Client, alice: User, field: str, value: str) -> None:
    answer = alices.post("/account/tokens/", {"name": "laptop", "scopes": ["read"], field: value})
    assert answer.context["form"].errors[field]
    assert not ApiToken.objects.exists()


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
        assert "lap&lt;b&gt;top" in text and "Programs that use it are refused" in text
        assert ">Keep the token</" in text and ">Remove the token</button>" in text
    assert f'action="{remove}"' in page and '<form class="card form" method="post">' in asked
    assert ApiToken.objects.filter(user=alice).count() == 1
    assert charlies.get(remove).status_code == 404
