"""Emphasis: the two modes against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from generation.engine.text.emphasis import EMPHASIS, emphasise
from generation.recipes.fields import EMPHASIS_MODES

ONCE = torch.ones(1)


def states(texts: int = 1, tokens: int = 5, width: int = 4) -> torch.Tensor:
    return torch.randn(texts, tokens, width, generator=torch.Generator().manual_seed(3)) + 0.2


def test_there_is_a_row_for_every_mode_of_a_recipe() -> None:
    assert set(EMPHASIS) == set(EMPHASIS_MODES)


@pytest.mark.parametrize("mode", EMPHASIS_MODES)
def test_weights_of_one_leave_the_very_same_tensor(mode: str) -> None:
    plain = states()
    assert emphasise(mode, plain, torch.ones(1, 5), ONCE) is plain


def test_no_norm_multiplies_each_vector() -> None:
    plain, weights = states(), torch.tensor([[1.0, 1.3, 0.0, -0.5, 1.0]])
    expected = plain.numpy() * weights.numpy()[:, :, None]
    np.testing.assert_array_equal(emphasise("no-norm", plain, weights, ONCE).numpy(), expected)


def test_original_brings_the_mean_of_the_whole_tensor_back() -> None:
    plain, weights = states(2), torch.tensor([[1.0, 1.3, 1.0, 0.5, 1.0], [1.0] * 5])
    raw = plain.double().numpy()
    scaled = raw * weights.double().numpy()[:, :, None]
    expected = scaled * (raw.mean() / scaled.mean())
    found = emphasise("original", plain, weights, torch.ones(2))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
    assert found.mean().item() == pytest.approx(plain.mean().item(), rel=1e-5)
    assert not torch.equal(found[1], plain[1])


def test_a_text_said_three_times_counts_three_times_in_the_mean() -> None:
    plain, weights = states(2), torch.tensor([[1.0, 1.3, 1.0, 0.5, 1.0], [1.0] * 5])
    spelled_out = [0, 1, 1, 1]
    expected = emphasise("original", plain[spelled_out], weights[spelled_out], torch.ones(4))
    found = emphasise("original", plain, weights, torch.tensor([1.0, 3.0]))
    torch.testing.assert_close(found, expected[:2])


def test_original_stays_finite_when_the_weights_leave_no_mean() -> None:
    found = emphasise("original", states(), torch.zeros(1, 5), ONCE)
    assert torch.equal(found, torch.zeros_like(found))


def test_original_does_not_divide_rounding_by_rounding() -> None:
    plain, weights = states(), torch.tensor([[1.0, 1.3, 1.0, 0.5, 1.0]])
    centred = plain - plain.mean(dim=-1, keepdim=True)
    assert torch.equal(emphasise("original", centred, weights, ONCE), emphasise("no-norm", centred, weights, ONCE))


def test_half_precision_stays_half_precision() -> None:
    found = emphasise("original", states().half(), torch.tensor([[1.0, 1.2, 1.0, 1.0, 1.0]]), ONCE)
    assert found.dtype == torch.float16
