"""Wrong rewirings planted in sound nets: all recognised, all repaired; sound nets left in peace."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.edits.findings.finding import plan_fix
from core.edits.findings.search import find_mistakes, plan_fix_all
from core.errors import AppError, RenameError
from core.net.definition import Net, NetState
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename_all
from tests.core.edits.planting import KINDS, Planted, planted, wiring

OURS = ("caffenet_deploy", "squeezenet_v1.0_deploy", "vgg16_deploy")
CORPUS = (
    "BVLC__caffe__models__bvlc_googlenet__deploy.prototxt",
    "KaimingHe__deep-residual-networks__prototxt__ResNet-50-deploy.prototxt",
    "SnailTyan__caffe-model-zoo__SE-BN-Inception__deploy.prototxt",
)
PLACES_OF_A_KIND = 3

WRONG = """
layer { name: "d" type: "Input" top: "fc6" }
layer { name: "fc7" type: "InnerProduct" bottom: "fc6" top: "fc7" }
layer { name: "relu7" type: "ReLU" bottom: "fc7" top: "fc7_relu7" }
layer { name: "drop7" type: "Dropout" bottom: "fc7" top: "fc7_drop7" }
layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8" }
"""


def some_of_each_kind(net: Net) -> Iterator[Planted]:
    """The first places of every kind, the middle and the last."""
    by_kind: dict[str, list[Planted]] = defaultdict(list)
    for mistake in planted(net):
        by_kind[mistake.kind].append(mistake)
    for mistakes in by_kind.values():
        yield from mistakes[:: max(1, len(mistakes) // PLACES_OF_A_KIND)][:PLACES_OF_A_KIND]


def check(mistake: Planted, where: str) -> None:
    net = read_net(mistake.wrong)
    found = find_mistakes(net)
    assert found, f"{where}: not recognised: {mistake.kind} at {mistake.layer}"
    said = " ".join(f"{finding.title} {finding.body}" for finding in found)
    assert mistake.layer in said, f"{where}: {mistake.kind} at {mistake.layer}: {said}"
    plan = plan_fix_all(net)
    assert wiring(plan.new_text) == wiring(mistake.right), f"{where}: {mistake.kind} not repaired"
    assert plan.inverse().new_text == mistake.wrong


@pytest.mark.parametrize("name", OURS)
def test_planted_mistakes_are_recognised_and_repaired(name: str, repository: Path) -> None:
    kinds = set()
    for mistake in some_of_each_kind(load_net(repository / f"prototxt/{name}.prototxt")):
        check(mistake, name)
        kinds.add(mistake.kind)
    assert len(kinds) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("name", CORPUS)
def test_planted_mistakes_in_deep_nets(name: str, material: Callable[[str], Path]) -> None:
    kinds = set()
    for mistake in some_of_each_kind(load_net(material(f"prototxts/{name}"))):
        check(mistake, name)
        kinds.add(mistake.kind)
    assert len(kinds) >= 9


def test_there_are_at_least_twelve_kinds() -> None:
    assert len(KINDS) >= 12


def test_the_tutorials_rewiring_is_explained() -> None:
    (found,) = find_mistakes(read_net(WRONG))
    assert (found.kind, found.layers) == ("bypassed", ("relu7", "drop7"))
    assert found.title == "relu7 and drop7 are bypassed in this file"
    assert found.body.startswith("relu7 and drop7 both read fc7, and fc8 still reads fc7.")
    assert [(row.layer, row.place, row.now, row.should) for row in found.rows] == [
        ("drop7", "bottom", "fc7", "fc7_relu7"),
        ("fc8", "bottom", "fc7", "fc7_drop7"),
    ]


def test_one_finding_can_be_repaired_alone() -> None:
    text = WRONG + (
        'layer { name: "relu8" type: "ReLU" bottom: "fc8" top: "fc8_relu8" }\n'
        'layer { name: "fc9" type: "InnerProduct" bottom: "fc8" top: "fc9" }\n'
    )
    net = read_net(text)
    first, second = find_mistakes(net)
    after = read_net(plan_fix(net, [second]).new_text)
    assert after.layer("fc9").bottoms == ("fc8_relu8",)
    assert find_mistakes(after) == (first,)


def test_both_phases_are_repaired() -> None:
    fc8 = 'layer { name: "fc8" type: "InnerProduct" bottom: "fc7" top: "fc8" }'
    text = WRONG.replace(fc8, "\n".join(
        fc8.replace("top:", f"include {{ phase: {phase} }} top:") for phase in ("TRAIN", "TEST")
    ))  # fmt: skip
    net = read_net(text)
    fixed = plan_fix_all(net).new_text
    for phase in ("TRAIN", "TEST"):
        assert read_net(fixed, state=NetState(phase)).layer("fc8").bottoms == ("fc7_drop7",)


def test_what_may_be_meant_is_left_in_peace() -> None:
    """Branches, score heads beside a loss, outputs at the end, inputs of another phase."""
    text = (
        'layer { name: "d" type: "Input" top: "c" top: "label" }'
        'layer { name: "relu" type: "ReLU" bottom: "c" top: "a" }'
        'layer { name: "elu" type: "ELU" bottom: "c" top: "b" }'
        'layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "s" }'
        'layer { name: "out" type: "ReLU" bottom: "s" top: "shown" }'
        'layer { name: "loss" type: "EuclideanLoss" bottom: "s" bottom: "label" top: "l" }'
        'layer { name: "t" type: "Data" top: "lable" include { phase: TRAIN } }'
        'layer { name: "acc" type: "Accuracy" bottom: "s" bottom: "lable" top: "acc" }'
    )
    assert find_mistakes(read_net(text)) == ()


def test_a_sound_net_has_nothing_to_repair(repository: Path) -> None:
    net = load_net(repository / "prototxt/vgg16_deploy.prototxt")
    assert find_mistakes(net) == find_mistakes(read_net(plan_rename_all(net).new_text)) == ()
    with pytest.raises(RenameError, match="Nothing"):
        plan_fix_all(net)


@pytest.mark.slow
def test_of_the_real_files_only_the_tutorials_own_is_flagged(
    material: Callable[[str], Path],
) -> None:
    flagged = {}
    files = sorted(material("prototxts").iterdir())
    for path, phase in itertools.product(files, ("TEST", "TRAIN")):
        try:
            found = find_mistakes(load_net(path, state=NetState(phase)))
        except AppError:
            continue
        if found:
            flagged[path.name] = [finding.layers for finding in found]
    tutorial = "willard-yuan__cnn-cbir-benchmark__fc_retrieval__model__fc_vgg16.prototxt"
    assert flagged == {tutorial: [("fc6_relu6",)]}
