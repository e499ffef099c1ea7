"""`--engine caffe`: the Python it runs in, and what stops it said in a sentence."""

from __future__ import annotations

import hashlib
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.engines.test_caffe_link import FAKE, IMAGE, NET, PYTHON_NET

REAL_NET = """
layer { name: "data" type: "Input" top: "data"
        input_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } } }
layer { name: "half" type: "Power" bottom: "data" top: "half" power_param { scale: 0.5 } }
layer { name: "relu" type: "ReLU" bottom: "half" top: "half" }
"""


@pytest.fixture
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`extract` of every layer of the stand-in's net; net and output are in `tmp_path`."""
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.delenv("BLOBSCOPE_CAFFE_PYTHON", raising=False)
    (tmp_path / "net.prototxt").write_text(NET, encoding="utf-8")
    np.save(tmp_path / "x.npy", IMAGE["data"])
    text = f"--net {tmp_path}/net.prototxt --array {tmp_path}/x.npy --out {tmp_path}/o.npz"
    return [*shlex.split(text), "--layers", "all", "--engine", "caffe"]


def test_it_extracts_with_the_python_named(command, words: list[str], tmp_path: Path) -> None:
    python = shlex.join((sys.executable,))
    assert command("extract", *words, "--caffe-python", python).code == 0
    with np.load(tmp_path / "o.npz", allow_pickle=False) as values:
        np.testing.assert_array_equal(values["a"], 2 * IMAGE["data"])
        np.testing.assert_array_equal(values["r"], np.maximum(2 * IMAGE["data"], 0))


def test_the_environment_names_it_too(
    command, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = command("extract", *words)
    assert answer.code == 1
    assert "BLOBSCOPE_CAFFE_PYTHON" in answer.err
    monkeypatch.setenv("BLOBSCOPE_CAFFE_PYTHON", shlex.join((sys.executable,)))
    assert command("extract", *words).code == 0


def test_python_layers_need_the_users_word(command, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(PYTHON_NET, encoding="utf-8")
    words += ["--caffe-python", shlex.join((sys.executable,))]
    refused = command("extract", *words)
    assert refused.code == 1
    assert "p (mine.Mine)" in refused.err
    assert "--allow-python-layers" in refused.err
    assert "mine: " in refused.err
    allowed = command("extract", *words, "--allow-python-layers")
    assert allowed.code == 0
    content = (FAKE / "mine.py").read_bytes()
    for err in (refused.err, allowed.err):
        assert f"{FAKE / 'mine.py'}, {len(content)} B, changed " in err
        assert f"SHA-256 {hashlib.sha256(content).hexdigest()[:12]}" in err


def test_a_python_for_another_engine_is_wrong_usage(command, words: list[str]) -> None:
    answer = command("extract", *words, "--engine", "torch", "--caffe-python", "python3")
    assert answer.code == 2
    assert "--engine caffe" in answer.err


def test_the_doctor_says_what_is_there(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    found = command("doctor", "--json", "--caffe-python", shlex.join((sys.executable,))).json
    caffe = next(engine for engine in found["engines"] if engine["name"] == "caffe")
    assert caffe["available"]
    assert caffe["versions"]["caffe"] == "1.0.0-fake"
    assert "ReLU" in caffe["layer_types"]


def test_real_caffe_extracts(
    command, words: list[str], tmp_path: Path, caffe_python: tuple[str, ...]
) -> None:
    (tmp_path / "net.prototxt").write_text(REAL_NET, encoding="utf-8")
    assert command("extract", *words, "--caffe-python", shlex.join(caffe_python)).code == 0
    with np.load(tmp_path / "o.npz", allow_pickle=False) as values:
        np.testing.assert_array_equal(values["half"], IMAGE["data"] / 2)
        np.testing.assert_array_equal(values["relu"], np.maximum(IMAGE["data"] / 2, 0))
