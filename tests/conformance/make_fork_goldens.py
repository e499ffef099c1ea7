"""Compute tests/data/forks from OpenCV, real Caffe and plain loops; our engine has no part in it.

Run as `BLOBSCOPE_CAFFE_PYTHON="..." python -m tests.conformance.make_fork_goldens`.
"""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np

from core.weights.writer import write_caffemodel
from tests.conformance.fork_cases import ForkCase, all_cases
from tests.conformance.fork_references import Arrays

FOLDER = Path(__file__).resolve().parents[1] / "data" / "forks"
IN_CAFFE = """
import io, os, sys, tempfile
import numpy as np, caffe
given = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
handle, path = tempfile.mkstemp()
os.write(handle, bytes(given["prototxt"])); os.close(handle)
net = caffe.Net(path, caffe.TEST); os.remove(path)
for key in given.files:
    kind, _, name = key.partition("/")
    if kind == "param":
        layer, index = name.rsplit("/", 1)
        net.params[layer][int(index)].data[...] = given[key]
    elif kind == "input":
        net.blobs[name].data[...] = given[key]
net.forward()
found = io.BytesIO()
np.savez(found, **{b: net.blobs[b].data for b in net.blobs if b.startswith("y")})
sys.stdout.buffer.write(found.getvalue())
"""


def from_opencv(case: ForkCase) -> Arrays:
    """What OpenCV's dnn module makes of the net.

    Its own are rows of zeros behind the detections, and their order when some were cut off; SSD
    gives them by image, label and score.
    """
    text = case.inputs_text + case.layer_text(case.in_opencv, case.body)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.caffemodel"
        # a single number has no axes in Caffe, which OpenCV does not read
        arrays = [np.atleast_1d(case.parameters[f"l/{i}"]) for i in range(len(case.parameters))]
        write_caffemodel(path, "net", [("l", case.in_opencv, arrays)])
        text_buffer = np.frombuffer(text.encode(), np.uint8)
        net = cv2.dnn.readNetFromCaffe(text_buffer, np.fromfile(path, np.uint8))
    for blob, array in case.inputs.items():
        net.setInput(array, blob)
    top = net.forward("l")
    if case.type == "DetectionOutput":
        found = top[0, 0, top[0, 0, :, 2] > 0]
        top = found[np.lexsort((-found[:, 2], found[:, 1], found[:, 0]))][None, None]
    return {"y0": top}


def from_caffe(case: ForkCase) -> Arrays:
    """What real Caffe makes of the layers that stand for this one."""
    command = shlex.split(os.environ["BLOBSCOPE_CAFFE_PYTHON"])
    parameters = case.parameters if case.twin_parameters is None else case.twin_parameters
    given = {f"param/{key}": array for key, array in parameters.items()}
    given |= {f"input/{blob}": array for blob, array in case.inputs.items()}
    text = (case.inputs_text + case.in_caffe).encode()
    sent = io.BytesIO()
    np.savez(sent, prototxt=np.frombuffer(text, np.uint8), **given)
    run = subprocess.run(
        [*command, "-c", IN_CAFFE], input=sent.getvalue(), capture_output=True, check=True
    )
    with np.load(io.BytesIO(run.stdout), allow_pickle=False) as found:
        return {blob: found[blob] for blob in found.files}


def make_golden(case: ForkCase) -> tuple[Arrays, str]:
    """The tops of a case, and in words where they come from."""
    if case.in_opencv:
        return from_opencv(case), f"OpenCV {cv2.__version__} dnn"
    if case.in_caffe:
        return from_caffe(case), "real Caffe 1.0.0, layers that compute the same"
    if case.reference is None:
        raise ValueError(f"{case.name} has no source")
    words = (case.reference.__doc__ or "").splitlines()[0]
    return case.reference(case.inputs, case.parameters), f"NumPy loops: {words}"


def main() -> None:
    """Write a prototxt and an npz for each case, and the index."""
    FOLDER.mkdir(exist_ok=True)
    index = {}
    for case in all_cases():
        tops, source = make_golden(case)
        arrays = {f"input/{blob}": array for blob, array in case.inputs.items()}
        arrays |= {f"param/{key}": array for key, array in case.parameters.items()}
        arrays |= {f"blob/{blob}": np.asarray(top, np.float32) for blob, top in tops.items()}
        (FOLDER / f"{case.name}.prototxt").write_text(case.prototxt, encoding="utf-8")
        np.savez_compressed(FOLDER / f"{case.name}.npz", **arrays)
        shapes = {blob: list(np.shape(top)) for blob, top in tops.items()}
        index[case.name] = {"type": case.type, "source": source, "shapes": shapes}
    text = json.dumps(index, indent=1, sort_keys=True) + "\n"
    (FOLDER / "index.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
