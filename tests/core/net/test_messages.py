"""What is said of a slip tells what it is and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.edits.type_warnings import with_type_warnings
from core.errors import PrototxtError
from core.layers.shapes import infer_shapes
from core.net.definition import NetState
from core.net.reader import load_net, read_net
from core.net.rename import plan_rename_all
from core.weights.binding import bind_weights
from core.weights.reader import open_weights

INPUT = 'input: "x" input_shape { dim: 1 dim: 4 dim: 3 dim: 3 }\n'


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("name: “net”", "“ is a typographic quote", 'Type the plain quote "'),
        ("name: ‘net’", "‘ is a typographic quote", 'Type the plain quote "'),
        ("name: „net“", "„ is a typographic quote", 'Type the plain quote "'),
        ("name: «net»", "« is a typographic quote", 'Type the plain quote "'),
        ("name: `net`", "` is a typographic quote", 'Type the plain quote "'),
        ("name： 'net'", "： (U+FF1A) is not the plain :", "Type : in its place."),
        ("layer ｛ }", "｛ (U+FF5B) is not the plain {", "Type { in its place."),
        ("a: –1", "– (U+2013) is not the plain -", "Type - in its place."),
        ("a: \u22121", "\u2212 (U+2212) is not the plain -", "Type - in its place."),
        ("a: \u200b1", "U+200B is an invisible character", "Delete it."),
        ("a:\u00a01", "U+00A0 is a space", "Put an ordinary space in its place."),
        ("a = 1", "Unexpected character '='.", "A value stands after a colon"),
        ("// a comment\na: 1", 'found "//"', "A comment starts with #"),
        ("/* a comment */", "Unexpected character '*'.", "A comment starts with #"),
        ("<<<<<<< HEAD\na: 1\n", "A merge left its mark", "Choose one of the two versions"),
        ("a: 1\n=======\na: 2\n", "A merge left its mark", "Choose one of the two versions"),
        ("a: 1\n>>>>>>> theirs\n", "A merge left its mark", "Choose one of the two versions"),
        ("a: %", "Unexpected character '%'.", "Is it a template?"),
    ],
)
def test_a_foreign_sign_is_named(text: str, said: str, hint: str) -> None:
    with pytest.raises(PrototxtError) as caught:
        read_net(text)
    assert said in caught.value.sentence
    assert hint in caught.value.hint
    assert str(caught.value).endswith(caught.value.hint)


def test_the_reported_quotes(material: Callable[[str], Path]) -> None:
    with pytest.raises(PrototxtError, match="typographic quote") as caught:
        load_net(material("reports/messages/smart.prototxt"))
    assert (caught.value.position.line, caught.value.position.column) == (2, 9)


@pytest.mark.parametrize(
    ("type_name", "said"),
    [
        ("CONVOLUTION3D", "is none of the 40 values that BVLC Caffe has."),
        ("INTERP", "is none of the 40 values that BVLC Caffe has."),
        ("CONVOLUTON", "is none of the 40 values that BVLC Caffe has: is CONVOLUTION meant?"),
        ("SOFTMAXLOSS", "is none of the 40 values that BVLC Caffe has: is SOFTMAX_LOSS meant?"),
    ],
)
def test_a_v1_type_that_is_none_is_not_answered_with_a_list(type_name: str, said: str) -> None:
    net = read_net(INPUT + f'layers {{ name: "l" type: {type_name} bottom: "x" top: "y" }}')
    assert [problem.sentence for problem in net.problems] == [f"layers.type {type_name} {said}"]
    assert infer_shapes(net).problems == ()


def test_a_short_list_of_values_is_still_given() -> None:
    text = 'layer { name: "p" type: "Pooling" pooling_param { pool: MIN } }'
    assert "takes one of MAX, AVE, STOCHASTIC, not MIN." in read_net(text).problems[0].sentence


@pytest.mark.parametrize(
    ("layer", "guess"),
    [
        ('type: "Relu"', "Is ReLU meant?"),
        ('type: "Lstm" lstm_param { num_output: 3 }', ""),
        ('type: "Lstm"', "Is LSTM meant?"),
    ],
)
def test_a_forks_layer_is_no_slip(layer: str, guess: str) -> None:
    net = read_net(INPUT + f'layer {{ name: "l" {layer} bottom: "x" top: "y" }}')
    said = [problem.sentence for problem in infer_shapes(net).problems]
    assert (said == []) if not guess else guess in said[0]


def test_a_net_without_an_input_is_told_to_get_one(material: Callable[[str], Path]) -> None:
    path = material("reports/messages/digits_lenet.prototxt")
    net = load_net(path, state=NetState("TEST", 0, ("deploy",)))
    (problem,) = net.problems
    assert problem.sentence == (
        "Unknown bottom blob 'data' (layer 'scale', bottom index 0). No layer gives this net its "
        "input: add an Input layer, or choose another phase or stage."
    )
    slip = read_net(INPUT + 'layer { name: "r" type: "ReLU" bottom: "y" top: "z" }')
    assert slip.problems[0].sentence.endswith("(layer 'r', bottom index 0).")


def test_a_name_that_ends_in_a_blank_is_shown_so(material: Callable[[str], Path]) -> None:
    folder = material("reports/messages")
    net = load_net(folder / "wb.prototxt")
    weights = open_weights(folder / "wb_space.caffemodel")
    binding = bind_weights(net, infer_shapes(net), weights)
    assert binding.near_names == ("The file's 'conv ' is not conv: blanks count.",)


def test_a_reshape_in_place_computes_the_same_in_a_blob_of_its_own() -> None:
    text = INPUT + (
        'layer { name: "r" type: "ReLU" bottom: "x" top: "y" }\n'
        'layer { name: "s" type: "Reshape" bottom: "y" top: "y" reshape_param { shape { dim: 0 '
        "dim: -1 } } }\n"
    )
    net = read_net(text)
    kinds = [warning.kind for warning in with_type_warnings(plan_rename_all(net), net).warnings]
    assert "values" not in kinds
    lrn = read_net(text.replace('"Reshape"', '"LRN"').split("reshape_param")[0] + "}")
    kinds = [warning.kind for warning in with_type_warnings(plan_rename_all(lrn), lrn).warnings]
    assert "values" in kinds
