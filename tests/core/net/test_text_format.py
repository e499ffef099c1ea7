"""Prototxt text is read, and refused, as the protobuf of real Caffe does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import PrototxtError
from core.net.definition import Net
from core.net.reader import read_net
from core.net.strings import unknown_escape, unquote
from core.net.text import decode_prototxt, encode_prototxt
from tests.corpus.oracle import ask, task
from tests.corpus.trees import rows_of, sorted_rows

CASES = json.loads((Path(__file__).parents[2] / "data" / "text_format.json").read_text())
"""text: the bytes as Latin-1; tree: what real Caffe's TextFormat made of them, None: refused."""


def read(content: bytes) -> Net | None:
    """The net, None where something in the text is not stock Caffe's."""
    try:
        net = read_net(decode_prototxt(content))
    except PrototxtError:
        return None
    refused = [p for p in net.problems if not p.sentence.startswith("Unknown bottom")]
    return None if refused or net.unknown else net


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["text"]))
def test_a_spelling_is_read_as_caffe_reads_it(case: dict[str, Any]) -> None:
    content = case["text"].encode("latin-1")
    net = read(content)
    assert encode_prototxt(decode_prototxt(content)) == content
    if case["tree"] is None:
        assert net is None
    else:
        assert net is not None
        assert rows_of(net.root) == sorted_rows(case["tree"])


def test_the_kept_answers_are_those_of_real_caffe(caffe_python: tuple[str, ...]) -> None:
    tasks = [task(case["text"].encode("latin-1"), "tree") for case in CASES]
    for case, answer in zip(CASES, ask(caffe_python, tasks), strict=True):
        assert answer.get("tree") == case["tree"], case["text"]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"# Datei f\xfcr Caffe\r\nname: 'a'", "a"),
        (b"\xef\xbb\xbfname: 'a'\r\n", "a"),
        (b"name: 'a' # \xef\x9f\xa9 and \xe9", "a"),  # holds a stand-in of its own
        ("name: 'é' # 漢字 \U0001f600".encode(), "é"),
        (b"name: 'a' # \xed\xb3\xa9", "a"),  # a lone surrogate in UTF-8's clothes
    ],
)
def test_any_bytes_come_back_from_text(content: bytes, value: str) -> None:
    text = decode_prototxt(content)
    text.encode("utf-8")  # can be shown, hashed and sent
    assert read_net(text).name == value
    assert encode_prototxt(text) == content
    assert encode_prototxt(text.replace("'", '"')) == content.replace(b"'", b'"')


def test_escapes_spell_bytes() -> None:
    assert unquote(r'"\303\251\x41\u00e9\U0001F600"') == "éAé\U0001f600"
    assert unquote(r"'\351'") == r"\xe9"
    assert unquote(r'"C:\data\new"') == "C:\\data\new"
    assert unknown_escape(r'"C:\data\new"') == r"\d"
    assert unknown_escape(r'"\\d\n"') == ""


def test_a_foreign_space_is_named() -> None:
    with pytest.raises(PrototxtError, match=r"U\+00A0 is a space"):
        read_net("name:\u00a0'a'")


@pytest.mark.parametrize("number", ["9" * 5000, "0x" + "f" * 5000, "1e999999999", "0" * 5000 + "7"])
def test_numbers_of_any_length_are_no_crash(number: str) -> None:
    for text in (
        f"input_dim: {number}",
        f"force_backward: {number}",
        f"layer {{ type: {number} }}",
    ):
        assert read(text.encode()) is None or number.endswith("7")
