"""`gradients`: by hand, and what it says of wrong words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

NET = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param {
  num_output: 2 weight_filler { type: "constant" value: 0.5 } } }
layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "l" }
layer { name: "in2" type: "Input" top: "t" input_param { shape { dim: 2 dim: 2 } } }
"""


@pytest.fixture
def net(tmp_path: Path) -> Path:
    first, rest = NET.split('layer { name: "loss"')
    loss, target = rest.split('layer { name: "in2"')
    text = f'{first}layer {{ name: "in2"{target}layer {{ name: "loss"{loss}'
    path = tmp_path / "n.prototxt"
    path.write_text(text)
    np.save(tmp_path / "x.npy", np.array([[1, 2, 3], [-1, 0, -5]], np.float32))
    np.save(tmp_path / "t.npy", np.zeros((2, 2), np.float32))
    np.save(tmp_path / "d.npy", np.array([[1, 0], [1, 1]], np.float32))
    return path


def test_a_direction_by_hand(command, net: Path, tmp_path: Path) -> None:
    """Weights come from a seed; row 1 of the diff meets the ReLU's zeros or not."""
    out = tmp_path / "g.npz"
    x, d = tmp_path / "x.npy", tmp_path / "d.npy"
    said = command("gradients", "--net", net, "--array", f"x={x}", "--diff", f"y={d}",
                   "--out", out, "--json")  # fmt: skip
    assert said.json["arrays"] == [
        "grad/in/x",
        "grad/ip/y",
        "grad/relu/y",
        "param/ip/0",
        "param/ip/1",
    ]
    found = np.load(out)
    diff, given = np.load(d), np.load(x)
    np.testing.assert_array_equal(found["grad/relu/y"], diff)
    passed = found["grad/ip/y"]
    assert set(np.unique(passed - diff * (passed != 0))) == {0.0}
    np.testing.assert_allclose(found["param/ip/0"], passed.T @ given, rtol=1e-6)
    np.testing.assert_allclose(found["param/ip/1"], passed.sum(0), rtol=1e-6)


def test_without_a_direction_it_is_the_loss(command, net: Path, tmp_path: Path) -> None:
    out = tmp_path / "g.npz"
    arrays = [f"{blob}={tmp_path / blob}.npy" for blob in ("x", "t")]
    said = command("gradients", "--net", net, "--array", *arrays, "--out", out)
    assert "L2 norm of its gradient" in said.out
    found = np.load(out)
    assert found["grad/loss/l"] == 1.0
    np.testing.assert_allclose(found["grad/relu/y"], -found["grad/in2/t"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--diff", "nothing=d.npy"), "no blob 'nothing'"),
        (("--diff", "y"), "names no blob"),
        (("--diff", "ip:z=d.npy"), "writes no blob 'z'"),
        (("--diff", "y=n.prototxt"), "Can't read an array"),
    ],
)
def test_wrong_words_are_said(command, net: Path, tmp_path: Path, words, sentence) -> None:
    words = [word.replace("=", f"={tmp_path}/") for word in words]
    said = command("gradients", "--net", net, "--array", f"x={tmp_path}/x.npy", *words,
                   "--out", tmp_path / "g.npz")  # fmt: skip
    assert said.code != 0
    assert sentence in said.err
    assert not (tmp_path / "g.npz").exists()
