"""Approximate search beside exact search: what it finds, what it says, and files of strangers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import AppError, GalleryError, RequestError
from core.jobs.query import QueryRequest, query
from core.progress import run_job
from core.retrieval.backends.approximate import ApproximateSearch
from core.retrieval.backends.faiss_lists import open_lists
from core.retrieval.backends.inverted_lists import Layout, NoFaissError, load_faiss
from core.retrieval.cosines import Cosines, Excluded
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_check import check_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.search import Ranking, best_by, best_of_many
from core.retrieval.search_steps import parse_search
from core.retrieval.searching import prepare_search

pytest.importorskip("faiss", reason="faiss-cpu is not installed")
N, DIMENSION, N_GROUPS = 1500, 24, 30


def rows_of(seed: int, n: int) -> np.ndarray:
    """Rows in groups, of all lengths; the first and every hundredth are copies."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).standard_normal((N_GROUPS, DIMENSION))
    rows = centres[np.arange(n) % N_GROUPS] + 0.7 * rng.standard_normal((n, DIMENSION))
    rows *= rng.uniform(0.1, 50, (n, 1))
    rows[::100] = rows[0]
    return rows.astype(np.float32)


def add(folder: Path, numbers: range, rows: np.ndarray) -> None:
    images = [
        StoredImage(f"g{number % N_GROUPS:02}/{number:05}.png", "g", 8, 8, FileStamp(1, number))
        for number in numbers
    ]
    store = GalleryStore(folder)
    store.begin(len(numbers))
    store.add(images, rows)
    store.finish()


@pytest.fixture
def folder(tmp_path: Path, recipe: DescriptorRecipe) -> Path:
    """A gallery whose rows lie in another order than its images."""
    found = tmp_path / "gallery"
    GalleryStore(found).create(recipe, tmp_path / "images")
    add(found, range(N), rows_of(2, N))
    return found


def opened(folder: Path) -> tuple[Gallery, ApproximateSearch]:
    gallery = open_gallery(folder)
    return gallery, run_job(open_lists(gallery))


def best(
    search: ApproximateSearch, query: np.ndarray, k: int, left_out: Excluded = None
) -> Ranking:
    return search.search(query[None], k, [left_out])[0]


def lists_file(folder: Path) -> Path:
    (found,) = folder.glob("*.lists")
    return found


def share_found(gallery: Gallery, search: ApproximateSearch, numbers: range) -> float:
    """Recall at ten by the scores of full exact rankings, written apart from the product's."""
    rows = gallery.descriptors.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    shares = []
    for number in numbers:
        true = np.sort(np.delete(rows @ rows[number], number))[-10]
        found = best(search, gallery.rows[number], 10, number)
        assert number not in found.index
        np.testing.assert_allclose(found.score, rows[found.index] @ rows[number], atol=1e-6)
        assert (np.diff(found.score) <= 0).all()
        shares.append(np.mean(found.score >= true - 1e-6))
    return float(np.mean(shares))


def test_recall_is_what_is_said_and_scores_are_exact(folder: Path) -> None:
    gallery, search = opened(folder)
    assert search.index.n_lists == 64
    assert search.effort < 64  # else nothing is approximate
    assert search.recall >= 0.99
    assert share_found(gallery, search, range(0, N, 10)) == pytest.approx(search.recall, abs=0.03)
    assert f"finds {100 * search.recall:.1f} % of the 10 nearest" in search.note()


def test_all_lists_looked_at_give_the_exact_ranking(folder: Path) -> None:
    gallery, search = opened(folder)
    every = ApproximateSearch(search.cosines, search.index, search.index.n_lists, 1.0, 0)
    queries = gallery.rows[np.array([0, 3, 700])]
    own = [0, np.array([3, 4, 5]), None]
    exact = best_of_many(gallery.cosines, queries, 40, own)
    together = every.search(queries, 40, own)
    alone = [best(every, q, 40, one) for q, one in zip(queries, own, strict=True)]
    for found, wanted in zip([*together, *alone], [*exact, *exact], strict=True):
        np.testing.assert_array_equal(found.index, wanted.index)
        np.testing.assert_array_equal(found.score, wanted.score)


def test_the_file_is_kept_until_the_rows_change(folder: Path, tmp_path: Path) -> None:
    opened(folder)
    made = lists_file(folder).stat()
    assert opened(folder)[1].recall >= 0.99
    assert lists_file(folder).stat().st_mtime_ns == made.st_mtime_ns
    findings = run_job(check_gallery(folder)).findings
    assert not any("something else" in one.sentence for one in findings)
    moved = shutil.copytree(folder, tmp_path / "copied", copy_function=shutil.copyfile)
    opened(moved)  # a copy has another time, and the same content
    assert lists_file(moved).stat().st_mtime_ns != made.st_mtime_ns
    add(folder, range(N, N + 200), rows_of(3, 200))
    gallery, search = opened(folder)
    assert lists_file(folder).stat().st_size > made.st_size
    assert share_found(gallery, search, range(N, N + 200, 10)) > 0.95


def test_a_few_images_that_were_added_are_compared_one_by_one(folder: Path) -> None:
    opened(folder)
    made = lists_file(folder).read_bytes()
    add(folder, range(N, N + 60), rows_of(3, 60))
    gallery, search = opened(folder)
    assert lists_file(folder).read_bytes() == made
    assert "lists, and 60 newer images one by one): finds" in search.note()
    assert share_found(gallery, search, range(0, len(gallery), 20)) > 0.97
    newest = [int(i) for i in np.flatnonzero(gallery.images.rows >= N)]
    queries = gallery.rows[np.array(newest)]
    together = search.search(queries, 1, [None] * 60)
    alone = [best(search, query, 1) for query in queries]
    for one, both in zip(alone, together, strict=True):
        assert one.score[0] == both.score[0] == 1  # itself, or a copy
    GalleryStore(folder).remove([gallery.images.paths[newest[0]]])
    smaller, search = opened(folder)
    assert share_found(smaller, search, range(0, len(smaller), 20)) > 0.97
    add(folder, range(N + 60, N + 120), rows_of(4, 60))
    assert "newer" not in opened(folder)[1].note()


def test_images_that_went_are_not_found(folder: Path) -> None:
    opened(folder)
    gone = [f"g{number % N_GROUPS:02}/{number:05}.png" for number in range(0, N, 3)]
    GalleryStore(folder).remove(gone)
    gallery, search = opened(folder)
    assert len(gallery) == N - len(gone)
    assert share_found(gallery, search, range(0, len(gallery), 40)) > 0.97


@pytest.mark.parametrize("harm", ["short", "long", "sizes", "numbers", "values"])
def test_a_file_that_is_not_ours_is_made_anew(folder: Path, harm: str) -> None:
    gallery, search = opened(folder)
    path = lists_file(folder)
    raw = bytearray(path.read_bytes())
    sizes = np.frombuffer(raw, "<i8", 64, 4 * 64 * DIMENSION).copy()
    layout = Layout(DIMENSION, sizes)
    if harm == "short":
        raw = raw[: len(raw) // 2]
    elif harm == "long":
        raw += b"\0" * 64
    elif harm == "sizes":
        raw[layout.head_bytes - 8 : layout.head_bytes] = (1 << 60).to_bytes(8, "little")
    else:
        raw[layout.head_bytes :] = bytes([255 if harm == "numbers" else 200]) * (
            len(raw) - layout.head_bytes
        )
    path.write_bytes(raw)
    gallery, search = opened(folder)
    assert search.recall >= 0.99
    assert share_found(gallery, search, range(0, N, 100)) > 0.97


def test_numbers_of_rows_that_are_not_there_are_passed_over(folder: Path) -> None:
    gallery, search = opened(folder)
    path = lists_file(folder)
    mapped = np.memmap(path, "<i8", "r+")  # behind the back of the open search
    mapped[4 * 64 * DIMENSION // 8 + 64 :] = 1 << 40
    mapped.flush()
    found = best(search, gallery.rows[0], 10, 0)
    assert len(found) == 0 or found.index.max() < N


CUT_OFF_BEHIND_ITS_ANSWER = """
import sys
from pathlib import Path
import numpy as np
from core.progress import run_job
from core.retrieval.backends.inverted_lists import MappedLists, write_lists
path, n, n_lists = Path(sys.argv[1]), 20_000, 64
rows = np.random.default_rng(0).standard_normal((n, 24)).astype(np.float32)
run_job(write_lists(path, rows, np.ones(n, np.float32), rows[:n_lists].copy()))
whole = path.read_bytes()
for _ in range(60):
    path.write_bytes(whole)
    lists = MappedLists(path, n, 24, n_lists)
    lists.search(rows[:20], 10, 16)
    path.write_bytes(b"")
print("alive")
"""


def test_nothing_reads_the_lists_once_a_search_has_answered(
    tmp_path: Path, repository: Path
) -> None:
    """Else a file that is cut off then ends the process."""
    done = subprocess.run(
        [sys.executable, "-c", CUT_OFF_BEHIND_ITS_ANSWER, str(tmp_path / "a.lists")],
        cwd=repository, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["alive"], done.stderr[-500:]


def test_lists_that_are_cut_off_behind_an_open_search_are_told_of(folder: Path) -> None:
    gallery, search = opened(folder)
    whole = lists_file(folder).read_bytes()
    lists_file(folder).write_bytes(whole[:-1])
    for queries in (gallery.rows[0:1], gallery.rows[0:9]):
        with pytest.raises(GalleryError, match="has become shorter"):
            search.search(queries, 5, [None] * len(queries))
    lists_file(folder).write_bytes(whole)
    assert best(search, gallery.rows[0], 5).index[0] == 0


def test_a_query_of_zeros_and_one_that_is_no_number(folder: Path) -> None:
    gallery, search = opened(folder)
    zeros = np.zeros(DIMENSION, np.float32)
    np.testing.assert_array_equal(
        best(search, zeros, 5).index, best_by(gallery.cosines, zeros, 5).index
    )
    with pytest.raises(AppError, match="NaN"):
        best(search, np.full(DIMENSION, np.nan, np.float32), 5)


def test_the_query_says_how_it_was_found(folder: Path) -> None:
    gallery = open_gallery(folder)
    request = QueryRequest(gallery, (Path("g00/00000.png"),), search=parse_search("faiss"))
    found = run_job(query(request, None))  # type: ignore[arg-type]  # runs no net
    (answer,) = found.answers
    assert answer.score is None  # of what is not listed nothing is known
    assert answer.ranking.score[0] == 1  # a copy
    assert any("Approximate (faiss IVF-Flat" in note for note in found.notes)
    assert found.searching is not None
    described = found.searching.to_json()["nearest"]
    assert isinstance(described, dict)
    assert 0.99 <= described["recall@10"] <= 1
    with pytest.raises(RequestError, match="augmented"):
        run_job(prepare_search(gallery, parse_search("faiss,dba:3")))


def test_descriptors_beyond_memory_are_told_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = open_gallery(folder)
    for free, is_told in ((N * DIMENSION * 4, False), (N * DIMENSION * 4 - 1, True), (None, False)):
        monkeypatch.setattr("core.retrieval.searching.free_host_bytes", lambda free=free: free)
        exact = run_job(prepare_search(gallery)).notes
        assert any("from the disk" in note for note in exact) == is_told
        lists = run_job(prepare_search(gallery, parse_search("faiss"))).notes
        assert not any("from the disk" in note for note in lists)


def test_without_the_library_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(NoFaissError, match="not installed"):
        run_job(open_lists(open_gallery(folder)))


def test_batches_are_multiplied_by_blas() -> None:
    """Else 1.15 takes 16 times as long for a hundred queries: see LIBRARIES and faiss 5109."""
    faiss = load_faiss()
    assert faiss.cvar.distance_compute_blas_threshold < 100 * 512


def test_one_pass_for_many_queries_finds_what_single_ones_find() -> None:
    rows = rows_of(9, 4000)
    rows[7] = 0
    cosines = Cosines(rows)
    numbers = [0, 1, 100, 2500, 3999]
    found = best_of_many(cosines, rows[numbers], 50, [0, None, np.arange(90), 2500, None])
    for number, own, ranking in zip(
        numbers, [0, None, np.arange(90), 2500, None], found, strict=True
    ):
        wanted = best_by(cosines, rows[number], 50, exclude=own)
        np.testing.assert_array_equal(ranking.index, wanted.index)
        np.testing.assert_array_equal(ranking.score, wanted.score)
