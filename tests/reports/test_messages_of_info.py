"""What `info` says of files that are not what they seem, or not quite."""

from __future__ import annotations

import pytest

REPORTED = {
    "html": (1, "is a web page, not a prototxt"),
    "lfs": (1, "is a Git LFS pointer, not a prototxt"),
    "smart": (1, "is a typographic quote"),
    "template": (0, "num_output is left open: ${NUM_LABELS} is still to be filled in"),
    "flownet": (0, "$TARGET_WIDTH$ is still to be filled in"),
    "c3d": (0, "layer type CONVOLUTION3D"),
}


@pytest.mark.parametrize("name", REPORTED)
def test_what_info_says_of_the_reported_files(command, material, name: str) -> None:
    """reports/messages: each file by what it is, and what to do."""
    code, claim = REPORTED[name]
    said = command("info", "--net", material("reports/messages") / f"{name}.prototxt")
    assert said.code == code, said.err
    assert claim in said.out + said.err


def test_a_v1_type_of_a_fork_brings_no_list_of_forty(command, material) -> None:
    said = command("info", "--net", material("reports/messages") / "c3d.prototxt")
    assert "INNER_PRODUCT" not in said.out


def test_a_blank_at_the_end_of_a_name_is_seen(command, material) -> None:
    folder = material("reports/messages")
    words = ("--net", folder / "wb.prototxt", "--weights", folder / "wb_space.caffemodel")
    assert "not in the net): 'conv '." in command("info", *words).out
