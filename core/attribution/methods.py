"""The ways to explain a score, each with its settings and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import RequestError

MethodName = Literal["saliency", "gradxinput", "guided", "integrated", "gradcam", "occlusion"]
METHOD_NAMES: tuple[MethodName, ...] = get_args(MethodName)
Fill = Literal["mean", "black", "grey", "white"]
FILLS: tuple[Fill, ...] = get_args(Fill)
MOST_STEPS = 1024
PARTS_OF_SIDE = 14
"""How many places occlusion has along the shorter side where no stride is named."""
TITLES: dict[MethodName, str] = {
    "saliency": "Saliency",
    "gradxinput": "Gradient × input",
    "guided": "Guided",
    "integrated": "Integrated",
    "gradcam": "Grad-CAM",
    "occlusion": "Occlusion",
}
SOURCES: dict[MethodName, str] = {
    "saliency": "the largest |gradient| of a place's channels (Simonyan et al., 2014)",
    "gradxinput": "the sum of gradient times value over a place's channels",
    "guided": "saliency whose ReLUs let nothing below 0 back (Springenberg et al., 2015)",
    "integrated": "gradients along the way from a baseline, times that way (Sundararajan et al., "
    "2017)",
    "gradcam": "channels weighted by their mean gradient, what is below 0 cut off (Selvaraju et "
    "al., 2017)",
    "occlusion": "how much of the score goes with a patch (Zeiler and Fergus, 2014)",
}
SIGNED: frozenset[MethodName] = frozenset({"gradxinput", "integrated", "occlusion"})
"""Whose places can speak against the score."""
OF_PICTURE: frozenset[MethodName] = frozenset({"integrated", "occlusion"})
"""Which are of the picture alone, with many passes; the others take one forward and back."""


@dataclass(frozen=True)
class Method:
    """One way, and its settings; those of other ways do not count.

    steps, baseline: of integrated gradients. patch, stride: of occlusion, in pixels of the input, 0
    for a grid of 14 along the shorter side and a patch twice as wide. fill: what covers.
    """

    name: MethodName
    steps: int = 32
    baseline: Fill = "mean"
    patch: int = 0
    stride: int = 0
    fill: Fill = "mean"

    def __post_init__(self) -> None:
        if self.name not in METHOD_NAMES:
            known = ", ".join(METHOD_NAMES)
            raise RequestError(f"There is no method '{self.name}'.", hint=f"Known: {known}.")
        if not 1 <= self.steps <= MOST_STEPS:
            raise RequestError(
                f"Integrated gradients take 1 to {MOST_STEPS:,} steps, not {self.steps:,}."
            )
        if self.patch < 0 or self.stride < 0:
            raise RequestError("Patch and stride are numbers of pixels, 1 or more.")
        for fill in (self.baseline, self.fill):
            if fill not in FILLS:
                raise RequestError(
                    f"There is no fill '{fill}'.", hint=f"Known: {', '.join(FILLS)}."
                )

    @property
    def title(self) -> str:
        """As headings have it."""
        return TITLES[self.name]

    @property
    def is_signed(self) -> bool:
        """Whether a place can speak against the score."""
        return self.name in SIGNED

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Patch and stride of occlusion for an input of this size."""
        stride = self.stride or -(-min(height, width) // PARTS_OF_SIDE)
        return self.patch or 2 * stride, stride

    def n_passes(self, height: int, width: int) -> int:
        """How many pictures go through the net, for an input of this size."""
        if self.name == "integrated":
            return self.steps
        if self.name == "occlusion":
            _, stride = self.grid(height, width)
            return -(-height // stride) * -(-width // stride)
        return 1

    def settings(self) -> dict[str, object]:
        """Those that count, for a manifest."""
        if self.name == "integrated":
            return {"steps": self.steps, "baseline": self.baseline}
        if self.name == "occlusion":
            return {"patch": self.patch, "stride": self.stride, "fill": self.fill}
        return {}
