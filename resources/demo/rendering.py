"""A small ray marcher: signed distances in, a shaded picture out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Points = np.ndarray
"""(3, n) float32: x, y (up) and z of n points."""
Distance = Callable[[Points], np.ndarray]
Colour = tuple[float, float, float]
"""Linear red, green and blue, 0 to 1."""

_N_STEPS = 72
_N_SHADOW_STEPS = 20
_HIT = 0.0015
_BOUND_CENTRE = np.array([0.0, 0.8, 0.0], np.float32)
_BOUND_RADIUS = 1.45


@dataclass(frozen=True)
class Material:
    """Two colours, the pattern that mixes them, and how much light it throws back."""

    first: Colour
    second: Colour
    pattern: str = "plain"
    scale: float = 4.0
    gloss: float = 0.3
    metal: float = 0.0


@dataclass(frozen=True)
class Part:
    """One solid of an object."""

    distance: Distance
    material: Material


@dataclass(frozen=True)
class Scene:
    """An object on a floor, a sun, a sky and a camera; everything a picture needs.

    azimuth, elevation, sun_azimuth, sun_elevation: radians. reach: camera distance; an object is
    about 1.6 high.
    """

    parts: Sequence[Part]
    floor: Material
    sky_top: Colour
    sky_bottom: Colour
    sun: Colour
    azimuth: float
    elevation: float
    reach: float
    sun_azimuth: float
    sun_elevation: float
    shift: tuple[float, float] = (0.0, 0.0)
    view_angle: float = 0.62


def render(scene: Scene, side: int, *, samples: int = 1) -> np.ndarray:
    """Draw a scene with samples x samples rays a pixel; (side, side, 3) uint8, sRGB."""
    n = side * samples
    origin, rays = _camera_rays(scene, n)
    colour = _trace(scene, origin, rays)
    colour = colour.reshape(3, side, samples, side, samples).mean(axis=(2, 4))
    # A film-like curve (Narkowicz, 2016) keeps shadows deep and highlights from clipping.
    lit = 0.72 * colour
    film = lit * (2.51 * lit + 0.03) / (lit * (2.43 * lit + 0.59) + 0.14)
    shown = np.clip(film, 0.0, 1.0) ** (1 / 2.2)
    return (shown.transpose(1, 2, 0) * 255.0 + 0.5).astype(np.uint8)


def pattern_mix(material: Material, points: Points) -> np.ndarray:
    """How much of the second colour each point has: (n,) float32, 0 to 1."""
    x, y, z = points * np.float32(material.scale)
    if material.pattern == "stripes":
        return _step(np.sin(y * 6.0))
    if material.pattern == "bands":
        return _step(np.sin((x + 0.6 * z) * 5.0))
    if material.pattern == "checks":
        return _step(np.sin(x * 4.0) * np.sin(z * 4.0) * np.sin(y * 4.0 + 0.7))
    if material.pattern == "tiles":
        return _step(np.sin(x * 4.0) * np.sin(z * 4.0))
    if material.pattern == "spots":
        cells = [np.sin(v * 5.0 + k) for k, v in enumerate((x, y, z))]
        return _step(cells[0] * cells[1] + cells[1] * cells[2] + cells[2] * cells[0] - 0.9)
    if material.pattern == "marble":
        bent = x + 0.8 * np.sin(2.1 * y + 1.3 * z) + 0.4 * np.sin(4.7 * z - 3.1 * x)
        return 0.5 + 0.5 * np.sin(3.0 * bent + 2.0 * y)
    if material.pattern == "planks":
        grain = 0.25 * np.sin(9.0 * z + 3.0 * np.sin(0.7 * z + x))
        return np.clip(0.4 + grain + 0.35 * np.sign(np.sin(x * 5.0)), 0.0, 1.0)
    return np.zeros_like(x)


def _step(values: np.ndarray) -> np.ndarray:
    return np.clip(values * 8.0 + 0.5, 0.0, 1.0)


def _camera_rays(scene: Scene, n: int) -> tuple[np.ndarray, Points]:
    """The eye (3, 1) and one unit direction for each of n x n places: (3, n * n)."""
    target = np.array([0.0, 0.78, 0.0], np.float32)
    around, up = scene.azimuth, scene.elevation
    way = np.array([np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)])
    eye = target + scene.reach * way
    forward = -way
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    above = np.cross(right, forward)
    places = ((np.arange(n) + 0.5) / n * 2.0 - 1.0) * np.tan(scene.view_angle / 2)
    u, v = np.meshgrid(places + scene.shift[0], -places + scene.shift[1])
    rays = forward[:, None] + right[:, None] * u.ravel() + above[:, None] * v.ravel()
    rays /= np.linalg.norm(rays, axis=0)
    return eye[:, None].astype(np.float32), rays.astype(np.float32)


def _trace(scene: Scene, origin: np.ndarray, rays: Points) -> np.ndarray:
    """The light along each ray: (3, n) float32."""
    colour = _sky(scene, rays)
    far = np.where(rays[1] < -1e-4, -origin[1] / np.minimum(rays[1], -1e-4), np.inf)
    reached = _march(scene.parts, origin, rays, far)
    on_object = np.flatnonzero(np.isfinite(reached))
    if len(on_object):
        points = origin + rays[:, on_object] * reached[on_object]
        normals = _normals(scene.parts, points)
        albedo, gloss, metal = _surface(scene.parts, points)
        seen = rays[:, on_object]
        colour[:, on_object] = _shade(scene, points, normals, seen, albedo, gloss, metal)
    on_floor = np.flatnonzero(~np.isfinite(reached) & np.isfinite(far) & (far < 40.0))
    if len(on_floor):
        points = origin + rays[:, on_floor] * far[on_floor]
        up = np.zeros_like(points)
        up[1] = 1.0
        albedo = _mixed(scene.floor, points)
        gloss = np.full(len(on_floor), scene.floor.gloss, np.float32)
        lit = _shade(scene, points, up, rays[:, on_floor], albedo, gloss, gloss * 0.0)
        haze = np.clip((far[on_floor] - scene.reach) / 9.0, 0.0, 1.0) ** 0.8
        colour[:, on_floor] = lit * (1 - haze) + colour[:, on_floor] * haze
    return colour


def _sky(scene: Scene, rays: Points) -> np.ndarray:
    height = np.clip(rays[1] * 1.6 + 0.25, 0.0, 1.0)
    bottom, top = np.array(scene.sky_bottom)[:, None], np.array(scene.sky_top)[:, None]
    return (bottom * (1 - height) + top * height).astype(np.float32)


def nearest(parts: Sequence[Part], points: Points) -> np.ndarray:
    """Distance from each point to the object: (n,) float32."""
    return np.minimum.reduce([part.distance(points) for part in parts])


def _bound(origin: np.ndarray, rays: Points) -> tuple[np.ndarray, np.ndarray]:
    """Where each ray enters and leaves the sphere around the object; enter > leave: never."""
    offset = origin - _BOUND_CENTRE[:, None]
    middle = -(offset * rays).sum(axis=0)
    room = _BOUND_RADIUS**2 - ((offset * offset).sum(axis=0) - middle * middle)
    half = np.sqrt(np.maximum(room, 0.0))
    enter = np.maximum(middle - half, 0.0)
    return np.where(room > 0, enter, 1.0), np.where(room > 0, middle + half, 0.0)


def _march(parts: Sequence[Part], origin: np.ndarray, rays: Points, far: np.ndarray) -> np.ndarray:
    """Length of each ray to the object, inf where it misses: (n,) float32."""
    enter, leave = _bound(origin, rays)
    leave = np.minimum(leave, far)
    reached = np.full(rays.shape[1], np.inf, np.float32)
    active = np.flatnonzero(enter < leave)
    travelled = enter[active].astype(np.float32)
    for _ in range(_N_STEPS):
        if not len(active):
            break
        gap = nearest(parts, origin + rays[:, active] * travelled)
        is_hit = gap < _HIT
        reached[active[is_hit]] = travelled[is_hit]
        travelled = travelled + gap
        goes_on = ~is_hit & (travelled < leave[active])
        active, travelled = active[goes_on], travelled[goes_on]
    return reached


def _normals(parts: Sequence[Part], points: Points) -> np.ndarray:
    """Unit normals from four distances on a tetrahedron; (3, n) float32."""
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
    total = np.zeros_like(points)
    for corner in corners:
        total += corner[:, None] * nearest(parts, points + corner[:, None] * 0.003)
    return total / (np.linalg.norm(total, axis=0) + 1e-9)


def _mixed(material: Material, points: Points) -> np.ndarray:
    mix = pattern_mix(material, points)
    first, second = np.array(material.first)[:, None], np.array(material.second)[:, None]
    return (first * (1 - mix) + second * mix).astype(np.float32)


def _surface(parts: Sequence[Part], points: Points) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colour (3, n), gloss (n,) and metal (n,) of the part nearest to each point."""
    owner = np.argmin([part.distance(points) for part in parts], axis=0)
    albedo = np.zeros_like(points)
    for k, part in enumerate(parts):
        mine = np.flatnonzero(owner == k)
        albedo[:, mine] = _mixed(part.material, points[:, mine])
    gloss = np.array([part.material.gloss for part in parts], np.float32)[owner]
    metal = np.array([part.material.metal for part in parts], np.float32)[owner]
    return albedo, gloss, metal


def _shade(
    scene: Scene,
    points: Points,
    normals: np.ndarray,
    rays: Points,
    albedo: np.ndarray,
    gloss: np.ndarray,
    metal: np.ndarray,
) -> np.ndarray:
    """Sun with soft shadow, sky, light from the floor, highlight and reflection: (3, n)."""
    around, up = scene.sun_azimuth, scene.sun_elevation
    to_sun = np.array(
        [[np.cos(up) * np.sin(around)], [np.sin(up)], [np.cos(up) * np.cos(around)]], np.float32
    )
    facing = np.clip((normals * to_sun).sum(axis=0), 0.0, 1.0)
    shadow = _shadow(scene.parts, points + normals * 0.01, to_sun)
    open_sky = _open_sky(scene.parts, points, normals)
    sun, sky = np.array(scene.sun)[:, None], np.array(scene.sky_top)[:, None]
    floor = np.array(scene.floor.first)[:, None]
    light = sun * (facing * shadow)
    light = light + sky * ((0.5 + 0.5 * normals[1]) * open_sky * 0.75)
    light = light + floor * ((0.5 - 0.5 * normals[1]) * open_sky * 0.35)
    mirrored = rays - 2.0 * (rays * normals).sum(axis=0) * normals
    highlight = np.clip((mirrored * to_sun).sum(axis=0), 0.0, 1.0) ** (12.0 + 60.0 * gloss)
    edge = (1.0 - np.clip(-(rays * normals).sum(axis=0), 0.0, 1.0)) ** 4
    reflected = _sky(scene, mirrored) * open_sky
    matte = albedo * light * (1 - 0.7 * metal)
    shine = sun * (highlight * shadow * gloss * 0.9)
    strength = metal * 0.85 + gloss * (0.06 + 0.5 * edge) * (1 - metal)
    tint = albedo * metal + (1 - metal)
    return (matte + shine * tint + reflected * tint * strength).astype(np.float32)


def _shadow(parts: Sequence[Part], points: Points, to_sun: np.ndarray) -> np.ndarray:
    """0 in full shadow, 1 in the sun, soft between: (n,) float32."""
    lit = np.ones(points.shape[1], np.float32)
    rays = np.broadcast_to(to_sun, points.shape)
    enter, leave = _bound(points, rays)
    active = np.flatnonzero(enter < leave)
    travelled = np.maximum(enter[active], 0.02).astype(np.float32)
    for _ in range(_N_SHADOW_STEPS):
        if not len(active):
            break
        gap = nearest(parts, points[:, active] + to_sun * travelled)
        lit[active] = np.minimum(lit[active], np.clip(14.0 * gap / travelled, 0.0, 1.0))
        travelled = travelled + np.clip(gap, 0.03, 0.4)
        goes_on = (lit[active] > 0.02) & (travelled < leave[active])
        active, travelled = active[goes_on], travelled[goes_on]
    return lit


def _open_sky(parts: Sequence[Part], points: Points, normals: np.ndarray) -> np.ndarray:
    """How open the surroundings of each point are (ambient occlusion): (n,) float32."""
    blocked = np.zeros(points.shape[1], np.float32)
    for reach, weight in ((0.05, 3.0), (0.14, 1.6), (0.32, 0.8)):
        around = points + normals * reach
        gap = np.minimum(nearest(parts, around), np.where(normals[1] < 0.5, around[1], reach))
        blocked += weight * np.clip(reach - gap, 0.0, reach)
    return np.clip(1.0 - blocked, 0.15, 1.0)
