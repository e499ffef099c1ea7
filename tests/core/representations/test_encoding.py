"""Regions whitened and summed, and VLAD: formulas by hand, and against another way to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError, RequestError
from core.representations.clusters import assign, find_centres
from core.representations.encoding import Encoder, Encoding, PartSample, parse_encoding
from core.representations.fit_files import (
    fit_digest,
    list_fits,
    open_encoder,
    save_encoder,
    save_fit,
)
from core.representations.pca import PcaFit


def plain_fit(channels: int, eigenvalues: list[float]) -> PcaFit:
    """A fit whose axes are the channels themselves, about 0."""
    axes = np.eye(channels)[: len(eigenvalues)]
    return PcaFit("a set", 100, np.zeros(channels), np.array(eigenvalues), axes, 1.0)


def test_whitened_regions_by_hand() -> None:
    """Each of length 1, over the root of the eigenvalues, of length 1 again, then summed."""
    encoder = Encoder(Encoding("white", 2), plain_fit(2, [4.0, 1.0]))
    regions = np.array([[3, 4, 0, 0, 10, 0]], np.float32)  # the second says nothing
    first = np.array([0.6 / 2, 0.8]) / np.hypot(0.3, 0.8)
    np.testing.assert_allclose(encoder.encode(regions), [first + np.array([1, 0])], rtol=1e-6)


def test_vlad_by_hand() -> None:
    """Two cells near the first centre, one near the second; a place of zeros says nothing."""
    centres = np.array([[1.0, 0.0], [0.0, 1.0]])
    encoder = Encoder(Encoding("vlad", 2, 2), plain_fit(2, [1.0, 1.0]), centres)
    cells = np.array([[4, 3, 2, 0, 0, 0, 0.6, 0.8]], np.float32)
    off_first = np.array([0.8 - 1, 0.6]) / np.hypot(0.2, 0.6)
    off_second = np.array([0.6, 0.8 - 1]) / np.hypot(0.6, 0.2)
    wanted = np.concatenate([off_first, off_second])
    wanted = np.sign(wanted) * np.sqrt(np.abs(wanted))
    np.testing.assert_allclose(encoder.encode(cells), [wanted], rtol=1e-6)
    assert not encoder.encode(np.zeros((1, 8), np.float32)).any()


def test_an_encoder_is_that_of_all_parts_at_once() -> None:
    rng = np.random.default_rng(0)
    rows = np.abs(rng.standard_normal((40, 6 * 5))) * 0.8 ** np.arange(30)
    sample = PartSample(Encoding("white"), "a set", n_expected=40)
    for row in rows:
        sample.add(row[None], 5)
    encoder = sample.fit()
    assert encoder.encoding.dimension == 5  # an eighth of 240 regions is more than there is
    parts = rows.reshape(-1, 5) / np.linalg.norm(rows.reshape(-1, 5), axis=1, keepdims=True)
    mean = parts.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov(parts.T))
    kept = values > 1e-6 * values.max()
    whitened = (parts - mean) @ axes[:, kept] / np.sqrt(values[kept])
    whitened /= np.linalg.norm(whitened, axis=1, keepdims=True)
    wanted = whitened.reshape(40, 6, -1).sum(axis=1)
    found = encoder.encode(rows.astype(np.float32)).astype(np.float64)
    np.testing.assert_allclose(found @ found.T, wanted @ wanted.T, rtol=1e-4, atol=1e-5)
    assert (encoder.fit.n, encoder.fit.what) == (240, "regions")


def test_centres_of_groups_that_stand_apart() -> None:
    rng = np.random.default_rng(1)
    middles = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = np.concatenate([middle + rng.standard_normal((50, 2)) * 0.1 for middle in middles])
    centres = find_centres(points, 3)
    order = np.lexsort((centres[:, 1].round(), centres[:, 0].round()))
    means = points.reshape(3, 50, 2).mean(axis=1)
    np.testing.assert_allclose(centres[order], means[[0, 2, 1]], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(find_centres(points, 3), centres)  # seeded
    nearest, distance = assign(points, centres)
    wanted = ((points - centres[nearest]) ** 2).sum(axis=1)
    np.testing.assert_allclose(distance, wanted, atol=1e-9)


def test_more_centres_than_different_points() -> None:
    points = np.repeat(np.eye(2), 5, axis=0)
    assert np.isfinite(find_centres(points, 4)).all()
    with pytest.raises(AppError, match="11 centres need 11 points or more, not 10"):
        find_centres(points, 11)


def test_cells_of_many_images_have_bounded_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.representations.encoding._MOST_SAMPLED_VALUES", 400)
    sample = PartSample(Encoding("vlad", 2, 4), "a set", n_expected=20)
    rng = np.random.default_rng(2)
    for _ in range(20):
        sample.add(np.abs(rng.standard_normal((1, 90 * 4))).astype(np.float32), 4)
    encoder = sample.fit()
    assert encoder.fit.n == 20 * 5
    assert encoder.dimension == 8
    assert encoder.centres is not None
    assert encoder.centres.shape == (4, 2)


def test_words_for_encodings() -> None:
    words = ["white", "white:64", "vlad:64x32", "vlad:16x8"]
    assert [parse_encoding(word).word for word in words] == words
    assert parse_encoding("VLAD") == Encoding("vlad", 32, 64)
    assert parse_encoding("vlad:16").word == "vlad:16x32"
    for word in ("", "white:0", "white:3x4", "vlad:0", "vlad:x", "fisher"):
        with pytest.raises(RequestError):
            parse_encoding(word)


def test_too_many_dimensions_are_refused() -> None:
    sample = PartSample(Encoding("white", 9), "the cats")
    sample.add(np.eye(4, dtype=np.float32).reshape(1, -1), 4)
    with pytest.raises(AppError, match="4 regions of the cats have 3 dimensions, not 9"):
        sample.fit()


def sampled(word: str) -> PartSample:
    sample = PartSample(parse_encoding(word), "the cats", "a recipe", n_expected=30)
    rng = np.random.default_rng(3)
    sample.add(np.abs(rng.standard_normal((30, 8 * 6))).astype(np.float32), 6)
    return sample


@pytest.mark.parametrize("word", ["white:3", "vlad:5x4"])
def test_an_encoder_is_saved_and_opened(tmp_path: Path, word: str) -> None:
    encoder = sampled(word).fit()
    path = tmp_path / "mine"
    save_encoder(path, encoder)
    rows = np.abs(np.random.default_rng(4).standard_normal((3, 24))).astype(np.float32)
    opened = open_encoder(path)
    np.testing.assert_array_equal(opened.encode(rows), encoder.encode(rows))
    (note,) = list_fits(tmp_path).values()
    assert (note.after, note.n_images, note.image_set) == (word, 240, "the cats")
    assert len(note.explained_variance) == 6  # the axes that were cut off are in the curve
    before = fit_digest(path)
    save_encoder(path, sampled(word).fit())
    assert fit_digest(path) == before  # seeded


def test_a_damaged_encoder_is_refused(tmp_path: Path) -> None:
    save_encoder(tmp_path / "mine", sampled("vlad:5x4").fit())
    before = fit_digest(tmp_path / "mine")
    np.save(tmp_path / "mine-centres.npy", np.zeros((4, 4)))
    assert fit_digest(tmp_path / "mine") != before
    with pytest.raises(AppError, match="damaged"):
        open_encoder(tmp_path / "mine")
    save_fit(tmp_path / "plain", sampled("white:3").fit().fit)
    with pytest.raises(AppError, match="no encoding"):
        open_encoder(tmp_path / "plain")
