"""Looking into a net: one pass of it, whose values stay in the engine for whoever asks next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.engines.engine import Engine
from core.engines.host import EngineHost, NetToRun
from core.engines.values import EngineSpec, PassResult, Value
from core.errors import AppError, EngineCancelled, EngineCrashed
from core.images.prepared import read_image
from core.images.recipe_choice import RecipeWish, choose_recipe
from core.jobs.arrays import plan_array_passes
from core.jobs.open import net_of
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.reading import ReadCancelled
from core.surveys.feed import plan_feed, plan_whole_feed, shape_words

Shape = tuple[int, ...]
_ALL_ROWS = 1 << 40


@dataclass(frozen=True)
class LookRequest:
    """One pass to look into, over an image or raw arrays.

    recipe: None takes the net's own. wanted: the values that the inputs must suffice for, () for
    all. modified: when the image was last written, in ns. attempt: another number runs the same
    pass anew.
    """

    net: NetToRun
    image: Path | None = None
    recipe: RecipeWish = None
    arrays: tuple[tuple[str, Path], ...] = ()
    wanted: tuple[Value, ...] = ()
    modified: int = 0
    attempt: int = 0


@dataclass(frozen=True)
class PictureInput:
    """The input of a net that takes pictures, and its shape; None where the file leaves it open."""

    blob: str
    shape: Shape | None


def picture_input(net: Net, shapes: NetShapes) -> PictureInput | None:
    """What takes the picture where the whole net runs; None where nothing does."""
    feed = plan_whole_feed(net, shapes)
    return PictureInput(feed.picture, feed.needed[feed.picture]) if feed.picture else None


def why_no_picture(net: Net, shapes: NetShapes) -> str:
    """Why no picture can be fed where the whole net runs, in a sentence; "" where one can."""
    feed = plan_whole_feed(net, shapes)
    if feed.picture:
        return ""
    listed = ", ".join(f"{name} {shape_words(shape)}" for name, shape in feed.needed.items())
    return f"No input of this net takes a picture: {listed}." if listed else "The net has no input."


class Looker:
    """Runs each pass once, however often its values are asked for; for one thread at a time.

    Of each engine the last pass: another one stands in where the chosen one changes no values.
    A pass that failed fails again at once, so that one bad layer does not end child after child.
    """

    def __init__(
        self,
        host: EngineHost,
        on_passed: Callable[[PassResult, Engine], None] = lambda result, engine: None,
    ) -> None:
        self._host = host
        self._on_passed = on_passed
        self._ran: dict[EngineSpec, tuple[Engine, LookRequest]] = {}
        self._failed: tuple[LookRequest, AppError] | None = None

    @property
    def failure(self) -> AppError | None:
        """Why the last pass failed, None where it did not."""
        return None if self._failed is None else self._failed[1]

    @contextmanager
    def passed(self, request: LookRequest) -> Iterator[Engine]:
        """The engine, holding the values of the pass. Raises AppError."""
        failed = self._failed
        if failed is not None and failed[0] == request:
            # a crash is told when it happens, not again by every job that waited behind it
            raise EngineCancelled if isinstance(failed[1], EngineCrashed) else failed[1]
        with ExitStack() as stack:
            try:  # Caffe dies at opening already over what it refuses
                engine = stack.enter_context(self._host.opened(request.net))
                self._run(engine, request)
            except ReadCancelled:  # the user's doing, not the pass's
                raise
            except AppError as error:
                self._failed = (request, error)
                raise
            yield engine

    def _run(self, engine: Engine, request: LookRequest) -> None:
        spec = request.net.engine
        ran = self._ran.pop(spec, None)
        if ran is not None and ran[0] is engine and ran[1] == request:
            self._ran[spec] = ran
            return
        result = engine.run(inputs_of(request))
        self._ran[spec] = (engine, request)
        self._failed = None
        self._on_passed(result, engine)


def inputs_of(request: LookRequest) -> dict[str, np.ndarray]:
    """What a pass is fed with, by input blob. Raises AppError."""
    net, shapes = net_of(request.net)
    wanted = request.wanted
    feed = plan_feed(net, shapes, wanted) if wanted else plan_whole_feed(net, shapes)
    if request.image is None:
        (_, inputs), *_ = plan_array_passes(request.arrays, feed, _ALL_ROWS)
        return inputs
    feed.check_takes_pictures()
    recipe = choose_recipe(net, shapes, request.net.path, request.recipe, blob=feed.picture).recipe
    feed.check_channels(recipe.n_channels)
    return feed.inputs(read_image(request.image, recipe)[None])
