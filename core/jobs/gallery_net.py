"""The net that a gallery was made with, found again and run for images that are not in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from core.engines.host import EngineHost, NetToRun
from core.jobs.engine_choice import engine_of_gallery
from core.jobs.index import describer_for, recipe_on
from core.jobs.open import OpenRequest, open_model
from core.retrieval.describing import Describer
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.finish import load_fits
from core.retrieval.gallery import Gallery
from core.retrieval.gallery_origin import find_origin


@contextmanager
def opened_gallery_net(
    gallery: Gallery,
    host: EngineHost,
    net: NetToRun | None = None,
    runs_on: OpenRequest | None = None,
) -> Iterator[Describer]:
    """What describes as the gallery was described.

    net: None for the net that the gallery was made with, from where it lies now; runs_on: engine
    and device of that. Raises GalleryError where the files are gone, or give another recipe.
    """
    to_run, recipe = found_gallery_net(gallery, net, runs_on)
    fits = load_fits(recipe.finish, gallery.folder)
    with host.opened(to_run) as engine:
        yield describer_for(to_run, recipe, engine, fits)


def found_gallery_net(
    gallery: Gallery, net: NetToRun | None = None, runs_on: OpenRequest | None = None
) -> tuple[NetToRun, DescriptorRecipe]:
    """The net that `opened_gallery_net` opens, and the gallery's recipe as it calls the value.

    Raises GalleryError as that does.
    """
    to_run = net or _net_of_gallery(gallery, runs_on)
    recipe = recipe_on(to_run, gallery.recipe)
    gallery.check_recipe(recipe)
    return engine_of_gallery(to_run, gallery.origin), recipe


def _net_of_gallery(gallery: Gallery, runs_on: OpenRequest | None) -> NetToRun:
    origin = find_origin(gallery.origin, gallery.recipe)
    asked = runs_on or OpenRequest(origin.net)
    return open_model(
        replace(asked, net=origin.net, weights=origin.weights, state=origin.state)
    ).to_run
