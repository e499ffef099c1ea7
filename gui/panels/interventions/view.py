"""Plain values that the panel of interventions shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScoreRow:
    """A class before and after: shares for the bars, 0 to 1, and the numbers in words."""

    name: str
    before: float
    after: float
    before_text: str
    after_text: str
    change_text: str


@dataclass(frozen=True)
class InterventionRow:
    """One of the list; effect: what it does by itself, in words."""

    words: str
    is_active: bool
    is_off: bool
    effect: str = ""


@dataclass(frozen=True)
class EffectView:
    """What the interventions did; measures: (name, number) pairs."""

    sentence: str
    scores: tuple[ScoreRow, ...] = ()
    measures: tuple[tuple[str, str], ...] = ()
    n_active: int = 0


@dataclass(frozen=True)
class RankingWords:
    """What is said around both rankings; both: the link that changes the gallery too, or ""."""

    title: str
    note: str
    before: str
    after: str
    both: str = ""
