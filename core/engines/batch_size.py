"""How many images share a pass, from what is free and what an image takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from core.engines.operations import Memory
from core.words import bytes_text, plural

AUTO_BATCH: Literal["auto"] = "auto"
BatchWish = int | Literal["auto"]
"""Images a pass, or as many as are good."""
USUAL_BATCH = 8
"""Where nothing else is known; a CPU is no quicker with more."""

_MOST_ON_GPU = 256
"""By then the largest layers keep any GPU busy."""
_SHARE_OF_GPU, _SHARE_OF_HOST = 0.8, 0.5
"""Of free memory: a computer has other things to do, and decoded pictures wait there."""
_MARGIN_COUNTED, _MARGIN_PLANNED = 1.25, 2.0
"""Over what was counted of a pass, and over the live values of its plan, without workspaces."""


@dataclass(frozen=True)
class BatchSize:
    """Images a pass; reason: why so many, "" where somebody said so."""

    n_images: int
    reason: str = ""

    @property
    def sentence(self) -> str:
        """ "64 images a pass: 10.7 GB are free on cuda:0, an image takes 105 MB."; "" without."""
        if not self.reason:
            return ""
        return f"{plural(self.n_images, 'image')} a pass: {self.reason}."


@dataclass(frozen=True)
class Probed:
    """What an engine says of passes of one image and of two, after one of `n_run` images."""

    one: Memory
    two: Memory
    n_run: int

    @property
    def planned_bytes(self) -> int:
        """What each further image adds to the values that live at one time."""
        return max(0, self.two.need_bytes - self.one.need_bytes)

    @property
    def counted_bytes(self) -> int:
        """What each image took in the pass that ran; 0 where nobody counted."""
        return math.ceil((self.two.taken_bytes or 0) / self.n_run)


def choose_batch(probed: Probed, device: str) -> BatchSize:
    """The largest power of two that surely fits, so that a little less memory changes nothing."""
    is_gpu = device.startswith("cuda")
    more, planned, counted = probed.two.more_bytes, probed.planned_bytes, probed.counted_bytes
    if more is None or not planned:
        return BatchSize(USUAL_BATCH, f"what is free on {device} is not known")
    each = max(counted, planned)
    margin = _MARGIN_COUNTED if counted else _MARGIN_PLANNED
    share, most = (_SHARE_OF_GPU, _MOST_ON_GPU) if is_gpu else (_SHARE_OF_HOST, USUAL_BATCH)
    fitting = int(share * more / (each * margin))
    size = 1 << max(0, min(fitting, most).bit_length() - 1)
    why = f"{bytes_text(more)} are free on {device}, an image takes {bytes_text(each)}"
    if size == most and not is_gpu:
        why = f"{why}, and more are not quicker on a CPU"
    return BatchSize(size, why)
