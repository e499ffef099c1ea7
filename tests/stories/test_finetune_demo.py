"""The demo of fine-tuning: other classes for the bundled net, and a report that shows the gain."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.commands.finetune_demo import FAMILIES, run_demo
from core.errors import RequestError
from core.training.run.history import read_history


def test_the_bundled_net_learns_other_classes_and_the_report_shows_it(
    tmp_path: Path, repository: Path
) -> None:
    out, said = tmp_path / "demo", list[str]()
    made = run_demo(out, said.append)
    kinds = {path.name for path in (repository / "resources/demo/gallery").iterdir()}
    assert {kind for family in FAMILIES.values() for kind in family} == kinds
    history = read_history(out / "run")
    assert history.ended is not None
    assert history.ended.why == "finished"
    assert history.began is not None
    assert history.began.n_frozen > 10
    best = history.best_test("accuracy")
    assert best is not None
    assert best.scores["accuracy"] > 0.85 > 0.5 > history.tests[0].scores["accuracy"]
    rows = {row.layer: row for row in made.report.proof.rows}
    assert rows["prob"].difference.low > 0.1
    assert rows["prob"].p_corrected < 0.01
    assert rows["pool4"].is_unchanged
    learned = {Path(name).name for name in made.split.split.parts["train"]}
    assert not learned & {path.name for path in (out / "held_out").rglob("*.jpg")}
    assert "prob" in made.html.read_text(encoding="utf-8")
    assert any("on val accuracy" in line for line in said)
    with pytest.raises(RequestError, match="there already"):
        run_demo(out, said.append)
