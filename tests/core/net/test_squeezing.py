"""Names in little room: cut to what tells them apart."""

from __future__ import annotations

from core.net.squeezing import keeps_number, squeeze_name


def squeezed(name: str, room: int, *taken: str) -> str:
    return squeeze_name(name, room, len, taken)


def test_the_number_and_whole_parts_at_the_end_stay() -> None:
    assert squeezed("conv14_2_mbox_loc_*", 19) == "conv14_2_mbox_loc_*"
    assert squeezed("conv14_2_mbox_loc_*", 16) == "…14_2_mbox_loc_*"
    assert squeezed("conv14_2_mbox_loc_*", 12) == "14_2…loc_*"
    assert squeezed("conv14_2_mbox_loc_*", 8) == "14_2…loc"
    assert squeezed("conv11_mbox_priorbox", 8) == "11…orbox"
    assert squeezed("conv14_1/*", 5) == "…14_1"


def test_a_text_that_is_taken_is_not_used_again() -> None:
    assert squeezed("conv11_mbox_priorbox", 8, "11…orbox") == "11…rbox"
    assert squeezed("mbox_priorbox", 7) == "mbo…box"
    assert squeezed("mbox_priorbox", 7, "mbo…box") not in ("mbo…box", "")


def test_nothing_that_fits_is_nothing() -> None:
    assert squeezed("conv1", 1) == ""


def test_half_a_number_is_not_the_number() -> None:
    assert keeps_number("c…14_1/*", "conv14_1/*")
    assert not keeps_number("…4_1/*", "conv14_1/*")
    assert keeps_number("…box", "mbox")
