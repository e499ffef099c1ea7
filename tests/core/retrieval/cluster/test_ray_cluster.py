"""An index on two machines, of which one goes away, by a driver that is killed and resumed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread, Timer
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from core.children import child_environment
from core.engines.host import EngineHost, NetToRun
from core.errors import AppError
from core.jobs.import_parts import ImportPartsRequest, take_parts
from core.jobs.index import IndexRequest, index
from core.measures.measure import Pool
from core.progress import Progress, run_job
from core.retrieval.cluster import indexing
from core.retrieval.cluster.indexing import ClusterWish
from core.retrieval.gallery import open_gallery

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed"),
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
]
HERE = Path(__file__).parent
N_IMAGES = 480
DEADLINE_SECONDS = 600.0
SETTINGS = {
    **indexing._SETTINGS,
    "RAY_prestart_worker_first_driver": "0",
    "OMP_NUM_THREADS": "1",
}
NET = """
name: "tiny"
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 3 dim: 32 dim: 32 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
        convolution_param { num_output: 64 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "deep" type: "Convolution" bottom: "conv" top: "deep"
        convolution_param { num_output: 96 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "fc" type: "InnerProduct" bottom: "deep" top: "fc"
        inner_product_param { num_output: 16 weight_filler { type: "xavier" } } }
"""


class Machines:
    """The script of two machines, and all processes that it ever started."""

    def __init__(self, folder: Path) -> None:
        self.token = uuid4().hex
        self._temporary = tempfile.mkdtemp(prefix="bs-ray-")  # a short name, for sockets
        with (folder / "machines.txt").open("wb") as said:
            self._script = subprocess.Popen(
                [sys.executable, str(HERE / "two_machines.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                env={
                    **child_environment(SETTINGS),
                    "BLOBSCOPE_TEST_CLUSTER": self.token,
                    "RAY_TMPDIR": self._temporary,  # its file of addresses goes there alone
                },
                text=True,
            )
        assert self._script.stdin is not None
        assert self._script.stdout is not None
        self._stdin, self._stdout = self._script.stdin, self._script.stdout
        self.address = self._answer()
        if not self.address:
            self.close()
            pytest.fail((folder / "machines.txt").read_text()[-2000:])

    def tell(self, word: str) -> None:
        """Have it done."""
        self._stdin.write(f"{word}\n")
        self._stdin.flush()
        while (line := self._answer()) != "done":  # Ray writes lines of its own among them
            assert line, "the machines' program has ended"

    def close(self) -> list[str]:
        """End the cluster; the command lines of what is left of it."""
        self._stdin.close()
        self._script.wait(DEADLINE_SECONDS)
        self._stdout.close()
        until = time.monotonic() + DEADLINE_SECONDS
        while (left := self._left()) and time.monotonic() < until:
            time.sleep(0.5)
        shutil.rmtree(self._temporary, ignore_errors=True)
        return left

    def _answer(self) -> str:
        watch = Timer(DEADLINE_SECONDS, self._script.kill)
        watch.start()
        try:
            return self._stdout.readline().strip()
        finally:
            watch.cancel()

    def _left(self) -> list[str]:
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if self.token.encode() in (process / "environ").read_bytes():
                    found.append((process / "cmdline").read_text().replace("\0", " ")[:100])
            except OSError:
                continue
        return found


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    made = Machines(tmp_path_factory.mktemp("machines"))
    try:
        yield made
    finally:
        assert made.close() == []


@pytest.fixture
def host() -> Iterator[EngineHost]:
    with EngineHost() as made:
        yield made


@pytest.fixture(scope="module")
def request_of_480(tmp_path_factory: pytest.TempPathFactory) -> IndexRequest:
    """480 small pictures, one file that is none, and a net on them."""
    folder = tmp_path_factory.mktemp("photos")
    pictures = folder / "pictures"
    rng = np.random.default_rng(1)
    for number in range(N_IMAGES):
        path = pictures / f"class{number % 3}" / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (34, 33, 3), np.uint8)).save(path)
    (pictures / "class0" / "bad.png").write_bytes(b"no picture")
    net = NetToRun(NET, folder / "net.prototxt")
    return IndexRequest(net, pictures, "fc", Pool("flatten"), folder / "local")


def test_a_lost_machine_and_a_killed_driver_cost_nothing(
    machines: Machines,
    host: EngineHost,
    request_of_480: IndexRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_job(index(request_of_480, host))
    parts = tmp_path / "parts"
    wish = ClusterWish(machines.address, parts, 2, part_images=32, starved_seconds=DEADLINE_SECONDS)
    wanted = replace(request_of_480, out=tmp_path / "gallery", cluster=wish)

    asked, answered = tmp_path / "asked", tmp_path / "answered"
    for pipe in (asked, answered):
        os.mkfifo(pipe)

    def remove() -> None:
        machines.tell(asked.read_text().strip())
        answered.write_text("done")

    remover = Thread(target=remove, daemon=True)
    remover.start()
    with monkeypatch.context() as patched:
        patched.setattr(indexing, "_CHILD", "tests.core.retrieval.cluster.dying_child")
        patched.setenv("MACHINES", f"{asked}{os.pathsep}{answered}")
        patched.setenv("REMOVE_AT", "1")
        patched.setenv("DIE_AT", "5")
        with pytest.raises(AppError, match="drives the cluster stopped"):
            run_job(index(wanted, host))
    remover.join()
    assert len(list(parts.glob("part-*.parquet"))) == 5

    steps = list[Progress]()
    wanted = replace(wanted, cluster=replace(wish, n_engines=1))
    report = run_job(index(wanted, host), steps.append).report
    kept = [step.done for step in steps if step.what == "images on the cluster"]
    assert 5 * 32 <= kept[0] < N_IMAGES, "the second run goes on from what the first has kept"
    local, there = open_gallery(request_of_480.out), open_gallery(wanted.out)
    assert report.n_images == len(there) == len(set(there.images.paths)) == N_IMAGES
    assert there.images.paths == local.images.paths
    assert there.labels == local.labels
    np.testing.assert_array_equal(there.descriptors, local.descriptors)
    assert [p.path for p in there.problems] == ["class0/bad.png"]
    assert there.problems == local.problems
    imported = run_job(take_parts(ImportPartsRequest(parts, tmp_path / "imported")))
    assert imported.n_added == len(imported.gallery) == N_IMAGES
    np.testing.assert_array_equal(imported.gallery.descriptors, local.descriptors)


def test_a_cluster_that_others_hold_is_told(
    machines: Machines, host: EngineHost, request_of_480: IndexRequest, tmp_path: Path
) -> None:
    machines.tell("hold")
    wish = ClusterWish(machines.address, n_engines=1, starved_seconds=3)
    wanted = replace(request_of_480, out=tmp_path / "gallery", cluster=wish)
    with pytest.raises(AppError) as told:
        run_job(index(wanted, host))
    assert "the stage 'engine' starves" in told.value.sentence
    assert "0 of 3 CPUs are free" in told.value.sentence
    assert "add a machine" in told.value.hint
