"""Pooling formulas against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import AppError, RequestError
from core.measures.measure import KEEP, POOLINGS, Pool, check_flatten, parse_pooling, parse_poolings
from core.measures.places import centre_prior
from core.measures.region_grid import region_grid

TOY = np.array([[[[1, 0], [0, 0]], [[1, 2], [0, 4]]]], np.float32)


def test_gap_mac_and_flatten() -> None:
    np.testing.assert_allclose(Pool("gap").of(TOY), [[0.25, 1.75]])
    np.testing.assert_allclose(Pool("mac").of(TOY), [[1, 4]])
    np.testing.assert_allclose(Pool("flatten").of(TOY), [[1, 0, 0, 0, 1, 2, 0, 4]])


def test_gem_of_the_toy_activation() -> None:
    np.testing.assert_allclose(Pool("gem", 3.0).of(TOY), [[0.629961, 2.632819]], rtol=1e-5)


def test_gem_is_gap_at_one_and_nears_mac() -> None:
    positive = TOY + 1
    np.testing.assert_allclose(Pool("gem", 1.0).of(positive), Pool("gap").of(positive), rtol=1e-6)
    np.testing.assert_allclose(Pool("gem", 500.0).of(positive * 1e6), [[2e6, 5e6]], rtol=5e-3)


def test_a_blob_without_places_is_its_own_mean() -> None:
    flat = np.array([[1.0, -2.0]], np.float32)
    np.testing.assert_array_equal(Pool("gap").of(flat), flat)


@pytest.mark.parametrize(
    ("array", "pooling", "p"),
    [(TOY, "sum", 3.0), (TOY, "gem", 0.0), (np.ones(3, np.float32), "gap", 3.0)],
)
def test_what_can_not_be_pooled_is_refused(array: np.ndarray, pooling: str, p: float) -> None:
    with pytest.raises(AppError):
        Pool(pooling, p).of(array)


def test_gem_clamps_negatives_and_mac_keeps_them() -> None:
    np.testing.assert_allclose(Pool("gem").of(-TOY), [[1e-6, 1e-6]], rtol=1e-5)
    np.testing.assert_allclose(Pool("mac").of(-TOY - 1), [[-1, -1]])


def test_kept_values_stay_as_they_are() -> None:
    np.testing.assert_array_equal(KEEP.of(TOY), TOY)
    assert KEEP.of(np.float32(3.0)) == 3.0


def test_flatten_has_a_guard() -> None:
    with pytest.raises(AppError, match=r"3,211,264 values an image, 12\.8 MB") as raised:
        check_flatten((1, 64, 224, 224))
    assert "gap" in raised.value.hint


@pytest.mark.parametrize(
    ("shape", "method"),
    [
        ((1, 512, 7, 7), "gem"),
        ((8, 4096), "flatten"),
        ((1, 9, 1, 1), "flatten"),
        (None, "gem"),
        ((1, 3, 1, 2), "gem"),
    ],
)
def test_one_place_a_channel_is_flatten(shape: tuple[int, ...] | None, method: str) -> None:
    assert Pool("gem").fitting(shape).method == method


def test_crow_of_the_toy_activation() -> None:
    np.testing.assert_allclose(Pool("crow").of(TOY), [[0.885763, 1.591238]], rtol=1e-5)


def test_crow_clamps_and_gives_dead_maps_zeros() -> None:
    wanted = Pool("crow").of(TOY)
    below = TOY.copy()
    below[below == 0] = -7
    np.testing.assert_allclose(Pool("crow").of(below), wanted, rtol=1e-6)
    np.testing.assert_array_equal(Pool("crow").of(np.zeros((2, 3, 4, 5), np.float32)), 0)
    one_dead = np.concatenate([TOY, np.zeros((1, 1, 2, 2), np.float32)], 1)
    found = Pool("crow").of(one_dead)
    np.testing.assert_allclose(found, [[*wanted[0], 0]], rtol=1e-6)


def test_the_prior_of_spoc() -> None:
    prior = centre_prior(7, 7)
    assert prior[3, 3] == 1
    np.testing.assert_allclose([prior[0, 3], prior[3, 6]], 0.036658, rtol=1e-4)
    np.testing.assert_allclose(prior[0, 0], 0.0013438, rtol=1e-4)
    seven = np.zeros((1, 2, 7, 7), np.float32)
    seven[0, 0, 3, 3], seven[0, 1, 0, 3] = 5, 100
    np.testing.assert_allclose(Pool("spoc").of(seven), [[5, 3.6658]], rtol=1e-4)


@pytest.mark.parametrize(
    ("height", "width", "n_regions", "sides"),
    [
        (7, 7, 14, {7, 4, 3}),  # floor(2 * 7 / 3) is 4, floor(2 * 7 / 4) is 3
        (14, 14, 14, {14, 9, 7}),
        (24, 32, 20, {24, 16, 12}),
        (32, 24, 20, {24, 16, 12}),
        (20, 32, 20, {20, 13, 10}),
        (16, 32, 26, {16, 10, 8}),
        (32, 32, 14, {32, 21, 16}),
        (1, 1, 1, {1}),
        (2, 2, 14, {2, 1}),
    ],
)
def test_the_grid_of_regions(height: int, width: int, n_regions: int, sides: set[int]) -> None:
    regions = region_grid(height, width, 3)
    assert len(regions) == n_regions
    assert {side for _, _, side in regions} == sides
    assert all(0 <= x <= width - side and 0 <= y <= height - side for x, y, side in regions)


def test_the_first_regions_of_a_wide_map() -> None:
    regions = region_grid(24, 32, 3)
    assert regions[:4] == [(0, 0, 24), (8, 0, 24), (0, 0, 16), (8, 0, 16)]
    assert [sum(side == one for _, _, side in regions) for one in (24, 16, 12)] == [2, 6, 12]
    assert sorted((y, x, side) for x, y, side in regions) == sorted(region_grid(32, 24, 3))


def test_rmac_by_hand() -> None:
    """Level 1 is the whole map; level 2 its four corners of one place each."""
    maps = np.array([[[[3, 0], [0, 0]], [[4, 0], [0, 2]]]], np.float32)
    whole, corners = np.array([0.6, 0.8]), np.array([0.6, 0.8]) + np.array([0, 1])
    np.testing.assert_allclose(Pool("rmac", levels=2).of(maps), [whole + corners], rtol=1e-6)
    np.testing.assert_allclose(
        Pool("mac+rmac", levels=2).of(maps), [[3, 4, 3 + 3, 4 + 4 + 2]], rtol=1e-6
    )
    np.testing.assert_allclose(Pool("rmac", levels=1).of(maps), [whole], rtol=1e-6)


def test_parts_by_hand() -> None:
    """Level 1 is the whole map; level 2 its four corners of one place each, row by row."""
    maps = np.array([[[[3, 0], [0, 1]], [[4, 0], [0, 2]]]], np.float32)
    wanted = [[3, 4, 3, 4, 0, 0, 0, 0, 1, 2]]
    np.testing.assert_array_equal(Pool("regions", levels=2).of(maps), wanted)
    np.testing.assert_array_equal(Pool("cells").of(maps), [[3, 4, 0, 0, 0, 0, 1, 2]])
    summed = Pool("regions").of(TOY).reshape(14, 2).sum(0)
    np.testing.assert_allclose(Pool("mac+rmac").of(TOY)[0, 2:], summed, rtol=1e-6)


def test_relu_comes_first() -> None:
    signed = TOY - 1
    positive = np.maximum(signed, 0)
    for method in POOLINGS:
        np.testing.assert_array_equal(
            Pool(method, relu=True).of(signed), Pool(method).of(positive), err_msg=method
        )
    assert not np.array_equal(Pool("gap", relu=True).of(signed), Pool("gap").of(signed))


@pytest.mark.parametrize("method", ["spoc", "rmac", "mac+rmac", "regions", "cells"])
def test_what_asks_where_a_place_is_needs_maps(method: str) -> None:
    with pytest.raises(AppError, match="no height and width"):
        Pool(method).of(np.ones((2, 3, 4), np.float32))
    with pytest.raises(AppError, match="levels"):
        Pool("rmac", levels=0).of(TOY)


@pytest.mark.parametrize("method", POOLINGS)
def test_the_dimension_is_told_before(method: str) -> None:
    shape = (2, 3, 6, 5)
    found = Pool(method).of(np.ones(shape, np.float32))
    assert found.shape == (2, Pool(method).dimension(shape))


def test_words_for_poolings() -> None:
    found = parse_poolings("gap, MAX,gem:4,rmac:2,relu-crow,sum,mac+rmac,gem")
    assert found == (
        Pool("gap"),
        Pool("mac"),
        Pool("gem", 4.0),
        Pool("rmac", levels=2),
        Pool("crow", relu=True),
        Pool("mac+rmac"),
        Pool("gem"),
    )
    assert parse_poolings(",".join(pool.word for pool in found)) == found
    assert parse_pooling("gem", 5.0) == Pool("gem", 5.0)
    assert parse_pooling("gem:2", 5.0) == Pool("gem", 2.0)


@pytest.mark.parametrize("words", ["", "grap", "gem:x", "gem:0", "gap:2", "rmac:99", "relu-"])
def test_words_that_name_no_pooling(words: str) -> None:
    with pytest.raises(AppError):
        parse_poolings(words)


def test_one_pooling_is_asked_for() -> None:
    with pytest.raises(RequestError, match="names 2 poolings"):
        parse_pooling("gap,mac")
