"""Opening a model: the prototxt (or the solver that names it), its shapes, weights and recipe."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from core.engines.host import TORCH, NetToRun
from core.engines.values import EngineSpec
from core.errors import AppError
from core.images.presets import recipe_path
from core.images.recipe_choice import (
    ChosenRecipe,
    RecipeWish,
    choose_recipe,
)
from core.layers.shapes import NetShapes, infer_shapes
from core.net.definition import Net, NetState
from core.net.no_layers import check_has_layers
from core.net.reader import DEFAULT_STATE, MOST_REMEMBERED, read_net
from core.net.solver import open_prototxt
from core.surveys.feed import plan_whole_feed
from core.weights.binding import Binding, bind_weights
from core.weights.reader import Weights, open_weights


@dataclass(frozen=True)
class OpenRequest:
    """The files of a model, the state it is built in, and what runs it."""

    net: Path
    weights: Path | None = None
    state: NetState = DEFAULT_STATE
    engine: EngineSpec = TORCH
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True)
class OpenedNet:
    """A prototxt as read, and how the weights fit where any were given.

    solver: the file that named the prototxt, None where it was given itself.
    """

    path: Path
    net: Net
    shapes: NetShapes
    weights: Weights | None
    binding: Binding | None
    solver: Path | None = None
    request: OpenRequest = field(default=OpenRequest(Path()))

    @property
    def state(self) -> NetState:
        """The phase, level and stages the net is built in."""
        return self.net.state

    @property
    def weights_path(self) -> Path | None:
        """The weights file, None where none was given."""
        return None if self.weights is None else self.weights.path

    @property
    def to_run(self) -> NetToRun:
        """What an engine is asked to run."""
        return NetToRun(
            self.net.text,
            self.path,
            self.weights_path,
            self.net.state,
            self.request.device,
            self.request.seed,
            self.request.engine,
        )

    def recipe(self, given: RecipeWish = None) -> ChosenRecipe:
        """How pictures are prepared for it: as given, or as its files say, or a guess."""
        return choose_recipe(self.net, self.shapes, self.path, given)


def open_model(request: OpenRequest) -> OpenedNet:
    """Read a prototxt and its weights; AppError says what can't be read."""
    file = open_prototxt(request.net, request.state)
    net = read_net(file.text, path=file.path, state=file.state)
    check_has_layers(net, file.path.name)
    shapes = infer_shapes(net)
    if request.weights is None:
        return OpenedNet(file.path, net, shapes, None, None, file.solver, request)
    weights, binding = read_weights(request.weights, net, shapes)
    return OpenedNet(file.path, net, shapes, weights, binding, file.solver, request)


def read_weights(path: Path, net: Net, shapes: NetShapes) -> tuple[Weights, Binding]:
    """Weights, and how they fit a net. Raises AppError for a file that holds none."""
    weights = open_weights(path)
    return weights, bind_weights(net, shapes, weights)


def own_recipe(opened: OpenedNet) -> tuple[ChosenRecipe | None, AppError | None]:
    """The recipe of a net that is opened to be looked at, None where it takes no pictures.

    The second is what is wrong with a recipe kept beside it, in whose place another is chosen.
    """
    net, shapes, path = opened.net, opened.shapes, opened.path
    picture = plan_whole_feed(net, shapes).picture or None
    try:
        chosen = choose_recipe(net, shapes, path, blob=picture)
    except AppError as error:
        return None, error if os.path.lexists(recipe_path(path)) else None
    return chosen, chosen.problem


def net_of(to_run: NetToRun) -> tuple[Net, NetShapes]:
    """A net to run as read from its text, and its shapes."""
    read = _remembered if len(to_run.text) <= MOST_REMEMBERED else _with_shapes
    return read(to_run.text, to_run.path, to_run.state)


def _with_shapes(text: str, path: Path, state: NetState) -> tuple[Net, NetShapes]:
    net = read_net(text, path=path, state=state)
    return net, infer_shapes(net)


_remembered = lru_cache(maxsize=4)(_with_shapes)
"""Each job of a slide show asks for the same net, which is a sixth of a pass of SqueezeNet."""
