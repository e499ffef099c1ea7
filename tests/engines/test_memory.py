"""A pass that can't fit says so before it allocates; what would have fitted is never refused."""

from __future__ import annotations

import resource
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from core.engines import memory
from core.engines.base import EngineSpec, Value
from core.engines.memory import Need, check_fits, free_host_bytes, need_in_caffe
from core.engines.registry import start_engine
from core.engines.session import OpenRequest
from core.engines.torch import devices as torch_devices
from core.engines.torch.backend import TorchBackend
from core.engines.torch.session import TorchSession
from core.engines.wiring import wire_net
from core.errors import EngineError
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import read_net

MIB, GIB = 1 << 20, 1 << 30
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's own figures")

WIDE = """
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 dim: 256 dim: 256 } } }
layer { name: "c1" type: "Convolution" bottom: "data" top: "c1"
        convolution_param { num_output: 32 kernel_size: 3 pad: 1 } }
layer { name: "r1" type: "ReLU" bottom: "c1" top: "c1" }
layer { name: "c2" type: "Convolution" bottom: "c1" top: "c2"
        convolution_param { num_output: 16 kernel_size: 3 pad: 1 } }
layer { name: "d2" type: "Dropout" bottom: "c2" top: "d2" }
layer { name: "pool" type: "Pooling" bottom: "d2" top: "pool" pooling_param { global_pooling: true } }
"""  # noqa: E501
PLANE = 256 * 256 * 4
WEIGHTS = 4 * (32 * 4 * 9 + 32 + 16 * 32 * 9 + 16)
POOL = Value("pool", "pool")


def session(text: str = WIDE) -> TorchSession:
    opened = TorchBackend({"threads": "1"}).open(OpenRequest(text, None, "cpu", 0, NetState(), {}))
    assert isinstance(opened, TorchSession)
    return opened


def batch(n_images: int) -> dict[str, np.ndarray]:
    return {"data": np.zeros((n_images, 4, 256, 256), np.float32)}


def need(wanted: list[str], n_images: int = 1) -> Need:
    """Of a pass that leaves these layers' tops."""
    opened, given = session(), batch(n_images)
    slots = [slot for value, slot in opened._wiring.slots.items() if value.layer in wanted]
    return opened._need(opened._plan(slots, may_fuse=True), given)


def test_what_lives_at_one_time_is_counted() -> None:
    first_weights = 4 * (32 * 4 * 9 + 32)
    assert need(["c1"]) == Need((4 + 32) * PLANE + first_weights, "c1")
    assert need(["pool"]).n_bytes == (32 + 16) * PLANE + WEIGHTS
    everything = need(["c1", "r1", "c2", "d2", "pool"])
    assert everything == Need((32 + 32 + 16) * PLANE + 16 * 4 + WEIGHTS, "pool")
    assert need(["pool"], n_images=3).n_bytes == 3 * (32 + 16) * PLANE + WEIGHTS


def test_caffe_keeps_one_blob_for_all_versions() -> None:
    net = read_net(WIDE)
    shapes = infer_shapes(net)
    found = need_in_caffe(wire_net(net).steps, shapes)
    assert found.n_bytes == (4 + 32 + 16 + 16) * PLANE + 16 * 4 + WEIGHTS


def test_a_pass_that_does_not_fit_is_refused_before_a_layer_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch_devices, "free_host_bytes", lambda: 300 * MIB)
    opened, ran = session(), []
    with pytest.raises(EngineError) as caught:
        opened.run(batch(20), ran.append)
    assert caught.value.sentence == (
        "This pass needs at least 420 MiB of memory, most of all at layer 'pool'; 300 MiB are free."
    )
    assert "smaller batch" in caught.value.hint
    assert ran == []
    assert opened.run(batch(1), ran.append).n_images == 1


def test_little_is_always_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_devices, "free_host_bytes", lambda: 0)
    assert session().run(batch(1), lambda name: None).n_images == 1


def test_where_nobody_can_tell_nothing_is_refused() -> None:
    check_fits(Need(1 << 50, "c1"), lambda: None)


def status_bytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def test_a_limit_of_the_system_counts() -> None:
    """As under `ulimit -v`."""
    huge = WIDE.replace("256", "3000")
    with start_engine(EngineSpec("torch", options=(("threads", "1"),))) as process:
        process.versions()
        limit = status_bytes(process.pid, "VmSize") + 2 * GIB
        resource.prlimit(process.pid, resource.RLIMIT_AS, (limit, limit))
        before = status_bytes(process.pid, "VmHWM")
        engine = process.open(huge)
        image = {"data": np.zeros((2, 4, 3000, 3000), np.float32)}
        with pytest.raises(EngineError, match=r"needs at least .* GiB of memory"):
            engine.forward(image, [POOL])
        # the pictures, and no layer's values
        assert status_bytes(process.pid, "VmHWM") - before < 700 * MIB
        small = process.open(WIDE)
        assert small.forward(batch(2), [POOL])[POOL].shape == (2, 16, 1, 1)


def test_caffes_own_limit_counts(caffe_python: tuple[str, ...]) -> None:
    prlimit = shutil.which("prlimit")
    if prlimit is None:
        pytest.skip("there is no prlimit")
    command = (prlimit, f"--as={4 * GIB}", *caffe_python)
    with start_engine(EngineSpec("caffe", command)) as process:
        engine = process.open(WIDE)
        with pytest.raises(EngineError, match="needs at least"):
            engine.forward(batch(600), [POOL])
        assert engine.forward(batch(2), [POOL])[POOL].shape == (2, 16, 1, 1)


SYSTEM = {
    "/proc/self/status": "VmSize:\t 5000 kB\nRssAnon:\t 1000 kB\n",
    "/proc/meminfo": "MemTotal: 90000 kB\nMemAvailable: 50000 kB\nSwapFree: 2000 kB\n",
    "/proc/self/cgroup": "",
    "/proc/self/limits": "Max address space         unlimited            unlimited     bytes\n",
}


@pytest.mark.parametrize(
    ("files", "kibibytes"),
    [
        ({}, 53000),
        ({"/proc/meminfo": "MemTotal: 90000 kB\n"}, None),
        (
            {
                "/proc/self/cgroup": "0::/a/b\n",
                "/sys/fs/cgroup/a/memory.max": str(9000 * 1024),
                "/sys/fs/cgroup/a/memory.current": str(4000 * 1024),
                "/sys/fs/cgroup/a/memory.stat": f"anon 5\nactive_file {500 * 1024}\n",
                "/sys/fs/cgroup/a/b/memory.max": "max\n",
                "/sys/fs/cgroup/a/b/memory.current": str(4000 * 1024),
            },
            9000 - 4000 + 500 + 2000 + 1000,
        ),
        (
            {
                "/proc/self/cgroup": "9:cpu:/x\n4:memory:/c\n0::/\n",
                "/sys/fs/cgroup/memory/c/memory.limit_in_bytes": str(8000 * 1024),
                "/sys/fs/cgroup/memory/c/memory.usage_in_bytes": str(3000 * 1024),
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
                "/sys/fs/cgroup/memory/memory.usage_in_bytes": str(7000 * 1024),
            },
            8000 - 3000 + 2000 + 1000,
        ),
        ({"/proc/self/limits": f"Max address space    {20000 * 1024}   unlimited  bytes\n"}, 16000),
        ({"/proc/spl/kstat/zfs/arcstats": f"size 4 {8000 * 1024}\nc_min 4 {3000 * 1024}\n"}, 58000),
        ({"/proc/self/cgroup": "nonsense\n::\n\n"}, 53000),
    ],
    ids=["plain", "an old kernel", "cgroup v2", "cgroup v1", "ulimit", "zfs", "nonsense"],
)
def test_what_is_free(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, str], kibibytes: int | None
) -> None:
    found = {**SYSTEM, **files}
    monkeypatch.setattr(memory, "_text", lambda path: found.get(str(path), ""))
    assert free_host_bytes() == (None if kibibytes is None else kibibytes * 1024)


def test_this_machine_says_something_sensible() -> None:
    free = free_host_bytes()
    assert free is not None
    assert 0 < free < 1 << 50
