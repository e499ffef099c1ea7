"""Images a pass from free memory: by hand-worked cases, and from the job to the gallery's note."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.engines.batch_size import BatchSize, Probed, choose_batch
from core.engines.host import EngineHost, NetToRun
from core.engines.operations import Memory
from core.engines.values import EngineSpec, Value
from core.errors import EngineOutOfMemory, RequestError
from core.images.preprocess import Preprocess
from core.jobs import batch_choice
from core.jobs.batch_choice import settle_batch
from core.jobs.extract import ExtractRequest, extract
from core.jobs.index import IndexRequest, index
from core.jobs.sweep import SweepRequest, sweep
from core.layers.shapes import infer_shapes
from core.measures.measure import Measure, Pool
from core.net.reader import read_net
from core.progress import run_job
from core.retrieval.cluster.indexing import ClusterWish
from core.surveys.feed import Feed, plan_feed
from tests.bench.random_weights import write_random_weights
from tests.core.jobs.conftest import NET

MIB = 1 << 20
VALUE = Value("fc", "fc")
WANTS = {VALUE: (Pool("flatten"),)}
RECIPE = Preprocess("warp", 8, 8)


def probed(more: int | None, planned: int, counted: int | None = None) -> Probed:
    """MiB that are there, that each image adds to the plan, and that a pass of four took."""
    more = None if more is None else more * MIB
    taken = None if counted is None else counted * MIB
    weights = 100 * MIB
    return Probed(
        Memory(more, weights + planned * MIB, taken),
        Memory(more, weights + 2 * planned * MIB, taken),
        4,
    )


@pytest.mark.parametrize(
    ("device", "found", "n_images"),
    [
        # 0.8 x 10240 = 8192; 400 / 4 = 100 an image, 125 with its margin: 65.5
        ("cuda:0", probed(10240, 40, 400), 64),
        # nobody counted: 64 an image, 128 with the margin of a plan: 64 exactly, and a hair less
        ("cuda:0", probed(10240, 64), 64),
        ("cuda:0", probed(10239, 64), 32),
        # a pass that took less than its plan says (what it found was cached): 40 x 1.25 = 50: 163
        ("cuda:1", probed(10240, 40, 80), 128),
        ("cuda:0", probed(1 << 20, 40, 400), 256),
        ("cuda:0", probed(1000, 900, 4000), 1),
        # half of 1000 is 500; 32 x 2 = 64: 7.8
        ("cpu", probed(1000, 32), 4),
        ("cpu", probed(100_000, 32), 8),
        ("cpu", probed(0, 32), 1),
        ("mps", probed(None, 32), 8),
        ("cpu", Probed(Memory(), Memory(), 1), 8),
    ],
)  # fmt: skip
def test_the_largest_power_of_two_that_fits(device: str, found: Probed, n_images: int) -> None:
    assert choose_batch(found, device).n_images == n_images


def test_the_reason_names_the_figures() -> None:
    said = choose_batch(probed(10240, 40, 400), "cuda:0").sentence
    assert said == "64 images a pass: 10 GiB are free on cuda:0, an image takes 100 MiB."
    said = choose_batch(probed(100_000, 32), "cpu").sentence
    assert said.endswith("an image takes 32 MiB, and more are not quicker on a CPU.")
    assert "not known" in choose_batch(probed(None, 32), "mps").sentence
    assert not BatchSize(8).sentence


class FakeEngine:
    """Tells a device's memory; counts what a pass takes, 100 MiB an image, where it is a GPU."""

    def __init__(self, device: str, more: int, most: int) -> None:
        self.device, self.more, self.most = device, more * MIB, most
        self.sizes: list[int] = []
        self._taken: int | None = None

    def measure(self, inputs: Mapping[str, np.ndarray], wants: object) -> None:
        self.sizes.append(len(inputs["data"]))
        if self.sizes[-1] > self.most:
            raise EngineOutOfMemory("none")
        if self.device.startswith("cuda"):
            self._taken = self.sizes[-1] * 100 * MIB

    def room(
        self, inputs: Mapping[str, tuple[int, ...]], wants: Mapping[Value, Sequence[Measure]]
    ) -> Memory:
        return Memory(self.more, inputs["data"][0] * 40 * MIB, self._taken)


class FakeHost:
    """Opens a net on devices of so many MiB."""

    def __init__(self, most: int = 99, **devices: int) -> None:
        self.engines = {
            name.replace("_", ":"): FakeEngine(name.replace("_", ":"), more, most)
            for name, more in devices.items()
        }
        self.opened_specs: list[EngineSpec] = []

    @contextmanager
    def opened(self, net: NetToRun) -> Iterator[FakeEngine]:
        self.opened_specs.append(net.engine)
        yield self.engines[net.device]


def feed() -> Feed:
    net = read_net(NET)
    return plan_feed(net, infer_shapes(net), [VALUE])


def settled(host: FakeHost, device: str, wish: Any = "auto") -> BatchSize:
    net = NetToRun(NET, Path("net.prototxt"), device=device)
    return run_job(settle_batch(wish, net, host, feed(), RECIPE, WANTS))  # type: ignore[arg-type]


def test_a_gpu_is_asked_after_a_pass_that_it_counted() -> None:
    host = FakeHost(cuda_0=10240, cpu=10240)
    assert settled(host, "cuda:0").n_images == 64
    assert host.engines["cuda:0"].sizes == [1, 4]
    assert settled(host, "cpu").n_images == 8
    assert host.engines["cpu"].sizes == [1]
    assert settled(host, "cpu", 5) == BatchSize(5)


def test_of_several_devices_the_fullest_decides_and_each_has_its_child() -> None:
    host = FakeHost(cuda_0=10240, cuda_1=700)
    found = settled(host, "cuda:0,cuda:1")  # 560 / 125: 4.48
    assert (found.n_images, "on cuda:1" in found.reason) == (4, True)
    assert host.opened_specs == [EngineSpec(), EngineSpec(options=(("child", "1"),))]


def test_a_pass_that_finds_no_memory_while_it_is_tried_leaves_what_one_image_took() -> None:
    assert settled(FakeHost(1, cuda_0=10240), "cuda:0").n_images == 64
    assert settled(FakeHost(0, cuda_0=100), "cuda:0").n_images == 1


@pytest.fixture
def torch_net(tmp_path: Path) -> NetToRun:
    path, weights = tmp_path / "net.prototxt", tmp_path / "w.caffemodel"
    path.write_text(NET)
    write_random_weights(path, weights)
    return NetToRun(NET, path, weights, engine=EngineSpec(options=(("threads", "1"),)))


def test_the_engine_tells_weights_and_the_values_that_live_at_one_time(
    torch_net: NetToRun,
) -> None:
    with EngineHost() as host, host.opened(torch_net) as engine:
        needs = [engine.room({"data": (n, 3, 8, 8)}, WANTS) for n in (1, 2, 5)]
    # at fc: its bottom 6 x 6 x 6 and its top 5, of 4 bytes each; weights 168 + 1085
    assert [one.need_bytes for one in needs] == [4 * (n * 221 + 1253) for n in (1, 2, 5)]
    assert all(one.taken_bytes is None for one in needs)  # a CPU counts nothing
    assert all(one.more_bytes is None or one.more_bytes > 0 for one in needs)


def test_an_index_says_how_many_and_goes_on_with_as_many(
    torch_net: NetToRun, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = IndexRequest(
        torch_net, pictures, "fc", Pool("flatten"), tmp_path / "gallery", RECIPE, "auto"
    )
    later = pictures / "19.png"
    kept = later.read_bytes()
    later.unlink()
    monkeypatch.setattr(batch_choice, "choose_batch", lambda *_: BatchSize(3, "so it is told"))
    with EngineHost() as host:
        made = run_job(index(request, host))
        assert made.batch.n_images == 3
        assert "3 images a pass: so it is told." in made.report.notes
        assert made.gallery.origin is not None
        assert made.gallery.origin.batch == 3
        later.write_bytes(kept)
        monkeypatch.delattr(batch_choice, "choose_batch")
        again = run_job(index(request, host))
        assert (again.report.n_added, again.batch.n_images) == (1, 3)
        assert "3 images a pass: as the gallery was made." in again.report.notes
        with pytest.raises(RequestError, match="not known here"):
            run_job(index(replace(request, cluster=ClusterWish("auto")), host))


def test_sweep_and_extract_take_it_too(
    torch_net: NetToRun, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_choice, "choose_batch", lambda *_: BatchSize(5, "so it is told"))
    for path in pictures.iterdir():
        path.rename(path.with_name(f"{'ab'[int(path.stem) % 2]}__{path.name}"))
    with EngineHost() as host:
        swept = run_job(
            sweep(
                SweepRequest(
                    torch_net, pictures, tmp_path / "swept", "fc", recipe=RECIPE, truth="prefix",
                    batch_size="auto",
                ),
                host,
            )
        )  # fmt: skip
        assert swept.cost.batch_size == 5
        assert "5 images a pass: so it is told." in swept.notes
        out = tmp_path / "out.npz"
        asked = ExtractRequest(torch_net, "fc", out, (pictures,), recipe=RECIPE, batch_size="auto")
        found = run_job(extract(asked, host))
    assert found.n_passes == 4
    assert "5 images a pass: so it is told." in found.notes


def test_an_extraction_goes_on_with_the_passes_it_was_begun_with(
    torch_net: NetToRun, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ExtractRequest(
        torch_net, "fc", tmp_path / "out.npz", (pictures,), recipe=RECIPE, batch_size="auto"
    )
    monkeypatch.setattr(batch_choice, "choose_batch", lambda *_: BatchSize(3, "so it is told"))
    with EngineHost() as host:
        begun = extract(asked, host)
        while (step := next(begun)).what != "images" or not step.done:
            pass
        begun.close()
        monkeypatch.setattr(batch_choice, "choose_batch", lambda *_: BatchSize(8, "more is free"))
        found = run_job(extract(asked, host))
    assert found.resumed
    passes = json.loads(found.manifest.read_text())["passes"]
    assert [len(one["images"]) for one in passes] == [3] * 6 + [2]
    assert "3 images a pass: as the extraction was begun." in found.notes
