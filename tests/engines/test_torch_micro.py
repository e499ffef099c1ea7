"""The PyTorch engine against real Caffe: single layers, shipped ones and those of the material."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.engines.base import EngineProcess
from tests.engines.golden import TOLERANCE, GoldenNet, relative_differences

SHIPPED = Path(__file__).resolve().parents[1] / "data" / "micro"
NOT_COMPARED = {
    "hdf5data": "reads a file; the window gives inputs itself",
    "imagedata": "reads files; the window gives inputs itself",
    "imagedata_crop": "reads files; the window gives inputs itself",
    "imagedata_gray": "reads files; the window gives inputs itself",
    "lstm_twice": "real Caffe keeps the state from one pass to the next; here each pass is new",
    "err_embed_out_of_range": "real Caffe reads beyond the table",
    "err_empty": "nothing to compare",
    "err_pool_inplace": "real Caffe shrinks the blob at every pass",
}


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.prototxt")))
def test_shipped_layers_agree_with_real_caffe(torch_process: EngineProcess, name: str) -> None:
    _compare(torch_process, SHIPPED, name)


def test_all_layers_of_the_material_agree_with_real_caffe(
    torch_process: EngineProcess, material: Callable[[str], Path]
) -> None:
    folder = material("micro")
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    names = [name for name, entry in index.items() if entry["ok"] and name not in NOT_COMPARED]
    assert len(names) == 193
    for name in names:
        _compare(torch_process, folder, name)


def _compare(process: EngineProcess, folder: Path, name: str) -> None:
    weights = folder / f"{name}.caffemodel"
    golden = GoldenNet(
        folder / f"{name}.prototxt",
        weights if weights.exists() else None,
        folder / f"{name}.npz",
        {},
    )
    differences = relative_differences(process, golden)
    worst = max(differences, key=lambda key: differences[key])
    assert differences[worst] < TOLERANCE, f"{name}: {worst}"
