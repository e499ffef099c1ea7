"""How things stand: the status line, phase and engine, and which actions are enabled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PyQt5.QtCore import QObject, QSignalBlocker, Qt, QTimer
from PyQt5.QtWidgets import QComboBox

from core.engine_names import ENGINE_CHOICES, ENGINE_TITLES
from core.engines.host import TORCH
from core.words import about_text, plural
from gui.controllers.engine_child import (
    READY,
    STARTING,
    STOPPED,
    EngineController,
    short_device_name,
)
from gui.controllers.engine_choice import SETTINGS
from gui.controllers.opening import OpeningController
from gui.controllers.possibilities import Facts, facts_of
from gui.controllers.renaming import RenamingController
from gui.document import ModelDocument
from gui.jobs import Lanes
from gui.main_window import MainWindow
from gui.runs import Run
from gui.settings import Settings
from gui.widgets.job_box import JobView
from gui.widgets.plain_text import plain_tip

PHASES = ("TEST", "TRAIN")
TICK_MILLISECONDS = 500
_PAGES_OF_JOBS = {
    "net": ("open", "weights", "derive", "rename", "verify", "measure", "save", "export-graph"),
    "layer": ("forward", "activations", "summaries", "extract", "rank-channels"),
    "retrieval": ("index", "query", "evaluate", "evaluate-queries", "gallery-care", "absent-images",
                  "export-gallery", "try-rate"),
    "training": ("train-check", "train-prepare", "train-run", "train-proof", "train-report"),
    "compare": ("compare", "fidelity", "compare-values", "compare-weights"),
}  # fmt: skip
"""Below which word of the rail a line says that something runs; each by the key of its job."""


class StatusController(QObject):
    """Reads state everywhere and shows it; changes only phase and device, when chosen."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        renaming: RenamingController,
        opening: OpeningController,
        window: MainWindow,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._lanes = lanes
        self._engine = engine
        self._renaming = renaming
        self._opening = opening
        self._window = window
        self._settings = settings
        self.extra_facts: list[Callable[[], Facts]] = []
        self.why_no_run: Callable[[], str] = str
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MILLISECONDS)
        window.phase_box.addItems(PHASES)
        self._connect()
        self._show_engine()
        self.show_devices()
        self.refresh()

    def _connect(self) -> None:
        document, window = self._document, self._window
        for signal in (document.net_changed, document.weights_changed, document.image_changed,
                       document.saved_changed, document.verification_changed,
                       document.recipe_changed):  # fmt: skip
            signal.connect(self.refresh)
        document.selection_changed.connect(lambda _name: self.refresh())
        self._engine.state_changed.connect(self._show_engine)
        self._engine.devices_changed.connect(self.show_devices)
        self._lanes.changed.connect(self._show_jobs)
        self._tick.timeout.connect(self._show_jobs)
        self._renaming.history.indexChanged.connect(lambda _index: self.refresh())
        window.status_line.cancel_clicked.connect(self.cancel_job)
        window.bell_popup.cancel_clicked.connect(self._lanes.cancel)
        document.opened.connect(lambda: window.status_line.set_last(""))
        window.status_line.hidden_clicked.connect(window.panels.layer_table.hidden_only.toggle)
        window.phase_box.activated.connect(self._choose_phase)
        window.engine_popup.device_box.activated.connect(self._choose_device)

    def cancel_job(self) -> None:
        """Stop the job the status line shows."""
        running = self._lanes.running
        if running:
            self._lanes.cancel(running[-1].key)

    def cancel_by_key(self) -> None:
        """Stop the latest job but one that goes on for hours, as Esc is soon pressed."""
        running = [run for run in self._lanes.running if run.lane != "training"]
        if running:
            self._lanes.cancel(running[-1].key)

    def refresh(self) -> None:
        """Show hidden versions and weights, and enable what can be done now."""
        self._show_hidden()
        self._show_weights()
        self._window.set_facts(self._facts())
        self._window.phase_box.setEnabled(self._document.net is not None)
        self._window.phase_box.setCurrentText(self._document.state.phase)

    def say(self, sentence: str) -> None:
        """What was done last, with its figures."""
        self._window.status_line.set_last(sentence)

    def _facts(self) -> Facts:
        facts = facts_of(
            self._document,
            self._renaming.history,
            self._engine,
            self._lanes.running,
            self.why_no_run(),
        )
        for extra in self.extra_facts:
            facts.update(extra())
        return facts

    def _show_hidden(self) -> None:
        net = self._document.net
        n_layers = len(net.in_place_layers) if net else 0
        n_hidden = len(net.hidden) if net else 0
        text = ""
        if n_layers:
            text = (
                f"{plural(n_layers, 'in-place layer')} {'hides' if n_layers == 1 else 'hide'}"
                f" {plural(n_hidden, 'blob version')}"
            )
        self._window.status_line.set_hidden(text)

    def _show_weights(self) -> None:
        document = self._document
        if document.net is None:
            self._window.status_line.set_weights("")
            return
        binding = document.binding
        if binding is None or document.weights is None:
            self._window.status_line.set_weights("No weights: filler values")
            return
        text = (
            f"Weights: {binding.n_arrays_bound} of "
            f"{plural(binding.n_arrays_expected, 'array')} bound"
        )
        kind = "error_text" if binding.wrong or binding.unbound else "secondary"
        self._window.status_line.set_weights(text, kind)

    def _show_engine(self) -> None:
        engine = self._engine
        if engine.state == READY:
            text, kind = f"{engine.title} · {engine.device_name}, ready", "ok"
            text += _slow_words(engine)
        elif engine.state == STARTING:
            text, kind = f"{engine.title} · starting", "warning"
        elif engine.state == STOPPED:
            text, kind = f"{engine.title} · stopped", "error"
        else:
            text, kind = f"{engine.title} · not available", "error"
        self._window.status_line.set_engine(text, kind)
        why = f"{text}. {engine.chosen.reason}." if engine.chosen and kind == "ok" else text
        self._window.engine_popup.show_state(engine.sentence or why, kind)
        has_caffe = engine.spec.name != TORCH.name or bool(self._settings.caffe_command)
        words = "" if has_caffe else "Caffe itself: not set up, PyTorch is used"
        self._window.start_page.show_engine(words)
        paths = "\n".join(f"Fast path {path.sentence}" for path in engine.fast_paths)
        self._window.status_line.setToolTip(plain_tip(engine.sentence or paths))
        self.refresh()

    def show_devices(self) -> None:
        """Fill the lists of engines and devices and mark what runs."""
        self._show_engines()
        devices = [(short_device_name(d.id), d.id) for d in self._engine.devices]
        _fill(
            self._window.engine_popup.device_box, devices or [("CPU", "cpu")], self._engine.device
        )
        for index, device in enumerate(self._engine.devices):
            self._window.engine_popup.device_box.setItemData(
                index, plain_tip(device.name), Qt.ToolTipRole
            )
        self._window.engine_popup.device_box.setEnabled(bool(self._engine.devices))

    def _show_engines(self) -> None:
        running = self._engine.spec.name
        names = dict.fromkeys((*ENGINE_CHOICES, running))
        entries = [(ENGINE_TITLES[name], name) for name in names]
        _fill(self._window.engine_popup.engine_box, [*entries, ("Settings…", SETTINGS)], running)

    def _choose_phase(self) -> None:
        phase = self._window.phase_box.currentText()
        self._opening.choose_state(replace(self._document.state, phase=phase))

    def _choose_device(self) -> None:
        device = self._window.engine_popup.device_box.currentData()
        if device is not None:
            self._engine.choose_device(device)
            self._settings.device = device
            self._show_engine()

    def _show_jobs(self) -> None:
        running = self._lanes.running
        window = self._window
        if not running:
            self._tick.stop()
        elif not self._tick.isActive():
            self._tick.start()
        # a job that ends at once would only flicker
        jobs = [
            job_view(run)
            for run in running
            if run.seconds * 1000 >= TICK_MILLISECONDS / 2 or run.progress is not None
        ]
        window.status_line.set_jobs(jobs)
        window.bell_popup.show_jobs(jobs)
        busy = {job.key for job in jobs}
        for page, keys in _PAGES_OF_JOBS.items():
            if page in window.rail.buttons:
                window.rail.buttons[page].set_busy(not busy.isdisjoint(keys))
        if bool(running) != ("job" in window.actions_.state):
            window.set_facts(self._facts())


def _slow_words(engine: EngineController) -> str:
    """ ", 1 of 3 fast paths off": passes on the CPU then take longer, with the same numbers."""
    n_off = sum(bool(path.why_not) for path in engine.fast_paths)
    if engine.device != "cpu" or not n_off:
        return ""
    return f", {n_off} of {len(engine.fast_paths)} fast paths off"


def job_view(run: Run) -> JobView:
    """ "2,137 of 5,063 images", "6.1 a second", "about 8:00 left"."""
    step, rate, left = run.progress, run.rate, run.seconds_left
    if step is None:
        return JobView(run.key, run.title)
    if not step.total:
        return JobView(run.key, run.title, f"{step.done:,} {step.what}" if step.done else step.what)
    pace = "" if rate is None else f"{rate:,.1f}" if rate < 100 else f"{rate:,.0f}"
    return JobView(
        run.key,
        run.title,
        f"{step.done:,} of {step.total:,} {step.what}",
        f"{pace} a second" if pace else "",
        "" if left is None else f"{about_text(left)} left",
        step.done / step.total,
    )


def _fill(box: QComboBox, entries: list[tuple[str, str]], chosen: str) -> None:
    blocker = QSignalBlocker(box)
    box.clear()
    for text, key in entries:
        box.addItem(text, key)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    del blocker
