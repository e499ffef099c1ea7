"""Filters by hand: layouts, figures, twins and what BatchNorm and Scale do together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsError
from core.filters import figures as figures_module
from core.filters import twins as twins_module
from core.filters.arrays import FilterArray, filters_of
from core.filters.figures import figures_of
from core.filters.pictures import MapRegion, draw_map, draw_tiles, map_size, scaled_highs
from core.filters.source import WeightsSource
from core.filters.twins import find_twins
from core.jobs.weights import (
    WeightsRequest,
    nearest_with_weights,
    of_chain,
    open_source,
    weights,
)
from core.net.definition import NetState
from core.progress import run_job
from core.weights.writer import write_caffemodel

HEAD = 'input: "data" input_shape { dim: 1 dim: 4 dim: 6 dim: 6 }\n'


def source_of(tmp_path: Path, layers: list, text: str = "") -> WeightsSource:
    """A caffemodel of (name, type, arrays), with a prototxt where there is text."""
    path = tmp_path / "w.caffemodel"
    write_caffemodel(
        path, "net", [(n, t, [np.float32(a) for a in arrays]) for n, t, arrays in layers]
    )
    prototxt = None
    if text:
        prototxt = tmp_path / "net.prototxt"
        prototxt.write_text(HEAD + text)
    return open_source(path, prototxt, NetState())


def array_of(values: object) -> FilterArray:
    return FilterArray("weights", np.asarray(values, np.float32))


def figures(array: FilterArray):
    return run_job(figures_of(array))


def test_a_file_that_is_cut_off_while_its_filters_are_shown_is_told_of(tmp_path: Path) -> None:
    """What reads a map beyond the end of its file is killed."""
    source = source_of(tmp_path, [("conv", "Convolution", [np.ones((64, 3, 11, 11))])])
    shown = filters_of(source, "conv")
    assert shown is not None
    assert shown.main.filter(63).sum() == 363
    (tmp_path / "w.caffemodel").write_bytes(b"a copy that has just begun")
    for read in (lambda: shown.main.filter(63), lambda: figures(shown.main)):
        with pytest.raises(WeightsError, match="has become shorter"):
            read()


def test_figures_are_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_module, "CHUNK_VALUES", 100)
    values = np.random.default_rng(1).normal(3, 2, (7, 3, 5, 5)).astype(np.float32)
    values[2, 0] = 0
    rows = values.reshape(7, -1).astype(np.float64)
    found = figures(array_of(values))
    np.testing.assert_allclose(found.norms, np.linalg.norm(rows, axis=1))
    np.testing.assert_allclose(found.means, rows.mean(axis=1))
    np.testing.assert_allclose(found.stds, rows.std(axis=1))
    np.testing.assert_array_equal(found.least, rows.min(axis=1))
    np.testing.assert_array_equal(found.most, rows.max(axis=1))
    assert found.n_zeros.tolist() == [0, 0, 25, 0, 0, 0, 0]
    assert (found.mean, found.std, found.norm) == pytest.approx(
        (rows.mean(), rows.std(), np.linalg.norm(rows))
    )
    order = np.argsort(-np.linalg.norm(rows, axis=1))
    assert found.ranks[order].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    found = figures(array_of([[[[np.nan, 1, 3]]], [[[np.inf, -np.inf, 2]]], [[[np.nan] * 3]]]))
    assert (found.n_nan.tolist(), found.n_inf.tolist()) == ([1, 0, 3], [0, 2, 0])
    assert found.n_not_finite == 6
    np.testing.assert_allclose(found.means[:2], [2, 2])
    np.testing.assert_allclose(found.stds[:2], [1, 0])
    np.testing.assert_allclose(found.norms, [10**0.5, 2, 0])
    assert np.isnan(found.means[2])
    assert (found.mean, found.std) == pytest.approx((2, (2 / 3) ** 0.5))


def test_a_filter_is_dead_under_one_percent_of_the_largest_norm() -> None:
    found = figures(array_of([[[[100.0]]], [[[0.99]]], [[[1.01]]], [[[0.0]]]]))
    assert found.dead.tolist() == [1, 3]


def test_twins_are_those_of_all_pairs_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).normal(size=(23, 4, 3, 3)).astype(np.float32)
    values[20] = -2 * values[3]
    values[7] = values[5] + 0.01 * values[6]
    values[11] = 0
    values[12, 0, 0, 0] = np.nan
    rows = values.reshape(23, -1).astype(np.float64)
    good = [i for i in range(23) if i not in (11, 12)]
    cosines = np.zeros((23, 23))
    for i in good:
        for j in good:
            norms = np.linalg.norm(rows[i]) * np.linalg.norm(rows[j])
            cosines[i, j] = 0 if i == j else rows[i] @ rows[j] / norms
    array = array_of(values)
    for n_bytes in (1 << 26, 4 * 36 * 5):
        monkeypatch.setattr(twins_module, "BLOCK_BYTES", n_bytes)
        found = run_job(find_twins(array, figures(array), 0.9))
        assert [(p.first, p.second) for p in found.pairs] == [(3, 20), (5, 7)]
        assert [p.cosine for p in found.pairs] == pytest.approx([-1, cosines[5, 7]], abs=1e-5)
        assert found.n_pairs == 2
        assert found.nearest[good].tolist() == np.abs(cosines).argmax(axis=1)[good].tolist()
        nearest = cosines[good, found.nearest[good]]
        np.testing.assert_allclose(found.cosines[good], nearest, atol=1e-5)
        assert found.nearest[[11, 12]].tolist() == [-1, -1]


def test_a_deconvolution_is_shown_by_output_its_groups_apart(tmp_path: Path) -> None:
    values = np.arange(4 * 3 * 2 * 2).reshape(4, 3, 2, 2)
    text = (
        'layer { name: "up" type: "Deconvolution" bottom: "data" top: "up" convolution_param '
        "{ num_output: 6 kernel_size: 2 group: 2 bias_term: false } }"
    )
    found = filters_of(source_of(tmp_path, [("up", "Deconvolution", [values])], text), "up")
    assert found is not None
    assert found.main.values.shape == (6, 2, 2, 2)
    for output in range(6):
        group, within = divmod(output, 3)
        expected = [values[2 * group, within], values[2 * group + 1, within]]
        np.testing.assert_array_equal(found.main.values[output], expected)
    assert "2 groups" in found.notes[0]


def test_an_inner_product_over_places_has_kernels(tmp_path: Path) -> None:
    values = np.arange(2 * 144).reshape(2, 144)
    text = (
        'layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param '
        "{ num_output: 2 } }"
    )
    source = source_of(tmp_path, [("fc", "InnerProduct", [values, [5, 6]])], text)
    found = filters_of(source, "fc")
    assert found is not None
    np.testing.assert_array_equal(found.main.values, values.reshape(2, 4, 6, 6))
    assert found.bias is not None
    assert found.bias.tolist() == [5, 6]
    turned = text.replace("num_output: 2", "num_output: 2 transpose: true")
    source = source_of(tmp_path, [("fc", "InnerProduct", [values.T, [5, 6]])], turned)
    found = filters_of(source, "fc")
    assert found is not None
    np.testing.assert_array_equal(found.main.values, values.reshape(2, 4, 6, 6))


def test_rows_of_an_lstm_are_called_by_their_gates(tmp_path: Path) -> None:
    arrays = [np.zeros((8, 3)), np.zeros(8), np.zeros((8, 2))]
    found = filters_of(source_of(tmp_path, [("l", "LSTM", arrays)]), "l")
    assert found is not None
    assert [(a.name, a.values.shape) for a in found.arrays] == [
        ("from the input", (8, 3, 1, 1)), ("from the state", (8, 2, 1, 1)),
    ]  # fmt: skip
    words = [found.main.row_word(i) for i in (0, 3, 5, 6)]
    assert words == ["input 0", "forget 1", "output 1", "candidate 0"]


def test_batch_norm_and_scale_are_shown_as_they_act_together(tmp_path: Path) -> None:
    """y = gamma * (x - mean) / sqrt(var + eps) + beta, mean and var over the factor."""
    text = (
        'layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" batch_norm_param '
        "{ eps: 0.5 } }"
        'layer { name: "sc" type: "Scale" bottom: "bn" top: "bn" scale_param '
        "{ bias_term: true } }"
    )
    mean, var = np.array([2, 4, 6, 8]), np.array([1, 7, 15, 31])
    gamma, beta = np.array([1, 2, 3, 4]), np.array([10, 20, 30, 40])
    layers = [("bn", "BatchNorm", [mean, var, [2]]), ("sc", "Scale", [gamma, beta])]
    source = source_of(tmp_path, layers, text)
    gain = gamma / np.sqrt(var / 2 + 0.5)
    for name in ("bn", "sc"):
        found = filters_of(source, name)
        assert found is not None
        assert [a.name for a in found.arrays] == ["gain", "shift"]
        np.testing.assert_allclose(found.arrays[0].values.ravel(), gain)
        np.testing.assert_allclose(found.arrays[1].values.ravel(), beta - mean / 2 * gain)
        assert found.notes == ("bn and sc as they act together: gain * x + shift.",)


def test_a_factor_of_0_says_that_nothing_was_averaged(tmp_path: Path) -> None:
    text = 'layer { name: "bn" type: "BatchNorm" bottom: "data" top: "bn" }'
    source = source_of(tmp_path, [("bn", "BatchNorm", [[1] * 4, [1] * 4, [0]])], text)
    found = filters_of(source, "bn")
    assert found is not None
    np.testing.assert_allclose(found.main.values.ravel(), [1 / np.sqrt(1e-5)] * 4)
    assert "factor in the file is 0" in " ".join(found.notes)


def test_shared_arrays_are_named(tmp_path: Path) -> None:
    one = (
        'layer {{ name: "{0}" type: "Convolution" bottom: "data" top: "{0}" param {{ name: "w" }} '
        "convolution_param {{ num_output: 2 kernel_size: 1 bias_term: false }} }}"
    )
    text = one.format("a") + one.format("b")
    source = source_of(tmp_path, [("a", "Convolution", [np.ones((2, 4, 1, 1))])], text)
    assert source.layer_names == ("a", "b")
    notes = [filters_of(source, name).notes for name in "ab"]  # type: ignore[union-attr]
    assert notes == [("Shared by name with b.",), ("Shared by name: these are the arrays of a.",)]


CHAIN = (
    'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param '
    "{ num_output: 2 kernel_size: 1 bias_term: false } }"
    'layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }'
    'layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }'
    'layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" }'
)


def test_what_has_no_weights_names_who_has(tmp_path: Path) -> None:
    source = source_of(tmp_path, [("conv", "Convolution", [np.ones((2, 4, 1, 1))])], CHAIN)
    assert [of_chain(source, name) for name in ("relu", "drop", "pool")] == ["conv", "conv", ""]
    assert nearest_with_weights(source, "pool") == "conv"
    assert nearest_with_weights(source, source.net.layers[0].name) == "conv"  # type: ignore[union-attr]
    with pytest.raises(WeightsError, match=r"'pool' \(Pooling\) has no weights"):
        run_job(weights(WeightsRequest(source, ("pool",))))


def test_arrays_of_another_shape_say_so_in_their_place(tmp_path: Path) -> None:
    source = source_of(tmp_path, [("conv", "Convolution", [np.ones((3, 4, 1, 1))])], CHAIN)
    with pytest.raises(WeightsError, match="2 x 4 x 1 x 1 as parameter 0"):
        filters_of(source, "conv")


def test_the_histogram_of_a_layer_is_numpys(tmp_path: Path) -> None:
    values = np.random.default_rng(3).normal(size=(5, 4, 3, 3)).astype(np.float32)
    values[0, 0, 0] = 0
    (read,) = run_job(
        weights(WeightsRequest(source_of(tmp_path, [("c", "Convolution", [values])])))
    )
    found = read.arrays[0].histogram
    expected, _ = np.histogram(values[values != 0], found.edges)
    assert found.counts.tolist() == expected.tolist()
    assert found.n_zeros == 3


def test_tiles_turn_the_files_bgr_into_rgb() -> None:
    values = np.zeros((1, 3, 1, 2), np.float32)
    values[0, 0, 0, 0] = 1  # blue
    values[0, 2, 0, 1] = -0.5  # red
    array = array_of(values)
    found = draw_tiles(array, figures(array)).rgb
    assert found is not None
    # 0 is the middle grey, the greatest magnitude an end
    assert found[0, 0].tolist() == [[128, 128, 255], [64, 128, 128]]
    as_rgb = draw_tiles(array, figures(array), order="RGB").rgb
    assert as_rgb is not None
    assert as_rgb[0, 0].tolist() == [[255, 128, 128], [128, 128, 64]]


def test_a_map_keeps_the_strongest_weight_of_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(4).normal(size=(12, 10, 3, 2)).astype(np.float32)
    array = array_of(values)
    highs = scaled_highs(figures(array), "layer")
    order = np.random.default_rng(5).permutation(12)
    rows, columns = map_size(array)
    assert (rows, columns) == (36, 20)
    whole = values[order].transpose(0, 2, 1, 3).reshape(36, 20)
    top, bottom, left, right = 4, 31, 3, 18
    for chunk in (1 << 21, 60):
        monkeypatch.setattr("core.filters.pictures.CHUNK_VALUES", chunk)
        region = MapRegion(top, left, bottom, right, 9, 5)
        levels = run_job(draw_map(array, highs, order, region))
        part = whole[top:bottom, left:right].reshape(9, 3, 5, 3).transpose(0, 2, 1, 3)
        cells = part.reshape(9, 5, 9)
        strongest = np.take_along_axis(cells, np.abs(cells).argmax(-1)[..., None], -1)[..., 0]
        expected = np.rint(strongest / highs[0] * 126 + 126)
        assert levels.tolist() == expected.tolist()
