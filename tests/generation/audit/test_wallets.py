"""What a token paid for stays paid, also when its row is gone; true drifts of budgets are found and mended."""

from __future__ import annotations

import pytest

from accounts.models import ApiToken, User
from generation.audit.wallets import wrong_budgets
from generation.models import Checkpoint, DataSet, TrainingRun
from generation.training.runs import controls, lifecycle
from generation.training.runs.submission import prepare, write_training
from generation.training.searches.submission import cancel_search, delete_search, prepare_search, write_search
from tests.generation.training.conftest import small_recipe
from tests.generation.training.runs.test_controls import with_snapshots


@pytest.fixture
def token(alice: User) -> ApiToken:
    made: ApiToken = ApiToken.objects.create(user=alice, name="program", budget=500)[0]
    return made


def begin(user: User, dataset: DataSet, token: ApiToken) -> TrainingRun:
    prepared = prepare(user, dataset, small_recipe(resolution=512, batch=4))
    run: TrainingRun = write_training(user, dataset, prepared, "noto", token)
    return run


def fix_all() -> None:
    for finding in list(wrong_budgets()):
        assert finding.fix is not None
        finding.fix()


def spent(token: ApiToken) -> int:
    token.refresh_from_db()
    return token.spent


def test_a_training_that_was_deleted(alice: User, dataset: DataSet, tiny: Checkpoint, token: ApiToken) -> None:
    run = with_snapshots(begin(alice, dataset, token), 0.9, 0.6)
    TrainingRun.objects.update(step=10)
    controls.stop_run(TrainingRun.objects.get())
    paid = -(-run.credits // 2)
    assert spent(token) == paid > 0
    controls.delete_run(TrainingRun.objects.get())
    fix_all()
    assert spent(token) == paid


@pytest.mark.parametrize("delete", [False, True])
def test_a_search_that_is_over(alice: User, dataset: DataSet, tiny: Checkpoint, token: ApiToken, delete: bool) -> None:
    axes = {"rank": [1, 2]}
    prepared = prepare_search(alice, dataset, small_recipe(resolution=512, batch=4), "noto", axes)
    search = write_search(alice, dataset, prepared, budget=500, token=token)
    fix_all()
    assert spent(token) == search.credits
    run = with_snapshots(search.runs.order_by("pk")[0], 0.9, 0.6)
    assert lifecycle.hand_out(run.snapshots.get(step=10))
    cancel_search(search)
    paid = -(-run.credits // 2)
    assert spent(token) == paid > 0
    if delete:
        delete_search(search)
    fix_all()
    assert spent(token) == paid


@pytest.mark.parametrize("wrong", [0, 9])
def test_a_budget_beside_the_ledger(
    alice: User, dataset: DataSet, tiny: Checkpoint, token: ApiToken, wrong: int
) -> None:
    run = begin(alice, dataset, token)
    ApiToken.objects.update(spent=wrong)
    fix_all()
    assert (spent(token), list(wrong_budgets())) == (run.credits, [])


def test_what_was_spent_before_the_ledger_named_tokens(token: ApiToken) -> None:
    ApiToken.objects.update(spent=7, spent_unlisted=7)
    assert list(wrong_budgets()) == []
