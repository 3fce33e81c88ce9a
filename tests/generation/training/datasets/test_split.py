"""The split: by seed, of a set number or a quarter, and never all of them."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.refusals import Refusal
from generation.models import DataSet
from generation.training.datasets.splitting import held_out_of, set_split
from tests.generation.training.datasets.conftest import MakeDataSet


def test_nine_pictures_hold_out_two(alice: User, make_dataset: MakeDataSet) -> None:
    dataset = make_dataset(alice, 9)
    held_out = held_out_of(dataset)
    assert len(held_out) == 2
    assert held_out == held_out_of(DataSet.objects.get(pk=dataset.pk))
    assert held_out <= set(dataset.pictures.values_list("pk", flat=True))


def test_number_and_seed_can_be_set(dataset: DataSet) -> None:
    splits = set()
    for seed in range(8):
        set_split(dataset, 2, seed)
        splits.add(frozenset(held_out_of(dataset)))
    assert {len(each) for each in splits} == {2} and len(splits) > 1
    set_split(dataset, 0, 7)
    assert held_out_of(dataset) == set()
    set_split(dataset, None)
    dataset.refresh_from_db()
    assert (dataset.held_out, len(held_out_of(dataset))) == (None, 1)


@pytest.mark.parametrize(("held_out", "seed"), [(-1, 0), (4, 0), (1, -1), (1, 2**40)])
def test_it_is_refused(dataset: DataSet, held_out: int, seed: int) -> None:
    with pytest.raises(Refusal):
        set_split(dataset, held_out, seed)
    assert DataSet.objects.get(pk=dataset.pk).held_out is None
