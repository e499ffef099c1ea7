"""Elision of names: what differs from the neighbours stays, no two names read the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.net.elision import ELLIPSIS, elide_name, elide_names, least_rooms

_BLOCK = ("1x1", "relu_1x1", "3x3_reduce", "relu_3x3_reduce", "3x3", "5x5_reduce", "pool_proj")
INCEPTION = tuple(f"inception_3a/{part}" for part in _BLOCK)
GOOGLENET = tuple(f"inception_{n}/{part}" for n in ("3a", "3b", "4a") for part in _BLOCK)
RESNET = tuple(f"res{b}_branch2{c}@{n}" for b in ("2a", "2b", "3b1") for c in "abc" for n in (0, 1))
FIRE = tuple(
    f"fire{n}/{part}@0" for n in (2, 3) for part in ("squeeze1x1", "expand1x1", "expand3x3")
)

VALUES = ("fire9/relu_c · fire9/conv1x1_2@1", "fire9/concat · fire9/concat@0", "drop9 · fire9@1")
SWEPT = "fire9/concat · fire9/concat@0, GAP"

parts = st.sampled_from(
    ["inception", "res", "branch", "relu", "conv", "expand", "b", "2", "3x3", "10", "/", "_", "-"]
)
net_names = st.lists(parts, min_size=1, max_size=7).map("".join)
any_names = st.text(min_size=1, max_size=14) | net_names


def in_letters(text: str) -> float:
    """A fixed font: one letter, one unit."""
    return float(len(text))


def in_pixels(text: str) -> float:
    """A proportional font, roughly."""
    return sum({"i": 3, "l": 3, "/": 4, "m": 11, "w": 10, ELLIPSIS: 9}.get(c, 7) for c in text)


@pytest.mark.parametrize(
    ("names", "room", "name", "shown"),
    [
        (INCEPTION, 16, "inception_3a/1x1", "inception_3a/1x1"),
        (INCEPTION, 16, "inception_3a/3x3_reduce", "…3a/3x3_reduce"),
        (INCEPTION, 11, "inception_3a/3x3_reduce", "…3x3_reduce"),
        (INCEPTION, 16, "inception_3a/relu_3x3_reduce", "…relu_3x3_reduce"),
        (GOOGLENET, 19, "inception_3b/relu_3x3_reduce", "…3b/relu_3x3_reduce"),
        (GOOGLENET, 17, "inception_3b/relu_3x3_reduce", "…3b/r…_3x3_reduce"),
        (RESNET, 12, "res2b_branch2b@1", "res2b_b…2b@1"),
        (RESNET, 12, "res3b1_branch2b@1", "r…3b1_b…2b@1"),
        (FIRE[:3], 13, "fire2/expand1x1@0", "…expand1x1@0"),
        (FIRE, 13, "fire2/expand1x1@0", "fire2/e…1x1@0"),
        (FIRE, 13, "fire2/expand3x3@0", "fire2/e…3x3@0"),
        (VALUES, 36, "fire9/concat · fire9/concat@0", "fire9/concat · fire9/concat@0"),
        (VALUES, 24, "fire9/concat · fire9/concat@0", "fire9/concat · @0"),
        (VALUES, 24, "fire9/relu_c · fire9/conv1x1_2@1", "fire9/relu_c · @1"),
        (VALUES, 12, "fire9/concat · fire9/concat@0", "…concat · @0"),
        ((SWEPT,), 22, SWEPT, "fire9/concat · @0, GAP"),
        (("slice · left@0", "slice · right@0"), 12, "slice · right@0", "…right@0"),
    ],
)
def test_names_of_real_nets(names: tuple[str, ...], room: int, name: str, shown: str) -> None:
    assert elide_names(names, room, in_letters)[names.index(name)] == shown


@settings(deadline=None)  # a busy machine is no fault of the names
@given(st.lists(any_names, max_size=14), st.floats(0, 120))
def test_different_names_read_different(names: list[str], room: float) -> None:
    shown = elide_names(names, room, in_pixels)
    assert len(shown) == len(names)
    assert len(set(shown)) == len(set(names))
    assert all(text == name for name, text in zip(names, shown, strict=True)
               if in_pixels(name) <= room)  # fmt: skip


@settings(deadline=None)  # a busy machine is no fault of the names
@given(st.lists(net_names, min_size=1, max_size=14), st.floats(0, 40))
def test_digits_and_the_last_part_stay_from_the_least_room_on(
    names: list[str], more: float
) -> None:
    room = least_rooms(names, in_pixels)[0] + more
    for name, text in zip(names, elide_names(names, room, in_pixels), strict=True):
        assert in_pixels(text) <= room
        last = re.findall(r"[a-z]*\Z", name)[0]
        assert text.endswith(last)
        head, kept = text.split(ELLIPSIS, 1) if ELLIPSIS in text else ("", text)
        digits = "".join(re.findall(r"\d", head + kept))
        assert "".join(re.findall(r"\d", name)).endswith(digits)


@settings(deadline=None)  # a busy machine is no fault of the names
@given(st.lists(net_names, min_size=2, max_size=9, unique=True), st.floats(0, 60))
def test_an_elided_name_is_made_of_the_name(names: list[str], room: float) -> None:
    for name, text in zip(names, elide_names(names, room, in_pixels), strict=True):
        assert re.fullmatch(".*".join(map(re.escape, text.split(ELLIPSIS))), name)


@settings(deadline=None)  # a busy machine is no fault of the names
@given(st.text("ab", min_size=30, max_size=60), st.integers(6, 20))
def test_a_name_without_parts_fits_too(name: str, room: int) -> None:
    assert len(elide_name(name, room, in_letters)) <= room


def test_one_name_is_told_from_those_near_it() -> None:
    near = ("inception_3a/3x3_reduce", "inception_3a/5x5_reduce")
    assert elide_name("inception_3a/7x7_reduce", 12, in_letters, near) == "…7x7_reduce"
    assert elide_name("inception_3a/7x7_reduce", 99, in_letters, near) == "inception_3a/7x7_reduce"


def test_rooms_of_their_own() -> None:
    assert elide_names(("conv_long", "conv_long2"), (5, 20), in_letters) == ("…long", "conv_long2")


def test_an_ending_that_two_names_have_stands_for_neither() -> None:
    """`…pool` could be both, also where one of them is there in full."""
    names = ("ab/conv", "ab/pool", "abcdefgh/pool", "abcdefgh/conv")
    assert elide_names(names, 7, in_letters) == ("ab/conv", "ab/pool", "a…/pool", "a…/conv")
