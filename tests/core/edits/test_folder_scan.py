"""Files beside the prototxt that read the old names are listed with their lines."""

from __future__ import annotations

from pathlib import Path

from core.edits.folder_scan import MOST_FILE_BYTES, scan_folder, with_folder_warnings
from core.net.reader import load_net
from core.net.rename import plan_rename_all

NET = """
layer { name: "d" type: "Input" top: "fc6" input_param { shape { dim: 1 dim: 3 } } }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7"
  inner_product_param { num_output: 4 } }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7" }
"""


def test_code_solvers_and_other_prototxts_are_found(tmp_path: Path) -> None:
    path = tmp_path / "deploy.prototxt"
    path.write_text(NET)
    (tmp_path / "extract.py").write_text("net.forward()\nvalues = net.blobs['fc7'].data\n")
    (tmp_path / "other.py").write_text("name = 'fc70'\n")
    (tmp_path / "solver.prototxt").write_text('net: "models/deploy.prototxt"\n')
    (tmp_path / "train_val.prototxt").write_text(NET)
    (tmp_path / "huge.py").write_bytes(b"'fc7'\n" * (MOST_FILE_BYTES // 5))
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    plan = with_folder_warnings(plan_rename_all(load_net(path)), scan_folder(path))
    python, twin, solver = plan.warnings[-3:]
    assert [w.kind for w in plan.warnings] == ["output", "python", "prototxt", "prototxt"]
    assert [(p.path.name, p.line) for p in python.places] == [("extract.py", 2)]
    assert python.sentence == (
        "extract.py, line 2, has the name 'fc7'. "
        "After this edit blob fc7 holds what fc7 computes, not what relu7 does."
    )
    assert twin.sentence == (
        "train_val.prototxt in this folder is of the same net and keeps the old names."
    )
    assert "solver.prototxt" in solver.sentence
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir()}, "only read"
    assert not scan_folder(path).is_complete, "the huge file was passed over"


def test_an_empty_folder_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deploy.prototxt"
    path.write_text(NET)
    plan = plan_rename_all(load_net(path))
    assert with_folder_warnings(plan, scan_folder(path)).warnings == plan.warnings


def test_other_nets_of_the_folder_are_no_twins(repository: Path) -> None:
    """Fault 28: AlexNet and CaffeNet have all of each other's names, VGG16 a few of them."""
    zoo = repository / "prototxt"
    for name in ("alexnet_deploy", "vgg16_deploy", "caffenet_deploy"):
        path = zoo / f"{name}.prototxt"
        plan = with_folder_warnings(plan_rename_all(load_net(path)), scan_folder(path))
        assert not [w.sentence for w in plan.warnings if w.kind == "prototxt"]


def test_the_same_net_under_a_name_of_its_own_is_a_twin(tmp_path: Path) -> None:
    path = tmp_path / "lenet_deploy.prototxt"
    for name in (path.name, "lenet_train_val.prototxt", "lenet_deploy_renamed.prototxt",
                 "alexnet_deploy.prototxt"):  # fmt: skip
        (tmp_path / name).write_text(NET)
    plan = with_folder_warnings(plan_rename_all(load_net(path)), scan_folder(path))
    (twin,) = [w for w in plan.warnings if w.kind == "prototxt"]
    assert twin.sentence.startswith("lenet_train_val.prototxt in this folder is of the same net")
