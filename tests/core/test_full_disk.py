"""A disk that is full: said in a sentence, nothing half written, and room is all it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.activations.npz_file import write_npz
from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError
from core.files import folder_written_beside, write_file
from core.jobs.extract import ExtractRequest, extract
from core.jobs.index import IndexRequest, index
from core.measures.measure import Pool
from core.progress import run_job
from core.session_file import Session, read_session, write_session
from core.surveys.feature_files import manifest_path, write_features
from core.training.kept_values import KeptValues
from core.weights.writer import write_caffemodel
from tests.core.jobs.conftest import NET

LARGE = np.zeros((1 << 20,), np.float32)
SMALL = np.ones((4,), np.float32)


@dataclass(frozen=True)
class Stored:
    """A feature that is held in memory."""

    array: np.ndarray
    key: str = "a"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    def chunks(self) -> Iterator[np.ndarray]:
        yield self.array


def write_folder(path: Path, array: np.ndarray) -> None:
    with folder_written_beside(path) as partial:
        (partial / "a").write_bytes(array.tobytes())


def write_as_session(path: Path, array: np.ndarray) -> None:
    write_session(path, Session(Path("/net.prototxt"), "# " * array.size))


WRITERS: dict[str, Callable[[Path, np.ndarray], object]] = {
    "a": lambda path, array: write_file(path, array.tobytes()),
    "folder": write_folder,
    "a.blobscope": write_as_session,
    "a.npz": lambda path, array: write_npz(path, iter([("a", array)])),
    "a.caffemodel": lambda path, array: write_caffemodel(path, "n", [("a", "Scale", [array])]),
    "f.npz": lambda path, array: write_features(path, [Stored(array)], {}, {}),
    "f.h5": lambda path, array: write_features(path, [Stored(array)], {}, {}),
    "f": lambda path, array: write_features(path, [Stored(array)], {}, {}),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", WRITERS)
def test_what_was_there_stays_whole(small_disk: Path, name: str) -> None:
    out, write = small_disk / name, WRITERS[name]
    write(out, SMALL)
    before = contents(small_disk)
    assert before
    with pytest.raises(AppError, match="No space left"):
        write(out, LARGE)
    assert contents(small_disk) == before
    write(out, SMALL)


@pytest.fixture
def host() -> Iterator[EngineHost]:
    with EngineHost() as made:
        yield made


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    chance = np.random.default_rng(5)
    for number in range(40):
        pixels = chance.integers(0, 255, (9, 10, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def net(tmp_path: Path) -> NetToRun:
    return NetToRun(NET, tmp_path / "net.prototxt", engine=EngineSpec("fake"))


def fill(disk: Path, left: int) -> Path:
    """Take all the room but for some bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(b"\0" * 4096)
        file.truncate(max(0, filler.stat().st_size - left))
    return filler


@pytest.mark.parametrize("left", [0, 4096, 16384, 40960])
def test_an_extraction_goes_on_once_there_is_room(
    small_disk: Path, tmp_path: Path, pictures: Path, host: EngineHost, left: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("core.jobs.extract.check_room", lambda *_: None)  # others fill it later
    request = ExtractRequest(net(tmp_path), "conv", small_disk / "out.npz", images=(pictures,))
    filler = fill(small_disk, left)
    with pytest.raises(AppError, match="No space left"):
        run_job(extract(request, host))
    assert not request.out.exists()
    assert list(small_disk.glob(".blobscope-*.partial")) == []
    filler.unlink()
    assert len(run_job(extract(request, host)).images) == 40
    with np.load(request.out, allow_pickle=False) as arrays:
        assert arrays["conv"].shape == (40, 6, 6, 6)
    assert {path.name for path in small_disk.iterdir()} == {
        request.out.name,
        manifest_path(request.out).name,
    }


@pytest.mark.parametrize("left", [0, 8192, 28672, 40960])
def test_an_index_goes_on_once_there_is_room(
    small_disk: Path, tmp_path: Path, pictures: Path, host: EngineHost, left: int
) -> None:
    request = IndexRequest(
        net(tmp_path), pictures, "conv", Pool("flatten"), small_disk / "gallery", batch_size=4
    )
    filler = fill(small_disk, left)
    with pytest.raises(AppError, match=r"(?i)no space left|disk is full"):
        run_job(index(request, host))
    filler.unlink()
    indexed = run_job(index(request, host))
    assert len(indexed.gallery) == 40
    whole = run_job(index(IndexRequest(request.net, pictures, "conv", request.pool,
                                       tmp_path / "whole"), host))  # fmt: skip
    np.testing.assert_array_equal(indexed.gallery.descriptors, whole.gallery.descriptors)


def test_values_of_layers_that_do_not_learn_ask_for_their_room_before(small_disk: Path) -> None:
    """A map into what the disk lacks would end the process at some later image."""
    filler = fill(small_disk, 64 << 10)
    with pytest.raises(AppError, match="No space left"):
        KeptValues(small_disk / "frozen", 100, {"pool5": (1000,)})
    filler.unlink()
    kept = KeptValues(small_disk / "frozen", 100, {"pool5": (1000,)})
    kept.put(7, {"pool5": np.arange(1000, dtype=np.float32)})
    fill(small_disk, 0)
    again = KeptValues(small_disk / "frozen", 100, {"pool5": (1000,)})
    assert (again.n_kept, again.has(7), again.has(8)) == (1, True, False)
    again.put(99, {"pool5": np.full(1000, 2, np.float32)})
    np.testing.assert_array_equal(kept.get(7)["pool5"], np.arange(1000))
    np.testing.assert_array_equal(kept.get(99)["pool5"], np.full(1000, 2))


def test_a_session_that_was_kept_before_is_there_still(small_disk: Path) -> None:
    path = small_disk / "a.blobscope"
    write_session(path, Session(Path("/net.prototxt"), "first"))
    with pytest.raises(AppError):
        write_as_session(path, LARGE)
    assert read_session(path).base_text == "first"
