"""What the options button of the graph offers: the net's state, what is shown, export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PyQt5.QtWidgets import QAction, QActionGroup, QMenu

from core.net.definition import Net, NetState
from core.net.state_choices import state_choices
from gui.graph.drawing import DrawingOptions
from gui.graph.overlay import COST_KINDS, CostKind

PHASES = ("TEST", "TRAIN")


@dataclass(frozen=True)
class ViewWishes:
    """Whom to tell."""

    on_state: Callable[[NetState], None]
    on_dropped: Callable[[bool], None]
    on_edge_shapes: Callable[[bool], None]
    on_colour: Callable[[CostKind | None], None]
    on_export: Callable[[], None]


def fill_view_menu(
    menu: QMenu, net: Net, options: DrawingOptions, wishes: ViewWishes, *, overlay: str
) -> None:
    """Add the entries; stages and levels only where the file's rules name them.

    overlay: the title of what the boxes are coloured by, "" for nothing.
    """
    _add_phases(menu, net, wishes.on_state)
    _add_stages(menu, net, wishes.on_state)
    _add_levels(menu, net, wishes.on_state)
    menu.addSection("Show")
    n_dropped = len(net.inactive)
    words = (
        f"Layers that this phase drops ({n_dropped}), pale and without wires"
        if n_dropped
        else "No layer is dropped"
    )
    dropped = _check(menu, words, options.shows_inactive and n_dropped > 0, wishes.on_dropped)
    dropped.setEnabled(n_dropped > 0)
    _check(menu, "Shapes on the arrows", options.shows_edge_shapes, wishes.on_edge_shapes)
    _add_colours(menu, overlay, wishes.on_colour)
    menu.addSeparator()
    menu.addAction("Export the graph…", wishes.on_export)


def _add_colours(menu: QMenu, overlay: str, on_colour: Callable[[CostKind | None], None]) -> None:
    menu.addSection("Colour by")
    group = QActionGroup(menu)
    choices: tuple[CostKind | None, ...] = (None, *COST_KINDS)
    for kind in choices:
        words = f"{kind[0].upper()}{kind[1:]}" if kind else "Family alone"
        action = _check(menu, words, (kind or "") == overlay, partial(_colour, on_colour, kind))
        group.addAction(action)


def _colour(
    on_colour: Callable[[CostKind | None], None], kind: CostKind | None, _is_on: bool
) -> None:
    on_colour(kind)


def _add_phases(menu: QMenu, net: Net, on_state: Callable[[NetState], None]) -> None:
    menu.addSection("Phase")
    group = QActionGroup(menu)
    for phase in PHASES:
        state = replace(_chosen(net), phase=phase)
        action = _check(menu, phase, net.state.phase == phase, partial(_ask, on_state, state))
        group.addAction(action)


def _add_stages(menu: QMenu, net: Net, on_state: Callable[[NetState], None]) -> None:
    stages = state_choices(net).stages
    if not stages:
        return
    menu.addSection("Stages")
    chosen = _chosen(net)
    for stage in stages:
        others = tuple(name for name in chosen.stages if name != stage)
        is_on = stage in net.state.stages
        state = replace(chosen, stages=others if is_on else (*others, stage))
        action = _check(menu, stage, is_on, partial(_ask, on_state, state))
        action.setEnabled(stage in chosen.stages or not is_on)


def _add_levels(menu: QMenu, net: Net, on_state: Callable[[NetState], None]) -> None:
    levels = state_choices(net).levels
    if len(levels) < 2:
        return
    menu.addSection("Level")
    group = QActionGroup(menu)
    for level in levels:
        state = replace(_chosen(net), level=level)
        is_on = level == net.state.level
        group.addAction(_check(menu, str(level), is_on, partial(_ask, on_state, state)))


def _ask(on_state: Callable[[NetState], None], state: NetState, _is_on: bool) -> None:
    on_state(state)


def _chosen(net: Net) -> NetState:
    """The net's state without the stages that the file itself sets."""
    own = net.root.message("state").words("stage")
    stages = (stage for stage in net.state.stages if stage not in own)
    return replace(net.state, stages=tuple(dict.fromkeys(stages)))


def _check(menu: QMenu, words: str, is_on: bool, on_toggled: Callable[[bool], None]) -> QAction:
    action = menu.addAction(words)
    action.setCheckable(True)
    action.setChecked(is_on)
    action.triggered.connect(on_toggled)
    return action
