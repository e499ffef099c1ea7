"""What a user does in the window, a step each, through what his clicks and keys reach."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PyQt5.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QComboBox, QPushButton, QWidget

from gui.dialogs.recipe import RecipeDialog
from gui.frame.sees_popup import SeesPopup
from tests.soak.bench import Soak
from tests.soak.user import wait_until

Step = Callable[[Soak], None]
STEPS: dict[str, tuple[int, Step]] = {}
"""Name -> how often, and what is done; a step that is not possible now does nothing."""


def step(often: int) -> Callable[[Step], Step]:
    """Make a function a step of the soak."""

    def register(function: Step) -> Step:
        STEPS[function.__name__] = (often, function)
        return function

    return register


def drop(target: QWidget, *paths: Path) -> None:
    """Let files fall on a widget."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    enters = QDragEnterEvent(QPoint(20, 20), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
    QApplication.sendEvent(target, enters)  # Qt drops on what a drag has entered, on nothing else
    if enters.isAccepted():
        falls = QDropEvent(QPointF(20, 20), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
        QApplication.sendEvent(target, falls)


def _turn(soak: Soak, box: QComboBox) -> None:
    if box.isEnabled() and box.count():
        box.setCurrentIndex(soak.chance.randrange(box.count()))
        box.activated.emit(box.currentIndex())


def _click_item(
    soak: Soak, place: QPointF, modifiers: Qt.KeyboardModifiers = Qt.NoModifier
) -> None:
    canvas = soak.bench.window.panels.graph.canvas
    at = canvas.mapFromScene(place)
    if canvas.viewport().rect().contains(at):
        QTest.mouseClick(canvas.viewport(), Qt.LeftButton, modifiers, at)


def _open_net(soak: Soak, path: Path) -> None:
    soak.answers.answer = soak.chance.choice(("discard", "discard", "discard", "save", "cancel"))
    soak.answers.out = soak.new_path(".prototxt")
    soak.answers.files = (path,)
    soak.trigger("open_model")


@step(6)
def open_demo(soak: Soak) -> None:
    soak.answers.answer = "discard"
    soak.trigger("open_demo")


@step(6)
def open_net(soak: Soak) -> None:
    _open_net(soak, soak.chance.choice(soak.files.nets))


@step(3)
def open_net_with_weights(soak: Soak) -> None:
    demo = soak.scratch / "demo"
    soak.answers.answer = "discard"
    soak.answers.files = (demo / "demo_deploy.prototxt", demo / "demo.caffemodel")
    soak.trigger("open_model")


@step(2)
def open_saved_net(soak: Soak) -> None:
    saved = sorted((soak.scratch / "saved").glob("*.prototxt"))
    if saved:
        _open_net(soak, soak.chance.choice(saved))


@step(2)
def open_recent(soak: Soak) -> None:
    menu = soak.bench.window.recent_menu
    menu.aboutToShow.emit()
    soak.answers.answer = "discard"
    if menu.actions():
        soak.chance.choice(menu.actions()).trigger()


@step(3)
def open_weights(soak: Soak) -> None:
    demo = soak.scratch / "demo" / "demo.caffemodel"
    soak.answers.files = (soak.chance.choice([demo, *soak.files.weights]),)
    soak.trigger("open_weights")


@step(5)
def open_image(soak: Soak) -> None:
    soak.answers.files = (soak.chance.choice(soak.files.images),)
    soak.trigger("open_image")


@step(4)
def open_bad_image(soak: Soak) -> None:
    soak.answers.files = (soak.chance.choice(soak.files.bad_images),)
    soak.trigger("open_image")


@step(3)
def drop_files(soak: Soak) -> None:
    soak.answers.answer = "discard"
    pools = (
        soak.files.nets,
        soak.files.images,
        soak.files.bad_images,
        soak.files.weights,
        soak.files.folders,
    )
    paths = [
        soak.chance.choice(soak.chance.choice(pools)) for _ in range(soak.chance.randint(1, 2))
    ]
    drop(soak.bench.window, *paths)
    for notice in soak.bench.notices.current:
        if notice.actions and soak.chance.random() < 0.5:
            soak.bench.notices.trigger(notice.key, soak.chance.choice(notice.actions).id)


@step(6)
def forward(soak: Soak) -> None:
    soak.trigger("forward")


@step(8)
def select_in_table(soak: Soak) -> None:
    table = soak.bench.window.panels.layer_table
    view, n_rows = table.view, table.model.rowCount()
    if n_rows:
        index = table.model.index(soak.chance.randrange(n_rows), 0)
        view.scrollTo(index)
        QTest.mouseClick(view.viewport(), Qt.LeftButton, pos=view.visualRect(index).center())


@step(6)
def select_in_graph(soak: Soak) -> None:
    items = list(soak.bench.window.panels.graph.scene.layer_items.values())
    if items:
        keys = soak.chance.choice((Qt.NoModifier, Qt.NoModifier, Qt.ControlModifier))
        _click_item(soak, soak.chance.choice(items).frame().center(), keys)


@step(2)
def walk_in_graph(soak: Soak) -> None:
    canvas = soak.bench.window.panels.graph.canvas
    keys = (Qt.Key_Up, Qt.Key_Down, Qt.Key_Left, Qt.Key_Right, Qt.Key_Tab)
    for _ in range(6):
        QTest.keyClick(canvas, soak.chance.choice(keys))


@step(4)
def look_at_tiles(soak: Soak) -> None:
    panel = soak.bench.window.panels.activations
    soak.bench.window.show_panel(panel)
    bar = panel.tile_bar
    _turn(soak, soak.chance.choice((bar.order_choice, bar.scope_choice)))
    keys = (Qt.Key_Right, Qt.Key_Down, Qt.Key_End, Qt.Key_Space, Qt.Key_Plus, Qt.Key_Escape)
    for _ in range(4):
        QTest.keyClick(panel.canvas, soak.chance.choice(keys))
    if soak.chance.random() < 0.3 and panel.bar.chain_box.isVisible():
        panel.bar.chain_box.click()


@step(4)
def look_at_histogram(soak: Soak) -> None:
    panel = soak.bench.window.panels.histogram
    soak.bench.window.show_panel(panel)
    chosen = soak.chance.choice((panel.bar.a, panel.bar.b))
    rows = [row for row in chosen.rows_wanted() if row.top]
    if rows:
        row = soak.chance.choice(rows)
        chosen.value_chosen.emit(row.layer, row.top)
    soak.chance.choice(panel.bar.bins_group.actions()).trigger()
    if soak.chance.random() < 0.4:
        panel.bar.log_action.trigger()
    panel.bar.pair_button.click()


@step(2)
def save_tiles_or_histogram(soak: Soak) -> None:
    panels = soak.bench.window.panels
    panel, suffixes = soak.chance.choice(
        (
            (panels.activations, (".png", ".npy", ".npz")),
            (panels.histogram, (".png", ".svg", ".csv")),
        )
    )
    soak.bench.window.show_panel(panel)
    soak.answers.out = soak.new_path(soak.chance.choice(suffixes))
    panel.save_button.click()


@step(4)
def fold_or_turn(soak: Soak) -> None:
    bar = soak.bench.window.panels.graph.bar
    soak.chance.choice((bar.fold, bar.fold, bar.direction)).click()


@step(4)
def zoom(soak: Soak) -> None:
    for _ in range(soak.chance.randint(1, 4)):
        soak.trigger(soak.chance.choice(("zoom_in", "zoom_out", "fit")))


@step(3)
def find(soak: Soak) -> None:
    field = soak.bench.window.panels.graph.bar.field
    soak.trigger("find")
    field.clear()
    words = ("conv", "relu", "type:conv", "inplace:yes", "zzz", "fc", "shape:(", "top:data <b>")
    QTest.keyClicks(field, soak.chance.choice(words))
    for _ in range(3):
        QTest.keyClick(field, soak.chance.choice((Qt.Key_Down, Qt.Key_Up, Qt.Key_Return)))
    QTest.keyClick(field, Qt.Key_Escape)


@step(2)
def filter_table(soak: Soak) -> None:
    table = soak.bench.window.panels.layer_table
    table.filter.clear()
    QTest.keyClicks(
        table.filter, soak.chance.choice(("conv", "relu", "inplace:yes", "", "nothing"))
    )
    soak.chance.choice((table.in_place_only, table.hidden_only)).click()
    if soak.chance.random() < 0.7:
        table.filter.clear()
        table.in_place_only.setChecked(False)
        table.hidden_only.setChecked(False)


@step(4)
def rename_by_badge(soak: Soak) -> None:
    graph = soak.bench.window.panels.graph
    badges = [item for item in graph.scene.badge_items.values() if item.badge.wish]
    if badges:
        badge = soak.chance.choice(badges)
        graph.canvas.centerOn(badge.badge_frame().center())
        _click_item(soak, badge.badge_frame().center())


@step(4)
def rename_by_action(soak: Soak) -> None:
    soak.trigger(soak.chance.choice(("rename", "rename_chain", "rename_all", "rename_all")))


@step(3)
def rename_by_dialog(soak: Soak) -> None:
    if not soak.trigger("plan_rename"):
        return
    dialog = soak.bench.rename_dialog.dialog
    if dialog is None:
        return
    _turn(soak, dialog.scope)
    if soak.chance.random() < 0.3:
        dialog.layers_too.click()
    soak.rest(0.3)
    dialog = soak.bench.rename_dialog.dialog
    if dialog is None:
        return
    can_accept = dialog.accept_button is not None and dialog.accept_button.isEnabled()
    if can_accept and soak.chance.random() < 0.6:
        dialog.accept_button.click()
    else:
        dialog.reject()


@step(8)
def undo_or_redo(soak: Soak) -> None:
    for _ in range(soak.chance.randint(1, 5)):
        soak.trigger(soak.chance.choice(("undo", "undo", "redo")))


@step(3)
def verify(soak: Soak) -> None:
    soak.trigger("verify")


@step(3)
def save(soak: Soak) -> None:
    soak.answers.out = soak.new_path(".prototxt")
    soak.trigger("save_as")


@step(3)
def save_session(soak: Soak) -> None:
    soak.answers.out = soak.new_path(".blobscope")
    soak.trigger("save_session")


@step(3)
def open_session(soak: Soak) -> None:
    saved = sorted((soak.scratch / "saved").glob("*.blobscope"))
    if saved:
        soak.answers.answer = "discard"
        soak.answers.files = (soak.chance.choice(saved),)
        soak.trigger("open_session")


@step(4)
def index_folder(soak: Soak) -> None:
    soak.answers.folder = soak.chance.choice(soak.files.folders)
    soak.trigger("index_folder")


@step(3)
def index_and_cancel(soak: Soak) -> None:
    soak.answers.folder = soak.files.folders[0]
    if soak.trigger("index_folder"):
        soak.rest(soak.chance.uniform(0.0, 1.5))
        if soak.chance.random() < 0.5:
            soak.bench.searching.cancel()
        else:
            soak.trigger("cancel")


@step(4)
def choose_representation(soak: Soak) -> None:
    panel = soak.bench.window.panels.retrieval
    soak.bench.window.show_panel(panel)
    bar = panel.recipe_bar
    rows = bar.layer_button.rows_wanted()
    if rows and soak.chance.random() < 0.5:
        row = soak.chance.choice(rows)
        bar.layer_button.value_chosen.emit(row.layer, row.top)
    else:
        _turn(soak, bar.pooling_choice)


@step(4)
def take_offer(soak: Soak) -> None:
    line = soak.bench.window.panels.retrieval.offer_line
    if line.isVisible():
        soak.chance.choice((line.button, line.button, line.close_button)).click()


@step(2)
def go_back_to_a_query(soak: Soak) -> None:
    soak.trigger(soak.chance.choice(("query_before", "query_after")))


@step(4)
def query_by_tile(soak: Soak) -> None:
    panel = soak.bench.window.panels.retrieval
    soak.bench.window.show_panel(panel)
    count = len(panel.grid.tiles)
    if count:
        number = soak.chance.randrange(count)
        panel.grid.select(number)
        place = panel.grid.tile_rect(number).center()
        QTest.mouseClick(panel.grid.viewport(), Qt.LeftButton, pos=place)
        if panel.selected.use_button.isVisible():
            panel.selected.use_button.click()


@step(4)
def query_from_outside(soak: Soak) -> None:
    paths = soak.chance.choice((soak.files.images, soak.files.bad_images))
    soak.answers.files = (soak.chance.choice(paths),)
    soak.trigger("open_query")


@step(2)
def drop_on_retrieval(soak: Soak) -> None:
    panel = soak.bench.window.panels.retrieval
    soak.bench.window.show_panel(panel)
    paths = soak.chance.choice((soak.files.images, soak.files.bad_images, soak.files.folders))
    drop(soak.bench.window, soak.chance.choice(paths))


@step(3)
def look_through_ranking(soak: Soak) -> None:
    panel = soak.bench.window.panels.retrieval
    soak.bench.window.show_panel(panel)
    panel.selections.choose(soak.chance.choice(list(panel.selections.shown)))
    bar = panel.grid.verticalScrollBar()
    bar.setValue(soak.chance.randint(0, max(0, bar.maximum())))


@step(2)
def evaluate(soak: Soak) -> None:
    button = soak.bench.window.panels.retrieval.recipe_bar.evaluate_button
    if button.isEnabled():
        button.click()


@step(2)
def evaluate_or_export_gallery(soak: Soak) -> None:
    soak.answers.folder = soak.chance.choice(soak.files.folders[:2])
    soak.answers.out = soak.new_path(soak.chance.choice((".npz", ".csv")))
    soak.trigger(soak.chance.choice(("evaluate_queries", "export_gallery")))


@step(3)
def extract(soak: Soak) -> None:
    if not soak.trigger("extract"):
        return
    dialog = soak.bench.dialogs.dialog
    if dialog is None:
        return
    soak.answers.folder = soak.chance.choice(soak.files.folders)
    if soak.chance.random() < 0.4:
        dialog.folder_button.click()
    if soak.chance.random() < 0.2:
        dialog.all_link.clicked.emit()
    dialog.pooling.setCurrentIndex(soak.chance.randrange(dialog.pooling.count()))
    dialog.out.setText(str(soak.new_path(soak.chance.choice((".npz", ".h5")))))
    if dialog.accept_button.isEnabled():
        dialog.accept_button.click()
    else:
        dialog.reject()


@step(2)
def choose_preprocessing(soak: Soak) -> None:
    if not soak.trigger("recipe"):
        return
    popups = [one for one in soak.bench.window.findChildren(SeesPopup) if one.isVisible()]
    offers = [one for popup in popups for one in popup.findChildren(QPushButton) if one.isVisible()]
    if offers:
        soak.chance.choice(offers).click()
    dialog = soak.bench.dialogs.dialog
    if isinstance(dialog, RecipeDialog):
        _turn(soak, dialog.preset)
        can_accept = dialog.accept_button.isEnabled() and soak.chance.random() < 0.7
        (dialog.accept_button if can_accept else dialog.close_button).click()
    for popup in popups:
        popup.close()


@step(3)
def read_a_dialog(soak: Soak) -> None:
    actions = ("show_text", "keys", "about", "show_log", "show_difference")
    if soak.trigger(soak.chance.choice(actions)):
        wait_until(lambda: soak.bench.dialogs.dialog is not None, soak.pace)
        soak.rest(0.1)
        soak.bench.dialogs.close()


@step(3)
def compare(soak: Soak) -> None:
    soak.answers.files = tuple(soak.chance.sample(soak.files.nets, 2))
    soak.trigger("compare")
    page = soak.bench.window.compare_page
    if not wait_until(lambda: page.comparison is not None, 20):
        return
    sources = (page.values_sources, page.weights_sources)
    buttons = (page.bar.swap, page.layers.all_layers, page.layers.following, page.graph.fold,
               *(one.run for one in sources))  # fmt: skip
    for view in page.bar.views.shown:
        if soak.chance.random() < 0.6:
            page.bar.views.choose(view)
            soak.rest(0.2)
    for button in buttons:
        if soak.chance.random() < 0.6 and button.isVisible() and button.isEnabled():
            button.click()
            soak.rest(0.2)


@step(3)
def change_theme(soak: Soak) -> None:
    soak.trigger(soak.chance.choice(("theme_dark", "theme_light", "theme_system")))


@step(3)
def change_layout(soak: Soak) -> None:
    window = soak.bench.window
    words = ("page_net", "page_layer", "page_retrieval", "page_compare", "show_layers",
             "show_inspector", "reset_layout", "show_changes", "layer_before",
             "layer_after")  # fmt: skip
    soak.trigger(soak.chance.choice(words))
    if soak.chance.random() < 0.3:
        window.resize(
            soak.chance.choice((900, 1240, 1440, 1920)), soak.chance.choice((600, 900, 1200))
        )


@step(2)
def change_phase(soak: Soak) -> None:
    _turn(soak, soak.bench.window.phase_box)


@step(2)
def export_graph_or_table(soak: Soak) -> None:
    soak.answers.out = soak.new_path(soak.chance.choice((".svg", ".png", ".pdf")))
    if soak.chance.random() < 0.5:
        soak.answers.out = soak.new_path(".csv")
        soak.bench.window.panels.layer_table.csv_requested.emit()
    else:
        soak.trigger("export_graph")


@step(4)
def answer_notices(soak: Soak) -> None:
    notices = soak.bench.notices
    soak.answers.files = (soak.chance.choice(soak.files.nets),)
    soak.answers.answer = "discard"
    for notice in notices.current:
        if notice.actions and soak.chance.random() < 0.6:
            notices.trigger(notice.key, soak.chance.choice(notice.actions).id)
        else:
            notices.dismiss(notice.key)


@step(2)
def restart_engine(soak: Soak) -> None:
    soak.trigger("restart_engine")


@step(2)
def kill_engine(soak: Soak) -> None:
    pid = soak.bench.engine.process_id
    if soak.chance.random() < 0.5:
        soak.trigger("forward")
        soak.rest(soak.chance.uniform(0.0, 0.3))
    if pid is not None:
        with suppress(ProcessLookupError):  # ended by itself meanwhile
            os.kill(pid, signal.SIGKILL)
    soak.trigger("forward")


@step(2)
def switch_engine(soak: Soak) -> None:
    soak.trigger("choose_engine")
    dialog = soak.bench.engine_choice.dialog
    if dialog is None:
        return
    if soak.chance.random() < 0.3:
        dialog.engines["caffe"].click()
        dialog.command.setText(soak.chance.choice(("/nowhere/python", "true", "cat", "sleep 1000")))
    else:
        dialog.engines["torch"].click()
        dialog.precision.setCurrentIndex(soak.chance.randrange(dialog.precision.count()))
    if dialog.accept_button.isEnabled():
        dialog.accept_button.click()
    else:
        dialog.reject()


@step(1)
def compare_engines(soak: Soak) -> None:
    if not soak.trigger("fidelity"):
        return
    run = soak.bench.window.compare_page.engines.run
    if run.isEnabled():
        run.click()
        soak.rest(soak.chance.uniform(0.5, 8.0))
        soak.bench.lanes.cancel("fidelity")


@step(3)
def cancel(soak: Soak) -> None:
    soak.trigger("cancel")
