"""Faults in what the window keeps, draws and says."""

from __future__ import annotations

from tests.mutants.mutation import Faults

JOBS = ("tests/gui/test_jobs.py",)
RENAMING = ("tests/gui/test_renaming.py",)
CHANGES = ("tests/gui/test_changes.py",)
VERIFYING = ("tests/gui/test_verifying.py",)
DOCUMENT = ("tests/gui/test_document.py",)
NOTICES = ("tests/gui/test_notice_bar.py",)
HISTOGRAM = ("tests/gui/test_histogram_panel.py",)
DRESSING = ("tests/gui/test_dressing.py",)

FAULTS = [
    Faults("gui/theme.py", *DRESSING).plant(
        "a theme is put on in place of another, which dresses each part many times",
        '            app.setStyleSheet("")  # in',
        "            # in",
    ),
    Faults("gui/dressing.py", *DRESSING)
    .plant(
        "a window is built in a dressed application",
        '    app.setStyleSheet("")\n',
        "    pass\n",
    )
    .plant(
        "a widget keeps the look of its former kind",
        "        widget.style().polish(widget)\n",
        "        pass\n",
    )
    .plant(
        "sizes are asked for before the sheets are on",
        "        _measures.append(measure)\n",
        "        measure()\n",
    ),
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
        "time left is what is left to do",
        "return (now.total - now.done) / rate",
        "return now.total - now.done",
    )
    .plant(
        "time left counts from 0, not from the first report",
        "return (now.done - first.done) / passed",
        "return now.done / passed",
    )
    .plant("time left is told at once", "or passed < SETTLE_SECONDS or", "or"),
    Faults("core/words.py", "tests/core/test_words.py", *JOBS)
    .plant("minutes are seconds", "divmod(rest, 60)", "divmod(rest, 61)")
    .plant("an offer says about 0:00", "if seconds < 1:", "if seconds < 0:"),
    Faults("gui/controllers/status.py", *JOBS, "tests/gui/test_engine_choice.py").plant(
        "fast paths that are off go untold", 'if engine.device != "cpu" or not n_off:', "if True:"
    ),
    Faults("gui/document.py", *DOCUMENT)
    .plant(
        "changes outlive their file",
        "        self.changes = NO_CHANGES\n"
        "        self.weights = None\n        self.binding = None\n"
        '        self.selection = ""\n        self.is_partial = is_partial',
        "        self.weights = None\n        self.binding = None\n"
        '        self.selection = ""\n        self.is_partial = is_partial',
    )
    .plant(
        "weights outlive their file",
        "        self.weights = None\n        self.binding = None\n"
        '        self.selection = ""\n        self.is_partial = is_partial',
        '        self.selection = ""\n        self.is_partial = is_partial',
    )
    .plant(
        "the selection outlives its file",
        '        self.selection = ""\n        self.is_partial = is_partial',
        "        self.is_partial = is_partial",
    )
    .plant(
        "changes outlive a save",
        "        self.saved_net, self.saved_shapes = self.net, self.shapes\n"
        "        self.changes = NO_CHANGES\n",
        "",
    )
    .plant(
        "a proof outlives its text",
        "        self._drop_proofs()\n        self.net_changed.emit()\n",
        "        self.net_changed.emit()\n",
    )
    .plant(
        "a proof outlives its weights",
        "        self.revision += 1\n"
        "        self.weights_changed.emit()\n        self._drop_proofs()\n",
        "        self.revision += 1\n        self.weights_changed.emit()\n",
    )
    .plant(
        "results of an older text are not late",
        "            self.binding = derived.binding\n        self.revision += 1",
        "            self.binding = derived.binding",
    ),
    Faults("gui/controllers/changing.py", *VERIFYING)
    .plant(
        "a fix is verified",
        "return document.is_edited and not why_no_measure(",
        "return False and why_no_measure(",
    )
    .plant(
        "the next step is always Save",
        'return "save" if document.measurement is not None else "measure"',
        'return "save"',
    )
    .plant("the rail counts what is saved", "changes.n_own if is_edited else 0", "changes.n_own")
    .plant(
        "changes are counted from the file first opened",
        "before = document.saved_net or document.original_net",
        "before = document.original_net",
    ),
    Faults("gui/panels/changes/words.py", *CHANGES)
    .plant(
        "a failed Verify is written as verified",
        "    if result.is_identical:\n        title",
        "    if True:\n        title",
    )
    .plant(
        "equal values are those that differ",
        "n_equal = result.n_values - result.n_different",
        "n_equal = result.n_different",
    )
    .plant(
        "filler weights go unsaid",
        '    if result.filler:\n        facts.append("filler weights")\n    facts',
        "    facts",
    )
    .plant("an output that moves stays", "if not change.n_different:", "if change.n_different:"),
    Faults("gui/undo.py", *RENAMING, *VERIFYING, "tests/gui/test_sessions.py")
    .plant(
        "undo makes the edit again",
        "self._history.change(self._plan.inverse())",
        "self._history.change(self._plan)",
    )
    .plant(
        "a fix is held against the file before it",
        "return one == other or (one in fixes and fixes[one] == fixes.get(other))",
        "return True",
    ),
    Faults("gui/controllers/saving.py", *RENAMING)
    .plant(
        "an old proof stays beside a new text",
        "        report.unlink(missing_ok=True)",
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
    Faults("gui/controllers/verifying.py", *RENAMING, *VERIFYING)
    .plant(
        "small nets do not verify themselves",
        "or not document.is_cheap:",
        "or True:",
    )
    .plant(
        "the text is held against itself",
        "before = self._history.base_text(self._document.saved_text)",
        "before = self._document.text",
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
        "return np.log10(heights) if is_log else heights",
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
        "lines = [[_heading(model, column) for column in columns]]",
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
