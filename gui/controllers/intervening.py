"""Runs what follows the interventions, and shows before and after; the net itself stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.engines.values import Value
from core.errors import AppError
from core.interventions.effect import ClassChange, Effect, Scores, short_name
from core.interventions.intervention import (
    Intervention,
    read_interventions,
    write_interventions,
)
from core.jobs.intervene import InterveneRequest, intervene
from core.jobs.intervene_ranking import ChangedRanking
from core.jobs.rank_channels import (
    ChannelRanking,
    RankChannelsRequest,
    expected_seconds,
    rank_channels,
)
from core.net.definition import Net
from core.words import MINUS, plural
from gui.controllers.exporting import ExportingController
from gui.controllers.inspecting import InspectingController
from gui.dialogs.files import FileChooser
from gui.document import ModelDocument
from gui.interventions import Interventions, Listed
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.interventions.panel import InterventionsPanel
from gui.panels.interventions.view import EffectView, InterventionRow, ScoreRow
from gui.settings import Settings

JOB, RANK_JOB, NOTICE = "intervene", "rank-channels", "interventions"
LIST_FILTER = "Interventions (*.json)"
NO_SCORES = "This net gives no class scores to rank channels by."
NEEDS_PASS = "Run Forward (F5) to see what the interventions change."
N_CLASSES, N_CHANNELS = 5, 12


class InterveningController(QObject):
    """Asks for a pass from the values that are kept, whenever list, image or net change."""

    found = pyqtSignal(object)
    """The Effect that is shown, None for none."""
    told = pyqtSignal(str)

    def __init__(
        self,
        model: Interventions,
        document: ModelDocument,
        lanes: Lanes,
        inspecting: InspectingController,
        exporting: ExportingController,
        notices: Notices,
        settings: Settings,
        chooser: Callable[[], FileChooser],
        panel: InterventionsPanel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._document = document
        self._lanes = lanes
        self._inspecting = inspecting
        self._exporting = exporting
        self._notices = notices
        self._settings = settings
        self._chooser = chooser
        self._panel = panel
        self._asked: InterveneRequest | None = None
        self.effect: Effect | None = None
        self.ranked_layer = ""
        self.ranking_clause = ""
        self._precisions: dict[Intervention, str] = {}
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Run what is active on the image of now, where its pass has run or costs nothing."""
        self._show_list()
        active = self._model.active
        key = self._inspecting.run_key()
        if not active or key is None:
            self._take(None)
            return
        request = InterveneRequest(key, active)
        if request == self._asked:
            return
        if not self._inspecting.has_pass(key):
            self._take(None)
            return
        self._asked = request
        self._lanes.engine.start(
            lambda: intervene(request, self._inspecting.looker),
            key=JOB,
            title="Interventions",
            revision=self._document.revision,
            on_result=self._take,
            on_error=self._show_error,
        )

    def rank(self) -> None:
        """Switch each channel of the selected layer off by itself."""
        value, key = self.value(), self._inspecting.run_key()
        if value is None or key is None:
            return
        request = RankChannelsRequest(key, value)
        self._lanes.engine.start(
            lambda: rank_channels(request, self._inspecting.looker),
            key=RANK_JOB,
            title=f"Channels of {value.layer}",
            revision=self._document.revision,
            on_result=self._show_channels,
            on_error=lambda error: self._notices.show_error(error, NOTICE),
        )

    def value(self) -> Value | None:
        """The value of the layer that is selected."""
        net, name = self._document.net, self._document.selection
        if net is None or not net.has_layer(name):
            return None
        written = net.written(name)
        return Value(name, written[0].blob) if written else None

    def choose_and_save(self) -> None:
        """Ask where the list goes."""
        listed = tuple(row.intervention for row in self._model.rows)
        self._exporting.choose(
            "Save the list of interventions", "interventions.json", LIST_FILTER,
            lambda path: write_interventions(path, listed),
        )  # fmt: skip

    def choose_and_open(self) -> None:
        """Ask for a list."""
        self._chooser().open_files(
            "Open a list of interventions", self._settings.folder("exports"), LIST_FILTER,
            lambda paths: self.open(paths[0]),
        )  # fmt: skip

    def open(self, path: Path) -> None:
        """List what a file lists; what this net does not have is left out, and said."""
        try:
            read = read_interventions(path)
        except AppError as error:
            self._notices.show_error(error, NOTICE)
            return
        net = self._document.net
        known = [one for one in read if net is not None and _is_of(net, one)]
        if len(known) < len(read):
            left = AppError(
                f"{plural(len(read) - len(known), 'intervention')} of {path.name} "
                "of layers that this net does not have are left out."
            )
            self._notices.show_error(left, NOTICE)
        if known:
            self._model.add(known, f"the list {path.name}")

    def take_session(self, rows: tuple[Listed, ...]) -> None:
        """Begin with what a session kept, as far as this net has it."""
        net = self._document.net
        if net is not None:
            self._model.begin([row for row in rows if _is_of(net, row.intervention)])

    def _connect(self) -> None:
        document, panel, model = self._document, self._panel, self._model
        model.changed.connect(self.refresh)
        model.stepped.connect(self._show_list)
        self._inspecting.forward_done.connect(lambda _result: self.refresh())
        document.opened.connect(lambda: model.begin())
        document.opened.connect(lambda: self._notices.dismiss(NOTICE))
        document.net_changed.connect(self._keep_known)
        document.selection_changed.connect(lambda _name: self._show_list())
        for changed in (document.image_changed, document.weights_changed, document.recipe_changed):
            changed.connect(self.refresh)
            changed.connect(self._forget_channels)
        document.opened.connect(self._forget_channels)
        panel.active_toggled.connect(lambda n, is_on: model.set_active(n, is_active=is_on))
        panel.removed.connect(model.remove)
        panel.undo_requested.connect(model.undo)
        panel.remove_all_requested.connect(model.remove_all)
        panel.save_requested.connect(self.choose_and_save)
        panel.open_requested.connect(self.choose_and_open)
        panel.rank_requested.connect(self.rank)

    def _keep_known(self) -> None:
        """A rename gives values other names; the layer is the same."""
        net = self._document.net
        rows = []
        for row in self._model.rows if net is not None else ():
            one = row.intervention
            if net is not None and not _is_of(net, one):
                tops = net.layer(one.value.layer).tops if net.has_layer(one.value.layer) else ()
                if len(tops) != 1:
                    continue
                value = Value(one.value.layer, tops[0])
                one = Intervention(value, one.kind, one.channels, one.number, one.image, one.source)
            rows.append(Listed(one, row.is_active))
        if tuple(rows) != self._model.rows:
            self._model.begin(rows)
        self.refresh()

    def _take(self, effect: Effect | None) -> None:
        if effect is None:
            self._asked = None
        self.effect = effect
        self.ranking_clause, self._precisions = "", {}
        self._show_effect()
        self._show_list()
        self.found.emit(effect)
        if effect is not None:
            self.told.emit(effect.timing)

    def add_ranking(self, ranking: ChangedRanking) -> None:
        """What a ranking says, behind the sentence and beside each intervention."""
        self.ranking_clause = ranking.clause
        precisions = ranking.precisions
        if self.effect is not None and precisions is not None and ranking.alone:
            self._precisions = {
                one: _precision_words(after - precisions[0], "" if is_moved else ranking.layer)
                for one, after, is_moved in zip(
                    self.effect.interventions, ranking.alone, ranking.moved, strict=True
                )
            }
        self._show_effect()
        self._show_list()

    def _show_effect(self) -> None:
        effect = self.effect
        if effect is None:
            self._panel.show_effect(EffectView(NEEDS_PASS))
            return
        parts = [effect.sentence, self.ranking_clause]
        self._panel.show_effect(
            EffectView(
                " ".join(filter(None, ("; ".join(filter(None, parts)) + ".", effect.note))),
                () if effect.scores is None else _score_rows(effect.scores),
                _measures(effect),
                len(effect.interventions),
            )
        )

    def _show_list(self) -> None:
        effect, history = self.effect, self._model.history
        alone = dict(zip(effect.interventions, effect.alone, strict=False)) if effect else {}
        name = ""
        if effect is not None and effect.scores is not None:
            name = short_name(effect.scores.change(int(effect.scores.before.argmax())).name)
        are_shares = effect is not None and effect.scores is not None
        are_shares = are_shares and effect.scores.are_probabilities  # type: ignore[union-attr]
        told = {
            one: f"{name} {_change(change, are_shares=are_shares)}" for one, change in alone.items()
        }
        rows = []
        for row in self._model.rows:
            one = row.intervention
            parts = filter(None, (told.get(one), self._precisions.get(one)))
            rows.append(
                InterventionRow(one.sentence, row.is_active, one.kind == "off", ", ".join(parts))
            )
        self._panel.show_rows(rows, history.undoText() if history.canUndo() else "")
        self._offer_ranking()

    def _offer_ranking(self) -> None:
        value, net, shapes = self.value(), self._document.net, self._document.shapes
        words = "Which channels matter most?"
        shape = None
        if value is not None and net is not None and shapes is not None:
            shape = shapes.top(net.layer(value.layer), 0)
        if shape is None or len(shape) < 2:
            self._panel.show_rank_offer(words, "Select a layer with channels.")
            return
        if self.effect is not None:
            seconds = expected_seconds(self.effect.seconds, shape[1])
            words += f" {shape[1]:,}, at most {max(1, round(seconds)):,} s"
        why_not = self._inspecting.why_no_run()
        if self.effect is not None and self.effect.scores is None:
            why_not = NO_SCORES
        self._panel.show_rank_offer(words, why_not)

    def _forget_channels(self) -> None:
        """They were ranked for another image, or in another net."""
        self._lanes.cancel(RANK_JOB)
        self._panel.show_channels("", ())

    def _show_channels(self, ranking: ChannelRanking) -> None:
        name, self.ranked_layer = short_name(ranking.class_name), ranking.value.layer
        channels = [
            (int(c), _change(ranking.changes[c], are_shares=ranking.is_probability))
            for c in ranking.order[:N_CHANNELS]
        ]
        n_channels = plural(len(ranking.changes), "channel")
        note = (
            f"{ranking.value.layer}: what {name} becomes without each channel by itself, "
            f"{n_channels} in {ranking.seconds:.1f} s. A click chooses one. {ranking.note}"
        )
        self._panel.show_channels(note, channels)

    def _show_error(self, error: AppError) -> None:
        self._take(None)
        self._panel.show_effect(EffectView(error.sentence))
        self._notices.show_error(error, NOTICE)


def _is_of(net: Net, one: Intervention) -> bool:
    values = [one.value] + ([one.source] if one.source is not None else [])
    return all(net.has_layer(v.layer) and v.top in net.layer(v.layer).tops for v in values)


def _score_rows(scores: Scores) -> tuple[ScoreRow, ...]:
    changes = scores.changes(N_CLASSES)
    if scores.are_probabilities:
        return tuple(_score_row(scores, one, one.before, one.after) for one in changes)
    low = min((min(one.before, one.after, 0.0) for one in changes), default=0.0)
    span = max((max(one.before, one.after) for one in changes), default=1.0) - low or 1.0
    return tuple(
        _score_row(scores, one, (one.before - low) / span, (one.after - low) / span)
        for one in changes
    )


def _score_row(scores: Scores, one: ClassChange, before: float, after: float) -> ScoreRow:
    change = _change(one.after - one.before, are_shares=scores.are_probabilities)
    return ScoreRow(
        short_name(one.name), before, after, scores.text(one.before), scores.text(one.after), change
    )


def _change(change: float, *, are_shares: bool) -> str:
    """ "−23", in points of a hundred for shares; "0" only for no change at all."""
    if change == 0:
        return "0"
    number = 100 * change if are_shares else change
    size = abs(number)
    words = f"{size:.0f}" if are_shares and size >= 9.5 else f"{size:.2g}"
    return ("+" if number > 0 else MINUS) + words


def _precision_words(change: float, untouched: str) -> str:
    """ "AP −2.1"; where nothing of it reaches the layer of the ranking, `untouched`, that."""
    if untouched:
        return f"AP same: {untouched} is not reached"
    return "AP same" if change == 0 else f"AP {_change(change, are_shares=True)}"


def _measures(effect: Effect) -> tuple[tuple[str, str], ...]:
    found = []
    scores = effect.scores
    if scores is not None and scores.logits is not None:
        value, before, after = scores.logits
        best = int(scores.before.argmax())
        name = short_name(scores.change(best).name)
        change = _change(after[best] - before[best], are_shares=False)
        found.append((f"{value.layer} {name}", change))
    if scores is not None:
        found += _cosine(effect, scores.value)
    if effect.moved:
        found += _cosine(effect, Value(*effect.moved[0].value))
    found.append(("changed", effect.reach or "nothing"))
    found.append(("forward", f"{1000 * effect.seconds:,.0f} ms"))
    return tuple(dict(found).items())


def _cosine(effect: Effect, value: Value) -> list[tuple[str, str]]:
    moved = effect.moved_at(value)
    return [(f"cosine {value.layer}", "1" if moved is None else f"{moved.cosine:.4f}")]
