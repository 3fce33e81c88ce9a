"""What bounds a token: its scopes, its days, addresses and weights; and when it stands no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import budgets
from accounts.budgets import check_weights
from accounts.models import ApiToken, User
from accounts.refusals import NotAllowed, NotEnoughCredits
from accounts.scopes import Scope
from accounts.tokens import TokenSignIn, find_token, still_standing
from tests.conftest import join


def make(user: User, **fields: Any) -> tuple[ApiToken, str]:
    token, key = ApiToken.objects.create(user=user, name="laptop", **fields)
    return token, key


def test_a_token_is_found_by_its_key_alone(alice: User) -> None:
    token, key = make(alice)
    assert find_token(key) == token
    for wrong in (key[:-1] + "x", key.upper(), token.token_key, token.digest, "", "\0", "é" * 20):
        assert find_token(wrong) is None


def test_one_that_has_expired_or_whose_person_is_away_stands_no_more(alice: User) -> None:
    token, key = make(alice)
    open_line = {TokenSignIn(token.digest, alice.pk)}
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert find_token(key) is None and not still_standing(open_line)
    ApiToken.objects.update(expiry=None)
    assert find_token(key) == token and still_standing(open_line) == open_line
    User.objects.update(is_active=False)
    assert find_token(key) is None and not still_standing(open_line)
    User.objects.update(is_active=True)
    ApiToken.objects.all().delete()
    assert find_token(key) is None and not still_standing(open_line)


def test_whom_a_token_speaks_for_stands_with_it(alice: User, charlie: User, django_assert_num_queries: Any) -> None:
    operator = join("operator", is_staff=True, is_superuser=True)
    (speaking, _), (own, _) = make(operator, speaks_for_people=True), make(charlie)
    theirs, strangers = TokenSignIn(speaking.digest, alice.pk), TokenSignIn(own.digest, alice.pk)
    assert still_standing({theirs, strangers}) == {theirs}
    with django_assert_num_queries(1):
        assert still_standing({TokenSignIn(own.digest, charlie.pk)})
    for model, pk, field in ((User, alice.pk, "is_active"), (User, operator.pk, "is_superuser")):
        model.objects.filter(pk=pk).update(**{field: False})
        assert still_standing({theirs}) == set()
        model.objects.filter(pk=pk).update(**{field: True})
    speaking.delete()
    assert still_standing({theirs}) == set()


def test_its_use_is_noted_once_a_minute(alice: User) -> None:
    token, key = make(alice)
    find_token(key)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    find_token(key)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    find_token(key)
    assert ApiToken.objects.get().last_used_at >= first


@pytest.mark.parametrize(
    ("address", "let_in"),
    [
        ("192.0.2.7", True), ("::ffff:192.0.2.7", True), ("2001:db8::5", True), ("10.1.2.3", True),
        ("192.0.2.8", False), ("2001:db9::5", False), ("", False), ("unix:", False),
    ],
)  # fmt: skip
def test_it_may_be_used_from_its_addresses_alone(alice: User, address: str, let_in: bool) -> None:
    _, key = make(alice, allowed_addresses=["192.0.2.7", "2001:db8::/32", "10.0.0.0/8"])
    if let_in:
        assert find_token(key, address) is not None
        return
    with pytest.raises(NotAllowed) as refusal:
        find_token(key, address)
    assert refusal.value.code == "address-not-allowed" and ApiToken.objects.get().last_used_at is None


def test_it_may_use_its_weights_alone(alice: User) -> None:
    token, _ = make(alice, allowed_checkpoints=["emoji-diffusion"], allowed_loras=["line-art"])
    check_weights(None, ["other"], ["other"])
    check_weights(token, ["emoji-diffusion"], ["line-art"])
    check_weights(make(alice)[0], ["other"], ["other"])
    for names, code in (((["other"],), "checkpoint-not-allowed"), (([], ["line-art", "x"]), "lora-not-allowed")):
        with pytest.raises(NotAllowed) as refusal:
            check_weights(token, *names)
        assert refusal.value.code == code


def test_what_nobody_narrowed_may_do_all(alice: User) -> None:
    assert make(alice)[0].scopes == list(Scope.values)


def test_a_day_has_its_own_limit(alice: User) -> None:
    token, _ = make(alice, daily_credits=5)
    budgets.spend(token, 5)
    with pytest.raises(NotEnoughCredits) as refusal:
        budgets.spend(token, 1)
    assert refusal.value.code == "token-daily-credits"
    ApiToken.objects.update(spent_on=timezone.now().date() - timedelta(days=1))
    budgets.spend(token, 4)
    row = ApiToken.objects.get()
    assert (row.spent, row.spent_today) == (9, 4)


def test_what_is_given_back_counts_for_the_day_on_which_it_was_held(alice: User) -> None:
    token, _ = make(alice, daily_credits=5)
    budgets.spend(token, 5)
    budgets.refund(token.pk, 2, timezone.now() - timedelta(days=2))
    assert (ApiToken.objects.get().spent, ApiToken.objects.get().spent_today) == (3, 5)
    budgets.refund(token.pk, 2, timezone.now())
    assert (ApiToken.objects.get().spent, ApiToken.objects.get().spent_today) == (1, 3)
