"""What goes wrong in a run, seen in its records: a loss that rises, and one that fits too well."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from core.training.run.history import History
from core.training.run.records import Snapshot, Tested, Warned

WINDOW = 20
"""Iterations that a loss is the mean of, as single ones leap."""

_N_RISING = 5
_RISEN = 1.5
_FAR_UP = 4.0
_N_TESTS = 3
_WORSE = 1.1


def rising_loss(history: History) -> str:
    """Why a run should end whose loss rises, "" where it does not; asked after each window.

    It does where the last five windows of 20 iterations each lie above the one before and the last
    one half above the first of the run, or where the last three all lie at four times the first.
    """
    losses = [one.loss for one in history.iterations]
    if len(losses) % WINDOW:
        return ""
    means = _window_means(losses)
    if len(means) < 4:
        return ""
    recent = means[-_N_RISING:]
    pairs = pairwise(recent)
    rises = len(means) > _N_RISING and all(before < after for before, after in pairs)
    if rises and means[-1] > _RISEN * means[0] > 0:
        return (
            f"the loss has risen for {_N_RISING * WINDOW} iterations, from {recent[0]:.4g} to "
            f"{means[-1]:.4g}"
        )
    if min(means[-3:]) > _FAR_UP * means[0] > 0:
        return f"the loss went up from {means[0]:.4g} to {means[-1]:.4g} and does not come back"
    return ""


def last_good_snapshot(history: History) -> Snapshot | None:
    """The last one from before the loss rose above where it began; None where there is none."""
    means = _window_means([one.loss for one in history.iterations])
    if not means:
        return history.snapshots[-1] if history.snapshots else None
    first = history.iterations[0].iteration - 1
    is_good = [mean <= _RISEN * means[0] for mean in means]
    n_good = max((at + 1 for at, good in enumerate(is_good) if good), default=0)
    if n_good == len(means):  # it went wrong at once, after the last whole window
        return history.snapshots[-1] if history.snapshots else None
    until = first + n_good * WINDOW
    good = [one for one in history.snapshots if one.iteration <= until]
    return good[-1] if good else None


def fits_too_well(history: History, net: int = 0) -> Warned | None:
    """A warning where the last tests of a net all lie above its best; once in a run."""
    if any(one.kind == "val loss rises" for one in history.warnings):
        return None
    tests = [one for one in history.tests if one.net == net]
    best = history.best_test(net=net)
    if best is None or not _is_worse(tests, best):
        return None
    kept = history.best_snapshot()
    near = f" The snapshot of iteration {kept.iteration} tested best." if kept is not None else ""
    return Warned(
        tests[-1].iteration,
        "val loss rises",
        f"The loss of the test net was least at iteration {best.iteration} ({best.loss:.4g}) and "
        f"is {tests[-1].loss:.4g} now: the net learns its training images by heart.",
        f"Stop, and take what was best.{near}",
    )


def _is_worse(tests: Sequence[Tested], best: Tested) -> bool:
    after = [one for one in tests if one.iteration > best.iteration]
    enough = len(after) >= _N_TESTS
    return enough and all(one.loss > _WORSE * best.loss for one in after[-_N_TESTS:])


def _window_means(losses: Sequence[float]) -> list[float]:
    """Of whole windows."""
    starts = range(0, len(losses) - WINDOW + 1, WINDOW)
    return [sum(losses[start : start + WINDOW]) / WINDOW for start in starts]
