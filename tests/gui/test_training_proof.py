"""The Proof step of the Training page: measured before and after, shown, and saved."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtTest import QTest

from core.training.run.folder import Asked
from core.training.run.history import LOG_NAME
from core.training.run.records import ChannelCount, Channels, Ended
from core.weights.writer import write_caffemodel
from tests.gui.test_training_data import picture
from tests.gui.test_training_net import NET
from tests.gui.test_training_run import records


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three classes of eight images, and two newts, which are too few to train on."""
    root = tmp_path / "pets"
    for label, n, first in (("ant", 8, 0), ("bee", 8, 100), ("cat", 8, 200), ("newt", 2, 300)):
        (root / label).mkdir(parents=True)
        for i in range(n):
            picture(first + i).save(root / label / f"{i}.png")
    return root


def write_run(folder: Path) -> None:
    """A run as step Run leaves it; only the weights of snapshots are needed."""
    run = folder / "run-1"
    run.mkdir()
    asked = Asked(str(folder / "solver.prototxt"))
    (run / "run.json").write_bytes(msgspec.json.encode(asked))
    counts = [Channels(at, 16, (ChannelCount("conv2", n, 4),)) for at, n in ((0, 0), (40, 3))]
    log = [*records(), *counts, Ended(40, "finished")]
    lines = [msgspec.json.encode(record) + b"\n" for record in log]
    (run / LOG_NAME).write_bytes(b"".join(lines))
    for n in (10, 20, 30, 40):
        write_caffemodel(run / f"small_iter_{n}.caffemodel", "small", [])


@pytest.fixture
def page(bench, qtbot, images: Path, tmp_path: Path):
    """A project with its images divided, its files written and a run that is over."""
    net = tmp_path / "small.prototxt"
    net.write_text(NET)
    bench.opening.open_paths([net])
    bench.training.open_images(images)
    wait(bench, qtbot)
    page = bench.window.training_page
    page.data.split.use.click()
    wait(bench, qtbot)
    page.show_step("net")
    wait(bench, qtbot)
    page.write_files.click()
    wait(bench, qtbot)
    write_run(bench.training.project.now.folder)
    bench.training.data.open_split(bench.training.project.now.folder)
    wait(bench, qtbot)
    page.show_step("proof")
    return page


def wait(bench, qtbot) -> None:
    qtbot.waitUntil(lambda: bench.lanes.is_idle, timeout=60000)


def test_a_proof_needs_a_run(bench) -> None:
    page = bench.window.training_page
    bench.window.show_page("training")
    page.show_step("proof")
    assert "Train it in step Run" in page.proof.empty.sentence
    assert not page.proof.empty.offers_button
    assert not page.save_report.isEnabled()
    assert "step Run" in bench.window.actions_.why_not("training_prove")


def test_before_and_after_are_measured_and_shown(page, bench, qtbot, user, tmp_path: Path) -> None:
    assert "iteration 20" in page.proof.empty.sentence  # the best one of the run
    bench.window.actions_["training_prove"].trigger()
    wait(bench, qtbot)
    step, found = page.proof, bench.training.proof.proved
    assert found is not None
    assert found.asked.weights.name == "small_iter_20.caffemodel"
    layers = {(row.layer, row.after_layer) for row in step.rows.rows}
    assert layers == {("pool1", "pool1"), ("fc", "fc_pets")}
    held = bench.training.project.now.divided.parts["test"]
    assert {query.file for query in found.report.proof.queries} == set(held)
    assert step.sentence.text()
    assert step.sentence.text().replace("\N{ZERO WIDTH SPACE}", "") == found.report.proof.sentence
    assert "dead" in step.facts.plain_text().lower()
    assert "conv2 0 to 3 of 4" in step.facts.plain_text()
    assert page.bar.buttons["proof"].is_done
    step.queries.choose("all")
    wait(bench, qtbot)
    assert len(bench.training.proof.proved.report.proof.queries) == 26
    step.queries.choose("new classes")
    wait(bench, qtbot)
    newts = bench.training.proof.proved.report.proof.queries
    assert {query.label for query in newts} == {"newt"}
    opened = []
    bench.training.proof.open_file = opened.append
    user.files.append((tmp_path / "proof.html",))
    QTest.mouseClick(page.save_report, Qt.LeftButton)
    wait(bench, qtbot)
    assert opened == [tmp_path / "proof.html"]
    assert "never seen in training: newt" in (tmp_path / "proof.html").read_text()


def test_a_long_measurement_is_asked_about(page, bench, qtbot, user, monkeypatch) -> None:
    monkeypatch.setattr("gui.controllers.training.proof_work.ASK_SECONDS", 0.0)
    user.answers.append("cancel")
    page.proof.empty.clicked.emit()
    wait(bench, qtbot)
    assert user.asked[-1] == "Measure 26 images before and after?"
    assert bench.training.proof.proved is None
    user.answers.append("read")
    page.measure_again.click()
    wait(bench, qtbot)
    assert bench.training.proof.proved is not None
    changed = page.proof.changed
    if changed.queries:  # a picture opens as the image of the window
        QTest.mouseClick(changed, Qt.LeftButton, pos=QPoint(20, 20))
        assert bench.document.image_path is not None
