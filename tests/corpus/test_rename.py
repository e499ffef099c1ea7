"""A few real nets of other projects: renamed, equal in real Caffe, and back to their bytes.

All of them: `python -m tests.corpus.rename`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.rename import check_file

FEW = (
    "BVLC__caffe__examples__cifar10__cifar10_quick.prototxt",
    "BVLC__caffe__examples__siamese__mnist_siamese.prototxt",
    "kpzhang93__MTCNN_face_detection_alignment__code__codes__MTCNNv2__model__det4.prototxt",
    "luoyetx__deep-landmark__webapp__v0.0.6__2_LE1.prototxt",
    "shicai__MobileNet-Caffe__mobilenet_v2_deploy.prototxt",
    "szad670401__HyperLPR@v1__Prj-Linux__hyperlpr__model__SegmenationFree-Inception.prototxt",
    "wy1iu__sphereface__train__code__sphereface_deploy.prototxt",
    "zeusees__HyperVID__Prj-Python__model__vehicle_model.prototxt",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW)
def test_a_renamed_net_computes_the_same(
    name: str, caffe_python: tuple[str, ...], material: Callable[[str], Path]
) -> None:
    row = check_file(material(f"prototxts/{name}"), caffe_python)
    assert row["outcome"] == "identical", row
    assert row["undo"] is True
    assert row["give_back"] is True
    assert row["splits_added"] == 0
    assert not row["dull"], "outputs of one value say nothing"
