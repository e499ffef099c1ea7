"""Passes of a survey: halved without memory, several at once in order and in the same bits."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.begun import BegunPass
from core.engines.failures import error_from_header, header_from_error
from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec, Value
from core.errors import EngineError, EngineOutOfMemory
from core.images.prepared import PreparedImage
from core.images.preprocess import Preprocess
from core.layers.shapes import infer_shapes
from core.measures.measure import Measure, Pool
from core.net.reader import read_net
from core.progress import run_job
from core.retrieval.refining import RefiningEngine
from core.surveys.feed import Feed, plan_feed
from core.surveys.passes import Results
from core.surveys.pictures import most_in_a_pass
from core.surveys.survey import SurveyReport, survey

NET = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
"""
VALUE, POOL = Value("relu", "conv"), Pool("gap")
N_IMAGES = 11


class Keeper:
    """Keeps names and rows in the order in which they come."""

    wants: Mapping[Value, Sequence[Measure]] = {VALUE: (POOL,)}

    def __init__(self) -> None:
        self.names: list[str] = []
        self.rows: list[np.ndarray] = []
        self.skipped: list[str] = []

    def take(self, images: Sequence[PreparedImage], results: Results) -> None:
        self.names += [image.path.name for image in images]
        self.rows += list(results[VALUE, POOL])
        assert len(self.rows) == len(self.names)

    def skip(self, image: PreparedImage) -> None:
        self.skipped.append(image.path.name)


class Short:
    """An engine that has memory for so many images, and gives their first pixel."""

    def __init__(self, most: int, error: type[Exception] = EngineOutOfMemory) -> None:
        self.most, self.error = most, error
        self.sizes: list[int] = []

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        self.sizes.append(len(inputs["data"]))
        if self.sizes[-1] > self.most:
            raise self.error("no memory")
        return {(VALUE, POOL): inputs["data"][:, :, 0, 0]}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Pictures, and the fifth that is none."""
    paths = [tmp_path / f"{number:02}.png" for number in range(N_IMAGES)]
    rng = np.random.default_rng(0)
    for path in paths:
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
    paths[4].write_bytes(b"no picture")
    return paths


def feed() -> Feed:
    net = read_net(NET)
    return plan_feed(net, infer_shapes(net), [VALUE])


def ran(
    engine: object, files: list[Path], size: int = 4, *, is_even: bool = False
) -> tuple[Keeper, SurveyReport]:
    keeper, recipe = Keeper(), Preprocess("warp", 8, 8)
    job = survey(engine, feed(), files, recipe, [keeper], batch_size=size, is_even=is_even)  # type: ignore[arg-type]
    return keeper, run_job(job)


@pytest.mark.parametrize("error", [EngineOutOfMemory, MemoryError])
def test_a_pass_without_memory_is_halved_and_no_image_is_lost(
    files: list[Path], error: type[Exception]
) -> None:
    whole, _ = ran(Short(99), files)
    short = Short(1, error)
    found, report = ran(short, files)
    assert found.names == [path.name for path in files if path != files[4]]
    np.testing.assert_array_equal(np.array(found.rows), np.array(whole.rows))
    assert found.skipped == [files[4].name]
    assert short.sizes == [4, 2, *[1] * 10]  # what was learnt holds for the batches after it
    assert report.n_passes == 10
    assert any("passes after it took 1 image at most" in note for note in report.notes)


def test_one_image_without_memory_ends_it_and_other_errors_halve_nothing(files: list[Path]) -> None:
    with pytest.raises(EngineOutOfMemory):
        ran(Short(0), files)
    other = Short(1, EngineError)
    with pytest.raises(EngineError):
        ran(other, files)
    assert other.sizes == [4]


def test_passes_of_one_size_are_halved_too_and_stay_of_one_size(files: list[Path]) -> None:
    whole, _ = ran(Short(99), files)
    short = Short(2)
    found, report = ran(short, files, is_even=True)
    assert found.names == [path.name for path in files if path != files[4]]
    np.testing.assert_array_equal(np.array(found.rows), np.array(whole.rows))
    assert short.sizes == [4, *[2] * 5]
    assert "in a pass of 4 images" in report.notes[-1]
    full = Short(99)
    ran(full, files, is_even=True)
    assert full.sizes == [4, 4, 4]  # the last of two images and two that fill it up


class Ahead:
    """An engine in which two passes may have begun, and that notes when they begin and end."""

    n_begun = 2

    def __init__(self, most: int = 99, *, fails_late: bool = False) -> None:
        self._short, self._fails_late = Short(most), fails_late
        self.said: list[str] = []

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        self.said.append(f"whole {len(inputs['data'])}")
        return self._short.measure(inputs, wants)

    def begin(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> BegunPass[Results]:
        number = sum(word.startswith("begin") for word in self.said)
        self.said.append(f"begin {number}")
        found = None if self._fails_late else self._short.measure(inputs, wants)

        def end() -> Results:
            self.said.append(f"end {number}")
            return self._short.measure(inputs, wants) if found is None else found

        return BegunPass(end, lambda: self.said.append(f"give up {number}"))


def test_a_pass_begins_before_the_one_before_it_has_ended(files: list[Path]) -> None:
    whole, _ = ran(Short(99), files)
    engine = Ahead()
    found, report = ran(engine, [path for path in files if path != files[4]])
    assert engine.said == ["begin 0", "begin 1", "end 0", "begin 2", "end 1", "end 2"]
    assert (found.names, report.n_passes) == (whole.names, 3)
    np.testing.assert_array_equal(np.array(found.rows), np.array(whole.rows))
    assert ran(Ahead(), files)[0].skipped == [files[4].name]


def test_a_survey_that_is_stopped_gives_up_what_has_begun(files: list[Path]) -> None:
    engine, keeper = Ahead(), Keeper()
    job = survey(engine, feed(), files, Preprocess("warp", 8, 8), [keeper], batch_size=2)
    while "end 0" not in engine.said:
        next(job)
    job.close()
    assert engine.said == ["begin 0", "begin 1", "end 0", "give up 1"]
    assert keeper.names == [path.name for path in files[:2]]


@pytest.mark.parametrize("fails_late", [False, True])
@pytest.mark.parametrize("is_even", [False, True])
def test_a_pass_that_has_begun_finds_no_memory_and_is_halved(
    files: list[Path], fails_late: bool, is_even: bool
) -> None:
    whole, _ = ran(Short(99), files)
    engine = Ahead(2, fails_late=fails_late)
    found, report = ran(engine, files, is_even=is_even)
    assert found.names == whole.names
    np.testing.assert_array_equal(np.array(found.rows), np.array(whole.rows))
    assert any("took 2 images at most" in note for note in report.notes)
    assert {word for word in engine.said if word.startswith("whole")} == {"whole 2"}


def test_what_refines_an_engine_lets_as_many_passes_run_as_it_does(files: list[Path]) -> None:
    several, ahead = RefiningEngine(Meeting(), feed()), Ahead()
    good = [path for path in files if path != files[4]][:9]
    assert ran(several, good, size=3)[1].n_passes == 3  # three threads have met
    ran(RefiningEngine(ahead, feed()), good, size=3)
    assert ahead.said[:3] == ["begin 0", "begin 1", "end 0"]


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")]
)
def test_memory_that_runs_out_in_the_child_is_known_as_that(error: Exception) -> None:
    assert isinstance(error_from_header(header_from_error(error)), EngineOutOfMemory)


class Meeting:
    """An engine that takes three threads at once and lets none go before all are there."""

    n_at_once = 3

    def __init__(self) -> None:
        self._all = threading.Barrier(3, timeout=20)
        self._short = Short(99)

    def measure(
        self, inputs: Mapping[str, np.ndarray], wants: Mapping[Value, Sequence[Measure]]
    ) -> dict[tuple[Value, Measure], np.ndarray]:
        self._all.wait()
        return self._short.measure(inputs, wants)


def test_passes_at_once_come_back_in_order(files: list[Path]) -> None:
    good = [path for path in files if path != files[4]][:9]
    found, report = ran(Meeting(), good, size=3)
    assert found.names == [path.name for path in good]
    assert report.n_passes == 3


def test_two_children_give_the_bits_of_one(files: list[Path], tmp_path: Path) -> None:
    net = NetToRun(NET, tmp_path / "net.prototxt", engine=EngineSpec(options=(("threads", "1"),)))
    both = NetToRun(NET, net.path, device="cpu,cpu", engine=net.engine)
    with EngineHost() as host:
        with host.opened(net) as engine:
            one, _ = ran(engine, files, 2)
        with host.opened(both) as engine:
            two, _ = ran(engine, files, 2)
            assert engine.device == "cpu,cpu"
            whole = engine.forward({"data": np.zeros((2, 3, 8, 8), np.float32)}, [VALUE])
        assert len(host._processes) == 2
    assert whole[VALUE].shape == (2, 4, 6, 6)
    assert (one.names, one.skipped) == (two.names, two.skipped)
    np.testing.assert_array_equal(np.array(one.rows), np.array(two.rows))


def test_large_pictures_make_smaller_passes_whose_pixels_follow_the_size_asked_for() -> None:
    assert most_in_a_pass((3, 224, 224), 8) == 8
    assert most_in_a_pass((3, 768, 1024), 8) == 2  # 2 ** 21 pixels: 2.67 pictures
    assert most_in_a_pass((3, 768, 1024), 64) == 5  # 64 * 2 ** 16 pixels: 5.33
    assert most_in_a_pass((3, 224, 224), 256) == 256
    assert most_in_a_pass((3, 5000, 5000), 8) == 1
