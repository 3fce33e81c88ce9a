"""The API's doors to one's own account: the ledger and the tokens."""

from __future__ import annotations

from rest_framework.test import APIClient

from accounts.credits import hold, settle
from accounts.models import ApiToken, User


def bearer(user: User, name: str, *scopes: str) -> tuple[ApiToken, APIClient]:
    token, key = ApiToken.objects.create(user=user, name=name, scopes=list(scopes))
    return token, APIClient(headers={"Authorization": f"Bearer {key}"})


def test_the_ledger_is_the_balance(alice: User, charlie: User) -> None:
    token, client = bearer(alice, "laptop", "read")
    hold(alice, 30, reference="job:x", note="apple", token=token)
    settle("job:x", 12)
    page = client.get("/api/v1/ledger", {"limit": 2}).json()
    assert [(row["kind"], row["amount"], row["token"]) for row in page["results"]] == [
        ("settle", 18, "laptop"), ("hold", -30, "laptop")
    ]  # fmt: skip
    rest = client.get(page["next"]).json()
    assert sum(row["amount"] for row in page["results"] + rest["results"]) == client.get("/api/v1/me").json()["credits"]
    assert bearer(charlie, "other", "read")[1].get("/api/v1/ledger").json()["results"] == []


def test_tokens_are_listed_without_their_keys(alice: User, charlie: User) -> None:
    token, client = bearer(alice, "laptop", "read")
    bearer(charlie, "other", "read")
    (row,) = client.get("/api/v1/tokens").json()["results"]
    assert (row["name"], row["prefix"], row["scopes"]) == ("laptop", token.token_key, ["read"])
    assert client.get("/api/v1/me").json()["token"]["prefix"] == token.token_key
    assert token.digest not in str(row) and "people_secret" not in row


def test_a_token_removes_itself_alone(alice: User, charlie: User) -> None:
    token, client = bearer(alice, "laptop")
    other, _ = bearer(alice, "desktop", "read")
    strange, _ = bearer(charlie, "other")
    refused = client.delete(f"/api/v1/tokens/{other.token_key}")
    assert (refused.status_code, refused.json()["code"]) == (403, "another-token")
    assert client.delete(f"/api/v1/tokens/{strange.token_key}").status_code == 404
    assert client.delete(f"/api/v1/tokens/{token.token_key}").status_code == 204
    assert client.delete(f"/api/v1/tokens/{token.token_key}").status_code == 401
    assert set(ApiToken.objects.all()) == {other, strange}


def test_whoever_is_signed_in_removes_any_of_theirs(alice: User) -> None:
    token, _ = bearer(alice, "laptop")
    client = APIClient()
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.delete(f"/api/v1/tokens/{token.token_key}").status_code == 204
