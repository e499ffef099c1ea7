"""Templates open for looking at: what they leave open is unknown, and said."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.commands.info import describe
from core.errors import PrototxtError
from core.jobs.open import OpenedNet
from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net

NET = """input: "x" input_shape {{ dim: 1 dim: 3 dim: 8 dim: 8 }}
layer {{ name: "c" type: "Convolution" bottom: "x" top: "c"
  convolution_param {{ num_output: {} kernel_size: 3 }} }}
layer {{ name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param {{ kernel_size: 2 }} }}
"""


@pytest.mark.parametrize(
    "placeholder",
    ["${NUM_LABELS}", "$N", "$TARGET_WIDTH$", "$(N)", "{{ n_out }}", "{{n}}", "@N@", "%(n)d",
     "<%= n %>", "${a}_b"],
)  # fmt: skip
def test_a_value_that_is_left_open_is_unknown(placeholder: str) -> None:
    net = read_net(NET.format(placeholder))
    shapes = infer_shapes(net)
    assert shapes.top("c") is None
    assert shapes.top("p") == (1, 3, 7, 7)
    (problem,) = [*net.problems, *shapes.problems]
    assert problem.sentence == (
        f"layer.convolution_param.num_output is left open: {placeholder} is still to be filled in."
    )
    assert (problem.layer, problem.line) == ("c", 3)
    assert net.text == NET.format(placeholder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% for i in layers %}\nlayer { }", "{% for i in layers %} is a template's, not a field."),
        ("layer { ${PARAMS} }", "${PARAMS} is a template's, not a field."),
        ("layer { {{ body }} }", "{{ body }} is a template's, not a field."),
    ],
)
def test_a_part_that_is_left_open_can_not_be_read(text: str, said: str) -> None:
    with pytest.raises(PrototxtError) as caught:
        read_net(text)
    assert caught.value.sentence == said
    assert "Fill the template in first" in caught.value.hint


@pytest.mark.parametrize("name", ["template", "flownet"])
def test_reported_templates_open(material: Callable[[str], Path], name: str) -> None:
    net = load_net(material(f"reports/messages/{name}.prototxt"))
    assert net.layers
    assert any("is left open" in problem.sentence for problem in net.problems)


@pytest.mark.parametrize("every", [1, 3])
def test_any_number_of_a_real_net_may_be_left_open(
    repository: Path, material: Callable[[str], Path], every: int
) -> None:
    paths = [
        repository / "prototxt" / "vgg16_deploy.prototxt",
        *sorted(material("prototxts").glob("*train_val*.prototxt"))[::8],
        *sorted(material("prototxts").glob("*ssd*.prototxt"))[:2],
    ]
    for path in paths:
        count = itertools.count()
        text = re.sub(
            r"(?<=: )-?\d[\d.e-]*",
            lambda found, n=count: found.group() if next(n) % every else "${N}",  # type: ignore[misc]
            path.read_text(encoding="utf-8", errors="replace"),
        )
        net = read_net(text)
        opened = OpenedNet(path, net, infer_shapes(net), None, None)
        assert describe(opened)["problems"]
