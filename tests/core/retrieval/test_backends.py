"""The contract of search on every backend: NumPy, faiss, and Qdrant in its local mode or a server.

BLOBSCOPE_QDRANT_URL names a server; else qdrant-client's own in-memory stand-in answers.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands.command_line import DONE, WRONG_USAGE, run_command
from core.errors import AppError, GalleryError, RequestError
from core.progress import run_job
from core.retrieval.backends import qdrant_server
from core.retrieval.backends.contract import (
    KEY_VARIABLE,
    SERVER_VARIABLE,
    Backend,
    BackendChoice,
    choose_backend,
    server_address,
)
from core.retrieval.backends.qdrant_gallery import NotOnServer, open_on_server, upload
from core.retrieval.backends.qdrant_server import QdrantServer, ServerError
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.evaluation import OutsideQueries, evaluate_outside
from core.retrieval.gallery import Gallery, open_gallery
from core.retrieval.gallery_contents import FileStamp, StoredImage
from core.retrieval.gallery_store import GalleryStore
from core.retrieval.search_steps import SearchSteps, parse_search
from core.retrieval.searching import Searching, prepare_search

pytestmark = pytest.mark.filterwarnings("ignore:Local mode performs exact")
NAMES = ("numpy", "faiss", "qdrant")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What every server of a test is asked by; the collections of a real one go afterwards."""
    library = pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    address = os.environ.get(SERVER_VARIABLE, "")
    if address:
        made = library.QdrantClient(url=address, api_key=os.environ.get(KEY_VARIABLE))
    else:
        made = library.QdrantClient(":memory:")
    before = {one.name for one in made.get_collections().collections}
    monkeypatch.setattr(made, "close", lambda **_: None)  # servers of a test come and go
    monkeypatch.setattr(qdrant_server, "make_client", lambda _address: made)
    yield made
    for one in made.get_collections().collections:
        if one.name not in before:
            made.delete_collection(one.name)


Make = Callable[..., Gallery]


@pytest.fixture
def make(tmp_path: Path, recipe: DescriptorRecipe) -> Make:
    """A gallery of some rows, which lie in another order than its images."""

    def made(rows: Any, name: str = "gallery", of: DescriptorRecipe = recipe) -> Gallery:
        folder, vectors = tmp_path / name, np.asarray(rows, np.float32)
        store = GalleryStore(folder)
        if not store.exists:
            store.create(of, tmp_path / "images")
        store.begin(len(vectors))
        order = np.random.default_rng(4).permutation(len(vectors))
        images = [StoredImage(f"{n:05}.png", "a", 8, 8, FileStamp(1, n)) for n in order.tolist()]
        store.add(images, vectors[order])
        store.finish()
        return open_gallery(folder)

    return made


def backend_of(name: str, gallery: Gallery, request: pytest.FixtureRequest) -> Backend:
    """A backend as the product prepares it; the gallery is uploaded where it has to be."""
    if name == "faiss":
        pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    if name == "qdrant":
        request.getfixturevalue("client")
        run_job(upload(gallery, QdrantServer("http://test")))
    choice = BackendChoice(name, "http://test" if name == "qdrant" else "")  # type: ignore[arg-type]
    return run_job(prepare_search(gallery, SearchSteps(backend=choice))).backend


BY_HAND = (
    # 0 and 3 are copies in two lengths, 5 is opposite to 0, 6 is of zeros
    [[1, 0], [1, 1], [0, 1], [2, 0], [1, -1], [-3, 0], [0, 0]],
    [1, 0],
    [0, 3, 1, 4, 2, 6, 5],
    [1, 1, 0.70710678, 0.70710678, 0, 0, -1],
)


@pytest.mark.parametrize("name", NAMES)
def test_a_ranking_by_hand(name: str, make: Make, request: pytest.FixtureRequest) -> None:
    """Ties by number, k beyond n, what is left out, and nothing left at all."""
    rows, query, order, scores = BY_HAND
    backend = backend_of(name, make(rows), request)
    vectors = np.array([query, query, query, query], np.float32)
    found = backend.search(vectors, 50, [None, 0, np.array([3, 1]), np.arange(7)])
    assert [one.index.tolist() for one in found] == [
        order,
        [one for one in order if one != 0],
        [one for one in order if one not in (3, 1)],
        [],
    ]
    np.testing.assert_allclose(found[0].score, scores, atol=1e-7)
    (alone,) = backend.search(vectors[:1], 3, [4])
    assert alone.index.tolist() == [0, 3, 1]
    (none,) = backend.search(vectors[:1], 3, [np.arange(7)])
    assert none.index.size == 0
    with pytest.raises(GalleryError, match="NaN"):
        backend.search(np.array([[np.nan, 0]], np.float32), 3, [None])


@pytest.mark.parametrize("name", NAMES)
def test_many_rows_are_ranked_as_plain_numpy_ranks_them(
    name: str, make: Make, request: pytest.FixtureRequest
) -> None:
    """Exact backends wholly so; the others by scores that are exact, and their said recall."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((20, 16))[np.arange(900) % 20] + rng.standard_normal((900, 16))
    rows[::90] = rows[0]
    gallery = make(rows)
    backend = backend_of(name, gallery, request)
    unit = rows.astype(np.float32).astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    numbers = list(range(0, 900, 7))
    together = backend.search(rows[numbers].astype(np.float32), 10, numbers)
    shares = []
    for number, found in zip(numbers, together, strict=True):
        scores = np.round(unit @ unit[number], 12)
        true = [n for n in np.lexsort((np.arange(900), -scores)) if n != number][:10]
        np.testing.assert_allclose(found.score, scores[found.index], atol=1e-6)
        assert found.index.tolist() == sorted(found.index, key=lambda n: (-scores[n], n))
        (alone,) = backend.search(rows[number][None].astype(np.float32), 10, [number])
        np.testing.assert_array_equal(alone.index, found.index)
        shares.append(len(set(true) & set(found.index.tolist())) / 10)
    if name == "numpy":
        assert shares == [1.0] * len(numbers)
        assert backend.most is None
        assert backend.to_json() == {"kind": "exact"}
        return
    said = backend.to_json()["recall@10"]
    assert isinstance(said, float)
    assert said >= 0.99
    assert np.mean(shares) == pytest.approx(said, abs=0.03)
    assert f"finds {100 * said:.1f} % of the 10 nearest" in backend.note()


@pytest.mark.parametrize("name", NAMES)
def test_an_evaluation_asks_for_many_queries_at_once(
    name: str, make: Make, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(9)
    gallery, n = make(rng.standard_normal((230, 6))), 230
    backend = backend_of(name, gallery, request)
    searching = Searching(backend, SearchSteps(), None, gallery)
    n_asked: list[int] = []
    ask = type(backend).search

    def counted(self: Backend, vectors: np.ndarray, k: int | None, filters: Any) -> Any:
        n_asked.append(len(vectors))
        return ask(self, vectors, k, filters)

    vectors = np.asarray(gallery.rows[np.arange(n)])
    alone = [searching.rank(vector, own) for vector, own in zip(vectors, range(n), strict=True)]
    monkeypatch.setattr(type(backend), "search", counted)
    together = searching.rank_each(vectors, range(n))
    for one, other in zip(alone, together, strict=True):
        assert one.index.tolist() == other.index.tolist()
        assert searching.lists_all(one, (int(one.index[0]),)) or name == "faiss"
        assert searching.lists_all(one) is (name == "numpy")  # of this one, one is left out
    n_asked.clear()
    labels = [str(number % 3) for number in range(n)]
    run_job(
        evaluate_outside(
            gallery.cosines,
            labels,
            OutsideQueries(gallery.rows, labels, range(n)),
            rank=searching.rank_each,
        )
    )
    assert n_asked == [100, 100, 30]


@pytest.mark.parametrize("name", NAMES)
def test_one_image_alone(name: str, make: Make, request: pytest.FixtureRequest) -> None:
    backend = backend_of(name, make([[3, 4]]), request)
    (found,) = backend.search(np.array([[3, 4]], np.float32), 5, [None])
    assert (found.index.tolist(), found.score.tolist()) == ([0], [1])


@pytest.mark.parametrize("name", NAMES)
def test_images_that_went_and_parts_of_a_gallery(
    name: str, make: Make, request: pytest.FixtureRequest
) -> None:
    rows = np.random.default_rng(1).standard_normal((60, 4)).astype(np.float32)
    gallery = make(rows)
    backend_of(name, gallery, request)
    part = gallery.only(np.arange(0, 60, 3))
    steps = parse_search("" if name == "numpy" else name.replace("qdrant", "qdrant:http://test"))
    found = run_job(prepare_search(part, steps)).rank(rows[3], 1)
    wanted = run_job(prepare_search(part)).rank(rows[3], 1)
    np.testing.assert_array_equal(found.index, wanted.index)


def test_another_recipe_is_refused_in_words(
    make: Make, recipe: DescriptorRecipe, client: Any
) -> None:
    gallery = make(np.eye(4))
    server = QdrantServer("http://test")
    uploaded = run_job(upload(gallery, server))
    other = replace(recipe, pooling="mac")
    another = make(np.eye(4), "another", other)
    with pytest.raises(GalleryError, match="pooling is gap in the gallery and mac here"):
        gallery.check_recipe(other)  # as for a query on every backend
    client.update_collection(uploaded.collection, metadata={"recipe": another.recipe.digest})
    for job in (open_on_server(gallery, server), upload(gallery, server)):
        with pytest.raises(GalleryError, match="is of another recipe: conv"):
            run_job(job)


def test_an_upload_that_was_cut_off_goes_on_and_a_second_one_writes_nothing(
    make: Make, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.retrieval.backends.qdrant_gallery._VALUES_AT_ONCE", 40)
    rows = np.random.default_rng(2).standard_normal((50, 4)).astype(np.float32)
    gallery, server = make(rows), QdrantServer("http://test")
    with pytest.raises(NotOnServer, match="does not hold this gallery yet"):
        run_job(open_on_server(gallery, server))
    job = upload(gallery, server)
    for step in job:
        if step.what == "descriptors uploaded" and step.done == 30:
            job.close()
    with pytest.raises(NotOnServer, match="in part: its upload was cut off"):
        run_job(open_on_server(gallery, server))
    done = run_job(upload(gallery, server))
    assert (done.n_kept, done.n_written, done.n_dropped) == (30, 20, 0)
    again = run_job(upload(gallery, server))
    assert (again.n_kept, again.n_written, again.n_dropped) == (50, 0, 0)
    assert client.count(done.collection).count == 50
    (point, *_), _ = client.scroll(done.collection, limit=1)
    image = int(gallery.cosines.image_of_row[point.id])
    assert point.payload["path"] == f"{image:05}.png"
    GalleryStore(gallery.folder).remove(["00001.png", "00002.png"])
    run_job(open_on_server(open_gallery(gallery.folder), server))  # its rows are what they were
    third = run_job(upload(open_gallery(gallery.folder), server))
    assert (third.n_kept, third.n_written, third.n_dropped) == (48, 0, 2)


def test_a_gallery_that_grew_has_to_be_uploaded_again(make: Make, client: Any) -> None:
    gallery, server = make(np.eye(4)), QdrantServer("http://test")
    run_job(upload(gallery, server))
    store = GalleryStore(gallery.folder)
    store.begin(5)
    store.add([StoredImage("new.png", "a", 8, 8, FileStamp(1, 9))], np.ones((1, 4), np.float32))
    store.finish()
    grown = open_gallery(gallery.folder)
    with pytest.raises(NotOnServer, match="as it was before"):
        run_job(open_on_server(grown, server))
    assert run_job(upload(grown, server)).n_written == 1
    backend = run_job(open_on_server(grown, server))
    assert 4 in backend.search(np.ones((1, 4), np.float32), 1, [None])[0].index


def test_what_a_strange_server_answers_is_not_trusted(make: Make, client: Any) -> None:
    gallery, server = make(np.eye(4)), QdrantServer("http://test")
    name = run_job(upload(gallery, server)).collection
    points = {77: [1, 0, 0, 0.0], "00000000-0000-0000-0000-000000000001": [1, 0, 0, 0.1]}
    models = qdrant_server._load().models
    client.upsert(name, models.Batch(ids=list(points), vectors=list(points.values())))
    backend = run_job(open_on_server(gallery, server))
    (found,) = backend.search(np.array([[1, 0, 0, 0]], np.float32), 4, [None])
    assert found.index.tolist()[0] == 0
    assert run_job(upload(gallery, server)).n_dropped == 2
    client.update_collection(name, metadata={"recall": 7})
    with pytest.raises(AppError, match="says of itself"):
        run_job(open_on_server(gallery, server))


def test_a_server_that_is_not_there_or_says_nothing_is_told_of(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    monkeypatch.setattr(qdrant_server, "TIMEOUT_SECONDS", 1)
    gallery = make(np.eye(4))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ServerError, match="can't be reached"):
            run_job(upload(gallery, QdrantServer(address)))
        silent.listen()
        with pytest.raises(ServerError, match="did not answer within 1 s"):
            run_job(upload(gallery, QdrantServer(address)))


def test_addresses_are_normal_and_hold_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_address(" host:6333/ ") == "http://host:6333"
    assert server_address("https://h.example/prefix") == "https://h.example/prefix"
    for wrong in ("", "ftp://host", "http://host:99999", "http://a,b", "http://h?key=1"):
        with pytest.raises(RequestError, match="no address"):
            server_address(wrong)
    with pytest.raises(RequestError, match="written down"):
        server_address("http://me:secret@host:6333")
    monkeypatch.setenv(SERVER_VARIABLE, "other:1")
    assert choose_backend("qdrant").server == "http://other:1"
    steps = parse_search("qdrant:https://Host/Q,qe:5")
    assert steps.backend == BackendChoice("qdrant", "https://Host/Q")
    assert parse_search(steps.word) == steps


def test_commands_upload_query_and_evaluate(
    make: Make, client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(make(np.random.default_rng(6).standard_normal((12, 4))).folder)
    assert run_command("gallery", [folder, "--to", "qdrant", "http://test"]) == DONE
    said = capsys.readouterr().out
    assert "12 descriptors uploaded, 0 there before, 0 dropped: collection blobscope-" in said
    assert "finds 100.0 % of the 10 nearest" in said
    asked = ["query", folder, "00003.png", "-k", "3", "--json"]
    found = []
    for how in ([], ["--backend", "qdrant", "--server", "test"], ["--backend", "faiss"]):
        assert run_command(asked[0], [*asked[1:], *how]) == DONE
        found.append(json.loads(capsys.readouterr().out))
    assert found[0]["results"] == found[1]["results"] == found[2]["results"]
    assert found[1]["search"]["nearest"]["server"] == "http://test"
    # so few images that all are found, so that it is known how many stand before each
    assert found[0]["AP"] == found[1]["AP"] == found[2]["AP"] == 1
    judged = ["--truth", "pattern:(.)", "--backend", "qdrant", "--server", "test", "--json"]
    assert run_command("evaluate", [folder, *judged]) == DONE
    assert json.loads(capsys.readouterr().out)["mAP"] == 1
    assert run_command("query", [folder, "00003.png", "--server", "test"]) == WRONG_USAGE
    assert run_command("gallery", [folder, "--to", "milvus", "http://test"]) == WRONG_USAGE
