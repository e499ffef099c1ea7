"""Trained detectors end to end, beside OpenCV's dnn module, and one of them in the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.engines.base import EngineProcess, EngineSpec, Value
from core.engines.registry import start_engine
from core.layers.shapes import infer_shapes
from core.net.reader import load_net
from core.weights.reader import open_weights

cv2 = pytest.importorskip("cv2", reason="OpenCV is the second opinion")
TOLERANCE = 1e-4
QR_SIDE = 384
FACES = ("images/imagenet40/n02138441_meerkat.jpg", "images/instances/chair/image012.jpg")


@pytest.fixture(scope="module")
def process():
    """A child of the PyTorch engine."""
    with start_engine(EngineSpec("torch", options=(("threads", "1"),))) as process:
        yield process


def qr_scene() -> np.ndarray:
    """(384, 384) uint8: two QR codes of different sizes on a grey wall."""
    wall = np.full((QR_SIDE, QR_SIDE), 120, np.uint8)
    for text, side, left, top in (("blobscope", 150, 30, 40), ("another code", 110, 230, 220)):
        code = cv2.QRCodeEncoder_create().encode(text)
        code = cv2.resize(code, (side, side), interpolation=cv2.INTER_NEAREST)
        wall[top : top + side, left : left + side] = code
    return cv2.GaussianBlur(wall, (3, 3), 0)


def open_in_opencv(text: str, weights: Path):
    return cv2.dnn.readNetFromCaffe(
        np.frombuffer(text.encode(), np.uint8), np.fromfile(weights, np.uint8)
    )


def by_class(rows: np.ndarray) -> np.ndarray:
    """OpenCV's detections without its rows of zeros, in SSD's order."""
    rows = rows[0, 0][rows[0, 0][:, 2] > 0]
    return rows[np.lexsort((-rows[:, 2], rows[:, 1], rows[:, 0]))]


@pytest.mark.parametrize(("overlap", "least"), [("0.45", 2), ("0.9", 5)])
def test_qr_codes_are_found_where_opencv_finds_them(
    process: EngineProcess, material: Callable[[str], Path], overlap: str, least: int
) -> None:
    prototxt = material("models/wechat_qr_detect.prototxt")
    weights = material("models/wechat_qr_detect.caffemodel")
    written = "nms_threshold: 0.44999998807907104"
    text = prototxt.read_text(encoding="utf-8")
    assert text.count(written) == 1
    text = text.replace(written, f"nms_threshold: {overlap}")
    image = (qr_scene().astype(np.float32) / 255)[None, None]
    theirs = open_in_opencv(text, weights)
    theirs.setInput(image, "data")
    wanted = by_class(theirs.forward("detection_output"))
    engine = process.open(text, weights)
    value = Value("detection_output", "detection_output")
    priors = Value("mbox_priorbox", "mbox_priorbox")
    found = engine.forward({"data": image}, [value, priors])
    assert found[value].shape == (1, 1, len(wanted), 7)
    assert len(wanted) >= least
    assert np.abs(found[value][0, 0] - wanted).max() < TOLERANCE
    assert np.abs(found[priors] - theirs.forward("mbox_priorbox")).max() < TOLERANCE
    engine.run({"data": image})
    assert engine.read(value).tobytes() == found[value].tobytes()
    sure = found[value][0, 0][found[value][0, 0][:, 2] > 0.5]
    centres = (sure[:, 3:5] + sure[:, 5:7]) / 2 * QR_SIDE
    for x, y in ((105, 115), (285, 275)):
        assert np.abs(centres - (x, y)).sum(1).min() < 20
    engine.close()


@pytest.mark.parametrize("photo", FACES)
def test_every_anchor_of_the_face_detector_gets_opencvs_box_and_score(
    process: EngineProcess, material: Callable[[str], Path], photo: str
) -> None:
    prototxt = material("models/ultralight_slim320.prototxt")
    weights = material("models/ultralight_slim320.caffemodel")
    text = prototxt.read_text(encoding="utf-8")
    pixels = cv2.resize(cv2.imread(str(material(photo))), (320, 240))[:, :, ::-1]
    image = np.ascontiguousarray(((pixels.astype(np.float32) - 127) / 128).transpose(2, 0, 1))[None]
    theirs = open_in_opencv(text, weights)
    theirs.setInput(image, "input")
    engine = process.open(text, weights)
    values = [Value("boxes", "boxes"), Value("scores", "scores")]
    found = engine.forward({"input": image}, values)
    for value, wanted in zip(values, theirs.forward(["boxes", "scores"]), strict=True):
        assert found[value].shape == wanted.shape
        assert np.abs(found[value] - wanted).max() < TOLERANCE
    engine.close()


def test_only_the_number_of_detections_is_unknown_beforehand(
    material: Callable[[str], Path],
) -> None:
    net = load_net(material("models/wechat_qr_detect.prototxt"))
    shapes = infer_shapes(net)
    assert not shapes.problems
    assert [layer.layer.name for layer in shapes.layers if None in layer.tops] == [
        "detection_output"
    ]
    weights = open_weights(material("models/wechat_qr_detect.caffemodel"))
    assert shapes.total_parameters == sum(b.n_values for row in weights.layers for b in row.blobs)


def test_the_window_shows_detections_once_they_are_found(
    bench, qtbot, material: Callable[[str], Path], tmp_path: Path
) -> None:
    panels = bench.window.panels
    bench.opening.open_paths(
        [
            material("models/wechat_qr_detect.prototxt"),
            material("models/wechat_qr_detect.caffemodel"),
        ]
    )
    qtbot.waitUntil(lambda: bench.document.weights is not None, timeout=30000)
    photo = tmp_path / "codes.png"
    cv2.imwrite(str(photo), qr_scene())
    bench.opening.open_image(photo)
    bench.window.show_panel(panels.activations)
    bench.document.select("detection_output")
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=120000)
    bench.window.show_panel(panels.histogram)
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=120000)
    (series,) = panels.histogram.view().series
    assert series.statistics.n_values % 7 == 0
    assert series.statistics.n_values > 0
    assert series.statistics.maximum >= 1.0
