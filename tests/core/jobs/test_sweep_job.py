"""The sweep: its rows are those of single galleries, and a kill spoils nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost, NetToRun
from core.errors import AppError, GalleryError, RequestError
from core.jobs.evaluate import EvaluateRequest, evaluate
from core.jobs.index import IndexRequest, index
from core.jobs.query import QueryRequest, query
from core.jobs.sweep import SweepRequest, SweepStep, Swept, sweep
from core.measures.measure import Pool, parse_poolings
from core.net.reader import read_net
from core.progress import Progress, run_job
from core.representations.after import parse_after
from core.representations.fit_files import open_fit
from core.retrieval import gallery_collector
from core.retrieval.evaluation import evaluate as measure
from core.retrieval.finished import by_row
from core.retrieval.gallery import open_gallery
from core.retrieval.sweep_file import open_sweep
from core.retrieval.sweep_plan import rectified_pairs, trunk_values

POOLS = parse_poolings("gap,mac,rmac:2")


@pytest.fixture(autouse=True)
def stored_after_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_collector._Waiting, "is_due", property(lambda self: True))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return labelled(tmp_path / "pictures", seed=5)


def labelled(folder: Path, seed: int, n: int = 5, name: str = "{}.png") -> Path:
    """Four labels of n pictures, each label a pattern of its own under noise."""
    rng = np.random.default_rng(seed)
    for label in range(4):
        (folder / f"{label}").mkdir(parents=True)
        pattern = np.random.default_rng(label).integers(0, 255, (9, 10, 3))
        for number in range(n):
            noisy = 0.3 * pattern + 0.7 * rng.integers(0, 255, (9, 10, 3))
            Image.fromarray(noisy.astype(np.uint8)).save(folder / f"{label}" / name.format(number))
    return folder


@pytest.fixture
def request_of(net: NetToRun, pictures: Path, tmp_path: Path) -> SweepRequest:
    return SweepRequest(net, pictures, tmp_path / "out", "all", POOLS, batch_size=4)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.npy"))}


def test_every_row_is_that_of_a_gallery_of_its_own(
    host: EngineHost, net: NetToRun, pictures: Path, tmp_path: Path, request_of: SweepRequest
) -> None:
    swept = run_job(sweep(request_of, host))
    found = {(row.layer, row.pooling): row for row in swept.rows}
    assert set(found) == {
        *((layer, pool.word) for layer in ("conv", "relu") for pool in POOLS),
        ("fc", "flatten"),
    }
    for number, ((layer, word), row) in enumerate(found.items()):
        pool = parse_poolings(word)[0]
        alone = IndexRequest(net, pictures, layer, pool, tmp_path / f"one{number}", batch_size=4)
        gallery = run_job(index(alone, host)).gallery
        wanted = run_job(evaluate(EvaluateRequest(gallery))).evaluation
        assert (row.mean_ap, row.low, row.high) == (
            wanted.mean_ap,
            wanted.mean_ap_low,
            wanted.mean_ap_high,
        )
        assert (row.p_at_1, row.p_at_10, row.n_ties) == (wanted.p_at_1, wanted.p_at_10, 0)
        assert row.n_queries == 20
        one = swept.gallery.representation(row.numbers[0])
        assert one.recipe.digest == gallery.recipe.digest
        np.testing.assert_array_equal(one.descriptors, gallery.descriptors)
    assert "one place per channel" in found["fc", "flatten"].notes[0]
    assert "After the ReLU mAP is" in swept.sentence
    assert "Over 2 layers and steps that have all poolings" in swept.sentence


def test_a_stopped_sweep_goes_on_and_ends_the_same(
    host: EngineHost, request_of: SweepRequest, tmp_path: Path
) -> None:
    run_job(sweep(request_of, host))
    again = replace(request_of, out=tmp_path / "again")
    for n_done in (4, 12):
        job = sweep(again, host)
        for step in job:
            if step.what.startswith("images indexed") and step.done >= n_done % 8 + 1:
                break
        job.close()
        assert 0 < len(open_gallery(again.out)) < 20
    swept = run_job(sweep(again, host))
    assert swept.report.n_kept > 0
    assert files_of(again.out) == files_of(request_of.out)
    assert open_sweep(again.out).table == open_sweep(request_of.out).table


def test_rows_that_a_kill_left_are_written_over(
    host: EngineHost, request_of: SweepRequest, tmp_path: Path
) -> None:
    """Files may have grown, or have rows that the database does not count."""
    run_job(sweep(request_of, host))
    again = replace(request_of, out=tmp_path / "again")
    job = sweep(again, host)
    for step in job:
        if step.what.startswith("images indexed") and step.done:
            break
    job.close()
    for path in again.out.glob("descriptors*.npy"):
        path.write_bytes(path.read_bytes() + b"\1" * 77)
    run_job(sweep(again, host))
    assert files_of(again.out) == files_of(request_of.out)


def test_a_file_that_lost_rows_is_made_whole(host: EngineHost, request_of: SweepRequest) -> None:
    swept = run_job(sweep(request_of, host))
    before = {row.words: row.mean_ap for row in swept.rows}
    (number,) = swept.rows[2].numbers
    lost = request_of.out / f"descriptors-{number:05d}.npy"
    lost.write_bytes(lost.read_bytes()[:-200])
    with pytest.raises(GalleryError, match="damaged"):
        _ = open_gallery(request_of.out).representation(number).descriptors
    again = run_job(sweep(request_of, host))
    assert {row.words: row.mean_ap for row in again.rows} == before
    assert 0 < again.report.n_added < 20


def test_pictures_that_come_and_go_are_seen(
    host: EngineHost, request_of: SweepRequest, pictures: Path
) -> None:
    run_job(sweep(request_of, host))
    (pictures / "0" / "0.png").unlink()
    labelled(pictures / "more", seed=9, n=2)
    swept = run_job(sweep(request_of, host))
    assert (swept.report.n_removed, swept.report.n_added, len(swept.gallery)) == (1, 8, 27)
    assert {row.n_queries for row in swept.rows} == {27}


def test_names_that_moved_are_noticed(host: EngineHost, request_of: SweepRequest) -> None:
    run_job(sweep(request_of, host))
    with closing(sqlite3.connect(request_of.out / "gallery.sqlite")) as db, db:
        db.execute("UPDATE images SET row = -1 - row")
        db.execute("UPDATE images SET row = (20 + row) % 20")
    with pytest.raises(GalleryError, match="misaligned"):
        run_job(sweep(request_of, host))


def test_the_price_is_told_before_the_pass(host: EngineHost, request_of: SweepRequest) -> None:
    steps: list[Progress] = []
    swept = run_job(sweep(request_of, host), steps.append)
    costs = [i for i, step in enumerate(steps) if isinstance(step, SweepStep) and step.cost]
    passes = [i for i, step in enumerate(steps) if step.what.startswith("images indexed")]
    assert len(costs) == 1
    assert costs[0] < passes[0]
    cost = swept.cost
    assert (cost.n_values, cost.n_representations, cost.n_images) == (3, 7, 20)
    assert cost.bytes_an_image == 4 * (6 * 6 + 5)
    assert "20 images take" in cost.describe()
    rows = [step.row for step in steps if isinstance(step, SweepStep) and step.row]
    assert tuple(rows) == swept.rows


def white(request: SweepRequest, words: str, fit_folder: Path | None = None) -> SweepRequest:
    return replace(
        request,
        layers="relu",
        pools=(Pool("gap"),),
        after=parse_after(words),
        fit_folder=fit_folder,
    )


def test_whitening_is_fitted_on_other_images_or_says_so(
    host: EngineHost, request_of: SweepRequest, tmp_path: Path
) -> None:
    own = run_job(sweep(white(request_of, "l2,white,white:3", request_of.folder), host))
    assert [row.after for row in own.rows] == ["l2", "white:2", "white:3"]
    assert "transductive" in own.sentence
    assert own.rows[1].notes == ()
    assert "an eighth of the images" in own.rows[2].notes[0]
    others = labelled(tmp_path / "others", seed=11, n=10)
    elsewhere = white(replace(request_of, out=tmp_path / "out2"), "white", others)
    found = run_job(sweep(elsewhere, host))
    assert "transductive" not in found.sentence
    assert found.rows[0].fit_on == "others"
    assert found.rows[0].notes == ()
    (path,) = (elsewhere.out / "fits").glob("*.json")
    assert (open_fit(path).n, open_fit(path).image_set) == (40, "others")


def unit(rows: np.ndarray) -> np.ndarray:
    exact = rows.astype(np.float64)
    return exact / np.linalg.norm(exact, axis=1, keepdims=True)


def whitened(rows: np.ndarray, fitted_on: np.ndarray, dimension: int) -> np.ndarray:
    """By the singular values of what is fitted on, as Jegou and Chum (2012) have it."""
    mean = unit(fitted_on).mean(axis=0)
    _, singular, axes = np.linalg.svd(unit(fitted_on) - mean, full_matrices=False)
    scale = singular[:dimension] / np.sqrt(len(fitted_on) - 1)
    return unit((unit(rows) - mean) @ axes[:dimension].T / scale)


def test_without_a_set_another_that_is_known_is_fitted_on(
    host: EngineHost, request_of: SweepRequest, tmp_path: Path
) -> None:
    """The largest that a gallery beside holds by the same recipe, as large as half at least."""
    plain = white(request_of, "l2")
    for name, n in (("few", 2), ("some", 4), ("many", 9)):
        folder = labelled(tmp_path / name, seed=n, n=n, name=f"{name}-{{}}.png")
        run_job(sweep(replace(plain, folder=folder, out=tmp_path / "kept" / name), host))
    found = run_job(sweep(replace(white(request_of, "white:2"), known=(tmp_path / "kept",)), host))
    (row,) = found.rows
    assert (row.fit_on, row.n_queries) == ("many", 20)
    assert found.fit_set is not None
    assert found.fit_set.to_json() == {
        "images": "many",
        "n_images": 36,
        "folder": str(tmp_path / "many"),
        "chosen_as": "known",
    }
    assert "fitted on 36 images of many. No images to fit on were named" in found.sentence
    of_many = open_gallery(tmp_path / "kept" / "many").descriptors
    wanted = whitened(found.gallery.descriptors, of_many, 2)
    by_hand = run_job(measure(wanted.astype(np.float32), found.truth.labels))
    assert row.mean_ap == pytest.approx(by_hand.mean_ap, abs=1e-9)


def test_without_another_set_half_of_the_labels_is_fitted_on_and_no_query(
    host: EngineHost, request_of: SweepRequest
) -> None:
    found = run_job(sweep(white(request_of, "l2,white:2"), host))
    queries = open_sweep(request_of.out).table.queries
    labels = {path.split("/")[0] for path in queries}
    assert (len(labels), len(queries)) == (2, 10)
    assert [row.n_queries for row in found.rows] == [10, 10]
    assert found.rows[1].fit_on == "2 labels of pictures"
    assert "No other images to fit on are known" in found.sentence
    is_fitted = np.array([p.split("/")[0] not in labels for p in found.gallery.images.paths])
    rows = found.gallery.descriptors
    for row, wanted in zip(found.rows, (rows, whitened(rows, rows[is_fitted], 2)), strict=True):
        asked = [p.split("/")[0] if p in queries else None for p in found.gallery.images.paths]
        by_hand = run_job(measure(wanted.astype(np.float32), asked))
        assert row.mean_ap == pytest.approx(by_hand.mean_ap, abs=1e-9)


def test_what_is_too_much_for_a_fit_is_a_note_and_stops_nothing(
    host: EngineHost, request_of: SweepRequest
) -> None:
    found = run_job(sweep(white(request_of, "pca:500,l2"), host))
    assert [row.after for row in found.rows] == ["l2"]
    assert any("not 500" in note for note in found.notes)


def test_layers_are_put_together(host: EngineHost, request_of: SweepRequest) -> None:
    joined = replace(request_of, layers="conv", together=("relu+fc",), pools=POOLS[:2])
    found = run_job(sweep(joined, host))
    assert [(row.layer, row.pooling, row.dimension) for row in found.rows] == [
        ("conv", "gap", 6),
        ("conv", "mac", 6),
        ("relu", "gap", 6),
        ("relu", "mac", 6),
        ("fc", "flatten", 5),
        ("relu+fc", "gap+flatten", 11),
        ("relu+fc", "mac+flatten", 11),
    ]
    relu, fc = (found.gallery.representation(n).descriptors for n in found.rows[5].numbers)
    parts = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in (relu, fc)]
    both = run_job(measure(np.concatenate(parts, axis=1), found.truth.labels))
    assert found.rows[5].mean_ap == pytest.approx(both.mean_ap)
    with pytest.raises(RequestError, match="no two layers"):
        run_job(sweep(replace(joined, together=("relu",)), host))


def test_other_poolings_need_another_gallery(host: EngineHost, request_of: SweepRequest) -> None:
    run_job(sweep(request_of, host))
    with pytest.raises(GalleryError, match="7 representations of each image"):
        run_job(sweep(replace(request_of, pools=POOLS[:2]), host))


def test_labels_that_leave_nothing_to_find_are_told_at_once(
    host: EngineHost, request_of: SweepRequest, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    for number in range(3):
        (alone / f"{number}").mkdir(parents=True)
        Image.new("RGB", (9, 9), (number, 0, 0)).save(alone / f"{number}" / "a.png")
    with pytest.raises(GalleryError, match="nothing to find"):
        run_job(sweep(replace(request_of, folder=alone), host))
    assert not request_of.out.exists()


def test_a_stored_sweep_is_opened_and_searched(host: EngineHost, request_of: SweepRequest) -> None:
    swept: Swept = run_job(sweep(request_of, host))
    opened = open_sweep(request_of.out)
    assert opened.table.sentence == swept.sentence
    assert len(opened.table.queries) == 20
    number = opened.find("relu", "mac")
    assert opened.table.rows[number].words == "relu, MAC, L2"
    np.testing.assert_allclose(
        opened.precisions[number].mean(), swept.rows[number].mean_ap, rtol=1e-6
    )
    with pytest.raises(GalleryError, match="no row 'relu, gem'"):
        opened.find("relu", "gem")
    (request_of.out / "sweep-precisions.npy").write_bytes(b"rubbish")
    with pytest.raises(AppError, match="damaged"):
        open_sweep(request_of.out)


WIDE = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "a" type: "Convolution" bottom: "data" top: "a"
        convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "relu_a" type: "ReLU" bottom: "a" top: "a" }
layer { name: "b" type: "Convolution" bottom: "data" top: "b"
        convolution_param { num_output: 2 kernel_size: 1 } }
layer { name: "relu_b" type: "ReLU" bottom: "b" top: "bb" }
layer { name: "both" type: "Concat" bottom: "a" bottom: "bb" top: "both" }
layer { name: "pool" type: "Pooling" bottom: "both" top: "pool"
        pooling_param { global_pooling: true } }
"""


def test_the_values_that_are_mostly_searched_by() -> None:
    net = read_net(WIDE)
    assert [(v.layer, v.top) for v in trunk_values(net)] == [("both", "both"), ("pool", "pool")]
    pairs = [(before.layer, after.layer) for before, after in rectified_pairs(net)]
    assert pairs == [("a", "relu_a"), ("b", "relu_b")]


def test_a_sweep_over_scales_is_that_of_an_index(
    host: EngineHost, net: NetToRun, pictures: Path, tmp_path: Path, request_of: SweepRequest
) -> None:
    """What is flattened has another length at each scale and is left out with the reason."""
    pools = parse_poolings("gem,flatten")
    request = replace(request_of, layers="relu", pools=pools, scales=(1.0, 0.6))
    swept = run_job(sweep(request, host))
    assert [(row.layer, row.pooling) for row in swept.rows] == [("relu", "gem")]
    assert "another length" in swept.left_out[0].reason
    single = IndexRequest(
        net, pictures, "relu", Pool("gem"), tmp_path / "one", scales=(1.0, 0.6), batch_size=4
    )
    wanted = run_job(index(single, host)).gallery.descriptors
    np.testing.assert_array_equal(open_gallery(request.out).descriptors, wanted)


def test_a_row_is_searched_by_with_its_own_fit(
    host: EngineHost, net: NetToRun, pictures: Path, tmp_path: Path, request_of: SweepRequest
) -> None:
    """Its mAP is that of the row, and a picture from outside is turned by the row's fit."""
    others = labelled(tmp_path / "others", seed=9)
    request = replace(
        request_of, after=parse_after("l2,white:3,power"), fit_folder=others, together=("relu+fc",)
    )
    rows = run_job(sweep(request, host)).rows
    gallery = open_gallery(request.out)
    outside = tmp_path / "outside.png"
    outside.write_bytes((pictures / "2" / "1.png").read_bytes())
    for words in ("conv,mac,white", "relu,rmac:2,power", "fc,flatten", "relu+fc"):
        chosen = by_row(gallery, words)
        layer, *more = words.split(",")
        fitting = [
            row.mean_ap
            for row in rows
            if row.layer == layer
            and (not more or row.pooling == more[0])
            and (len(more) < 2 or row.after.startswith(more[1]))
        ]
        evaluated = run_job(evaluate(EvaluateRequest(chosen)))
        assert evaluated.evaluation.mean_ap == pytest.approx(max(fitting), abs=1e-6), words
        asked = QueryRequest(chosen, (outside,), net)
        best = run_job(query(asked, host)).answers[0].ranking.head(1)
        assert gallery.images.paths[int(best.index[0])] == "2/1.png"
        assert best.score[0] == pytest.approx(1, abs=1e-6)
    with pytest.raises(GalleryError, match="no row 'conv, crow'"):
        by_row(gallery, "conv,crow")
