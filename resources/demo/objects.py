"""The sixteen kinds of object in the gallery, each with its own chances."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence

import numpy as np

from resources.demo.rendering import Colour, Distance, Material, Part, Points
from resources.demo.solids import (
    box,
    capsule,
    cone,
    cylinder,
    ellipsoid,
    joined,
    moved,
    prism,
    rotated,
    rotation,
    shared,
    slowed,
    sphere,
    torus,
    turned,
    without,
)

Chance = np.random.Generator
_PATTERNS = ("plain", "plain", "plain", "stripes", "checks", "spots", "marble", "bands")


def any_colour(chance: Chance, *, saturation: float = 0.7, value: float = 0.85) -> Colour:
    """A colour of any hue; hue never tells the kind of an object."""
    s = float(np.clip(saturation + chance.normal(0, 0.15), 0.05, 0.95))
    v = float(np.clip(value + chance.normal(0, 0.1), 0.25, 1.0))
    red, green, blue = colorsys.hsv_to_rgb(chance.random(), s, v)
    return (red**2.2, green**2.2, blue**2.2)


def any_material(chance: Chance, patterns: Sequence[str] = _PATTERNS) -> Material:
    """Paint, enamel or metal with a pattern drawn from `patterns`."""
    is_metal = chance.random() < 0.2
    return Material(
        first=any_colour(chance, saturation=0.35 if is_metal else 0.65),
        second=any_colour(chance, value=0.7),
        pattern="plain" if is_metal else str(chance.choice(list(patterns))),
        scale=float(chance.uniform(1.2, 2.6)),
        gloss=float(chance.uniform(0.1, 0.9)),
        metal=0.8 if is_metal else 0.0,
    )


def plain(colour: Colour, gloss: float = 0.3) -> Material:
    """One colour."""
    return Material(colour, colour, gloss=gloss)


def tumbled(parts: Sequence[Part], chance: Chance, *, height: float = 0.85) -> list[Part]:
    """The object in the air, leaning any way but never edge-on for long."""
    lean = rotation("x", np.pi / 2 - chance.uniform(-0.75, 0.95))
    turn = rotation("y", chance.uniform(-0.8, 0.8)) @ lean @ rotation("y", chance.uniform(0, 6.3))
    return [Part(moved(rotated(p.distance, turn), 0, height, 0), p.material) for p in parts]


def _polar(p: Points) -> tuple[np.ndarray, np.ndarray]:
    return np.arctan2(p[2], p[0]), np.hypot(p[0], p[2])


def gear(chance: Chance) -> list[Part]:
    """A cogwheel with a bore, and often round windows."""
    n_teeth = int(chance.integers(9, 17))
    size, thick = chance.uniform(0.6, 0.68), chance.uniform(0.1, 0.2)
    depth, bore = chance.uniform(0.1, 0.16), chance.uniform(0.12, 0.22)
    n_windows = int(chance.choice([0, 4, 5, 6]))

    def wheel(p: Points) -> np.ndarray:
        angle, radius = _polar(p)
        tooth = np.clip(np.cos(n_teeth * angle) * 2.2, -1, 1)
        edge = radius - np.float32(size) - np.float32(depth / 2) * tooth
        return np.maximum.reduce([edge * 0.6, np.abs(p[1]) - np.float32(thick), bore - radius])

    holes: list[Distance] = []
    for k in range(n_windows):
        a = 2 * np.pi * k / n_windows
        holes.append(moved(cylinder(0.11, 1.0), 0.42 * np.cos(a), 0, 0.42 * np.sin(a)))
    return tumbled([Part(without(wheel, *holes), any_material(chance))], chance)


def hex_nut(chance: Chance) -> list[Part]:
    """A six-sided nut with chamfered edges and a threaded hole."""
    size, thick = chance.uniform(0.56, 0.64), chance.uniform(0.2, 0.34)
    bore = chance.uniform(0.28, 0.38)

    def hole(p: Points) -> np.ndarray:
        angle, radius = _polar(p)
        return (radius - bore + 0.025 * np.sin(p[1] * 48 + angle)) * 0.6

    def chamfer(p: Points) -> np.ndarray:
        return (np.hypot(p[0], p[2]) + np.abs(p[1]) - np.float32(size * 1.04 + thick)) * 0.7

    solid = without(shared(prism(6, size, thick), chamfer), hole)
    return tumbled([Part(solid, any_material(chance))], chance)


def donut(chance: Chance) -> list[Part]:
    """A ring of dough with icing that runs, and sprinkles."""
    ring, tube = chance.uniform(0.44, 0.5), chance.uniform(0.2, 0.25)
    wave, n_waves = chance.uniform(0.02, 0.07), int(chance.integers(5, 10))

    def icing(p: Points) -> np.ndarray:
        angle, _ = _polar(p)
        below = np.float32(0.0) - p[1] + np.float32(wave) * np.sin(n_waves * angle)
        return np.maximum(torus(ring, tube + 0.03)(p), below * 0.7)

    parts = [
        Part(torus(ring, tube), plain((0.55, 0.3, 0.11), 0.15)),
        Part(icing, any_material(chance, ("plain", "plain", "spots", "marble"))),
    ]
    sprinkle = any_colour(chance, value=0.95)
    rods = []
    for _ in range(int(chance.integers(0, 16))):
        a, lean = chance.uniform(0, 6.3), chance.uniform(0.5, 2.6)
        r, y = ring + (tube + 0.03) * np.cos(lean), (tube + 0.03) * np.sin(lean)
        x, z, t = r * np.cos(a), r * np.sin(a), chance.uniform(0, 6.3)
        dx, dz = 0.05 * np.cos(t), 0.05 * np.sin(t)
        rods.append(capsule((x - dx, y, z - dz), (x + dx, y, z + dz), 0.022))
    if rods:
        parts.append(Part(joined(*rods), plain(sprinkle, 0.5)))
    return tumbled(parts, chance)


def links(chance: Chance) -> list[Part]:
    """Two or three rings of a chain, one through the other."""
    tube, ring = chance.uniform(0.075, 0.11), chance.uniform(0.3, 0.36)
    n_rings = int(chance.choice([2, 3]))
    step = ring * 1.25
    parts = []
    material = any_material(chance)
    for k in range(n_rings):
        flat = rotation("x", np.pi / 2 * (k % 2) + chance.uniform(-0.3, 0.3))
        solid = moved(rotated(torus(ring, tube), flat), (k - (n_rings - 1) / 2) * step, 0, 0)
        parts.append(Part(solid, material if chance.random() < 0.6 else any_material(chance)))
    turn = rotation("z", chance.uniform(-0.9, 0.9)) @ rotation("x", chance.uniform(0, 3.1))
    return [Part(moved(rotated(p.distance, turn), 0, 0.82, 0), p.material) for p in parts]


def vase(chance: Chance) -> list[Part]:
    """A turned vessel with a belly, a neck and a lip."""
    belly, neck = chance.uniform(0.38, 0.56), chance.uniform(0.12, 0.24)
    at = chance.uniform(0.4, 0.75)
    heights = [0.0, 0.06, at, 1.12, 1.3, 1.42]
    radii = [0.26, 0.24, belly, neck, neck, neck + chance.uniform(0.05, 0.18)]
    patterns = ("plain", "stripes", "stripes", "spots", "marble", "checks")
    return [Part(turned(heights, radii, wall=0.03), any_material(chance, patterns))]


def goblet(chance: Chance) -> list[Part]:
    """A drinking cup on a stem and a foot."""
    bowl, stem = chance.uniform(0.32, 0.46), chance.uniform(0.045, 0.08)
    start = chance.uniform(0.5, 0.75)
    foot = turned([0.0, 0.05, 0.12, start], [chance.uniform(0.3, 0.4), 0.3, stem, stem])
    cup_heights = [start, start + 0.12, start + 0.4, 1.4]
    cup = turned(cup_heights, [stem, bowl * 0.75, bowl, bowl * chance.uniform(0.75, 1.0)], 0.025)
    material = any_material(chance)
    knob = moved(sphere(stem + chance.uniform(0.02, 0.07)), 0, start * 0.6, 0)
    return [
        Part(cup, material),
        Part(joined(foot, knob), material if chance.random() < 0.6 else any_material(chance)),
    ]


def pawn(chance: Chance) -> list[Part]:
    """A chessman: foot, waist, collar, round head."""
    head, waist = chance.uniform(0.2, 0.27), chance.uniform(0.11, 0.17)
    top = chance.uniform(0.85, 1.0)
    body = turned([0.0, 0.1, 0.2, 0.3, top], [0.42, 0.42, 0.36, 0.3, waist])
    foot = moved(torus(0.36, 0.08), 0, 0.09, 0)
    collar = moved(ellipsoid(0.27, 0.06, 0.27), 0, top, 0)
    ball = moved(sphere(head), 0, top + head * 0.85, 0)
    material = any_material(chance)
    top_material = material if chance.random() < 0.7 else any_material(chance)
    return [Part(joined(body, foot, collar), material), Part(ball, top_material)]


def mushroom(chance: Chance) -> list[Part]:
    """A stem with a ring under a domed cap."""
    cap, height = chance.uniform(0.5, 0.68), chance.uniform(0.7, 0.95)
    stem = turned([0.0, 0.15, 0.6, height], [0.2, 0.17, 0.13, 0.14])
    dome = without(
        moved(ellipsoid(cap, chance.uniform(0.36, 0.52), cap), 0, height, 0),
        moved(ellipsoid(cap * 0.93, 0.16, cap * 0.93), 0, height - 0.06, 0),
        moved(box(2, 0.5, 2), 0, height - 0.58, 0),
    )
    skirt = moved(ellipsoid(0.22, 0.035, 0.22), 0, height * 0.68, 0)
    return [
        Part(joined(stem, skirt), plain(any_colour(chance, saturation=0.15, value=0.9), 0.1)),
        Part(slowed(dome, 0.85), any_material(chance, ("spots", "spots", "plain", "marble"))),
    ]


def die(chance: Chance) -> list[Part]:
    """A cube with one to six pips a side."""
    half, pip = 0.46, chance.uniform(0.085, 0.11)
    spread = 0.23
    centre, corners = [(0, 0)], [(-1, -1), (1, 1)]
    faces = {
        1: centre,
        2: corners,
        3: corners + centre,
        4: [*corners, (-1, 1), (1, -1)],
        5: [*corners, (-1, 1), (1, -1), (0, 0)],
        6: [*corners, (-1, 1), (1, -1), (-1, 0), (1, 0)],
    }
    sides = {1: (1, 1), 6: (1, -1), 2: (0, 1), 5: (0, -1), 3: (2, 1), 4: (2, -1)}
    dots = []
    for number, spots in faces.items():
        axis, sign = sides[number]
        for u, v in spots:
            place = np.insert(np.array([u, v]) * spread, axis, sign * (half + 0.02))
            dots.append(moved(sphere(pip), *(float(c) for c in place)))
    body = without(box(half, half, half, chance.uniform(0.05, 0.16)), joined(*dots))
    pips = moved(box(half - 0.045, half - 0.045, half - 0.045, 0.03), 0, 0, 0)
    ink = plain(any_colour(chance, value=0.3 if chance.random() < 0.6 else 0.95), 0.3)
    parts = [Part(body, any_material(chance, ("plain", "plain", "marble"))), Part(pips, ink)]
    turn = rotation("y", chance.uniform(0, 6.3))
    if chance.random() < 0.6:
        turn = turn @ rotation("x", chance.uniform(0, 6.3)) @ rotation("z", chance.uniform(0, 6.3))
        return [Part(moved(rotated(p.distance, turn), 0, 0.9, 0), p.material) for p in parts]
    return [Part(moved(rotated(p.distance, turn), 0, half, 0), p.material) for p in parts]


def crystal(chance: Chance) -> list[Part]:
    """Six-sided points growing from one foot."""
    n_points = int(chance.integers(3, 7))
    first = any_material(chance, ("plain", "plain", "marble", "bands"))
    parts = []
    for k in range(n_points):
        size = chance.uniform(0.12, 0.18) * (1.2 if k == 0 else 0.85)
        tall = chance.uniform(0.75, 1.15) if k else chance.uniform(1.2, 1.5)
        pyramid = slowed(_pyramid(size, tall), 0.9)
        lean = 0.0 if k == 0 else chance.uniform(0.35, 0.85)
        turn = rotation("y", 6.3 * k / n_points + chance.uniform(-0.3, 0.3)) @ rotation("x", lean)
        parts.append(Part(rotated(pyramid, turn), first))
    return parts


def _pyramid(size: float, tall: float) -> Distance:
    """A six-sided column that runs to a point."""
    column = prism(6, size, 2 * tall)
    angles = np.arange(6) * np.pi / 3
    ways = np.stack([np.cos(angles), np.full(6, 0.62), np.sin(angles)]).T.astype(np.float32)
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    reach = np.float32(ways[0] @ np.array([size, 0.72 * tall, 0]))
    return lambda p: np.maximum(column(p), (ways @ p).max(axis=0) - reach)


def star(chance: Chance) -> list[Part]:
    """A bevelled star with five or six points."""
    n_points = int(chance.choice([5, 5, 6]))
    outer, inner = chance.uniform(0.68, 0.76), chance.uniform(0.3, 0.4)
    thick = chance.uniform(0.16, 0.3)
    half = np.pi / n_points
    a = np.array([outer, 0.0])
    b = np.array([inner * np.cos(half), inner * np.sin(half)])
    side = np.array([b[1] - a[1], a[0] - b[0]]) / np.linalg.norm(b - a)

    def distance(p: Points) -> np.ndarray:
        angle, radius = _polar(p)
        folded = np.abs((angle + half) % (2 * half) - half)
        u, v = radius * np.cos(folded), radius * np.sin(folded)
        edge = (u - a[0]) * side[0] + (v - a[1]) * side[1]
        slope = thick / (inner * 0.9)
        return (np.abs(p[1]) + edge * slope) / np.float32(np.hypot(1, slope))

    return tumbled([Part(slowed(distance, 0.8), any_material(chance))], chance)


def flower(chance: Chance) -> list[Part]:
    """Petals around a button, a stem and two leaves."""
    n_petals = int(chance.integers(5, 10))
    size, cup = chance.uniform(0.5, 0.6), chance.uniform(-0.1, 0.3)

    def petals(p: Points) -> np.ndarray:
        angle, radius = _polar(p)
        reach = size * (0.62 + 0.38 * np.abs(np.cos(n_petals * angle / 2)) ** 0.7)
        sheet = np.abs(p[1] - cup * radius * radius * 2) - 0.035
        return np.maximum(radius - reach, sheet) * 0.5

    button = moved(ellipsoid(0.17, 0.1, 0.17), 0, 0.04, 0)
    head_turn = rotation("y", chance.uniform(-0.7, 0.7)) @ rotation("x", chance.uniform(0.5, 1.3))
    green = plain((0.05, float(chance.uniform(0.16, 0.3)), 0.04), 0.2)
    leaf = ellipsoid(0.26, 0.03, 0.1)
    leaves = [
        moved(
            rotated(leaf, rotation("y", a) @ rotation("z", 0.5)),
            0.2 * np.cos(a),
            h,
            -0.2 * np.sin(a),
        )
        for a, h in ((chance.uniform(0, 3), 0.35), (chance.uniform(3, 6), 0.25))
    ]
    stem = capsule((0, 0, 0), (0, 0.95, -0.05), 0.035)
    petal_material = any_material(chance, ("plain", "plain", "plain", "marble"))
    centre = plain(any_colour(chance, value=0.8), 0.2)
    return [
        Part(moved(rotated(petals, head_turn), 0, 1.0, 0), petal_material),
        Part(moved(rotated(button, head_turn), 0, 1.0, 0), centre),
        Part(joined(stem, *leaves), green),
    ]


def house(chance: Chance) -> list[Part]:
    """Walls, a gable roof, a door, windows and a chimney."""
    w, h, d = chance.uniform(0.42, 0.55), chance.uniform(0.26, 0.38), chance.uniform(0.5, 0.68)
    pitch = chance.uniform(0.6, 1.0)
    walls = moved(box(w, h, d, 0.01), 0, h, 0)
    over = 0.08

    def roof(p: Points) -> np.ndarray:
        rise = (p[1] - 2 * h - pitch * w * 1.0) + np.abs(p[0]) * pitch
        top = np.abs(rise) / np.hypot(1, pitch) - 0.035
        ends = np.maximum(np.abs(p[2]) - (d + over), np.abs(p[0]) - (w + over))
        return np.maximum(top, ends)

    def gable(p: Points) -> np.ndarray:
        rise = (p[1] - 2 * h - pitch * w) + np.abs(p[0]) * pitch
        low = np.maximum(2 * h - 0.05 - p[1], np.abs(p[2]) - d)
        return np.maximum(rise / np.hypot(1, pitch), low)

    chimney = moved(box(0.07, 0.2, 0.07, 0.01), w * 0.55, 2 * h + pitch * w * 0.65, -d * 0.4)
    panes = []
    for z in (-0.55, 0.0, 0.55):
        panes.append(moved(box(0.02, 0.11, 0.1, 0.005), w, h * 1.1, z * d))
        panes.append(moved(box(0.02, 0.11, 0.1, 0.005), -w, h * 1.1, z * d))
    panes.append(moved(box(0.1, 0.11, 0.02, 0.005), -w * 0.5, h * 1.2, d))
    panes.append(moved(box(0.1, 0.11, 0.02, 0.005), -w * 0.5, h * 1.2, -d))
    door = [moved(box(0.1, 0.2, 0.02, 0.005), w * 0.4, 0.2, s * d) for s in (1, -1)]
    parts = [
        Part(joined(walls, gable), plain(any_colour(chance, saturation=0.35, value=0.85), 0.1)),
        Part(roof, Material(any_colour(chance), any_colour(chance), "bands", 2.5, 0.1)),
        Part(joined(*panes), plain((0.06, 0.1, 0.18), 0.9)),
        Part(joined(*door), plain(any_colour(chance, value=0.4), 0.2)),
        Part(chimney, plain(any_colour(chance, saturation=0.5, value=0.5), 0.1)),
    ]
    turn = rotation("y", chance.uniform(0, 6.3))
    return [Part(rotated(p.distance, turn), p.material) for p in parts]


def lighthouse(chance: Chance) -> list[Part]:
    """A tapering tower with a gallery, a lantern and a cap."""
    foot, top = chance.uniform(0.3, 0.38), chance.uniform(0.17, 0.22)
    height = chance.uniform(0.95, 1.1)
    tower = turned([0.0, height], [foot, top])
    gallery = moved(cylinder(top + 0.1, 0.03), 0, height, 0)
    lantern = moved(cylinder(top * 0.75, 0.12), 0, height + 0.14, 0)
    cap = moved(cone(top * 1.1, chance.uniform(0.16, 0.3)), 0, height + 0.26, 0)
    bands = Material(
        any_colour(chance), (0.8, 0.8, 0.78), "stripes", float(chance.uniform(0.9, 2.0)), 0.2
    )
    material = bands if chance.random() < 0.75 else any_material(chance)
    roof = plain(any_colour(chance, value=0.5), 0.4)
    return [
        Part(tower, material),
        Part(joined(gallery, cap), roof),
        Part(lantern, plain((0.9, 0.75, 0.3), 0.9)),
    ]


def spruce(chance: Chance) -> list[Part]:
    """A tree of stacked cones on a trunk, sometimes with baubles."""
    n_tiers, width = int(chance.integers(3, 6)), chance.uniform(0.48, 0.62)
    tiers, baubles = [], []
    for k in range(n_tiers):
        share = 1 - k / n_tiers * 0.72
        y = 0.28 + k * (1.05 / n_tiers)
        tiers.append(moved(cone(width * share, 0.62 * share + 0.12), 0, y, 0))
        for a in chance.uniform(0, 6.3, int(chance.integers(0, 5))):
            r = width * share * 0.92
            baubles.append(moved(sphere(0.055), r * np.cos(a), y + 0.05, r * np.sin(a)))
    is_green = chance.random() < 0.5
    leaf = (
        (0.03, float(chance.uniform(0.1, 0.25)), 0.06)
        if is_green
        else any_colour(chance, value=0.6)
    )
    parts = [
        Part(joined(*tiers), plain(leaf, 0.1)),
        Part(moved(cylinder(0.1, 0.16), 0, 0.16, 0), plain((0.16, 0.08, 0.03), 0.1)),
    ]
    if baubles:
        parts.append(Part(joined(*baubles), plain(any_colour(chance, value=0.95), 0.9)))
    return parts


def rocket(chance: Chance) -> list[Part]:
    """A pointed body with fins, a porthole and a nozzle."""
    width, n_fins = chance.uniform(0.2, 0.27), int(chance.choice([3, 4]))
    body = turned(
        [0.22, 0.3, 0.75, 1.1, 1.35, 1.55],
        [0.7 * width, width, width * 1.1, width * 0.95, width * 0.5, 0.01],
    )
    fins = []
    for k in range(n_fins):
        blade = shared(
            moved(box(0.3, 0.3, 0.025, 0.01), 0.3, 0.3, 0),
            lambda p: (p[0] * 0.9 + p[1] - np.float32(0.72)) * 0.74,
        )
        fins.append(rotated(blade, rotation("y", 2 * np.pi * k / n_fins)))
    nozzle = moved(cylinder(width * 0.5, 0.09), 0, 0.17, 0)
    glass = moved(sphere(0.11), 0, 0.95, width * 0.95)
    rim = moved(rotated(torus(0.12, 0.03), rotation("x", np.pi / 2)), 0, 0.95, width * 1.02)
    second = plain(any_colour(chance), 0.5)
    parts = [
        Part(body, any_material(chance, ("plain", "plain", "stripes", "checks"))),
        Part(joined(*fins, rim), second),
        Part(nozzle, plain((0.1, 0.1, 0.11), 0.6)),
        Part(glass, plain((0.1, 0.25, 0.4), 0.95)),
    ]
    lean = rotation("z", chance.uniform(-0.5, 0.5)) @ rotation("y", chance.uniform(-0.9, 0.9))
    lifted = [moved(p.distance, 0, -0.8, 0) for p in parts]
    return [
        Part(moved(rotated(solid, lean), 0, 0.84, 0), p.material)
        for solid, p in zip(lifted, parts, strict=True)
    ]


OBJECTS: dict[str, Callable[[Chance], list[Part]]] = {
    function.__name__: function
    for function in (
        crystal, die, donut, flower, gear, goblet, hex_nut, house,
        lighthouse, links, mushroom, pawn, rocket, spruce, star, vase,
    )
}  # fmt: skip
"""The kinds by name, in alphabetical order: the classes of the demo net."""
