"""Nothing that lies in the folder where the user is gets run: not even a traceback.py."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.engines.base import EngineSpec, Value
from core.engines.caffe.discovery import Candidate
from core.engines.caffe.probe import probe
from core.engines.launch import ROOT
from core.engines.registry import start_engine
from core.errors import EngineUnavailableError
from core.progress import run_job
from tests.engines.conftest import SMALL_NET
from tests.engines.test_caffe_link import FAKE, IMAGE, NET, program

OTHERS = (
    "PIL", "caffe", "google", "h5py", "matplotlib", "mine", "msgspec", "numpy", "sitecustomize",
    "skimage", "torch", "usercustomize",
)  # fmt: skip
REAL_NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }
layer { name: "r" type: "ReLU" bottom: "data" top: "r" }
"""


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file where each module of the current folder would write its name; it stays absent.

    The folder has one for every module of the standard library, and for those that we and Caffe
    import beside them.
    """
    folder, ran = tmp_path / "hostile", tmp_path / "ran"
    folder.mkdir()
    for name in (*sys.stdlib_module_names, *OTHERS):
        text = f"open({str(ran)!r}, 'a').write({name + ' '!r})\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    yield ran
    assert not ran.exists(), ran.read_text(encoding="utf-8")


def check_caffe(command: tuple[str, ...]) -> None:
    with start_engine(EngineSpec("caffe", command)) as process:
        assert process.versions()["caffe"]
        found = process.open(NET).forward(IMAGE, [Value("r", "a")])
        np.testing.assert_array_equal(found[Value("r", "a")], np.maximum(2 * IMAGE["data"], 0))


@pytest.mark.parametrize("path", ["{fake}", ":{fake}", "{fake}:", ".:{fake}", "../hostile:{fake}"])
def test_caffes_python_runs_none_of_it(
    ran: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", path.format(fake=FAKE).replace(":", os.pathsep))
    monkeypatch.setenv("PYTHONSTARTUP", "rlcompleter.py")
    monkeypatch.setenv("FAKE_CAFFE", "")
    check_caffe((sys.executable,))


@pytest.mark.parametrize("python", ["python2.7", "python3.6", "python3.9", "python3.12"])
def test_no_python_imports_from_there_before_our_first_statement(ran: Path, python: str) -> None:
    """These have no NumPy here: they come as far as the import of it."""
    command = _interpreter(python)
    with (
        start_engine(EngineSpec("caffe", command)) as process,
        pytest.raises(EngineUnavailableError, match=r"[Nn]o module named '?(numpy|caffe)"),
    ):
        process.versions()


def _interpreter(name: str) -> tuple[str, ...]:
    command = (shutil.which(name) or name, "-E", "-S", "-c", "import sys")
    try:
        subprocess.run(command, capture_output=True, check=True, cwd=ROOT)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"there is no {name}")
    return command[:1]


@pytest.mark.parametrize("tool", ["ssh", "docker", "start.sh"])
def test_a_tool_that_starts_a_python_there_runs_none_of_it(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{os.pathsep}{FAKE}")
    monkeypatch.setenv("FAKE_CAFFE", "")
    folder = Path.cwd()
    text = f'#!/bin/sh\ncd {shlex.quote(str(folder))}\nexec {shlex.quote(sys.executable)} "$@"\n'
    check_caffe(program(tmp_path / tool, text))


def test_a_python_that_was_found_is_asked_without_it(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    monkeypatch.setenv("FAKE_CAFFE", "")
    found = run_job(probe(Candidate((sys.executable,), "here", FAKE, is_python_3=True)))
    assert found.version == "1.0.0-fake"


@pytest.mark.parametrize("name", ["fake", "torch"])
def test_our_own_children_run_none_of_it(
    ran: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", "../hostile"]))
    monkeypatch.setenv("PYTHONSTARTUP", "rlcompleter.py")
    with start_engine(EngineSpec(name, options=(("threads", "1"),))) as process:
        assert process.open(SMALL_NET).run({"data": np.ones((1, 3, 12, 10), np.float32)})


@pytest.mark.parametrize(
    "words",
    [
        "info --net {net}",
        "extract --net {net} --image {image} --layers all --out {folder}/o.npz",
        "extract --net {net} --array {folder}/x.npy --layers all --out {folder}/o.npz "
        "--engine caffe --caffe-python {python}",
        "doctor --caffe-python {python}",
    ],
    ids=["info", "extract", "caffe", "doctor"],
)
def test_commands_run_none_of_it(ran: Path, tmp_path: Path, words: str) -> None:
    is_caffe = "--engine caffe" in words
    net, image = tmp_path / "net.prototxt", tmp_path / "photo.png"
    net.write_text(NET if is_caffe else SMALL_NET, encoding="utf-8")
    np.save(tmp_path / "x.npy", IMAGE["data"])
    Image.new("RGB", (10, 12), (200, 40, 10)).save(image)
    text = words.format(net=net, image=image, folder=tmp_path, python=shlex.quote(sys.executable))
    environment = {**os.environ, "PYTHONPATH": str(FAKE), "FAKE_CAFFE": ""}
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *shlex.split(text)],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_real_caffe_runs_none_of_it(ran: Path, caffe_python: tuple[str, ...]) -> None:
    with start_engine(EngineSpec("caffe", caffe_python)) as process:
        engine = process.open(REAL_NET)
        found = engine.forward({"data": IMAGE["data"]}, [Value("r", "r")])
        np.testing.assert_array_equal(found[Value("r", "r")], np.maximum(IMAGE["data"], 0))
