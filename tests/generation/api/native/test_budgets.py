"""A token with a budget: it pays beside the wallet, never goes over, and gets back what its pictures did not cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from knox.models import get_token_model
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from generation.jobs import lifecycle
from generation.jobs.queueing import claim_next
from generation.models import Checkpoint, Job
from tests.conftest import credits_of

URL = "/api/v1/jobs"


@pytest.fixture
def frugal(alice: User) -> APIClient:
    """A program of alice's that may spend three credits."""
    _, key = get_token_model().objects.create(user=alice, name="frugal", budget=3)
    return APIClient(headers={"Authorization": f"Bearer {key}"})


def make(client: APIClient, count: int) -> Any:
    return client.post(URL, {"prompt": "a red apple", "count": count}, format="json")


def spent() -> int:
    credits: int = ApiToken.objects.get(name="frugal").spent
    return credits


def test_it_spends_up_to_the_budget(frugal: APIClient, catalog: Checkpoint, alice: User) -> None:
    assert make(frugal, 2).status_code == 202
    refused = make(frugal, 2)
    assert (refused.status_code, refused.json()["code"]) == (402, "token-budget")
    assert (spent(), credits_of(alice), Job.objects.count()) == (2, 998, 2)
    assert make(frugal, 1).status_code == 202
    assert spent() == 3


def test_what_the_wallet_refuses_costs_no_budget(frugal: APIClient, catalog: Checkpoint, alice: User) -> None:
    from accounts.models import Plan, Wallet

    Plan.objects.update(daily_credits=0)
    Wallet.objects.update(balance=0)
    assert make(frugal, 1).json()["code"] == "no-credits"
    assert spent() == 0


def test_cancelled_and_failed_pictures_are_given_back(frugal: APIClient, catalog: Checkpoint) -> None:
    make(frugal, 3)
    for end in (lifecycle.cancel_job, lambda job: lifecycle.fail_job(job, "broken", "Broken.")):
        job = claim_next("w")
        assert job is not None
        end(job)
    assert spent() == 1
    last = claim_next("w")
    assert last is not None and lifecycle.finish_job(last, np.zeros((128, 128, 3), np.uint8), 0.1)
    assert spent() == 1


def test_a_token_without_budget_has_no_limit(alices_api: APIClient, catalog: Checkpoint) -> None:
    assert [make(alices_api, 8).status_code for _ in range(2)] == [202, 202]
    assert ApiToken.objects.get().spent == 16
