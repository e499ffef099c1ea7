"""Chance pictures of one kind of object: viewpoint, light, background and size all vary."""

from __future__ import annotations

import zlib

import numpy as np

from resources.demo.objects import OBJECTS
from resources.demo.rendering import Colour, Distance, Material, Part, Scene, render
from resources.demo.solids import rotated, rotation

# Linear colours of two tones: concrete, slate, oak, walnut, sand, grass, terracotta, marble, felt.
_FLOORS = (
    (("plain", "tiles"), (0.32, 0.32, 0.31), (0.24, 0.24, 0.24)),
    (("tiles", "plain"), (0.06, 0.08, 0.10), (0.11, 0.13, 0.15)),
    (("planks",), (0.42, 0.25, 0.12), (0.28, 0.15, 0.06)),
    (("planks",), (0.14, 0.07, 0.04), (0.08, 0.04, 0.02)),
    (("plain", "marble"), (0.62, 0.49, 0.31), (0.54, 0.41, 0.25)),
    (("spots", "plain"), (0.08, 0.17, 0.04), (0.05, 0.12, 0.03)),
    (("tiles", "bands"), (0.40, 0.13, 0.06), (0.55, 0.38, 0.25)),
    (("marble", "tiles"), (0.66, 0.65, 0.62), (0.25, 0.27, 0.30)),
    (("plain",), (0.03, 0.11, 0.16), (0.03, 0.11, 0.16)),
    (("tiles",), (0.72, 0.70, 0.66), (0.05, 0.05, 0.06)),
)
_WALLS = (
    (0.55, 0.53, 0.50), (0.30, 0.38, 0.45), (0.45, 0.36, 0.30), (0.12, 0.14, 0.17),
    (0.62, 0.55, 0.42), (0.25, 0.35, 0.28), (0.48, 0.30, 0.28), (0.28, 0.25, 0.38),
)  # fmt: skip
_WEATHERS: dict[str, tuple[Colour, Colour, Colour]] = {
    "day": ((0.16, 0.36, 0.80), (0.68, 0.80, 0.92), (2.3, 2.15, 1.9)),
    "dusk": ((0.16, 0.13, 0.34), (0.92, 0.42, 0.22), (2.5, 1.45, 0.85)),
    "night": ((0.02, 0.03, 0.09), (0.07, 0.10, 0.22), (1.2, 1.3, 1.7)),
    "cloud": ((0.50, 0.53, 0.57), (0.72, 0.73, 0.74), (1.3, 1.3, 1.3)),
}


def picture(kind: str, seed: int, number: int, side: int, *, samples: int = 1) -> np.ndarray:
    """Picture `number` of a kind in the series `seed`: (side, side, 3) uint8, always the same."""
    chance = np.random.default_rng([seed, zlib.crc32(kind.encode()), number])
    return render(chance_scene(kind, chance), side, samples=samples)


def chance_scene(kind: str, chance: np.random.Generator) -> Scene:
    """An object of that kind somewhere, seen from somewhere."""
    turn = rotation("y", chance.uniform(-0.5, 0.5))
    size = chance.uniform(0.8, 1.0)
    parts = [
        Part(_scaled(rotated(part.distance, turn), size), part.material)
        for part in OBJECTS[kind](chance)
    ]
    top, bottom, sun = _sky(chance)
    patterns, first, second = _FLOORS[chance.integers(len(_FLOORS))]
    floor = Material(first, second, str(chance.choice(patterns)), chance.uniform(0.5, 1.3), 0.2)
    return Scene(
        parts=parts,
        floor=floor,
        sky_top=top,
        sky_bottom=bottom,
        sun=sun,
        azimuth=chance.uniform(-0.7, 0.7),
        elevation=chance.uniform(0.12, 0.62),
        reach=chance.uniform(2.9, 4.0),
        sun_azimuth=chance.uniform(-1.9, 1.9),
        sun_elevation=chance.uniform(0.45, 1.2),
        shift=(chance.uniform(-0.06, 0.06), chance.uniform(-0.05, 0.05)),
    )


def _scaled(distance: Distance, size: float) -> Distance:
    return lambda p: distance(p / np.float32(size)) * np.float32(size)


def _sky(chance: np.random.Generator) -> tuple[Colour, Colour, Colour]:
    """Top, bottom and sunlight: one of four weathers, or a studio wall."""
    if chance.random() < 0.45:
        red, green, blue = _WALLS[chance.integers(len(_WALLS))]
        return (red * 0.7, green * 0.7, blue * 0.7), (red, green, blue), (2.1, 2.05, 1.95)
    return _WEATHERS[str(chance.choice(list(_WEATHERS)))]
