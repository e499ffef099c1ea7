"""What the Run step shows: values, words and rows, made from what a run has recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.training.run.curves import CurveReader, RunCurves, accuracy_name, thinned
from core.training.run.history import History
from core.words import about_text, plural, value_text, with_minus
from gui.panels.training.curves import Curve, Marks
from gui.widgets.fact_list import Fact
from gui.widgets.figure_table import FigureRow

_MOST_POINTS = 2000


@dataclass(frozen=True, eq=False)
class RunView:
    """A run as it is shown. state: "", "running", "paused" or how it ended.

    losses, accuracies, rates: the lines of the three plots, each with its marks. warning: title,
    sentence and kind of the latest one.
    """

    state: str
    n_done: int
    last: int
    pace: str
    values: tuple[FigureRow, ...]
    losses: tuple[tuple[Curve, ...], Marks]
    accuracies: tuple[tuple[Curve, ...], Marks]
    rates: tuple[tuple[Curve, ...], Marks]
    warning: tuple[str, str, str]
    snapshots: tuple[FigureRow, ...]
    snapshot_iterations: tuple[int, ...]
    best: int | None
    trains: tuple[Fact, ...]


def view_of(
    history: History, state: str, n_classes: int = 0, reader: CurveReader | None = None
) -> RunView:
    """How a run stands; n_classes: for what chance would score, 0 where it is not known.

    reader: kept for a run that is shown again and again.
    """
    curves, began = (reader or CurveReader()).read(history), history.began
    last = began.last if began is not None else 1
    best = history.best_snapshot()
    kept = tuple(one.iteration for one in history.snapshots)
    now = history.n_done if state in ("running", "paused") else 0
    marks = Marks(last, now, kept)
    return RunView(
        state,
        history.n_done,
        last,
        _pace(history, state),
        _values(history, curves),
        (_loss_curves(curves), _with_best(marks, history)),
        (_accuracy_curves(curves), _with_chance(marks, n_classes)),
        (
            (_line("learning rate", curves.iterations, curves.rates, "text", 1.5, is_step=True),),
            marks,
        ),
        _warning(history, state),
        tuple(_snapshot_row(history, at, best is not None and at == best.iteration)
              for at in reversed(kept)),
        tuple(reversed(kept)),
        None if best is None else best.iteration,
        _trains(history),
    )  # fmt: skip


def _line(
    name: str,
    xs: np.ndarray,
    ys: np.ndarray,
    role: str,
    width: float = 2.0,
    share: float = 1.0,
    *,
    is_step: bool = False,
    is_read: bool = True,
) -> Curve:
    """A line over iterations, of which there may be more than can be drawn in time."""
    xs, ys = thinned(xs, ys, _MOST_POINTS)
    return Curve(name, xs, ys, role, width, share, is_step=is_step, is_read=is_read)


def _loss_curves(curves: RunCurves) -> tuple[Curve, ...]:
    return (
        _line("train", curves.iterations, curves.losses, "series_a", 1.0, 0.45, is_read=False),
        _line("train", curves.iterations, curves.smoothed, "series_a"),
        Curve("val", curves.tested, curves.test_losses, "series_b", has_points=True),
    )


def _accuracy_curves(curves: RunCurves) -> tuple[Curve, ...]:
    is_known = np.isfinite(curves.accuracies)
    xs, ys = curves.tested[is_known], curves.accuracies[is_known]
    return (Curve("val", xs, ys, "series_b", has_points=True),)


def _with_best(marks: Marks, history: History) -> Marks:
    best = history.best_test()
    point = None if best is None else (float(best.iteration), best.loss)
    return Marks(marks.last, marks.now, marks.snapshots, point)


def _with_chance(marks: Marks, n_classes: int) -> Marks:
    if n_classes < 2:
        return marks
    words = f"chance, {n_classes} classes"
    return Marks(marks.last, marks.now, marks.snapshots, None, 1.0 / n_classes, words)


def _pace(history: History, state: str) -> str:
    if not history.iterations:
        return "Starting" if state == "running" else ""
    now, began = history.iterations[-1], history.began
    words = []
    if state == "running" and now.per_second:
        words.append(f"{now.per_second:.1f} iterations/s")
        words.append(f"{about_text(now.seconds_left)} left")
    if began is not None and began.n_images and began.batch:
        words.append(f"epoch {math.ceil(now.iteration * began.batch / began.n_images):,}")
    return ", ".join(words)


def _values(history: History, curves: RunCurves) -> tuple[FigureRow, ...]:
    if not history.iterations:
        return ()
    now, name = history.iterations[-1], accuracy_name(history)
    rows = [FigureRow(("train loss, smoothed", value_text(float(curves.smoothed[-1])), ""))]
    best = history.best_test()
    if best is not None:
        at = f"{value_text(best.loss)} at {best.iteration:,}"
        rows.append(FigureRow(("val loss", value_text(float(curves.test_losses[-1])), at)))
    top = history.best_test(name) if name else None
    if top is not None and math.isfinite(curves.accuracies[-1]):
        at = f"{100 * top.scores[name]:.1f} % at {top.iteration:,}"
        rows.append(FigureRow(("val accuracy", f"{100 * curves.accuracies[-1]:.1f} %", at)))
    rows.append(FigureRow(("learning rate", with_minus(f"{now.rate:.3g}"), "")))
    rows.append(FigureRow(("gradient norm", value_text(now.gradient_norm), "")))
    return tuple(rows)


def _warning(history: History, state: str) -> tuple[str, str, str]:
    ended = history.ended
    if ended is not None and ended.why == "diverged" and state not in ("running", "paused"):
        return ended.sentence, ended.hint, "error"
    if history.warnings:
        said = history.warnings[-1]
        return said.sentence, said.hint, "warning"
    return "", "", "warning"


def _snapshot_row(history: History, iteration: int, is_best: bool) -> FigureRow:
    test, name = history.test_at(iteration), accuracy_name(history)
    loss = "" if test is None else value_text(test.loss)
    score = None if test is None else test.scores.get(name)
    accuracy = "" if score is None else f"{100 * score:.1f} %"
    mark = "best" if is_best else ""
    return FigureRow((f"{iteration:,}", loss, accuracy, mark), roles={3: "ok_text"})


def _trains(history: History) -> tuple[Fact, ...]:
    began = history.began
    if began is None:
        return ()
    facts = [Fact("Learns", f"{began.n_moving:,} of {plural(began.n_values, 'number')}")]
    if began.n_frozen:
        facts.append(Fact("Frozen", f"{plural(began.n_frozen, 'layer')}, computed once and kept"))
    elif began.why_whole:
        facts.append(Fact("Each pass", f"the whole net: {began.why_whole}"))
    if began.filler_layers:
        facts.append(Fact("From fillers", ", ".join(began.filler_layers)))
    if began.batch:
        facts.append(Fact("Batch", plural(began.batch, "image")))
    channels = history.channels[-1] if history.channels else None
    if channels is not None:
        n_dead = sum(one.n_dead for one in channels.layers)
        n_all = sum(one.n_channels for one in channels.layers)
        first = sum(one.n_dead for one in history.channels[0].layers)
        words = f"{n_dead:,} of {n_all:,} dead, {first:,} at the start"
        facts.append(Fact("Channels", words, role="warning_text" if n_dead > first else "text"))
    facts += [Fact("Note", note, role="warning_text") for note in began.notes]
    return tuple(facts)
