"""Prototxt text: what is accepted, and what an error says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import NetError, PrototxtError
from core.net.parser import complete_part, parse
from core.net.reader import load_net, read_net


def test_reads_every_way_of_writing_a_value() -> None:
    text = """
    # comment with "quotes" { and braces
    name: 'single' stride: 2; pad : 0x10, eps: 1e-5f
    coeff: [1, -2.5, .5]
    layer < name: "a" "b" >
    layer: { type: 'x\\'y' bias_term: true }
    """
    root = parse(text)
    assert root.word("name") == "single"
    assert (root.integer("stride"), root.integer("pad")) == (2, 16)
    assert root.number("eps") == 1e-5
    assert root.numbers("coeff") == (1.0, -2.5, 0.5)
    first, second = root.messages("layer")
    assert first.word("name") == "ab"
    assert second.word("type") == "x'y"
    assert second.boolean("bias_term")


def test_positions_point_at_the_quoted_name() -> None:
    text = "layer {\n\tname: \"conv\"\n\ttop: 'out'\n}"
    (layer,) = parse(text).messages("layer")
    (top,) = layer.scalars("top")
    assert text[top.span.start : top.span.end] == "'out'"
    assert (top.span.line, top.span.column) == (3, 7)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("layer {\n  convolution_param {\n    num_output: l000\n  }\n}", 3, 17, "a letter l"),
        ('layer {\n  name: "a"\n', 1, 7, "never closed"),
        ('name: "a\nlayer {}', 1, 7, "not closed"),
        ("layer { name }", 1, 14, "Expected a value for name"),
        ("layer { } }", 1, 11, "Expected a field name"),
        ("name: %", 1, 7, "Unexpected character"),
        ("convolution_param: 3", 1, 20, 'Expected "{"'),
        ("layer { bias_term: maybe }", 1, 20, "true or false"),
    ],
)
def test_an_error_gives_line_column_and_the_line_itself(
    text: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(PrototxtError, match=words) as caught:
        parse(text, Path("net.prototxt"))
    position = caught.value.position
    assert (position.line, position.column) == (line, column)
    assert position.source_line == text.split("\n")[line - 1]
    assert f"net.prototxt, line {line}, column {column}" in str(caught.value)


def test_deep_nesting_is_an_error_not_a_crash() -> None:
    with pytest.raises(PrototxtError, match="nested deeper"):
        parse("a {" * 100_000)


def test_the_layers_above_an_error_stay_readable() -> None:
    text = (
        'layer { name: "a" type: "ReLU" }\nlayer { name: "b" num_output: x }\nlayer { name: "c" }'
    )
    assert [layer.name for layer in read_net(complete_part(text)).layers] == ["a"]
    assert complete_part('layer { name: "a" }\n%') == 'layer { name: "a" }'


def test_a_binary_file_is_refused_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(b"\x0a\x04VGG\x00\xff\xfe")
    with pytest.raises(NetError, match="caffemodel"):
        load_net(path)


def test_real_files_read_as_caffe_reads_them(material: Callable[[str], Path]) -> None:
    """Layer counts, dialects and outputs of every file that real Caffe builds."""
    corpus = json.loads(material("corpus.json").read_text())
    checked = 0
    for entry in corpus:
        if not entry.get("instantiates"):
            continue
        net = load_net(material(f"prototxts/{entry['file']}"))
        assert net.dialect == entry["format"], entry["file"]
        assert net.problems == (), entry["file"]
        assert {v.blob for v in net.outputs} == set(entry["caffe"]["outputs"]), entry["file"]
        checked += 1
    assert checked >= 80
