"""Runs two nets one after the other in real Caffe and compares chosen blobs, bit by bit.

The child is plain pycaffe and none of our code. Weights and inputs are random numbers of a fixed
seed, drawn layer by layer with a spread that keeps deep nets finite; so two nets with the same
layers get the same numbers, whatever their blobs are called.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.net.definition import Net
from core.net.reader import read_net

CHILD = r"""
import hashlib, json, os, sys, tempfile
import numpy as np
import caffe

def spread(blob, index, type_name, random):
    shape = blob.data.shape
    if type_name == "BatchNorm":
        if index == 2:
            return np.ones(shape, "f4")
        value = random.random(shape, dtype="f4")
        return value * 0.5 + 0.5 if index == 1 else value * 0.2 - 0.1
    if type_name == "Scale" and index == 0:
        return random.random(shape, dtype="f4") * 0.5 + 0.75
    if index == 0 and len(shape) > 1:
        fan_in = max(1, int(np.prod(shape[1:])))
        return random.standard_normal(shape, dtype="f4") * np.float32(np.sqrt(2.0 / fan_in))
    return abs(random.standard_normal(shape, dtype="f4")) * np.float32(0.1)

def feed_memory(net, random):
    if net.layers[0].type != "MemoryData":
        return
    value = net.blobs[net.top_names[net._layer_names[0]][0]].data
    images = random.standard_normal(value.shape, dtype="f4")
    net.set_input_arrays(images, np.zeros(len(images), "f4"))

def run(text, blobs, batch, seed):
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "net.prototxt")
    with open(path, "w") as file:
        file.write(text)
    net = caffe.Net(path, caffe.TEST)
    types = dict(zip(net._layer_names, [layer.type for layer in net.layers]))
    random = np.random.default_rng(seed)
    for name in net.params:
        for index, blob in enumerate(net.params[name]):
            blob.data[...] = spread(blob, index, types.get(name, ""), random)
    for name in net.inputs:
        shape = list(net.blobs[name].data.shape)
        if batch and len(shape) == 4:
            net.blobs[name].reshape(batch, *shape[1:])
    if batch:
        net.reshape()
    for name in net.inputs:
        data = net.blobs[name].data
        data[...] = random.standard_normal(data.shape, dtype="f4")
    feed_memory(net, random)
    net.forward()
    found = []
    for blob in blobs:
        value = np.ascontiguousarray(net.blobs[blob].data)
        found.append({
            "hash": hashlib.sha256(value.tobytes()).hexdigest(),
            "shape": list(value.shape),
            "finite": bool(np.isfinite(value).all()),
            "distinct": int(np.unique(value.ravel()[:100000]).size),
        })
    return found, [str(name) for name in net._layer_names]

asked = json.load(sys.stdin)
answers = []
for text, blobs in asked["runs"]:
    found, layers = run(text, blobs, asked["batch"], asked["seed"])
    answers.append({"found": found, "layers": layers})
print(json.dumps(answers))
"""


@dataclass(frozen=True)
class PairResult:
    """What the two runs gave.

    n_outputs: outputs compared; different: labels whose bits differ; dull: labels that are not
    finite or hold one value, on which equality says little; n_layers: of both, with Splits.
    """

    n_outputs: int
    different: tuple[str, ...]
    dull: tuple[str, ...]
    n_layers: tuple[int, int]

    @property
    def is_identical(self) -> bool:
        """Whether every shared output is equal to the last bit."""
        return self.n_outputs > 0 and not self.different


def shared_outputs(before: Net, after: Net) -> list[tuple[str, str]]:
    """The outputs of `before` and the names the same layers' tops have in `after`."""
    place = {(v.layer_index, v.top_index): v.blob for v in after.versions if v.is_readable}
    return [
        (v.blob, place[v.layer_index, v.top_index])
        for v in before.outputs
        if before.layers[v.layer_index].bottoms and (v.layer_index, v.top_index) in place
    ]


def run_pair(command: Sequence[str], before: str, after: str, *, seed: int = 3) -> PairResult:
    """Both texts in one child, one by one; RuntimeError with Caffe's words when it aborts."""
    return run_pairs(command, [(before, after)], seed=seed)[0]


def run_pairs(
    command: Sequence[str],
    texts: Sequence[tuple[str, str]],
    *,
    batch: int = 1,
    seed: int = 3,
    timeout_seconds: float = 1800,
) -> list[PairResult]:
    """All pairs in one child, one by one; RuntimeError with Caffe's words when it aborts."""
    shared = [shared_outputs(read_net(before), read_net(after)) for before, after in texts]
    runs = []
    for (before, after), pairs in zip(texts, shared, strict=True):
        runs += [[before, [one for one, _ in pairs]], [after, [other for _, other in pairs]]]
    done = subprocess.run(
        [*command, "-c", CHILD],
        input=json.dumps({"runs": runs, "batch": batch, "seed": seed}),
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("F")]
        raise RuntimeError("; ".join(lines[:2]) or done.stderr[-400:])
    answers = json.loads(done.stdout.splitlines()[-1])
    return list(map(_compare, shared, answers[::2], answers[1::2]))


def _compare(
    pairs: list[tuple[str, str]], first: dict[str, Any], second: dict[str, Any]
) -> PairResult:
    rows = list(zip(pairs, first["found"], second["found"], strict=True))
    return PairResult(
        n_outputs=len(rows),
        different=tuple(
            p[0] for p, a, b in rows if (a["hash"], a["shape"]) != (b["hash"], b["shape"])
        ),
        dull=tuple(p[0] for p, a, _ in rows if not a["finite"] or a["distinct"] < 2),
        n_layers=(len(first["layers"]), len(second["layers"])),
    )
