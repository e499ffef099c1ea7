"""Five iterations of real SqueezeNet on photos, beside what real Caffe had after each of them."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from core.jobs.finetune import FinetuneRequest, finetune
from core.progress import run_job
from core.weights.reader import open_weights
from core.weights.writer import write_caffemodel

MEAN = np.array([104.0, 117.0, 123.0], np.float32)[:, None, None]


BARS = {"g1": 4e-3, "w1": 1e-5, "w5": 4e-5}
"""Of the largest value. Real Caffe itself, run on these pixels, is as far from what is kept as ours
(g1 2e-3, w5 1e-5) and agrees with ours to 3e-6: a value at a ReLU's edge or a tie of a pooling
falls otherwise where one pixel was decoded otherwise."""
DECODE = r"""
import base64, io, json, sys
import numpy as np
from PIL import Image
out = []
for raw in json.load(sys.stdin):
    picture = Image.open(io.BytesIO(base64.b64decode(raw))).convert("RGB")
    out.append(np.asarray(picture.resize((227, 227), Image.BILINEAR)))
sys.stdout.buffer.write(np.stack(out).tobytes())
"""
"""In the Python beside real Caffe: another JPEG decoder differs by 1 in a hundredth of the values,
which the large steps of the new layer make 9 % of the loss after five iterations."""


def prepared(photos: list[Path], command: tuple[str, ...]) -> np.ndarray:
    """(n_photos, 3, 227, 227), BGR minus the mean."""
    raw = [base64.b64encode(path.read_bytes()).decode() for path in photos]
    done = subprocess.run(
        [*command, "-c", DECODE], input=json.dumps(raw).encode(), capture_output=True, check=False
    )
    if b"No module named" in done.stderr:
        pytest.skip("no Pillow beside real Caffe")
    assert done.returncode == 0, done.stderr[-2000:].decode()
    pixels = np.frombuffer(done.stdout, np.uint8).reshape(-1, 227, 227, 3)
    return pixels.transpose(0, 3, 1, 2)[:, ::-1].astype(np.float32) - MEAN


def test_squeezenet_learns_as_in_real_caffe(
    material, caffe_python: tuple[str, ...], tmp_path: Path
) -> None:
    folder = material("training_real/squeezenet_pixabay")
    case = json.loads((folder.parent / "index.json").read_text())["squeezenet_pixabay"]
    known = np.load(folder / "result.npz")
    images = material("images")
    photos = prepared([images / name for name, _ in case["photos"]], caffe_python)
    labels = np.array([label for _, label in case["photos"]], np.float32)
    np.savez(tmp_path / "b.npz", data=photos.reshape(2, 4, 3, 227, 227), label=labels.reshape(2, 4))
    layers = [
        (layer.name, layer.type, [blob.array() for blob in layer.blobs])
        for layer in open_weights(material("models") / "squeezenet_v1.0.caffemodel").layers
    ]
    new = [known["w0/conv_animals/0"], known["w0/conv_animals/1"]]
    write_caffemodel(tmp_path / "w.caffemodel", "", [*layers, ("conv_animals", "Convolution", new)])
    found = run_job(
        finetune(
            FinetuneRequest(
                folder / "solver.prototxt", tmp_path / "b.npz", tmp_path / "w.caffemodel", at=(1, 5)
            )
        )
    )
    largest = float(known["loss"].max())
    np.testing.assert_allclose(found.trained.losses, known["loss"], atol=1e-5 * largest)
    arrays = {
        f"{kind}/{layer}/{index}": array
        for kind, listed in (("g1", found.gradients), ("w1", found.kept[1][0]),
                             ("w5", found.kept[5][0]))
        for (layer, index), array in zip(found.names, listed, strict=True)
    }  # fmt: skip
    n_compared = 0
    for key in known.files:
        if key[:3] in ("g1/", "w1/", "w5/"):
            wanted = known[key].reshape(-1)
            ours = arrays[key].reshape(-1)[:: case["strides"].get(key, 1)]
            scale = float(np.abs(wanted).max())
            bar = BARS[key[:2]]
            np.testing.assert_allclose(ours, wanted, atol=bar * scale, err_msg=key)
            n_compared += 1
    assert n_compared > 100
