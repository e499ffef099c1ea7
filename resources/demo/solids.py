"""Signed distances of simple solids, and how to move, turn and join them."""

from __future__ import annotations

import numpy as np

from resources.demo.rendering import Distance, Points


def sphere(radius: float) -> Distance:
    """A ball around the origin."""
    return lambda p: np.sqrt((p * p).sum(axis=0)) - np.float32(radius)


def ellipsoid(rx: float, ry: float, rz: float) -> Distance:
    """Half axes rx, ry, rz; a bound good enough to march on."""
    axes = np.array([[rx], [ry], [rz]], np.float32)
    shortest = np.float32(min(rx, ry, rz))
    return lambda p: (np.sqrt(((p / axes) ** 2).sum(axis=0)) - 1) * shortest


def box(hx: float, hy: float, hz: float, rounding: float = 0.02) -> Distance:
    """Half sides hx, hy, hz with rounded edges."""
    half = np.array([[hx], [hy], [hz]], np.float32) - np.float32(rounding)

    def distance(p: Points) -> np.ndarray:
        q = np.abs(p) - half
        outside = np.sqrt((np.maximum(q, 0) ** 2).sum(axis=0))
        return outside + np.minimum(q.max(axis=0), 0) - np.float32(rounding)

    return distance


def cylinder(radius: float, half_height: float, rounding: float = 0.01) -> Distance:
    """Upright, centred on the origin."""

    def distance(p: Points) -> np.ndarray:
        side = np.hypot(p[0], p[2]) - np.float32(radius - rounding)
        end = np.abs(p[1]) - np.float32(half_height - rounding)
        outside = np.hypot(np.maximum(side, 0), np.maximum(end, 0))
        return outside + np.minimum(np.maximum(side, end), 0) - np.float32(rounding)

    return distance


def torus(ring: float, tube: float) -> Distance:
    """Lying flat around the y axis."""
    return lambda p: np.hypot(np.hypot(p[0], p[2]) - np.float32(ring), p[1]) - np.float32(tube)


def capsule(
    start: tuple[float, float, float], end: tuple[float, float, float], r: float
) -> Distance:
    """A rod with round ends."""
    a = np.array(start, np.float32)[:, None]
    along = np.array(end, np.float32)[:, None] - a
    length = np.float32((along * along).sum())

    def distance(p: Points) -> np.ndarray:
        q = p - a
        t = np.clip((q * along).sum(axis=0) / length, 0, 1)
        return np.sqrt(((q - along * t) ** 2).sum(axis=0)) - np.float32(r)

    return distance


def turned(heights: list[float], radii: list[float], wall: float = 0.0) -> Distance:
    """A body of revolution through (height, radius) points joined smoothly, as from a lathe.

    wall: thickness of a vessel open at the top; 0 for a solid body.
    """
    low, high = heights[0], heights[-1]
    grid = np.linspace(low, high, 128)
    curve = np.interp(grid, heights, radii)
    kernel = np.hanning(11)
    padded = np.pad(curve, 5, mode="edge")
    curve = np.convolve(padded, kernel / kernel.sum(), mode="valid").astype(np.float32)
    steepest = np.abs(np.diff(curve)).max() / (grid[1] - grid[0])
    # A radius that changes fast makes the distance too long; slow the march down by the slope.
    slow = np.float32(1 / np.sqrt(1 + min(steepest, 2.5) ** 2))

    def distance(p: Points) -> np.ndarray:
        radius = np.interp(p[1], grid, curve).astype(np.float32)
        side = (np.hypot(p[0], p[2]) - radius) * slow
        if wall:
            side = np.abs(side) - np.float32(wall)
            floor = np.maximum(np.hypot(p[0], p[2]) - radius, np.abs(p[1] - low) - 0.05)
            side = np.minimum(side, floor)
        end = np.abs(p[1] - np.float32((low + high) / 2)) - np.float32((high - low) / 2)
        return np.maximum(side, end)

    return distance


def cone(radius: float, height: float) -> Distance:
    """Upright with its base at y = 0."""
    slope = np.float32(1 / np.hypot(radius, height))

    def distance(p: Points) -> np.ndarray:
        side = (np.hypot(p[0], p[2]) * height + (p[1] - height) * radius) * slope
        return np.maximum(side, -p[1])

    return distance


def prism(n_sides: int, radius: float, half_height: float) -> Distance:
    """A regular prism, upright; radius to the middle of a side."""
    angles = np.arange(n_sides) * (2 * np.pi / n_sides)
    ways = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    def distance(p: Points) -> np.ndarray:
        sides = (ways @ np.stack([p[0], p[2]])).max(axis=0) - np.float32(radius)
        return np.maximum(sides, np.abs(p[1]) - np.float32(half_height))

    return distance


def moved(solid: Distance, x: float, y: float, z: float) -> Distance:
    """The solid with its origin at (x, y, z)."""
    place = np.array([[x], [y], [z]], np.float32)
    return lambda p: solid(p - place)


def rotated(solid: Distance, turn: np.ndarray) -> Distance:
    """The solid turned by a 3 x 3 rotation matrix."""
    back = turn.T.astype(np.float32)
    return lambda p: solid(back @ p)


def rotation(axis: str, angle: float) -> np.ndarray:
    """A rotation about "x", "y" or "z" by an angle in radians: (3, 3)."""
    c, s = np.cos(angle), np.sin(angle)
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    turn = np.eye(3)
    turn[i, i], turn[j, j], turn[i, j], turn[j, i] = c, c, -s, s
    return turn


def joined(*solids: Distance) -> Distance:
    """All of them."""
    return lambda p: np.minimum.reduce([solid(p) for solid in solids])


def shared(*solids: Distance) -> Distance:
    """What lies in every one of them."""
    return lambda p: np.maximum.reduce([solid(p) for solid in solids])


def without(solid: Distance, *holes: Distance) -> Distance:
    """The solid with holes cut into it."""
    return lambda p: np.maximum.reduce([solid(p), *(-hole(p) for hole in holes)])


def slowed(solid: Distance, factor: float) -> Distance:
    """The solid with shorter steps, for distances that are only bounds."""
    return lambda p: solid(p) * np.float32(factor)
