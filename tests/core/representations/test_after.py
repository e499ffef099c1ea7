"""What comes after pooling: formulas by hand, PCA against another way to it, files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError, RequestError
from core.representations.after import L2, After, concatenated, parse_after
from core.representations.fit_files import open_fit, save_fit
from core.representations.pca import PcaFit, fit_pca

RNG = np.random.default_rng(3)


def spread(n: int, dimension: int, seed: int = 0) -> np.ndarray:
    """Rows about a point far from 0, with variances that fall."""
    rng = np.random.default_rng(seed)
    return 5 + rng.standard_normal((n, dimension)) * 0.9 ** np.arange(dimension)


def test_power_and_length_by_hand() -> None:
    rows = np.array([[9.0, -16.0], [0.0, 0.0]], np.float32)
    np.testing.assert_allclose(L2.apply(rows), [[9 / 337**0.5, -16 / 337**0.5], [0, 0]], rtol=1e-6)
    np.testing.assert_allclose(After(True).apply(rows), [[0.6, -0.8], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize(("n", "dimension"), [(300, 20), (21, 20), (20, 20), (30, 60)])
@pytest.mark.parametrize("block", [1, 7, 400])
def test_a_fit_is_that_of_the_singular_values(n: int, dimension: int, block: int) -> None:
    """Streamed in blocks, against numpy.linalg.svd of all rows at once."""
    rows = spread(n, dimension)
    fit = fit_pca((rows[i : i + block] for i in range(0, n, block)), "a set")
    k = min(n - 1, dimension)
    _, singular, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(fit.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fit.eigenvalues, singular[:k] ** 2 / (n - 1), rtol=1e-7)
    np.testing.assert_allclose(np.abs((fit.axes * axes[:k]).sum(axis=1)), 1, rtol=1e-7)
    np.testing.assert_allclose(fit.explained[-1], 1, rtol=1e-9)
    assert (fit.n, fit.most, fit.sensible) == (n, k, min(k, max(1, n // 8)))


def test_very_wide_descriptors_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.representations.pca._MOST_WIDE", 40)
    assert fit_pca([spread(11, 60), spread(29, 60, seed=1)], "a set").n == 40
    with pytest.raises(AppError, match="40 images at most"):
        fit_pca([spread(41, 60)], "a set")


def test_whitened_rows_have_no_covariance() -> None:
    rows = spread(400, 12)
    fit = fit_pca([rows], "a set")
    whitened = fit.project(rows, 8, whiten=True)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(8), atol=1e-8)
    plain = fit.project(rows, 8, whiten=False)
    np.testing.assert_allclose(np.cov(plain.T), np.diag(fit.eigenvalues[:8]), atol=1e-8)


def test_axes_of_noise_are_dropped_and_no_more_than_images_can_tell() -> None:
    flat = RNG.standard_normal((100, 3)) @ RNG.standard_normal((3, 10))
    assert fit_pca([flat], "a set").most == 3
    assert fit_pca([RNG.standard_normal((5, 10))], "a set").most == 4
    with pytest.raises(AppError, match="are equal"):
        fit_pca([np.ones((5, 3))], "a set")
    with pytest.raises(AppError, match="two images"):
        fit_pca([np.ones((1, 3))], "a set")


def test_too_many_dimensions_are_warned_of_or_refused() -> None:
    fit = fit_pca([spread(80, 40)], "the cats")
    assert fit.sensible == 10
    assert fit.warning(10, whiten=True) == ""
    assert fit.warning(40, whiten=False) == ""
    said = fit.warning(11, whiten=True)
    assert "80 images of the cats" in said
    assert "10 dimensions, an eighth of the images" in said
    with pytest.raises(AppError, match="has 40 dimensions, not 41"):
        fit.project(spread(2, 40), 41, whiten=False)


def test_the_order_is_power_length_projection_length() -> None:
    rows = np.abs(spread(60, 6)).astype(np.float32)
    powered = np.sqrt(rows.astype(np.float64))
    powered /= np.linalg.norm(powered, axis=1, keepdims=True)
    fit = fit_pca([powered], "a set")
    turned = (powered - fit.mean) @ fit.axes[:4].T / np.sqrt(fit.eigenvalues[:4])
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    found = After(True, "white", 4).apply(rows, fit)
    np.testing.assert_allclose(found, turned, rtol=1e-5, atol=1e-6)
    assert found.dtype == np.float32
    assert After(False, "white").settled(fit).dimension == 6  # 60 / 8 is more than there is
    with_zeros = np.concatenate([rows, np.zeros((1, 6), np.float32)])
    assert not After(True, "white", 4).apply(with_zeros, fit)[-1].any()
    with pytest.raises(AppError, match="needs a fit"):
        After(False, "pca", 2).apply(rows)


def test_words_for_what_comes_after() -> None:
    found = parse_after("l2, power,pca:64,white,power+white:32")
    assert found == (
        L2,
        After(True),
        After(False, "pca", 64),
        After(False, "white"),
        After(True, "white", 32),
    )
    assert parse_after(",".join(one.word for one in found)) == found
    assert [one.describe() for one in found] == [
        "L2",
        "signed power, L2",
        "L2, PCA 64, L2",
        "L2, whitening, L2",
        "signed power, L2, whitening 32, L2",
    ]


@pytest.mark.parametrize("words", ["", "l3", "pca:x", "white:0", "pca:-1", "+"])
def test_words_that_name_no_step(words: str) -> None:
    with pytest.raises(RequestError):
        parse_after(words)


def test_layers_are_put_together_with_one_length_each() -> None:
    one, other = np.array([[300.0, 400.0]], np.float32), np.array([[0.0, 0.001]], np.float32)
    np.testing.assert_allclose(
        concatenated([one, other]), np.array([[0.6, 0.8, 0, 1]]) / 2**0.5, rtol=1e-6
    )
    with pytest.raises(AppError, match="other images"):
        concatenated([one, np.ones((2, 2), np.float32)])


def saved(tmp_path: Path) -> tuple[Path, PcaFit]:
    fit = fit_pca([spread(50, 7)], "the photos of Paris", "a recipe")
    save_fit(tmp_path / "fit", fit)
    return tmp_path / "fit", fit


def test_a_fit_is_saved_and_opened(tmp_path: Path) -> None:
    path, fit = saved(tmp_path)
    for named in (path, path.with_name("fit.json"), path.with_name("fit.npy")):
        found = open_fit(named)
        assert (found.image_set, found.n, found.made_for) == ("the photos of Paris", 50, "a recipe")
        for name in ("mean", "eigenvalues", "axes"):
            np.testing.assert_array_equal(getattr(found, name), getattr(fit, name))
        np.testing.assert_array_equal(found.explained, fit.explained)


def cut_numbers(folder: Path) -> None:
    path = folder / "fit.npy"
    path.write_bytes(path.read_bytes()[:-9])


def other_numbers(folder: Path) -> None:
    np.save(folder / "fit.npy", np.ones((3, 3)))


def no_numbers(folder: Path) -> None:
    numbers = np.load(folder / "fit.npy")
    numbers[1, 0] = np.nan
    np.save(folder / "fit.npy", numbers)


def no_note(folder: Path) -> None:
    (folder / "fit.json").write_text("{}")


@pytest.mark.parametrize("damage", [cut_numbers, other_numbers, no_numbers, no_note])
def test_a_damaged_fit_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path, _ = saved(tmp_path)
    damage(tmp_path)
    with pytest.raises(AppError):
        open_fit(path)
