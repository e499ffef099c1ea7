"""Shares of places: worked by hand, and adding up to the cosine of the descriptors."""

from __future__ import annotations

import numpy as np
import pytest

from core.measures.measure import Pool
from core.representations.after import After
from core.representations.encoding import PartSample, parse_encoding
from core.representations.pca import fit_pca
from core.retrieval.why import Pull, linear_coefficients, pulls, share_out, share_out_parts
from core.retrieval.why_maps import count_for_half
from core.retrieval.why_parts import pulls_of_parts, spread, together

POOLS = [
    Pool("flatten"), Pool("gap"), Pool("mac"), Pool("spoc"), Pool("crow"), Pool("rmac"),
    Pool("rmac", levels=2), Pool("mac+rmac"), Pool("gem"), Pool("gem", p=5.0),
    Pool("regions"), Pool("cells"), Pool("gap", relu=True), Pool("mac", relu=True),
    Pool("rmac", relu=True),
]  # fmt: skip
ROWS = ("flatten", "regions", "cells")
AFTERS = [After(), After(has_power=True), After(False, "pca", 4), After(True, "white", 5)]


def explained(query: np.ndarray, result: np.ndarray, pool: Pool, after: After, fit=None):
    """(cosine, shares of the query, shares of the result) of two (C, H, W) activations."""
    rows = [pool.of(one[None])[0] for one in (query, result)]
    cosine, first, second = pulls(rows[0], rows[1], after, fit)
    return cosine, share_out(query, pool, first), share_out(result, pool, second)


@pytest.mark.parametrize("after", AFTERS, ids=lambda after: after.word)
@pytest.mark.parametrize("pool", POOLS, ids=lambda pool: pool.word)
def test_shares_of_either_image_add_up_to_the_cosine(pool: Pool, after: After) -> None:
    rng = np.random.default_rng(5)
    shapes = ((6, 5, 7), (6, 5, 7)) if pool.method in ROWS else ((6, 5, 7), (6, 8, 4))
    # values after a ReLU, some channels dead in one image, but for pools that see what lies below 0
    low = -1.0 if pool.relu or pool.method in ("gap", "flatten") else 0.0
    query, result = (np.maximum(rng.normal(size=s), low).astype(np.float32) for s in shapes)
    query[2] = 0
    fit = None
    if after.projection:
        wide = pool.dimension((1, *shapes[0]))
        rows = after.prepared(rng.normal(size=(60, wide)) + 0.3)
        fit = fit_pca([rows], "others")
    cosine, first, second = explained(query, result, pool, after, fit)
    rows = np.stack([pool.of(one[None])[0] for one in (query, result)])
    finished = after.apply(rows, fit).astype(np.float64)
    assert cosine == pytest.approx(float(finished[0] @ finished[1]), abs=1e-6)
    for one in (first, second):
        assert one.total == pytest.approx(cosine, abs=1e-5)
        assert one.channels.sum() + one.offset == pytest.approx(cosine, abs=1e-5)
    assert first.places.shape == shapes[0][1:]


def test_the_mean_that_a_projection_takes_away_is_of_no_place() -> None:
    rng = np.random.default_rng(6)
    query, result = rng.random((2, 5, 3, 3)).astype(np.float32)
    fit = fit_pca([After().prepared(rng.random((40, 5)))], "others")
    _, first, _ = explained(query, result, Pool("gap"), After(False, "pca", 3), fit)
    assert abs(first.offset) > 1e-3
    _, plain, _ = explained(query, result, Pool("gap"), After())
    assert plain.offset == 0


def test_gap_by_hand() -> None:
    # means (1, 2) and (2, 0): cosine 2 / (sqrt 5 * 2) = 1 / sqrt 5, all of it through channel 0
    query = np.array([[[4.0, 0.0, 0.0, 0.0]], [[2.0, 2.0, 2.0, 2.0]]])
    result = np.array([[[1.0, 3.0]], [[0.0, 0.0]]])
    cosine, first, second = explained(query, result, Pool("gap"), After())
    assert cosine == pytest.approx(1 / np.sqrt(5))
    assert first.places == pytest.approx(np.array([[1, 0, 0, 0]]) / np.sqrt(5))
    assert second.places == pytest.approx(np.array([[0.25, 0.75]]) / np.sqrt(5))
    assert first.channels == pytest.approx(np.array([1, 0]) / np.sqrt(5))


def test_mac_puts_each_channel_where_its_maximum_stands() -> None:
    # maxima (3, 4) and (4, 3): cosine 24 / 25, 12 / 25 through each channel
    query = np.array([[[1.0, 3.0]], [[4.0, 2.0]]])
    result = np.array([[[0.0, 4.0]], [[1.0, 3.0]]])
    cosine, first, second = explained(query, result, Pool("mac"), After())
    assert cosine == pytest.approx(0.96)
    assert first.places == pytest.approx(np.array([[0.48, 0.48]]))
    assert second.places == pytest.approx(np.array([[0.0, 0.96]]))


def test_crow_with_the_weights_of_its_toy() -> None:
    # the toy activation of RETRIEVAL.md: z = 4.898979, weights of places and channels as there
    toy = np.array([[[1.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [0.0, 4.0]]])
    pooled = np.array([0.885763, 1.591238])
    got = linear_coefficients(toy, Pool("crow"), np.array([1.0, 0.0])) * toy
    assert got.sum() == pytest.approx(pooled[0], abs=1e-6)
    assert got[0, 0, 0] == pytest.approx(1.386294 * 0.638943, abs=1e-6)
    got = linear_coefficients(toy, Pool("crow"), np.array([0.0, 1.0])) * toy
    assert got.sum() == pytest.approx(pooled[1], abs=1e-6)
    assert got[1, 1, 1] == pytest.approx(0.287682 * 0.903602 * 4, abs=1e-6)


def test_gem_shares_a_channel_by_the_power() -> None:
    # x = 1, 2: x^3 is 1, 8, so that the second place carries 8 / 9 of the channel
    shares = share_out(np.array([[[1.0, 2.0]]]), Pool("gem"), Pull(np.ones(1), 0.0))
    assert shares.total == pytest.approx(4.5 ** (1 / 3))
    assert shares.places[0, 1] / shares.total == pytest.approx(8 / 9)


def test_spoc_weighs_by_its_prior() -> None:
    # 1 in the centre of 7 x 7 and .0013438 in its corner, of RETRIEVAL.md
    ones = np.ones((1, 7, 7))
    shares = share_out(ones, Pool("spoc"), Pull(np.ones(1), 0.0))
    assert shares.places[3, 3] == pytest.approx(1)
    assert shares.places[0, 0] == pytest.approx(0.0013438, abs=1e-7)
    assert shares.places[0, 3] == pytest.approx(0.036658, abs=1e-6)


def test_regions_carry_the_cosine_between_them() -> None:
    rng = np.random.default_rng(7)
    query, result = rng.random((2, 8, 7, 7)).astype(np.float32)
    cosine, first, _ = explained(query, result, Pool("rmac"), After())
    assert len(first.regions) == 14  # RETRIEVAL.md: sides 7, 4, 3
    assert [one.side for one in first.regions] == [7] + 4 * [4] + 9 * [3]
    assert sum(one.share for one in first.regions) == pytest.approx(cosine, abs=1e-6)


def test_a_descriptor_of_zeros_is_carried_by_nothing() -> None:
    zeros, ones = np.zeros((3, 2, 2)), np.ones((3, 2, 2))
    cosine, first, second = explained(zeros, ones, Pool("gap"), After())
    assert cosine == 0
    assert not first.places.any()
    assert not second.places.any()


def test_half_is_counted_with_what_speaks_against() -> None:
    assert count_for_half(np.array([[4.0, 1.0], [1.0, 2.0]])) == 1
    assert count_for_half(np.array([1.0, 1.0, 1.0, 1.0])) == 2
    assert count_for_half(np.array([3.0, 3.0, -2.0])) == 1  # half of 4
    assert count_for_half(np.array([1.0, -1.0])) == 0


@pytest.mark.parametrize("word", ["white:5", "vlad:4x3"])
@pytest.mark.parametrize("after", [After(), After(False, "pca", 3)], ids=lambda after: after.word)
def test_encoded_parts_add_up_to_the_cosine(word: str, after: After) -> None:
    rng = np.random.default_rng(8)
    encoding = parse_encoding(word)
    pool = Pool(encoding.parts)
    query, result = np.maximum(rng.normal(size=(2, 6, 7, 9)), 0).astype(np.float32)
    query[:, 0, 0] = 0  # a place where nothing is above 0
    sample = PartSample(encoding, "others", n_expected=20)
    others = np.maximum(rng.normal(size=(20, 6, 7, 9)), 0)
    sample.add(pool.of(others), 6)
    encoder = sample.fit()
    fit = None
    if after.projection:
        fit = fit_pca([after.prepared(encoder.encode(pool.of(others)))], "others")
    rows = [encoder.encode(pool.of(one[None]))[0] for one in (query, result)]
    cosine, *pulled = pulls(rows[0], rows[1], after, fit)
    finished = after.apply(np.stack(rows), fit).astype(np.float64)
    assert cosine == pytest.approx(float(finished[0] @ finished[1]), abs=1e-6)
    for one, pull in zip((query, result), pulled, strict=True):
        shares = share_out_parts(one, pool, pull, encoder)
        assert shares.total == pytest.approx(cosine, abs=1e-5)
        assert shares.places.shape == (7, 9)
    if word.startswith("white"):  # without an encoder, the regions in a row are a descriptor too
        _, first, _ = explained(query, result, Pool("regions"), After())
        assert sum(one.share for one in first.regions) == pytest.approx(first.total, abs=1e-6)


def parts_of(layers, powers, other):
    """The cosine of two descriptors of parts, and what each part of the first carries."""
    rows = [[np.array(row, float) for row in scales] for scales in layers]
    others = [[np.array(row, float) for row in scales] for scales in other]
    cosine, pull, _ = pulls(together(rows, powers), together(others, powers))
    found = pulls_of_parts(rows, powers, pull)
    return cosine, [
        [float(of @ row) for of, row in zip(ofs, scales, strict=True)]
        for ofs, scales in zip(found, rows, strict=True)
    ]


def test_joined_layers_carry_what_their_own_cosines_are() -> None:
    # units (.6, .8) and (.8, .6), and (1) and (1), over sqrt 2: .96 / 2 and 1 / 2
    cosine, carried = parts_of([[(3, 4)], [(2,)]], (1, 1), [[(4, 3)], [(5,)]])
    assert cosine == pytest.approx(0.98)
    assert carried == [[pytest.approx(0.48)], [pytest.approx(0.5)]]
    # a layer of zeros carries nothing, and the other one all
    cosine, carried = parts_of([[(3, 4)], [(0,)]], (1, 1), [[(4, 3)], [(0,)]])
    assert (cosine, carried) == (pytest.approx(0.96), [[pytest.approx(0.96)], [0]])


@pytest.mark.parametrize("p", [1, 3])
def test_scales_share_their_mean(p: int) -> None:
    # units (1, 0) and (.6, .8), each channel by the mean of powers
    scales, other = [[(2, 0), (3, 4)]], [[(1, 0), (7, 0)]]
    cosine, carried = parts_of(scales, (p,), other)
    mean = ((1 + 0.6**p) / 2) ** (1 / p), (0.8**p / 2) ** (1 / p)
    wanted = mean[0] / (mean[0] ** 2 + mean[1] ** 2) ** 0.5
    assert cosine == pytest.approx(wanted)
    share = 1 / (1 + 0.6**p)  # of the first channel, by x^p
    assert carried[0] == pytest.approx([wanted * share, wanted * (1 - share)])


def test_a_coarse_grid_is_spread_by_area_and_loses_nothing() -> None:
    shares, on = np.array([[1.0, 3.0]]), (0.0, 0.0, 4.0, 4.0)
    assert spread(shares, on, (1, 4), on).tolist() == [[0.5, 0.5, 1.5, 1.5]]
    assert spread(shares, (-2.0, 0.0, 2.0, 4.0), (1, 4), on).tolist() == [[2.5, 1.5, 0, 0]]
    assert spread(shares, on, (2, 2), on).tolist() == [[0.5, 1.5], [0.5, 1.5]]
