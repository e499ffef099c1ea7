"""Find: words, operators, shapes and comparisons joined by AND."""

from __future__ import annotations

import pytest

from core.net.find import FindRecord, find_matches, parse_query

RECORDS = (
    FindRecord("data", "Input", tops=("data",), versions=("data",), shapes=((1, 3, 224, 224),)),
    FindRecord(
        "fc7",
        "InnerProduct",
        family="inner product",
        bottoms=("fc6",),
        tops=("fc7",),
        versions=("fc7@0",),
        shapes=((1, 4096),),
        is_hidden=True,
        params=16_781_312,
        macs=16_777_216,
        memory=16_384,
    ),
    FindRecord(
        "relu7",
        "ReLU",
        family="activation",
        bottoms=("fc7",),
        tops=("fc7",),
        versions=("fc7@1",),
        shapes=((1, 4096),),
        is_in_place=True,
        is_hidden=True,
    ),
    FindRecord("odd name", "ReLU", tops=("odd",), versions=("odd",), shapes=(None,)),
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["data", "fc7", "relu7", "odd name"]),
        ("fc7", ["fc7", "relu7"]),
        ("FC7 relu", ["relu7"]),
        ("type:ReLU", ["relu7", "odd name"]),
        ("type:ReLU inplace:yes", ["relu7"]),
        ("inplace:no type:relu", ["odd name"]),
        ("params>1e6", ["fc7"]),
        ("params:>16M", ["fc7"]),
        ("params<=0 -type:relu", ["data"]),
        ("memory=16KiB", ["fc7"]),
        ("macs>=16777216", ["fc7"]),
        ("224", ["data"]),
        ("24", []),
        ("3x224", ["data"]),
        ("shape:1×4096 hidden:yes -inplace:yes", ["fc7"]),
        ("fc7@1", ["relu7"]),
        ("bottom:fc6", ["fc7"]),
        ("blob:fc7 top:fc7", ["fc7", "relu7"]),
        ('"odd name"', ["odd name"]),
        ('name:"odd name"', ["odd name"]),
        ("family:inner", ["fc7"]),
        ("nokey:thing", []),
    ],
)
def test_query_finds_exactly_these_layers(text: str, names: list[str]) -> None:
    found = find_matches(parse_query(text), RECORDS)
    assert [RECORDS[i].name for i in found] == names


@pytest.mark.parametrize(
    ("text", "part"), [("params>lots", "needs a number"), ("inplace:maybe", "yes or no")]
)
def test_a_term_that_cannot_be_read_says_so_and_finds_nothing(text: str, part: str) -> None:
    query = parse_query(text)
    assert part in query.problem
    assert find_matches(query, RECORDS) == ()
