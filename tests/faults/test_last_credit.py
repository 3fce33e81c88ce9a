"""Fifty submissions at once on the last credits: as many are accepted as the balance pays, and it is never negative."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from accounts.credits import hold, settle
from accounts.models import Plan, User
from accounts.refusals import NotEnoughCredits
from generation.audit.checks import audit
from generation.catalog.prices import total_price
from generation.jobs.submission import submit_jobs
from generation.models import Checkpoint, Job
from generation.recipes.picture import Recipe
from tests.conftest import credits_of

AT_ONCE = 50
PAID_FOR = 7
RECIPE = Recipe(prompt="a red apple", width=128, height=128, steps=4)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pictures", [1, 3])
def test_fifty_submissions_on_the_last_credit(alice: User, catalog: Checkpoint, pictures: int) -> None:
    Plan.objects.update(max_queued=1000, daily_credits=0)
    price = pictures * total_price(alice.plan, [RECIPE])
    balance = PAID_FOR * price + price - 1 if price > 1 else PAID_FOR
    leave_only(alice, balance)
    gate = threading.Barrier(AT_ONCE)

    def submit(number: int) -> bool:
        try:
            user = User.objects.select_related("plan").get(pk=alice.pk)
            gate.wait()
            submit_jobs(user, RECIPE.replace(seed=1000 * number), pictures)
        except NotEnoughCredits:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        accepted = sum(pool.map(submit, range(AT_ONCE)))
    assert accepted == PAID_FOR
    assert Job.objects.count() == PAID_FOR * pictures
    assert credits_of(alice) == balance - PAID_FOR * price
    assert list(audit()) == []


def leave_only(user: User, balance: int) -> None:
    hold(user, credits_of(user) - balance, reference="test:spent")
    settle("test:spent", 1000)
