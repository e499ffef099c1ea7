"""Verifying and measuring: a text and its edit run on one input, and their outputs compared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.engines.host import EngineHost, NetToRun
from core.engines.measurement import Measurement, measure_edit
from core.engines.verification import Verification, verify_rename
from core.images.prepared import read_image
from core.images.recipe_choice import RecipeWish, choose_recipe
from core.jobs.open import net_of
from core.progress import Job
from core.surveys.feed import plan_whole_feed


@dataclass(frozen=True)
class VerifyRequest:
    """The text before, the net to run with the text after, and images; (): seeded values."""

    before: str
    net: NetToRun
    images: tuple[Path, ...] = ()
    recipe: RecipeWish = None


def verify(request: VerifyRequest, host: EngineHost) -> Job[Verification]:
    """Run both and compare bit by bit. Raises EngineError when nothing can be compared."""
    net = request.net
    return (
        yield from verify_rename(
            host.process(net.engine.exact),
            request.before,
            net.text,
            net.weights,
            _inputs(request),
            net.device,
            seed=net.seed,
            state=net.state,
        )
    )


def measure(request: VerifyRequest, host: EngineHost) -> Job[Measurement]:
    """Run both and measure by how much the outputs of the edit differ, as after a repair.

    Raises EngineError when nothing can be compared.
    """
    net = request.net
    return (
        yield from measure_edit(
            host.process(net.engine.exact),
            request.before,
            net.text,
            net.weights,
            _inputs(request),
            net.device,
            seed=net.seed,
            state=net.state,
        )
    )


def _inputs(request: VerifyRequest) -> dict[str, np.ndarray] | None:
    """The images through their recipe; None for seeded values, as where nothing takes pictures."""
    if not request.images:
        return None
    net, shapes = net_of(replace(request.net, text=request.before))
    feed = plan_whole_feed(net, shapes)
    if not feed.picture:
        return None
    recipe = choose_recipe(net, shapes, request.net.path, request.recipe, blob=feed.picture).recipe
    return feed.inputs(np.stack([read_image(path, recipe) for path in request.images]))
