"""`rename`: a copy that differs in quoted names only, proved on request."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

NAMES = re.compile(r'"[^"]*"')


def test_all_changes_nothing_but_quoted_names(command, repository: Path, tmp_path: Path) -> None:
    net, out = repository / "prototxt/vgg16_deploy.prototxt", tmp_path / "q.prototxt"
    found = command("rename", "--net", net, "--out", out, "--all", "--json").json
    assert len(found["renames"]) == 17
    before, after = net.read_text(), out.read_text()
    assert NAMES.sub('""', before) == NAMES.sub('""', after)
    assert 'bottom: "fc7_relu7"' in after
    assert 'bottom: "fc7_drop7"' in after
    info = command("info", "--net", out, "--json").json
    assert info["in_place"]["layers"] == []


def test_one_layer_with_a_name_of_ones_own(command, repository: Path, tmp_path: Path) -> None:
    net, out = repository / "prototxt/lenet_deploy.prototxt", tmp_path / "q.prototxt"
    words = ("--net", net, "--out", out, "--layer", "relu1=rectified", "--diff")
    said = command("rename", *words)
    assert said.code == 0, said.err
    assert 'top: "rectified"' in out.read_text()
    assert re.search(r"\+ .*bottom: \"rectified\"", said.out)


def test_line_ends_and_byte_order_mark_stay(command, repository: Path, tmp_path: Path) -> None:
    net, out = tmp_path / "p.prototxt", tmp_path / "q.prototxt"
    text = (repository / "prototxt/lenet_deploy.prototxt").read_text().replace("\n", "\r\n")
    net.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert command("rename", "--net", net, "--out", out, "--all").code == 0
    written = out.read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.count(b"\r\n") == written.count(b"\n") == text.count("\n")


def test_the_file_itself_is_never_overwritten(command, repository: Path) -> None:
    net = repository / "prototxt/lenet_deploy.prototxt"
    said = command("rename", "--net", net, "--out", net, "--all")
    assert said.code == 2
    assert "name another file" in said.err


def test_a_layer_that_is_not_there_is_a_sentence(command, repository: Path, tmp_path: Path) -> None:
    net, out = repository / "prototxt/lenet_deploy.prototxt", tmp_path / "q.prototxt"
    said = command("rename", "--net", net, "--out", out, "--layer", "relu9")
    assert said.code == 1
    assert "no layer 'relu9'" in said.err
    assert not out.exists()


@pytest.mark.parametrize("as_json", [True, False])
def test_verify_names_outputs_and_largest_difference(
    command, repository: Path, tmp_path: Path, as_json: bool
) -> None:
    net, out = repository / "prototxt/lenet_deploy.prototxt", tmp_path / "q.prototxt"
    words = ["--net", net, "--out", out, "--all", "--verify"]
    if as_json:
        proof = command("rename", *words, "--json").json["verification"]
        assert proof["is_identical"]
        assert proof["outputs"] == ["prob"]
        assert proof["largest_difference"] == 0
        assert proof["values_compared"] > 0
        assert proof["filler_weights"]
        return
    said = command("rename", *words)
    assert said.code == 0, said.err
    assert "Verified: prob bit-identical, largest difference 0 over " in said.out
