"""The view bar of the Layer page: views that are there, and the choices that each has."""

from __future__ import annotations

from PyQt5.QtWidgets import QWidget

from gui.pages.layer_views import (
    ALL_LAYERS_VIEW,
    GRADIENTS_VIEW,
    IMAGE,
    VALUES_VIEW,
    WEIGHTS_VIEW,
    LayerViewBar,
)
from gui.theme import ThemeKeeper


def test_views_stand_in_one_order_whichever_came_first(qtbot, keeper: ThemeKeeper) -> None:
    bar = LayerViewBar(keeper)
    qtbot.addWidget(bar)
    for key in (ALL_LAYERS_VIEW, VALUES_VIEW, WEIGHTS_VIEW):
        bar.add_view(key, has_over=key == ALL_LAYERS_VIEW)
    assert list(bar.views.shown) == [VALUES_VIEW, WEIGHTS_VIEW, ALL_LAYERS_VIEW]
    assert bar.views.current == VALUES_VIEW


def test_only_views_over_a_folder_offer_one(qtbot, keeper: ThemeKeeper) -> None:
    bar = LayerViewBar(keeper)
    qtbot.addWidget(bar)
    bar.add_view(VALUES_VIEW, has_over=False)
    bar.add_view(ALL_LAYERS_VIEW, has_over=True)
    bar.show()
    assert not bar.over.isVisible()
    bar.views.choose(ALL_LAYERS_VIEW)
    assert bar.over.isVisible()
    assert bar.over.current == IMAGE
    bar.show_folder("corel1k, 200")
    assert "corel1k, 200" in bar.over.shown.values()


def test_the_page_shows_the_view_that_is_chosen_and_walks_its_parts(bench, qtbot) -> None:
    page, view = bench.window.layer_page, QWidget()
    before = page.areas
    page.add_view(GRADIENTS_VIEW, view)
    assert page.areas[-len(before) + 1 :] == before[-len(before) + 1 :]
    page.show_view(GRADIENTS_VIEW)
    assert page.areas[-1] is view
    assert bench.window.layout_state().find(GRADIENTS_VIEW) > 0
    page.show_view("no such view")
    assert page.view == GRADIENTS_VIEW
