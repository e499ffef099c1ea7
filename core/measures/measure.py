"""The measures there are: what to keep of one value of a net, for every image of a pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import msgspec
import numpy as np

from core.errors import AppError
from core.measures.places import pool_places

PoolingName = Literal["flatten", "gap", "mac", "gem"]
POOLINGS: tuple[PoolingName, ...] = get_args(PoolingName)
MAX_DIMENSIONS = 262_144


class Keep(msgspec.Struct, frozen=True, tag="keep"):
    """The whole value, as it stands right after its layer."""

    def check(self, shape: Sequence[int]) -> None:
        """Every shape can be kept."""

    def of(self, activation: np.ndarray) -> np.ndarray:
        """The activation itself, float32 of any shape."""
        return activation


class Pool(msgspec.Struct, frozen=True, tag="pool"):
    """One vector an image: (n_images, channels, ...) becomes (n_images, dimension) float32.

    method: "flatten" keeps every value in a row; over the places of each channel "gap" is the mean,
    "mac" the maximum without clamping (Razavian et al., 2014) and "gem" the generalised mean of
    power p, of values clamped at 1e-6 (Radenovic et al., 2018). Nothing is normalised.
    """

    method: PoolingName
    p: float = 3.0

    def check(self, shape: Sequence[int]) -> None:
        """AppError for a p that is not positive or a value without an axis to pool over."""
        if self.method not in POOLINGS:
            known = ", ".join(POOLINGS)
            raise AppError(f"There is no pooling '{self.method}'.", hint=f"Known: {known}.")
        if self.method == "gem" and not self.p > 0:
            raise AppError(f"GeM pooling needs a p above 0, not {self.p:g}.")
        if not shape or (self.method != "flatten" and len(shape) < 2):
            raise AppError(f"A value of shape {tuple(shape)} can't be pooled per image.")
        if self.method != "flatten" and 0 in shape[2:]:
            raise AppError(f"A value of shape {tuple(shape)} has no places to pool over.")

    def of(self, activation: np.ndarray) -> np.ndarray:
        """The reference: (n_images, dimension) float32. Raises what `check` raises."""
        self.check(activation.shape)
        pooled: np.ndarray = pool_places(activation, self.method, self.p)
        return pooled

    def fitting(self, shape: Sequence[int] | None) -> Pool:
        """The pooling to run for a value's shape: "flatten" where there is one place per channel.

        There mean and maximum are the value itself, and GeM would only cut off what is negative.
        """
        has_one_place = shape is not None and math.prod(shape[2:]) == 1
        return Pool("flatten") if has_one_place else self


Measure = Keep | Pool
KEEP = Keep()


def check_flatten(shape: Sequence[int], layer_name: str = "this layer") -> None:
    """AppError if a flattened value (n_images, ...) is too long for a descriptor.

    262,144 values an image, which is 1 MB, is the most.
    """
    n_values = math.prod(shape[1:])
    if n_values > MAX_DIMENSIONS:
        raise AppError(
            f"Flattened, '{layer_name}' gives {n_values:,} values an image, "
            f"{n_values * 4 / 1e6:.1f} MB.",
            hint=f"Choose gap, mac or gem; flatten takes up to {MAX_DIMENSIONS:,} values.",
        )
