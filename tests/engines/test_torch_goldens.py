"""The PyTorch engine against real Caffe: whole nets of the test material."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.engines.base import EngineProcess
from tests.engines.golden import TOLERANCE, GoldenNet, relative_differences

NAMES = """
mtcnn_det1 mtcnn_det2 mtcnn_det3 lenet_mnist cifar10_quick_h5 cifar10_full_h5
hyperlpr_characterrecognization hyperlpr_horizonalfinemapping squeezenet_v1.0 net_alexnet
net_googlenet net_vgg16_pool5_v1 net_vgg_s_v1 net_resnet50 net_se_bn_inception net_inception_v4
net_mobilenet_v2 net_mobilenet_v1 net_squeezenet_v1.1 net_fcn8s net_openpose_mpi4
net_openpose_body25 net_sphereface20 net_yolo_tiny net_dilation8_pascal net_densenet121
net_mnist_siamese wechat_qr_detect_trunk ultralight_slim320_trunk wechat_qr_sr deeplandmark_1_f
deeplandmark_2_le1
""".split()


@pytest.mark.parametrize("name", NAMES)
def test_every_value_agrees_with_real_caffe(
    torch_process: EngineProcess, material: Callable[[str], Path], name: str
) -> None:
    folder = material("goldens")
    entry = _entry(folder, name)
    differences = relative_differences(torch_process, golden_net(folder, name))
    worst = max(differences, key=lambda key: differences[key])
    assert differences[worst] < TOLERANCE, worst
    assert len(differences) >= entry["inplace_overwritten"]


def golden_net(folder: Path, name: str) -> GoldenNet:
    """One net of the material's goldens/ folder."""
    entry = _entry(folder, name)
    return GoldenNet(
        _file(folder, entry.get("prototxt") or f"{name}.prototxt"),
        _file(folder, entry.get("weights") or f"{name}.caffemodel"),
        folder / f"{name}.npz",
        entry["strides"],
    )


def _entry(folder: Path, name: str) -> dict[str, Any]:
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = index[name]
    return found


def _file(folder: Path, written: str) -> Path:
    """Paths in the index are relative to goldens/, "(already made)" ones to its parent."""
    if written.startswith("("):
        return folder.parent / written.split(") ", 1)[1]
    return folder / written
