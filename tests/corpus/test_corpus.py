"""Every real prototxt opens, saves, upgrades and has the shapes of real Caffe (CORPUS.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.net.text import encode_prototxt, read_prototxt
from tests.corpus.checks import check
from tests.corpus.golden import load_golden

GOLDEN = load_golden()


@pytest.mark.parametrize("name", GOLDEN)
def test_a_real_file_is_what_real_caffe_makes_of_it(
    name: str, material: Callable[[str], Path]
) -> None:
    path = material(f"prototxts/{name}")
    assert encode_prototxt(read_prototxt(path)) == path.read_bytes()
    found = check(path, GOLDEN[name])
    assert found.is_round_trip
    assert found.faults == []
    assert found.agrees_on_reading
    assert found.has_same_structure is not False
    if "blobs" in GOLDEN[name].get("built", {}):
        assert found.built_by == "file"
        assert found.n_blobs


def test_the_kept_answers_cover_the_corpus(material: Callable[[str], Path]) -> None:
    entries = json.loads(material("corpus.json").read_text())
    assert set(GOLDEN) == {entry["file"] for entry in entries}
    built = {name for name, real in GOLDEN.items() if "blobs" in real.get("built", {})}
    assert built == {entry["file"] for entry in entries if entry.get("instantiates")}
    assert len(built) == 84
