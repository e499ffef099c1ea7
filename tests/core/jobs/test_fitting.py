"""Indexing with what follows pooling: fits, encoded parts, scales, joined layers."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost, NetToRun
from core.errors import AppError, GalleryError
from core.jobs.evaluate import EvaluateRequest, evaluate
from core.jobs.fit_choice import FitWish
from core.jobs.index import Indexed, IndexRequest, index
from core.jobs.query import QueryRequest, query
from core.measures.measure import Pool
from core.progress import run_job
from core.representations.after import L2, parse_after
from core.representations.encoding import parse_encoding
from core.retrieval.gallery import open_gallery

WHITE = parse_after("white:3")[0]


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """Forty other pictures."""
    folder = tmp_path / "others"
    folder.mkdir()
    rng = np.random.default_rng(9)
    for number in range(40):
        noise = rng.integers(0, 255, (11, 9, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"other-{number:02}.png")
    return folder


@pytest.fixture
def plain(net: NetToRun, pictures: Path, tmp_path: Path) -> IndexRequest:
    return IndexRequest(net, pictures, "conv", Pool("gap"), tmp_path / "plain")


def unit(rows: np.ndarray) -> np.ndarray:
    exact = rows.astype(np.float64)
    return exact / np.linalg.norm(exact, axis=1, keepdims=True)


def rows_of(indexed: Indexed) -> np.ndarray:
    return np.asarray(indexed.gallery.descriptors, np.float64)


def asked_again(indexed: Indexed, request: IndexRequest, host: EngineHost) -> float:
    """The best cosine of a picture that is described anew, as one from outside the gallery."""
    outside = request.out.parent / "outside.png"
    shutil.copy(request.folder / "07.png", outside)
    asked = QueryRequest(indexed.gallery, (outside,), request.net)
    (answer,) = run_job(query(asked, host)).answers
    best = answer.ranking.head(1)
    assert indexed.gallery.images.paths[int(best.index[0])] == "07.png"
    return float(best.score[0])


def test_whitening_fitted_on_other_images_is_that_of_their_singular_values(
    host: EngineHost, plain: IndexRequest, others: Path, tmp_path: Path
) -> None:
    raw = unit(rows_of(run_job(index(plain, host))))
    of_others = replace(plain, folder=others, out=tmp_path / "raw-others")
    fitted = unit(rows_of(run_job(index(of_others, host))))
    mean = fitted.mean(axis=0)
    _, singular, axes = np.linalg.svd(fitted - mean, full_matrices=False)
    scale = singular[:3] / np.sqrt(len(fitted) - 1)
    wanted = unit((raw - mean) @ axes[:3].T / scale)

    request = replace(plain, out=tmp_path / "white", after=WHITE, fits=FitWish(on=others))
    indexed = run_job(index(request, host))
    found = rows_of(indexed)
    np.testing.assert_allclose(found @ found.T, wanted @ wanted.T, atol=1e-5)
    (said,) = [note for note in indexed.report.notes if note.startswith("Fitted on")]
    assert "40 images of others: 3 of 4 dimensions hold" in said
    assert not any("transductive" in note for note in indexed.report.notes)
    assert asked_again(indexed, request, host) == pytest.approx(1, abs=1e-6)

    ((name, note),) = indexed.gallery.fits.items()
    assert (name, note.image_set, note.n_images) == ("conv-gap-white3", "others", 40)
    assert len(note.explained_variance) == 4
    again = run_job(index(replace(request, fits=FitWish()), host))  # which goes on with its fit
    assert (again.report.n_added, again.report.n_kept) == (0, 20)
    with pytest.raises(GalleryError, match="fitted on others, not on pictures"):
        run_job(index(replace(request, fits=FitWish(on=plain.folder)), host))
    with pytest.raises(GalleryError, match="another recipe"):
        run_job(index(replace(request, after=L2), host))


def test_a_stored_fit_gives_the_same_descriptors(
    host: EngineHost, plain: IndexRequest, others: Path, tmp_path: Path
) -> None:
    first = replace(plain, out=tmp_path / "first", after=WHITE, fits=FitWish(on=others, name="x"))
    stored = tmp_path / "first" / "fits" / "x.json"
    wanted = rows_of(run_job(index(first, host)))
    taken = replace(first, out=tmp_path / "second", fits=FitWish(stored=stored))
    np.testing.assert_array_equal(rows_of(run_job(index(taken, host))), wanted)
    of_mac = replace(taken, out=tmp_path / "third", pool=Pool("mac"))
    with pytest.raises(GalleryError, match="of other descriptors"):
        run_job(index(of_mac, host))


def test_a_fit_on_the_indexed_images_is_said_and_runs_each_once(
    host: EngineHost, plain: IndexRequest, tmp_path: Path
) -> None:
    request = replace(plain, out=tmp_path / "own", after=parse_after("power+white:4")[0])
    indexed = run_job(index(request, host))
    notes = " ".join(indexed.report.notes)
    assert "transductive" in notes
    assert "2 dimensions, an eighth of the images, are safer" in notes
    assert indexed.report.n_added == 0  # they were described for the fit
    assert len(indexed.gallery) == 20
    assert indexed.gallery.progress.is_finished
    assert asked_again(indexed, request, host) == pytest.approx(1, abs=1e-6)


def test_without_a_set_one_that_is_known_by_the_recipe_is_fitted_on(
    host: EngineHost, plain: IndexRequest, others: Path, tmp_path: Path
) -> None:
    """As if it had been named; not of another pooling, and not the images themselves."""
    named = replace(plain, out=tmp_path / "named", after=WHITE, fits=FitWish(on=others))
    wanted = rows_of(run_job(index(named, host)))
    kept = tmp_path / "kept"
    run_job(index(replace(plain, out=kept / "own"), host))
    run_job(index(replace(plain, folder=others, pool=Pool("mac"), out=kept / "mac"), host))
    request = replace(plain, out=tmp_path / "white", after=WHITE, known=(kept,))
    own = run_job(index(request, host))
    assert any("transductive" in note for note in own.report.notes)
    said = run_job(evaluate(EvaluateRequest(own.gallery, str(labels_of(tmp_path))))).notes
    assert any("fitted on images of the same folder (transductive)" in note for note in said)
    run_job(index(replace(plain, folder=others, out=kept / "others"), host))
    chosen = run_job(index(replace(request, out=tmp_path / "chosen"), host))
    np.testing.assert_array_equal(rows_of(chosen), wanted)
    (said,) = [note for note in chosen.report.notes if note.startswith("Fitted on")]
    assert "40 images of others" in said
    assert "No images to fit on were named" in said
    fit = chosen.gallery.recipe.finish.fit
    assert fit is not None
    assert (fit.image_set, fit.n, fit.folder) == ("others", 40, str(others))
    shutil.rmtree(kept / "others")
    (tmp_path / "named").rename(kept / "named")
    shutil.rmtree(kept / "named" / "fitted-on")
    of_fit = run_job(index(replace(request, out=tmp_path / "fit"), host))
    np.testing.assert_array_equal(rows_of(of_fit), wanted)


def labels_of(folder: Path) -> Path:
    table = folder / "labels.csv"
    lines = [f"{number:02}.png,{number % 2}" for number in range(20)]
    table.write_text("\n".join(["file,label", *lines]))
    return table


@pytest.mark.parametrize("word", ["white:3", "vlad:4x3"])
def test_an_encoder_that_is_known_is_taken(
    host: EngineHost, plain: IndexRequest, others: Path, tmp_path: Path, word: str
) -> None:
    encoding = parse_encoding(word)
    pool = Pool(encoding.parts, relu=True)
    request = replace(plain, out=tmp_path / "kept" / "a", pool=pool, encoding=encoding)
    wanted = rows_of(run_job(index(replace(request, fits=FitWish(on=others)), host)))
    again = replace(request, out=tmp_path / "b", known=(tmp_path / "kept",))
    found = run_job(index(again, host))
    np.testing.assert_array_equal(rows_of(found), wanted)
    assert not any("transductive" in note for note in found.report.notes)
    encoder = found.gallery.recipe.finish.encoder
    assert encoder is not None
    assert (encoder.image_set, encoder.folder) == ("others", str(others))


@pytest.mark.parametrize("word", ["white:3", "vlad:4x3"])
def test_parts_are_encoded_and_a_query_gets_the_same(
    host: EngineHost, plain: IndexRequest, others: Path, tmp_path: Path, word: str
) -> None:
    encoding = parse_encoding(word)
    pool = Pool(encoding.parts, relu=True)
    request = replace(
        plain,
        out=tmp_path / "parts",
        pool=pool,
        encoding=encoding,
        after=parse_after("pca:2")[0],
        fits=FitWish(on=others),
    )
    indexed = run_job(index(request, host))
    assert indexed.gallery.dimension == 2
    assert asked_again(indexed, request, host) == pytest.approx(1, abs=1e-6)
    fits = indexed.gallery.fits
    assert {note.what for note in fits.values()} == {encoding.parts, "images"}
    assert encoding.describe() in indexed.gallery.recipe.describe()
    whole = replace(request, out=tmp_path / "whole", after=L2)
    n_values = {"white:3": 3, "vlad:4x3": 12}[word]
    assert run_job(index(whole, host)).gallery.dimension == n_values
    of_fc = replace(request, out=tmp_path / "fc", layer="fc")
    with pytest.raises(AppError, match=r"no regions or cells|no height and width"):
        run_job(index(of_fc, host))


def test_layers_are_joined_with_one_length_each(
    host: EngineHost, plain: IndexRequest, tmp_path: Path
) -> None:
    parts = [
        unit(rows_of(run_job(index(replace(plain, layer=layer, out=tmp_path / layer), host))))
        for layer in ("relu", "fc")
    ]
    request = replace(plain, layer="relu+fc", out=tmp_path / "both")
    indexed = run_job(index(request, host))
    wanted = np.concatenate(parts, axis=1) / 2**0.5
    np.testing.assert_allclose(rows_of(indexed), wanted, atol=1e-6)
    assert indexed.gallery.recipe.describe().startswith("relu (conv) + fc (fc), gap, L2;")
    assert asked_again(indexed, request, host) == pytest.approx(1, abs=1e-6)


def test_several_scales_are_averaged(host: EngineHost, plain: IndexRequest, tmp_path: Path) -> None:
    """GAP of a mean of length 1 each: at scale 2 of an 8 x 8 input the net reads 16 x 16."""
    request = replace(plain, scales=(1.0, 2.0), out=tmp_path / "scales")
    indexed = run_job(index(request, host))
    assert asked_again(indexed, request, host) == pytest.approx(1, abs=1e-6)
    one = unit(rows_of(run_job(index(plain, host))))
    assert np.abs(unit(rows_of(indexed)) - one).max() > 1e-3
    with pytest.raises(GalleryError, match="another recipe"):
        run_job(index(replace(request, scales=(1.0,)), host))
    flat = replace(request, pool=Pool("flatten"), out=tmp_path / "flat")
    with pytest.raises(GalleryError, match="another length for each scale"):
        run_job(index(flat, host))


def test_a_lost_or_changed_fit_is_told(
    host: EngineHost, plain: IndexRequest, others: Path, tmp_path: Path
) -> None:
    request = replace(plain, out=tmp_path / "white", after=WHITE, fits=FitWish(on=others))
    indexed = run_job(index(request, host))
    numbers = tmp_path / "white" / "fits" / "conv-gap-white3.npy"
    changed = np.load(numbers)
    changed[1, 1] += 1
    np.save(numbers, changed)
    gallery = open_gallery(tmp_path / "white")
    np.testing.assert_array_equal(gallery.descriptors, indexed.gallery.descriptors)
    with pytest.raises(GalleryError, match="another one than the descriptors were made by"):
        asked_again(indexed, request, host)
    numbers.unlink()
    with pytest.raises(GalleryError, match="can't be read"):
        asked_again(indexed, request, host)
