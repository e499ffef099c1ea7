"""Which boxes stand together under one name where there is no room for a name each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.net.layout.routes import Point
from gui.graph import metrics as m
from gui.graph.picture import BoxPicture, FoldGroup, GraphPicture
from gui.graph.rooms import Rectangle

_GAP = 2.0
_TO, _AND = " ... ", " and "
_MAIN_SHARE = 0.7
"""Of the layers; a block with so many of them gives its name to what it takes in."""
_MOST_SHIFT = 12.0
"""Screen pixels that a block may stand after its place before it joins the one before it."""
_MOST_ASIDE = 48.0
"""Screen pixels that it may stand beside its place."""


@dataclass(frozen=True)
class Block:
    """Boxes by key, the name that stands for them, and where it is drawn, in screen pixels.

    The pixels count from the scene's origin: scene units times the scale.
    """

    keys: tuple[int, ...]
    name: str
    n_layers: int
    family: str
    place: Rectangle


def find_blocks(
    picture: GraphPicture,
    corners: Mapping[int, Point],
    groups: Sequence[FoldGroup],
    scale: float,
    *,
    is_sideways: bool = False,
) -> tuple[Block, ...]:
    """Blocks that hold every box once, none over another, each with room for a name.

    groups: all that folds in the net. Blocks come first, then chains and stages where their parts
    have no room, then whatever stands close together.
    """
    boxes = {box.key: box for box in picture.boxes}
    units = [_single(box, corners[box.key], scale) for box in picture.boxes]
    for kind in ("block", "chain", "stage"):
        group_of = {
            picture.box_of[index]: group
            for group in groups
            if group.kind == kind
            for index in group.layers
            if index in picture.box_of
        }
        units = _fold(units, group_of, boxes, only_crowded=kind != "block")
    blocks = _settle(units, boxes, is_sideways=is_sideways)
    return tuple(blocks if is_sideways else _widened(blocks))


def _single(box: BoxPicture, corner: Point, scale: float) -> Block:
    left, top = corner[0] * scale, corner[1] * scale
    place = Rectangle(left, top, left + m.BOX_WIDTH * scale, top + m.BOX_HEIGHT * scale)
    return Block((box.key,), box.name, len(box.layers), box.family, place)


def _fold(
    units: Sequence[Block],
    group_of: Mapping[int, FoldGroup],
    boxes: Mapping[int, BoxPicture],
    *,
    only_crowded: bool,
) -> list[Block]:
    """The units with those of each group as one; a group that is a single box stays that box.

    group_of: by box key. only_crowded: unless each unit of a group has room of its own.
    """
    inside: dict[tuple[str, str], list[Block]] = defaultdict(list)
    folded: list[Block] = []
    for unit in units:
        groups = {group_of[key].key if key in group_of else None for key in unit.keys}
        only = groups.pop() if len(groups) == 1 else None
        if only is None:
            folded.append(unit)
        else:
            inside[only].append(unit)
    for (_, title), those in inside.items():
        if len(those) < 2 or (only_crowded and not _are_crowded(those)):
            folded += those
        else:
            folded.append(replace(_joined(those, boxes), name=title))
    return sorted(folded, key=lambda unit: unit.keys[0])


def _joined(units: Sequence[Block], boxes: Mapping[int, BoxPicture]) -> Block:
    keys = tuple(sorted(key for unit in units for key in unit.keys))
    first, last = boxes[keys[0]], boxes[keys[-1]]
    place = Rectangle(
        min(unit.place.left for unit in units),
        min(unit.place.top for unit in units),
        max(unit.place.right for unit in units),
        max(unit.place.bottom for unit in units),
    )
    n_layers = sum(unit.n_layers for unit in units)
    name = f"{first.name.partition(_TO)[0]}{_TO}{last.name.rpartition(_TO)[2]}"
    most = max(units, key=lambda unit: unit.n_layers)
    if most.n_layers >= _MAIN_SHARE * n_layers and n_layers > len(units):
        main = most.name.partition(_AND)[0]
        return Block(keys, f"{main}{_AND}others", n_layers, most.family, place)
    return Block(keys, name, n_layers, first.family, place)


def _needed(unit: Block) -> Rectangle:
    """The least that the block takes on screen around its middle."""
    place = unit.place
    across = max(0.0, m.BLOCK_LEAST_WIDTH - (place.right - place.left)) / 2
    along = max(0.0, m.BLOCK_HEIGHT - (place.bottom - place.top)) / 2
    return Rectangle(
        place.left - across, place.top - along, place.right + across, place.bottom + along
    )


def _are_crowded(units: Sequence[Block]) -> bool:
    """Whether any two would lie over one another."""
    places = [_needed(unit) for unit in units]
    return any(
        one.overlaps(other) for i, one in enumerate(places) for other in places[i + 1 : i + 60]
    )


def _settle(
    units: Sequence[Block], boxes: Mapping[int, BoxPicture], *, is_sideways: bool
) -> list[Block]:
    """Place one after the other: at its place, a little after it, or as part of what is there."""
    settled: list[Block] = []
    for unit in sorted(units, key=lambda u: (u.place.left, u.place.top) if is_sideways
                       else (u.place.top, u.place.left)):  # fmt: skip
        place = _free_place(_needed(unit), settled, is_sideways=is_sideways)
        if place is not None:
            settled.append(replace(unit, place=place))
            continue
        moved = unit
        while (hit := _least_hit(_needed(moved), settled)) is not None:
            settled.remove(hit)
            moved = _grown(hit, moved, boxes, is_sideways=is_sideways)
        settled.append(replace(moved, place=_needed(moved)))
    return settled


def _free_place(
    place: Rectangle, settled: Sequence[Block], *, is_sideways: bool
) -> Rectangle | None:
    """The place, beginning after what it would cover; None where it would end too late."""
    moved = place
    for _ in range(8):
        hit = next((s.place for s in settled if _with_air(s.place).overlaps(moved)), None)
        if hit is None:
            return moved
        if is_sideways:
            left = hit.right + _GAP
            right = max(place.right, left + m.BLOCK_LEAST_WIDTH)
            moved = replace(place, left=left, right=right)
            is_late = right - place.right > 3 * _MOST_SHIFT
        else:
            top = hit.bottom + _GAP
            bottom = max(place.bottom, top + m.BLOCK_HEIGHT)
            moved = replace(place, top=top, bottom=bottom)
            is_late = bottom - place.bottom > _MOST_SHIFT
        if is_late:
            return _beside(place, settled, is_sideways=is_sideways)
    return None


def _beside(place: Rectangle, settled: Sequence[Block], *, is_sideways: bool) -> Rectangle | None:
    """The place moved across the flow, away from what it would cover."""
    hit = next((s.place for s in settled if _with_air(s.place).overlaps(place)), None)
    if hit is None:
        return place
    width, height = place.right - place.left, place.bottom - place.top
    if is_sideways:
        moves = (0.0, hit.top - _GAP - height - place.top), (0.0, hit.bottom + _GAP - place.top)
    else:
        moves = (hit.left - _GAP - width - place.left, 0.0), (hit.right + _GAP - place.left, 0.0)
    for x, y in moves:
        moved = Rectangle(place.left + x, place.top + y, place.right + x, place.bottom + y)
        is_free = not any(_with_air(s.place).overlaps(moved) for s in settled)
        if is_free and abs(x + y) <= _MOST_ASIDE:
            return moved
    return None


def _least_hit(place: Rectangle, settled: Sequence[Block]) -> Block | None:
    """The smallest of those that a place would cover."""
    hits = [s for s in settled if _with_air(s.place).overlaps(place)]
    return min(hits, key=lambda s: _area(s.place), default=None)


def _grown(
    settled: Block, unit: Block, boxes: Mapping[int, BoxPicture], *, is_sideways: bool
) -> Block:
    """Both as one, which does not begin before the one that is settled."""
    both = _joined([settled, unit], boxes)
    if is_sideways:
        return replace(both, place=replace(both.place, left=settled.place.left))
    return replace(both, place=replace(both.place, top=settled.place.top))


def _area(place: Rectangle) -> float:
    return (place.right - place.left) * (place.bottom - place.top)


def _with_air(place: Rectangle) -> Rectangle:
    air = _GAP / 2
    return Rectangle(place.left - air, place.top - air, place.right + air, place.bottom + air)


def _widened(blocks: Sequence[Block]) -> list[Block]:
    """Each as wide as a name wants, where that covers no other and does not widen the graph."""
    found = []
    left = min((block.place.left for block in blocks), default=0.0)
    right = max((block.place.right for block in blocks), default=0.0)
    spare = max(0.0, m.BLOCK_WIDTH - (right - left)) / 2
    for block in blocks:
        place = block.place
        wanted = (m.BLOCK_WIDTH - (place.right - place.left)) / 2
        for other in blocks:
            beside = other.place
            if other is block or wanted <= 0:
                continue
            if beside.top < place.bottom and place.top < beside.bottom:
                gap = max(place.left - beside.right, beside.left - place.right)
                wanted = min(wanted, max(0.0, (gap - _GAP) / 2))
        wanted = max(0.0, wanted)
        wider = replace(
            place,
            left=max(place.left - wanted, left - spare),
            right=min(place.right + wanted, right + spare),
        )
        found.append(replace(block, place=wider))
    return found
