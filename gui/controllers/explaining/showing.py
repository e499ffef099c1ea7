"""Puts what is known of a score into the Gradients view, and says what the rest waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PyQt5.QtGui import QImage

from core.attribution.explanation import Explained, Explanation
from core.attribution.methods import TITLES, Method, MethodName
from core.attribution.targets import ChannelTarget, ClassTarget, Target
from core.attribution.words import sentence
from core.engines.values import Value
from core.jobs.score_target import ClassTable
from core.layers.shapes import NetShapes
from core.net.definition import Net
from gui.controllers.explaining.values import (
    QUICK,
    method_rows,
    norm_rows,
    other_maps,
    other_targets,
    passes_words,
    place_of,
)
from gui.panels.gradients.panel import GradientsPanel
from gui.panels.gradients.shown import CHANNEL


@dataclass
class Known:
    """What has been found of one score: by method, of the layers, and of other classes."""

    maps: dict[MethodName, Explanation] = field(default_factory=dict)
    explained: Explained | None = None
    others: dict[MethodName, tuple[Explanation, ...]] = field(default_factory=dict)
    failed: str = ""

    def forget_others(self, method: Callable[[MethodName], Method]) -> None:
        """Let go of what was found by a method with other settings than `method` has."""
        for name in [n for n, one in self.maps.items() if one.method != method(n)]:
            del self.maps[name]
        for name in [n for n, of in self.others.items() if any(m.method != method(n) for m in of)]:
            del self.others[name]


@dataclass(frozen=True, eq=False)
class Scene:
    """All that the view shows.

    selected: a value of the selected layer; at: where Grad-CAM is taken, of `values`. size: height
    and width of the input. match: the image that similarity is to. beside: the second method.
    before: what is under way first, in a sentence.
    """

    net: Net
    shapes: NetShapes
    selection: str
    selected: Value | None
    values: tuple[Value, ...]
    at: Value | None
    known: Known
    table: ClassTable | None
    target: Target | None
    picture: QImage | None
    size: tuple[int, int]
    match: Path | None
    beside: MethodName
    is_cheap: bool
    is_quick_running: bool
    is_long_running: bool
    are_others_running: bool
    can_switch_off: bool
    before: str = ""

    def waits(self, name: MethodName) -> bool:
        """Whether a method runs on a wish alone."""
        return name not in QUICK or not self.is_cheap


def show_scene(panel: GradientsPanel, scene: Scene) -> None:
    """Fill every part of the view."""
    _show_target(panel, scene)
    panel.show_layers([v.layer for v in scene.values], place_of(scene.values, scene.selection))
    panel.show_picture(scene.picture)
    at = "" if scene.at is None else scene.at.layer
    rows = method_rows(
        scene.known.maps, at, scene.size, panel.fields.method,
        is_running=scene.is_quick_running, waits=not scene.is_cheap,
    )  # fmt: skip
    panel.show_methods(rows, scene.picture)
    _show_maps(panel, scene)
    _show_others(panel, scene)
    _show_layers(panel, scene)


def _show_target(panel: GradientsPanel, scene: Scene) -> None:
    selected, n_channels = scene.selected, 0
    if selected is not None:
        shape = scene.shapes.top(selected.layer)
        n_channels = shape[1] if shape is not None and len(shape) > 1 else 1
    words = f"of {selected.layer}" if selected else "Select a layer."
    panel.target.show_layer(words, n_channels)
    name = "" if scene.match is None else scene.match.name
    panel.target.show_match(name, selected.layer if selected else "the selected layer")


def _show_maps(panel: GradientsPanel, scene: Scene) -> None:
    name, known = panel.methods.current, scene.known
    found, beside = known.maps.get(name), known.maps.get(scene.beside)
    waiting = known.failed or _missing(panel, scene)
    if not waiting and found is None:
        is_quick = name in QUICK
        is_running = scene.is_quick_running if is_quick else scene.is_long_running
        if is_running:
            waiting = "Going forward and back." if is_quick else "Running; Esc stops it."
        elif is_quick and scene.is_cheap:
            waiting = scene.before
    can_run = found is None and not waiting  # what runs by itself, too, once it was stopped
    notes = () if found is None else found.notes
    more = () if known.explained is None else known.explained.notes
    time = next((row.time for row in panel.methods.rows if row.name == name), "")
    beside_words = "" if beside is not None or waiting else f"Run {TITLES[scene.beside]} first."
    panel.show_found(
        name, found, beside,
        sentences=_sentences(found),
        waiting=waiting or (passes_words(panel.fields.method(name), scene.size) if can_run else ""),
        waiting_beside=beside_words,
        run=(time or "Run") if can_run else "", note=" ".join((*notes, *more)),
    )  # fmt: skip


def _sentences(found: Explanation | None) -> tuple[str, ...]:
    """What is shown, with what it is of and without."""
    if found is None:
        return ()
    said, words = sentence(found), found.words
    if not isinstance(found.target, ChannelTarget):  # which begins with the name of a layer
        words = f"{words[:1].upper()}{words[1:]}"
    return (f"{words}: {said}", said) if words else (said,)


def _missing(panel: GradientsPanel, scene: Scene) -> str:
    """What a target lacks, in a sentence."""
    if scene.target is not None:
        return ""
    kind = panel.target.wish.kind
    return "Select a layer." if kind == CHANNEL else "Choose the other image."


def _show_others(panel: GradientsPanel, scene: Scene) -> None:
    table, target = scene.table, scene.target
    if table is None or not isinstance(target, ClassTarget):
        panel.show_others((), None, "", is_there=False)
        return
    name = panel.methods.current
    others = scene.known.others.get(name, ())
    is_coming = bool(others) or scene.are_others_running
    can_ask = not is_coming and scene.waits(name) and name in scene.known.maps
    link = "Explain these too" if can_ask else ""
    maps = other_maps(table, other_targets(table, target), others)
    panel.show_others(maps, scene.picture, link, is_there=is_coming or bool(link))


def _show_layers(panel: GradientsPanel, scene: Scene) -> None:
    explained = scene.known.explained
    words = explained.maps[0].words if explained is not None else ""
    rows = norm_rows(explained, scene.net, scene.selection)
    panel.side.show_norms(rows, f"L2 norm, {words}" if rows else "")
    panel.side.offer_switch_off(is_there=scene.can_switch_off)
    if explained is None:
        panel.side.show_channels("", ("", ""), Explained.no_channels(), "")
        return
    at = explained.at
    shown = at.layer if at.layer == at.top else f"{at.layer} · {at.top}"
    panel.side.show_channels(shown, (at.layer, at.top), explained.channels, words)
