"""Repaired nets give in real Caffe what the sound ones gave, bit for bit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from core.edits.findings.search import plan_fix_all
from core.net.reader import load_net, read_net
from tests.core.edits.planting import KINDS, Planted, planted
from tests.corpus.caffe_pair import run_pair, run_pairs

NETS = ("net_alexnet", "net_googlenet", "net_resnet50", "net_se_bn_inception")


def one_of_each_kind(path: Path) -> list[Planted]:
    by_kind: dict[str, list[Planted]] = defaultdict(list)
    for mistake in planted(load_net(path)):
        by_kind[mistake.kind].append(mistake)
    return [mistakes[len(mistakes) // 2] for mistakes in by_kind.values()]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETS)
def test_repairs_are_bit_identical(
    name: str, caffe_python: tuple[str, ...], material: Callable[[str], Path]
) -> None:
    mistakes = one_of_each_kind(material(f"goldens/{name}.prototxt"))
    assert len(mistakes) >= 9
    fixed = [plan_fix_all(read_net(mistake.wrong)).new_text for mistake in mistakes]
    rights = [mistake.right for mistake in mistakes]
    results = run_pairs(caffe_python, list(zip(rights, fixed, strict=True)))
    for mistake, result in zip(mistakes, results, strict=True):
        assert result.is_identical, f"{mistake.kind} at {mistake.layer}: {result.different}"
        assert not result.dull, f"{mistake.kind}: {result.dull} says nothing"


def test_the_mistakes_are_mistakes(
    caffe_python: tuple[str, ...], material: Callable[[str], Path]
) -> None:
    """Each kind makes real Caffe stop or give other numbers, but for Dropout, which copies."""
    same = []
    for mistake in one_of_each_kind(material("goldens/net_alexnet.prototxt")):
        try:
            if run_pair(caffe_python, mistake.right, mistake.wrong).is_identical:
                same.append(mistake.kind)
        except RuntimeError:  # Caffe refuses the net
            continue
    assert set(same) <= {"only the top of the last in-place layer is changed",
                         "the last of a chain is bypassed"}  # fmt: skip
    assert len(KINDS) - len(same) >= 12
