"""JSON that anybody may have written: how deep, how many and what values it may have."""

from __future__ import annotations

import msgspec
import pytest

from core import typed_json
from core.errors import AppError
from core.typed_json import MOST_DEPTH, as_type, parse_json


class Named(msgspec.Struct):
    """Something with two fields."""

    name: str
    size: float = 0.0


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 100_000, "[" * (MOST_DEPTH + 1) + "]" * (MOST_DEPTH + 1), "NaN",
     '{"a": Infinity}', "1" * 5000, "", b"\xff", "[1,]"],
)  # fmt: skip
def test_what_is_no_json_for_us(text: str | bytes) -> None:
    with pytest.raises(AppError, match="thing is no JSON"):
        parse_json(text, "thing")


def test_brackets_in_texts_are_no_nesting() -> None:
    assert parse_json('["' + "[{" * 500 + '\\"["]', "thing") == ["[{" * 500 + '"[']
    deep = "[" * MOST_DEPTH + "]" * MOST_DEPTH
    assert parse_json(f"[{deep[1:-1]}, {deep[1:-1]}]", "thing")


def test_more_values_than_memory_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_json, "MOST_VALUES", 10)
    assert parse_json("[[],[],[],[],[]]", "thing") == [[]] * 5
    with pytest.raises(AppError, match="no JSON") as caught:
        parse_json("[[],[],[],[],[],[]]", "thing")
    assert "more than 10 values" in caught.value.details


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"name": 1}, "thing is damaged: name: expected str, got int"),
        ({}, "missing required field name"),
        ({"name": "a", "size": 10**400}, "size: number out of range"),
        ({"name": "a", "size": "\ud800"}, "thing is damaged"),
        ([], "expected object, got array"),
    ],
)
def test_values_of_other_types_are_named(value: object, words: str) -> None:
    with pytest.raises(AppError, match=words):
        as_type(value, Named, "thing")
