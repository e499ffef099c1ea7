"""Which stage of a survey set its rate: reading, decoding, preprocessing, the engine or writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.images.prepared import PreparedImage

Stage = Literal["reading", "decoding", "preprocessing", "engine", "writing"]
_IN_DECODERS: tuple[Stage, ...] = ("reading", "decoding", "preprocessing")


@dataclass(frozen=True)
class StageLimit:
    """The stage that set the rate, and its share of the time.

    share: of the survey's time, in which the engine waited for this stage; in which it ran where
    the engine itself is the limit.
    """

    stage: Stage
    share: float

    @property
    def sentence(self) -> str:
        """ "Decoding was the limit: 78 % of the time the engine waited."."""
        if self.stage == "engine":
            return f"The engine was the limit: it ran {self.share * 100:.0f} % of the time."
        return (
            f"{self.stage.capitalize()} was the limit: "
            f"{self.share * 100:.0f} % of the time the engine waited."
        )

    @property
    def words(self) -> str:
        """ "decoding, 78 % of the time": the same where there is room for little."""
        return f"{self.stage}, {self.share * 100:.0f} % of the time"

    def to_json(self) -> dict[str, Any]:
        """Stage, share and sentence as plain values."""
        return {"stage": self.stage, "share": round(self.share, 4), "sentence": self.sentence}


@dataclass
class StageClock:
    """Seconds of a survey: those it waited for pictures, for the engine and for what is kept.

    in_decoders: what the decoders took for each of their stages, all decoders together.
    """

    for_pictures: float = 0.0
    for_engine: float = 0.0
    for_keeping: float = 0.0
    in_decoders: dict[str, float] = field(default_factory=dict)

    def note(self, image: PreparedImage) -> None:
        """Count what an image took."""
        for stage, seconds in zip(_IN_DECODERS, image.seconds, strict=True):
            self.in_decoders[stage] = self.in_decoders.get(stage, 0.0) + seconds

    def limit(self, seconds: float) -> StageLimit | None:
        """Of a survey that took so long; None where it waited for nothing.

        Of the stages in the decoders it is the one that they were in for most of their time.
        """
        first = max(_IN_DECODERS, key=lambda stage: self.in_decoders.get(stage, 0.0))
        if not any(self.in_decoders.values()):
            first = "decoding"
        waited: Mapping[Stage, float] = {
            first: self.for_pictures,
            "engine": self.for_engine,
            "writing": self.for_keeping,
        }
        stage = max(waited, key=lambda one: waited[one])
        if seconds <= 0 or not waited[stage]:
            return None
        return StageLimit(stage, min(1.0, waited[stage] / seconds))
