"""The report beside a saved prototxt: complete, readable again, and honest about another text."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from core.edits.layer_names import with_layer_names
from core.engine_names import GRAPH_ENGINES
from core.engines.base import EngineProcess
from core.engines.verification import Verification, verify_rename
from core.engines.verification_report import (
    read_report,
    report_path,
    report_record,
    report_standing,
    write_report,
)
from core.errors import AppError
from core.net.reader import read_net
from core.net.rename import plan_rename_all
from core.progress import run_job


@pytest.fixture
def verified(any_process: EngineProcess, small_net: str) -> tuple[str, Verification]:
    after = plan_rename_all(read_net(small_net)).new_text
    image = {"data": np.full((1, 3, 12, 10), 7, np.float32)}
    return after, run_job(verify_rename(any_process, small_net, after, inputs=image, seed=5))


def test_it_says_what_ran_on_what(
    verified: tuple[str, Verification], small_net: str, tmp_path: Path
) -> None:
    after, verification = verified
    path = tmp_path / "small_renamed.prototxt"
    path.write_text(after)
    written = write_report(path, report_record(verification, image_name="cat.png"))
    assert written == report_path(path) == tmp_path / "small_renamed.verification.json"
    record = json.loads(written.read_text())
    assert record["schema"] == 1
    assert record["identical"] is True
    assert record["engine"]["name"] in ("torch", "fake", "caffe", *GRAPH_ENGINES)
    assert record["engine"]["precision"] == "float32"
    assert record["original_sha256"] == hashlib.sha256(small_net.encode()).hexdigest()
    assert record["renamed_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    image = b"data (1, 3, 12, 10)" + np.full((1, 3, 12, 10), 7, "<f4").tobytes()
    assert record["input"]["sha256"] == hashlib.sha256(image).hexdigest()
    assert (record["input"]["image"], record["seed"]) == ("cat.png", 5)
    (output,) = record["outputs"]
    assert (output["label"], output["n_different"], output["largest_difference"]) == ("prob", 0, 0)


def test_it_stands_for_its_text_only(verified: tuple[str, Verification], tmp_path: Path) -> None:
    after, verification = verified
    path = tmp_path / "net.prototxt"
    assert report_standing(path, after).status == "none"
    write_report(path, report_record(verification))
    standing = report_standing(path, after)
    assert standing.status == "matches"
    assert standing.sentence.startswith("prob bit-identical to the original")
    assert report_standing(path, after + "\n").status == "other text"


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"schema": 1}', b"[" * 100_000, b"\xff", b'{"schema": 9}']
)
def test_a_damaged_report_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "net.prototxt"
    report_path(path).write_bytes(content)
    with pytest.raises(AppError):
        read_report(path)
    assert report_standing(path, "").status == "unreadable"


def test_layers_under_new_names_are_matched(any_process: EngineProcess, small_net: str) -> None:
    net = read_net(small_net)
    plan = with_layer_names(plan_rename_all(net), net)
    assert plan.layer_renames
    found = run_job(verify_rename(any_process, small_net, plan.new_text))
    assert found.is_identical
    assert found.outputs == ("prob",)


def test_other_shapes_are_an_infinite_difference(
    torch_process: EngineProcess, small_net: str, tmp_path: Path
) -> None:
    wider = small_net.replace("num_output: 5", "num_output: 7")
    assert wider != small_net
    found = run_job(verify_rename(torch_process, small_net, wider))
    write_report(tmp_path / "n.prototxt", report_record(found))
    report = read_report(tmp_path / "n.prototxt")
    assert report is not None
    assert not report.is_identical
    assert report.largest_difference == float("inf")
    assert report.first_different_layer == found.first_different_layer


def test_a_report_of_a_newer_blobscope_is_not_guessed_at(
    verified: tuple[str, Verification], tmp_path: Path
) -> None:
    after, verification = verified
    path = tmp_path / "net.prototxt"
    written = write_report(path, report_record(verification))
    record = json.loads(written.read_text())
    written.write_text(json.dumps({**record, "schema": record["schema"] + 1}))
    assert "written by a newer Blobscope" in report_standing(path, after).sentence
