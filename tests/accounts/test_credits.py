"""The ledger's verbs: each once for a reference, and the balance is always the sum of the entries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import Sum

from accounts import credits
from accounts.models import ApiToken, CreditEntry, User, Wallet
from accounts.refusals import NotEnoughCredits


def balance(user: User) -> int:
    wallet = Wallet.objects.get(user=user)
    assert wallet.entries.aggregate(total=Sum("amount"))["total"] == wallet.balance
    return wallet.balance


def test_grant_counts_once_for_a_reference(alice: User) -> None:
    assert credits.grant(alice, 50, reference="gift:1")
    assert not credits.grant(alice, 50, reference="gift:1")
    assert balance(alice) == 1050


def test_daily_credits_fill_up_once_a_day(charlie: User) -> None:
    assert credits.balance_of(charlie) == charlie.plan.daily_credits
    credits.hold(charlie, 40, reference="job:1")
    assert credits.balance_of(charlie) == charlie.plan.daily_credits - 40
    assert balance(charlie) == charlie.plan.daily_credits - 40


def test_daily_credits_are_there_for_who_spends_before_they_look(charlie: User) -> None:
    credits.hold(charlie, 40, reference="job:1")
    assert balance(charlie) == charlie.plan.daily_credits - 40


def test_daily_credits_never_take_away(alice: User) -> None:
    assert credits.balance_of(alice) == 1000
    assert balance(alice) == 1000


def test_several_holds_are_one_payment_and_end_one_by_one(alice: User) -> None:
    credits.hold_many(alice, [credits.Hold("job:1", 10, "an apple"), credits.Hold("job:2", 20)])
    assert balance(alice) == 970
    assert credits.release("job:1")
    assert balance(alice) == 980
    assert credits.settle("job:2", 20)
    assert balance(alice) == 980
    assert CreditEntry.objects.get(reference="job:1", kind="hold").note == "an apple"


def test_several_holds_are_all_refused_together(alice: User) -> None:
    with pytest.raises(NotEnoughCredits, match="costs 1200 credits and you have 1000"), transaction.atomic():
        credits.hold_many(alice, [credits.Hold("job:1", 600), credits.Hold("job:2", 600)])
    assert balance(alice) == 1000
    credits.hold(alice, 5, reference="job:3")
    with pytest.raises(IntegrityError), transaction.atomic():
        credits.hold_many(alice, [credits.Hold("job:1", 5), credits.Hold("job:3", 5)])
    assert balance(alice) == 995


def test_hold_then_settle_spends_the_cost_and_returns_the_rest(alice: User) -> None:
    credits.hold(alice, 10, reference="job:1")
    assert balance(alice) == 990
    assert credits.settle("job:1", 7)
    assert balance(alice) == 993


def test_hold_then_release_returns_all(alice: User) -> None:
    credits.hold(alice, 10, reference="job:1")
    assert credits.release("job:1")
    assert balance(alice) == 1000


@pytest.mark.parametrize("first, second", [("settle", "release"), ("release", "settle"), ("settle", "settle")])
def test_a_hold_ends_once(alice: User, first: str, second: str) -> None:
    ends = {"settle": lambda: credits.settle("job:1", 10), "release": lambda: credits.release("job:1")}
    credits.hold(alice, 10, reference="job:1")
    assert ends[first]()
    after = balance(alice)
    assert not ends[second]()
    assert balance(alice) == after


def test_ending_what_was_never_held_changes_nothing(alice: User) -> None:
    assert not credits.settle("job:none", 1)
    assert not credits.release("job:none")
    assert balance(alice) == 1000


def test_too_dear_is_refused_with_both_numbers(charlie: User) -> None:
    charlie.plan.daily_credits = 0
    credits.grant(charlie, 3, reference="gift:1")
    with pytest.raises(NotEnoughCredits, match="costs 4 credits and you have 3") as refusal, transaction.atomic():
        credits.hold(charlie, 4, reference="job:1")
    assert refusal.value.code == "no-credits"
    assert balance(charlie) == 3


def test_one_credit_is_told_in_the_singular_and_tomorrow_only_where_it_helps(charlie: User) -> None:
    charlie.plan.daily_credits = 0
    with pytest.raises(NotEnoughCredits) as refusal, transaction.atomic():
        credits.hold(charlie, 1, reference="job:1")
    assert refusal.value.message == "This costs 1 credit and you have 0. Make fewer or smaller ones."
    charlie.plan.daily_credits = 100
    credits.hold(charlie, 99, reference="job:2")
    with pytest.raises(NotEnoughCredits, match="and you have 1. Make fewer or smaller ones, or wait for tomorrow"):
        credits.hold(charlie, 4, reference="job:3")


def test_a_token_says_what_its_budget_has_left(alice: User) -> None:
    token = ApiToken.objects.create(user=alice, name="laptop", budget=5)[0]
    credits.hold(alice, 4, reference="job:1", token=token)
    with pytest.raises(NotEnoughCredits, match="costs 4 credits and this token's budget has 1 left"):
        credits.hold(alice, 4, reference="job:2", token=token)


def test_the_database_itself_refuses_a_negative_balance(alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Wallet.objects.filter(user=alice).update(balance=-1)


def test_entries_cannot_be_changed_or_deleted(alice: User) -> None:
    entry = CreditEntry.objects.get(wallet__user=alice)
    for forbidden in (entry.save, entry.delete, CreditEntry.objects.all().delete):
        with pytest.raises(TypeError):
            forbidden()
    with pytest.raises(TypeError):
        CreditEntry.objects.update(amount=1)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_on_the_last_credits(alice: User) -> None:
    alice.plan.daily_credits = 0
    credits.hold(alice, 993, reference="rent")

    def try_one(number: int) -> bool:
        try:
            credits.hold(alice, 1, reference=f"job:{number}")
            return True
        except NotEnoughCredits:
            return False
        finally:
            connections.close_all()

    connection.close()
    with ThreadPoolExecutor(16) as pool:
        accepted = sum(pool.map(try_one, range(50)))
    assert accepted == 7
    assert balance(alice) == 0
