"""Intervals of means, and the paired permutation test."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.evaluation.intervals import bootstrap_interval, paired_difference


def test_few_queries_take_every_combination_of_signs() -> None:
    first, second = np.array([0.1, 0.5, 0.4, 0.9]), np.array([0.3, 0.45, 0.8, 0.95])
    differences = second - first
    signs = itertools.product((-1, 1), repeat=4)
    means = [abs(np.mean(np.array(one) * differences)) for one in signs]
    found = paired_difference(first, second)
    assert found.p == pytest.approx(np.mean([m >= abs(differences.mean()) - 1e-12 for m in means]))
    assert (found.n_queries, found.n_better, found.n_worse) == (4, 3, 1)
    assert found.mean == pytest.approx(0.15)
    assert found.low <= found.mean <= found.high


def test_random_signs_agree_with_the_normal_law() -> None:
    """For 500 queries the permutation distribution is all but normal."""
    rng = np.random.default_rng(4)
    first = rng.random(500)
    second = first + rng.normal(0.01, 0.15, 500)
    differences = second - first
    z = abs(differences.sum()) / np.sqrt((differences**2).sum())
    from math import erfc

    assert paired_difference(first, second).p == pytest.approx(erfc(z / 2**0.5), abs=0.02)


def test_equal_results_differ_by_nothing() -> None:
    same = np.linspace(0, 1, 40)
    found = paired_difference(same, same)
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)
    clear = paired_difference(same, same + 0.2)
    assert clear.p == pytest.approx(1 / 10_001)


def test_results_of_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="same queries"):
        paired_difference(np.zeros(3), np.zeros(4))


def test_the_interval_holds_the_mean_as_often_as_it_says() -> None:
    rng = np.random.default_rng(9)
    inside = 0
    for seed in range(200):
        low, high = bootstrap_interval(rng.beta(2, 1, 80), seed=seed, n_resamples=500)
        inside += low <= 2 / 3 <= high
    assert 0.88 <= inside / 200 <= 0.99
