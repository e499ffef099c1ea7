"""What interventions did: class scores, values that moved, and one sentence about both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.engines.changes import Moved
from core.engines.values import Value
from core.interventions.intervention import Intervention
from core.words import join_names, plural

_MOST_CLAUSES = 3


@dataclass(frozen=True)
class ClassChange:
    """A class with its score before and after, and the logits that Softmax makes it of."""

    number: int
    name: str
    before: float
    after: float
    logits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Scores:
    """The scores of one image before and after.

    value: where they are; are_probabilities: of classes, they are, by Softmax, in the net or of
    what it gives. names: () where unknown. logits: the value that the Softmax is of, and both
    arrays of it.
    """

    value: Value
    before: np.ndarray
    after: np.ndarray
    are_probabilities: bool
    names: tuple[str, ...] = ()
    logits: tuple[Value, np.ndarray, np.ndarray] | None = None

    def changes(self, n_best: int) -> tuple[ClassChange, ...]:
        """The best classes before, best first, and the best one after where it is another."""
        order = np.argsort(-self.before, kind="stable")[:n_best].tolist()
        first = int(np.argmax(self.after))
        if order and first not in order:
            order = [*order[: max(1, n_best - 1)], first]
        return tuple(self.change(number) for number in order)

    def change(self, number: int) -> ClassChange:
        """One class."""
        logits = None
        if self.logits is not None:
            logits = float(self.logits[1][number]), float(self.logits[2][number])
        name = self.names[number] if number < len(self.names) else f"class {number}"
        return ClassChange(
            number, name, float(self.before[number]), float(self.after[number]), logits
        )

    def text(self, score: float) -> str:
        """ "61 %" of a probability; a plain number of any other score."""
        return (
            f"{100 * score:.{0 if score >= 0.1 else 1}f} %"
            if self.are_probabilities
            else (f"{score:.4g}")
        )

    def pair(self, before: float, after: float) -> tuple[str, str]:
        """Two scores with as many digits as tell them apart, up to six."""
        shown = self.text(before), self.text(after)
        for digits in range(2, 7):
            if shown[0] != shown[1] or before == after:
                break
            if self.are_probabilities:
                shown = f"{100 * before:.{digits}f} %", f"{100 * after:.{digits}f} %"
            else:
                shown = f"{before:.{digits + 3}g}", f"{after:.{digits + 3}g}"
        return shown


@dataclass(frozen=True)
class Effect:
    """What some interventions did to one image.

    scores: None for a net without. moved: every value that has other bits now, in net order.
    n_values: of how many. layers: those that were run again; seconds: how long that took. alone: by
    intervention what it does to the score of the best class by itself, () where there is but one.
    note: which engine stands in for the chosen one, in a sentence, "" for none.
    """

    interventions: tuple[Intervention, ...]
    scores: Scores | None
    moved: tuple[Moved, ...]
    n_values: int
    layers: tuple[str, ...]
    seconds: float
    alone: tuple[float, ...] = ()
    note: str = ""

    @property
    def sentence(self) -> str:
        """What the numbers prove, in one sentence without its full stop."""
        how = clauses(self.interventions)
        if not self.moved:
            return f"{how}, no value changes: every bit is as before"
        if self.scores is None:
            return f"{how}, {plural(len(self.moved), 'value')} of {self.n_values} change"
        return f"{how}, {_told(self.scores)}"

    @property
    def reach(self) -> str:
        """ "pool5 to prob": the first and last layer whose values moved; "" for none."""
        names = list(dict.fromkeys(one.value.layer for one in self.moved))
        if not names:
            return ""
        return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"

    @property
    def timing(self) -> str:
        """ "Forward from pool5, 21 ms"."""
        time = f"{1000 * self.seconds:,.0f} ms"
        return (
            f"Forward from {self.layers[0]}, {time}" if self.layers else f"Nothing to run, {time}"
        )

    def moved_at(self, value: Value) -> Moved | None:
        """How far one value has moved, None where it has not."""
        return next((one for one in self.moved if Value(*one.value) == value), None)


def clauses(interventions: Sequence[Intervention]) -> str:
    """ "Without channel 445 and with channel 72 × 0.5"; the layer too, where there are several."""
    if len(interventions) > _MOST_CLAUSES:
        return f"With {len(interventions)} interventions"
    layers = {one.value for one in interventions}
    words = [
        f"{one.clause} of {one.value.layer}" if len(layers) > 1 and one.channels else one.clause
        for one in interventions
    ]
    said = join_names(words) or "untouched"
    return said[:1].upper() + said[1:]


def _told(scores: Scores) -> str:
    """ "church falls from 61 % to 38 % and stays first"."""
    best = scores.change(int(np.argmax(scores.before)))
    name = short_name(best.name)
    before, after = scores.pair(best.before, best.after)
    if best.before == best.after:
        said = f"{name} stays at {before}"
    else:
        verb = "falls" if best.after < best.before else "rises"
        said = f"{name} {verb} from {before} to {after}"
    first = scores.change(int(np.argmax(scores.after)))
    if first.number == best.number:
        return f"{said} and stays first"
    return f"{said}; first is {short_name(first.name)} with {scores.text(first.after)}"


def short_name(name: str) -> str:
    """The first of the synonyms that a class is called by."""
    return name.partition(",")[0]
