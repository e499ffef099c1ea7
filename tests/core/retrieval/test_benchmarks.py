"""Benchmarks and search steps over a gallery of pictures whose order is known."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.engines.host import EngineHost
from core.errors import AppError, GalleryError, RequestError
from core.evaluation.trapezoid import trapezoid_precision
from core.jobs.evaluate import (
    EvaluateProtocolRequest,
    EvaluateRequest,
    evaluate,
    evaluate_by_protocol,
)
from core.jobs.query import QueryRequest, query
from core.progress import run_job
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.ground_truth import choose_labels
from core.retrieval.indexing import index_folder
from core.retrieval.protocols import ProtocolScores, evaluate_protocol
from core.retrieval.search_steps import parse_search
from tests.core.retrieval.describers import describer

Make = Callable[[dict[str, int]], Gallery]


@pytest.fixture
def gallery_of(stub_engine: Callable[..., Any], recipe: DescriptorRecipe, tmp_path: Path) -> Make:
    """A gallery of plain pictures by name, each a shade between red and blue.

    Nearer shades are nearer descriptors.
    """

    def make(shades: dict[str, int]) -> Gallery:
        folder = tmp_path / "pictures"
        for name, shade in shades.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (255 - shade, 0, shade)).save(path)
        made = describer(stub_engine(), recipe)
        run_job(index_folder(made, folder, tmp_path / "gallery"))
        return open_gallery(tmp_path / "gallery")

    return make


def by_protocol(gallery: Gallery, named: str, *, whole_images: bool = False) -> ProtocolScores:
    """What a benchmark says, with no net at hand."""
    request = EvaluateProtocolRequest(gallery, named, whole_images)
    return run_job(evaluate_by_protocol(request, EngineHost()))


def test_holidays_leaves_the_query_out(gallery_of: Make) -> None:
    shades = {"100000": 10, "100001": 20, "100002": 60, "100100": 30, "100101": 200, "100200": 90}
    gallery = gallery_of({f"{name}.png": shade for name, shade in shades.items()})
    found = by_protocol(gallery, "holidays")
    # 100000 finds 100001, 100100, 100002; 100100 finds its own last of five
    wanted = [trapezoid_precision(np.array([0, 2]), 2), trapezoid_precision(np.array([4]), 1)]
    assert [(q.file, q.score) for q in found.queries] == [
        ("100000.png", pytest.approx(wanted[0])),
        ("100100.png", pytest.approx(wanted[1])),
    ]
    assert found.mean == pytest.approx(np.mean(wanted))
    assert (found.measure, found.variant) == ("mAP", "trapezoid")
    assert any("100200.png" in note for note in found.notes)  # alone in its group


def test_oxford_counts_the_query_and_passes_over_junk(gallery_of: Make, tmp_path: Path) -> None:
    gallery = gallery_of({f"{name}.png": 20 * i for i, name in enumerate("abcdef", start=1)})
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "hall_1_query.txt").write_text("oxc1_a 1.0 2.0 30.5 40.0\n")
    for kind, names in {"good": "a", "ok": "d", "junk": "bf"}.items():
        (truth / f"hall_1_{kind}.txt").write_text("".join(f"{name}\n" for name in names))
    (truth / "hall_2_query.txt").write_text("oxc1_zz 1 2 3 4\n")
    for kind in ("good", "ok", "junk"):
        (truth / f"hall_2_{kind}.txt").write_text("a\n")
    found = run_job(
        evaluate_by_protocol(
            EvaluateProtocolRequest(gallery, f"oxford:{truth}", True), EngineHost()
        )
    )
    # a, (b), c, d: the query itself at rank 0, d at rank 2 without the junk
    (only,) = found.queries
    assert (only.name, only.file) == ("hall_1", "a.png")
    assert only.score == pytest.approx(trapezoid_precision(np.array([0, 2]), 2))
    assert any("hall_2" in note for note in found.notes)
    assert any("not the boxes" in note for note in found.notes)


def test_oxford_searches_with_the_boxes_of_its_queries(
    stub_engine: Callable[..., Any], recipe: DescriptorRecipe, tmp_path: Path
) -> None:
    """Half of a is blue as b is, half red as c: the box decides which of both is like it."""
    folder, truth = tmp_path / "pictures", tmp_path / "truth"
    folder.mkdir()
    truth.mkdir()
    halves = np.zeros((40, 80, 3), np.uint8)
    halves[:, :30, 2], halves[:, 30:, 0] = 255, 255
    Image.fromarray(halves).save(folder / "a.png")
    Image.new("RGB", (80, 40), (0, 0, 255)).save(folder / "b.png")
    Image.new("RGB", (80, 40), (255, 0, 0)).save(folder / "c.png")
    made = describer(stub_engine(), recipe)
    run_job(index_folder(made, folder, tmp_path / "gallery"))
    gallery = open_gallery(tmp_path / "gallery")
    for number, box in enumerate(("10 5 30 35", "30 10 70 40"), start=1):  # blue, red
        (truth / f"hall_{number}_query.txt").write_text(f"oxc1_a {box}\n")
        for kind, name in {"good": "b", "ok": "", "junk": "a"}.items():
            (truth / f"hall_{number}_{kind}.txt").write_text(f"{name}\n" if name else "")
    found = run_job(evaluate_protocol(gallery, f"oxford:{truth}", lambda: nullcontext(made)))
    # b is first for the blue box and last of two for the red one, where x y w h would read blue
    assert [query.score for query in found.queries] == [1.0, pytest.approx(0.25)]
    assert any("boxes of the benchmark: cropped first" in note for note in found.notes)


def test_ukbench_counts_of_four(gallery_of: Make) -> None:
    shades = [10, 12, 14, 200, 100, 102, 104, 106]
    gallery = gallery_of({f"ukbench{i:05d}.png": shade for i, shade in enumerate(shades)})
    found = by_protocol(gallery, "ukbench")
    # of the first three and of 200 each: the fourth place goes to the others
    assert [q.score for q in found.queries] == [3, 3, 3, 1, 4, 4, 4, 4]
    assert found.to_json()["N-S"] == pytest.approx(26 / 8)


def test_a_benchmark_that_does_not_fit_is_said(gallery_of: Make, tmp_path: Path) -> None:
    gallery = gallery_of({"a.png": 1, "b.png": 2})
    for named, said in (
        ("holidays", "six digits"),
        ("ukbench", "groups of 4"),
        (f"oxford:{tmp_path}", "no files"),
        ("oxford", "no protocol"),
    ):
        with pytest.raises(AppError, match=said):
            by_protocol(gallery, named)
    lone = {f"{100000 + 100 * i}.png": 9 * i for i in range(3)}
    other = gallery_of(lone | {"a.png": 1, "b.png": 2})
    with pytest.raises(GalleryError):
        by_protocol(other, "holidays")


LINE = {"red/1": 0, "red/2": 40, "red/3": 85, "blue/1": 150, "blue/2": 200, "blue/3": 250}


def test_search_steps_change_rankings_and_say_so(gallery_of: Make) -> None:
    gallery = gallery_of({f"{name}.png": shade for name, shade in LINE.items()})
    plain = run_job(evaluate(EvaluateRequest(gallery)))
    steps = parse_search("dba:2,qe:1")
    found = run_job(evaluate(EvaluateRequest(gallery, search=steps)))
    assert found.evaluation.n_queries == plain.evaluation.n_queries == 6
    assert "Search: augmented by 2 neighbours, queries expanded by 1 (average)." in found.notes
    # the middle of the line leans to its own side once its neighbours count
    assert found.evaluation.mean_ap >= plain.evaluation.mean_ap
    files = {one.index: one.score for one in found.evaluation.queries}
    for index, score in files.items():
        request = QueryRequest(gallery, (gallery.path(index),), search=steps)
        (answer,) = run_job(query(request, None)).answers  # type: ignore[arg-type]  # runs no net
        assert answer.score == score
        assert index not in answer.ranking.index


def test_labels_by_a_pattern_of_the_path() -> None:
    paths = ["all_souls_000013.jpg", "magdalen_000002.jpg", "sub/all_souls_000014.jpg", "x.jpg"]
    found = choose_labels(r"pattern:([a-z_]+)_\d+", paths)
    assert found.labels == ("all_souls", "magdalen", "all_souls", None)
    assert found.n_matched == 3
    with pytest.raises(GalleryError, match="No path fits"):
        choose_labels("pattern:(q+)", paths)
    for wrong in ("pattern:(", "pattern:abc"):
        with pytest.raises(RequestError):
            choose_labels(wrong, paths)
