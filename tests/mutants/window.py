"""Faults in what the window keeps, draws and says."""

from __future__ import annotations

from tests.mutants.mutation import Faults

JOBS = ("tests/gui/test_jobs.py",)
RENAMING = ("tests/gui/test_renaming.py",)
CHANGES = ("tests/gui/test_changes.py",)
DOCUMENT = ("tests/gui/test_document.py",)
NOTICES = ("tests/gui/test_notice_bar.py",)
GRAPH = (
    "tests/gui/test_graph_panel.py::test_a_verification_is_drawn_in_the_colours_of_its_result",
)
HISTOGRAM = ("tests/gui/test_histogram_panel.py",)

FAULTS = [
    Faults("gui/jobs.py", *JOBS)
    .plant(
        "a late result is delivered",
        "return not (run.cancelled.is_set() or is_late or self._is_closed)",
        "return not (run.cancelled.is_set() or self._is_closed)",
    )
    .plant(
        "a cancelled job delivers",
        "return not (run.cancelled.is_set() or is_late or",
        "return not (is_late or",
    )
    .plant("a replaced job goes on", "            older.cancelled.set()\n", "            pass\n")
    .plant(
        "a bug is only a failure", "            self.bug_found.emit(error)\n", "            pass\n"
    )
    .plant(
        "a dead engine is not announced",
        "            self.engine_crashed.emit(error)\n",
        "            pass\n",
    )
    .plant(
        "a deaf engine is left alone", "            self.stuck.emit(run)\n", "            pass\n"
    )
    .plant(
        "a long job holds up the lane",
        "if now > until and not self._runs.empty():",
        "if False:",
    )
    .plant(
        "a job pauses for nobody",
        "if now > until and not self._runs.empty():",
        "if now < until and not self._runs.empty():",
    )
    .plant(
        "painting holds up the window",
        "            self._runs.append(run)\n        else:",
        "            self._runs.append(run)\n            self._go_on()\n        else:",
    )
    .plant("a job ends without a word", "                run.on_end()\n", "                pass\n"),
    Faults("gui/runs.py", *JOBS)
    .plant(
        "a paused job outlives its cancel", "            self.steps.close()\n", "            pass\n"
    )
    .plant(
        "time left is the time passed",
        "return passed * (now.total - now.done) / (now.done - first.done)",
        "return passed",
    )
    .plant(
        "time left counts from 0, not from the first report",
        "/ (now.done - first.done)",
        "/ now.done",
    )
    .plant("time left is told at once", "if passed < SETTLE_SECONDS:", "if passed < 0:"),
    Faults("gui/controllers/status.py", *JOBS, "tests/gui/test_engine_choice.py")
    .plant("minutes are seconds", "int(left // 60)", "int(left)")
    .plant(
        "fast paths that are off go untold", 'if engine.device != "cpu" or not n_off:', "if True:"
    ),
    Faults("gui/document.py", *DOCUMENT)
    .plant("renames outlive their file", "        self.renames = ()\n", "")
    .plant(
        "weights outlive their file",
        "        self.weights = None\n        self.binding = None\n        self.selection",
        "        self.selection",
    )
    .plant(
        "the selection outlives its file",
        '        self.selection = ""\n        self.is_partial',
        "        self.is_partial",
    )
    .plant(
        "a proof outlives its text",
        "        self._drop_verification()\n        self.net_changed.emit()\n",
        "        self.net_changed.emit()\n",
    )
    .plant(
        "a proof outlives its weights",
        "        self.weights_changed.emit()\n        self._drop_verification()\n",
        "        self.weights_changed.emit()\n",
    )
    .plant(
        "results of an older text are not late",
        "            self.binding = derived.binding\n        self.revision += 1",
        "            self.binding = derived.binding",
    ),
    Faults("gui/controllers/viewing.py", *RENAMING)
    .plant(
        "a failed Verify is drawn as verified",
        "    if verification.is_identical:\n        return VerifiedMark(",
        "    if True:\n        return VerifiedMark(",
    )
    .plant(
        "a failed Verify has an ok mark", "return VerifiedMark(False,", "return VerifiedMark(True,"
    ),
    Faults("gui/panels/changes/words.py", *CHANGES)
    .plant(
        "a failed Verify is written as verified", "    if result.is_identical:\n", "    if True:\n"
    )
    .plant(
        "equal values are those that differ",
        "n_equal = result.n_values - result.n_different",
        "n_equal = result.n_different",
    )
    .plant("filler weights go unsaid", "    if result.filler:\n", "    if not result.filler:\n"),
    Faults("gui/panels/changes/panel.py", *CHANGES)
    .plant(
        "a failed Verify fills Save",
        "self._fill_save(self._verification is None or self._verification.is_identical)",
        "self._fill_save(True)",
    )
    .plant(
        "a typed name is overwritten",
        'if self.file_name.text() in ("", self._suggested):',
        "if True:",
    )
    .plant(
        "nobody can save under no name",
        "self.save_button.setEnabled(bool(self.file_name.text().strip()))",
        "self.save_button.setEnabled(True)",
    ),
    Faults("gui/graph/items/verified.py", *GRAPH).plant(
        "a failed card is filled green",
        "painter.setBrush(theme.ok_fill if self.mark.is_ok else theme.error_fill)",
        "painter.setBrush(theme.ok_fill)",
    ),
    Faults("gui/undo.py", *RENAMING, "tests/gui/test_sessions.py")
    .plant(
        "undo makes the edit again",
        "self._history.change(self._plan.inverse())",
        "self._history.change(self._plan)",
    )
    .plant(
        "a fix is held against the file before it",
        "if isinstance(step, TextEditCommand) and step.changes_values:",
        "if False:",
    ),
    Faults("gui/controllers/saving.py", *RENAMING)
    .plant(
        "an old proof stays beside a new text",
        "        report_path(path).unlink(missing_ok=True)",
        "        pass",
    )
    .plant(
        "a failed proof is told in green",
        'kind = "ok" if is_identical else',
        'kind = "ok" if is_proved else',
    )
    .plant(
        "edits are lost without a question",
        "        if not document.is_edited:\n            go_on()",
        "        if True:\n            go_on()",
    ),
    Faults("gui/controllers/renaming.py", *RENAMING).plant(
        "a plan for a text that moved on is carried out",
        "if not planned.plan.edits or planned.plan.old_text != self.history.current_text:",
        "if not planned.plan.edits:",
    ),
    Faults("gui/controllers/verifying.py", *RENAMING)
    .plant(
        "small nets do not verify themselves",
        "if is_open_question and is_ready and self.is_cheap:",
        "if False:",
    )
    .plant(
        "the text is held against itself",
        "before, after = self._history.base_text, document.text",
        "before, after = document.text, document.text",
    ),
    Faults("core/words.py", *HISTOGRAM)
    .plant("99.99 % is 100 %", "if 100.0 - smallest < percent < 100.0:", "if percent < 0:")
    .plant("0.001 % is 0 %", "if 0 < percent < smallest:", "if percent < 0:")
    .plant(
        "a minus is lost",
        'return (MINUS if value < 0 else "") + text.replace("e-"',
        'return text.replace("e-"',
    ),
    Faults("gui/panels/histogram/plot.py", *HISTOGRAM)
    .plant("the last bin is open", "{']' if is_last else ')'}", "{')'}")
    .plant("what lies below goes unsaid", '(below, "below",', '(0, "below",')
    .plant("what lies below is said to lie above", '(below, "below",', '(below, "above",')
    .plant(
        "a log axis has plain heights",
        "return np.log10(np.maximum(heights, LOG_FLOOR)) if is_log else heights",
        "return heights",
    )
    .plant("zeros are shares of nothing", "100 * n_zeros / n_values if", "0.0 * n_zeros if")
    .plant(
        "the readout is of the bin beside",
        "self._select(self._view.bin_at(box.mapSceneToView(place).x()) if",
        "self._select(self._view.bin_at(box.mapSceneToView(place).x()) + 1 if",
    )
    .plant("the zoom stays", "        box.setRange(xRange=(low, high), padding=0)\n", ""),
    Faults("gui/panels/histogram/statistics.py", *HISTOGRAM)
    .plant("what differs does not stand out", "column == 2 and row[2] != row[1]", "False")
    .plant("numbers are not aligned", "int(LEFT if column == 0 else RIGHT)", "int(LEFT)"),
    Faults("gui/widgets/copy_table.py", *HISTOGRAM)
    .plant("all cells are copied", "        if not selected:\n", "        if True:\n")
    .plant(
        "headings are not copied",
        "lines = [[str(model.headerData(column, Qt.Horizontal)) for column in columns]]",
        "lines: list[list[str]] = []",
    ),
    Faults("gui/widgets/plot.py", *HISTOGRAM)
    .plant("counts have halves", "return [(max(1.0, spacing), offset)", "return [(spacing, offset)")
    .plant(
        "pyqtgraph keeps the hook for bugs",
        "sys.excepthook, threading.excepthook = _hooks\n",
        "",
    ),
    Faults("gui/widgets/notice_bar.py", *NOTICES)
    .plant(
        "many notices push the graph away",
        "return min(LARGEST_HEIGHT, self._content.heightForWidth(width))",
        "return self._content.heightForWidth(width)",
    )
    .plant(
        "the bar keeps the height of its first notice",
        "        policy.setHeightForWidth(True)\n",
        "",
    ),
    Faults("gui/widgets/notice_card.py", *NOTICES).plant(
        "a card can't grow",
        "self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Preferred)",
        "self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Maximum)",
    ),
    Faults("gui/main_window.py", "tests/gui/test_pages.py").plant(
        "the window is larger than its screen",
        "if frame.width() <= room.width() and frame.height() <= room.height():",
        "if True:",
    ),
]
