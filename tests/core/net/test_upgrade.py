"""V0, V1 and `input:` files mean what Caffe's own upgrade makes of them, in every phase."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.net.definition import Layer, Net, NetState
from core.net.reader import read_net
from tests.corpus.oracle import ask, task
from tests.corpus.trees import Rows, rows_of, sorted_rows

CASES = json.loads((Path(__file__).parents[2] / "data" / "upgrades.json").read_text())
"""layers, fields: from UpgradeNetAsNeeded, None where it aborts; states: what FilterNet keeps."""


def layers_in_file_order(net: Net) -> list[Layer]:
    layers = (*net.layers, *net.inactive)
    return sorted(layers, key=lambda layer: layer.span.start if layer.span else -1)


def upgraded_fields(rows: Rows) -> dict[str, Any]:
    """What a layer is and does: everything but the names, which are compared apart."""
    named = ("name", "type", "bottom", "top")
    return {name: values for name, values in sorted_rows(rows) if name not in named}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_file_is_upgraded_as_caffe_upgrades_it(case: dict[str, Any]) -> None:
    net = read_net(case["text"])
    if case["layers"] is None:
        assert net.problems
        return
    layers = layers_in_file_order(net)
    assert [
        [
            layer.written_name,
            layer.type,
            list(layer.bottoms),
            [t for t in layer.tops if t[0] != "("],
        ]
        for layer in layers
    ] == case["layers"]
    for layer, fields in zip(layers, case["fields"], strict=True):
        want = upgraded_fields(fields)
        assert {
            name: values
            for name, values in rows_of(layer.message, "LayerParameter", skip=("type", "layer"))
            if name in want or name.endswith(("_param", "include", "exclude", "param"))
        } == want


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["states"]], ids=lambda case: case["case"]
)
def test_rules_keep_the_layers_that_caffe_keeps(case: dict[str, Any]) -> None:
    for phase, level, stages, kept in case["states"]:
        net = read_net(case["text"], state=NetState(phase, level, tuple(stages)))
        assert [layer.written_name for layer in net.layers] == kept, (phase, level, stages)


def test_the_kept_answers_are_those_of_real_caffe(caffe_python: tuple[str, ...]) -> None:
    tasks = [
        task(
            case["text"].encode(),
            "upgrade",
            "trees",
            states={str(i): row[:3] for i, row in enumerate(case["states"])},
        )
        for case in CASES
    ]
    for case, answer in zip(CASES, ask(caffe_python, tasks), strict=True):
        assert answer.get("upgraded") == case["layers"], case["case"]
        assert answer.get("upgraded_trees") == case["fields"], case["case"]
        assert [row[3] for row in case["states"]] == list(answer.get("states", {}).values())


@pytest.mark.parametrize(
    ("text", "sentence", "line"),
    [
        (
            'input: "a" input_dim: 1 input_dim: 3 input_dim: 4',
            "Input 'a' has 3 of the 4 input_dim that Caffe reads.",
            1,
        ),
        (
            'input: "a"\ninput: "b"\ninput_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4',
            "Input 'b' has 0 of the 4 input_dim that Caffe reads.",
            2,
        ),
        (
            'input: "a"\ninput: "b"\ninput_shape { dim: 1 }',
            "Input 'b' has no input_shape, though other inputs do.",
            2,
        ),
    ],
)
def test_inputs_without_a_shape_of_their_own_are_problems(
    text: str, sentence: str, line: int
) -> None:
    """Caffe reads past the end of its list here: seen, the sizes are what lies in memory."""
    first = read_net(text).problems[0]
    assert (first.sentence, first.line) == (sentence, line)
