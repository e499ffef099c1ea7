"""`rename`: a copy that differs in quoted names only, proved on request."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.engines.verification_report import report_standing
from core.net import rename
from core.net.reader import load_net
from core.net.rename_plan import RenamePlan

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


def names_of(path: Path) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {layer.name: (layer.bottoms, layer.tops) for layer in load_net(path).layers}


def test_every_scope_writes_its_copy(command, repository: Path, tmp_path: Path) -> None:
    net, out = repository / "prototxt/vgg16_deploy.prototxt", tmp_path / "q.prototxt"

    def rename(*words: object) -> dict[str, object]:
        return command("rename", "--net", net, "--out", out, "--force", "--json", *words).json

    assert len(rename("--chain", "fc7")["renames"]) == 2
    found = rename("--needed", "fc7,conv1_1")
    assert [r["layer"] for r in found["renames"]] == ["relu1_1", "relu7"]
    assert found["found_in"][0] == {"layer": "fc7", "blob": "fc7"}
    found = rename("--layer", "relu7", "--name", "relu7=a", "--name", "drop7=b", "--layer-names")
    assert [r["new_name"] for r in found["layer_renames"]] == ["a", "b"]
    assert names_of(out)["fc8"][0] == ("b",)
    assert rename("--all")["saved_bytes"] == 0


def test_given_back_and_renamed_again_is_the_file_itself(
    command, repository: Path, tmp_path: Path
) -> None:
    net = repository / "prototxt/vgg16_deploy.prototxt"
    renamed, back = tmp_path / "renamed.prototxt", tmp_path / "back.prototxt"
    command("rename", "--net", net, "--out", renamed, "--all")
    said = command("rename", "--net", renamed, "--out", back, "--give-back", "all")
    assert back.read_bytes() == net.read_bytes()
    assert "17 layers in place again" in said.out


def test_a_wrong_rewiring_is_repaired(command, repository: Path, tmp_path: Path) -> None:
    text = (repository / "prototxt/vgg16_deploy_renamed.prototxt").read_text()
    wrong, out = tmp_path / "wrong.prototxt", tmp_path / "q.prototxt"
    wrong.write_text(text.replace('bottom: "fc7_drop7"', 'bottom: "fc7"'))
    said = command("rename", "--net", wrong, "--out", out, "--fix", "--diff")
    assert said.code == 0, said.err
    assert out.read_text() == text
    assert 'bottom: "fc7_drop7"' in said.out


def test_dry_run_prints_and_writes_nothing(command, repository: Path, tmp_path: Path) -> None:
    net = tmp_path / "p.prototxt"
    net.write_bytes((repository / "prototxt/lenet_deploy.prototxt").read_bytes())
    (tmp_path / "read.py").write_text("print(net.blobs['ip1'].data)\n")
    said = command("rename", "--net", net, "--all", "--dry-run", "--diff")
    assert said.code == 0, said.err
    assert "+ " in said.out
    assert "read.py:1: print(net.blobs['ip1'].data)" in said.out
    assert {path.name for path in tmp_path.iterdir()} == {"p.prototxt", "read.py"}


def test_what_makes_no_sense_together_is_wrong_usage(
    command, repository: Path, tmp_path: Path
) -> None:
    net, out = repository / "prototxt/lenet_deploy.prototxt", tmp_path / "q.prototxt"
    out.write_text("")
    for words, reason in (
        (("--all",), "--out"),
        (("--all", "--out", out), "exists already"),
        (("--fix", "--verify", "--dry-run"), "can't be verified"),
        (("--give-back", "all", "--name", "a=b", "--dry-run"), "--name goes with"),
        (("--all", "--name", "relu9=x", "--dry-run"), "renames no such layer"),
        (("--all", "--image", net, "--dry-run"), "--image goes with --verify"),
    ):
        said = command("rename", "--net", net, *words)
        assert said.code == 2, words
        assert reason in said.err


def test_the_report_stands_beside_the_copy(command, repository: Path, tmp_path: Path) -> None:
    net, out = repository / "prototxt/lenet_deploy.prototxt", tmp_path / "q.prototxt"
    said = command("rename", "--net", net, "--out", out, "--all", "--layer-names", "--verify")
    assert said.code == 0, said.err
    standing = report_standing(out, out.read_text())
    assert standing.status == "matches"
    assert standing.report is not None
    assert standing.report.is_identical


def test_a_layer_with_two_new_names_counts_once(command, repository: Path) -> None:
    net = repository / "prototxt/lenet_deploy.prototxt"
    said = command("rename", "--net", net, "--all", "--layer-names", "--dry-run")
    assert "1 layer renamed, 3 quoted names replaced (nothing was written)" in said.out


@pytest.fixture
def broken_planner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans in which ip2 goes on reading what relu1 read: the rewiring that tutorials get wrong."""

    def plan_wrongly(*given: object) -> RenamePlan:
        plan = plan_names(*given)
        wrong = plan.new_text.replace('bottom: "ip1_relu1"', 'bottom: "ip1"')
        assert wrong != plan.new_text
        return replace(plan, new_text=wrong)

    plan_names = rename.plan_names
    monkeypatch.setattr(rename, "plan_names", plan_wrongly)


@pytest.mark.usefixtures("broken_planner")
def test_a_failed_verify_writes_nothing(command, repository: Path, tmp_path: Path) -> None:
    net, out = repository / "prototxt/lenet_deploy.prototxt", tmp_path / "q.prototxt"
    said = command("rename", "--net", net, "--out", out, "--all", "--verify")
    assert said.code == 1
    assert "The renamed net computes something else" in said.err
    assert "Nothing was written." in said.err
    assert "The first layer where they part is ip2." in said.err
    assert "bit-identical" not in said.out + said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("broken_planner")
def test_a_failed_verify_that_is_forced_says_so_and_keeps_it(
    command, repository: Path, tmp_path: Path
) -> None:
    net, out = repository / "prototxt/lenet_deploy.prototxt", tmp_path / "q.prototxt"
    words = ("--net", net, "--out", out, "--all", "--verify", "--force")
    proof = command("rename", *words, "--json").json["verification"]
    assert not proof["is_identical"]
    assert proof["largest_difference"] > 0
    said = command("rename", *words)
    assert said.code == 0, said.err
    assert "prob NOT identical" in said.out
    report = report_standing(out, out.read_text()).report
    assert report is not None
    assert (report.is_identical, report.first_different_layer) == (False, "ip2")
