"""Joins actions and panels to the controllers, a line a signal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtGui import QGuiApplication

from core.errors import AppError, EngineCrashed, PythonLayersRefused
from core.session_file import SUFFIX as SESSION_SUFFIX
from gui.controllers.engine_child import UNAVAILABLE
from gui.dialogs.files import IMAGE_FILTER
from gui.jobs import Run
from gui.notices import CodeLine, Notice, NoticeAction

if TYPE_CHECKING:
    from gui.workbench import Workbench

THEMES = ("system", "light", "dark")


def connect_actions(bench: Workbench) -> None:
    """Everything in the table of actions."""
    actions, window, document = bench.window.actions_, bench.window, bench.document
    actions.on("open_model", bench.opening.choose_model)
    actions.on("open_weights", bench.opening.choose_weights)
    actions.on("open_image", bench.opening.choose_image)
    actions.on("open_demo", bench.demo.open)
    actions.on("index_folder", lambda: _choose_folder(bench))
    actions.on("open_query", lambda: _choose_query(bench))
    actions.on("save_as", bench.saving.choose_and_save)
    actions.on("open_session", bench.sessions.choose_and_open)
    actions.on("save_session", bench.sessions.choose_and_save)
    actions.on("quit", window.close)
    actions.on("undo", bench.renaming.undo)
    actions.on("redo", bench.renaming.redo)
    actions.on("find", window.panels.graph.focus_find)
    actions.on("export_graph", bench.graph.choose_and_export)
    actions.on("fit", window.panels.graph.fit)
    actions.on("zoom_in", window.panels.graph.canvas.zoom_in)
    actions.on("zoom_out", window.panels.graph.canvas.zoom_out)
    actions.on("reset_layout", window.set_default_layout)
    actions.on("rename", lambda: bench.renaming.rename_layer(document.selection))
    actions.on("plan_rename", lambda: bench.rename_dialog.ask(_selected_layers(bench)))
    actions.on("compare", bench.comparing.choose)
    actions.on("show_difference", bench.dialogs.show_difference)
    actions.on("rename_chain", lambda: _rename_chain_of_selection(bench))
    actions.on("rename_all", bench.renaming.rename_all)
    actions.on("show_changes", lambda: window.show_panel(window.panels.changes))
    actions.on("verify", bench.verifying.verify)
    actions.on("show_text", bench.dialogs.show_text)
    actions.on("forward", bench.inspecting.forward)
    actions.on("extract", bench.dialogs.ask_extract)
    actions.on("recipe", bench.dialogs.ask_recipe)
    actions.on("fidelity", bench.fidelity.ask)
    actions.on("choose_engine", bench.engine_choice.ask)
    actions.on("restart_engine", bench.engine.restart)
    actions.on("cancel", bench.status.cancel_job)
    actions.on("keys", bench.dialogs.show_keys)
    actions.on("about", bench.dialogs.show_about)
    actions.on("theme_system", lambda: _choose_theme(bench, "system"))
    actions.on("theme_light", lambda: _choose_theme(bench, "light"))
    actions.on("theme_dark", lambda: _choose_theme(bench, "dark"))
    _check_theme(bench)
    _fill_recent(bench)
    bench.window.recent_menu.aboutToShow.connect(lambda: _fill_recent(bench))


def connect_panels(bench: Workbench) -> None:
    """What panels wish for."""
    window, panels = bench.window, bench.window.panels
    window.files_dropped.connect(lambda paths: _take_dropped(bench, paths))
    bench.comparing.open_requested.connect(lambda path: bench.opening.open_model(path))
    window.image_picker.image_chosen.connect(bench.opening.open_image)
    window.image_picker.open_requested.connect(bench.opening.choose_image)
    window.recipe_line.clicked.connect(lambda: bench.dialogs.ask_recipe())
    panels.layer_table.rename_requested.connect(bench.renaming.rename_layer)
    panels.layer_table.plan_requested.connect(
        lambda: bench.rename_dialog.ask(_selected_layers(bench))
    )
    panels.layer_table.open_requested.connect(bench.opening.choose_model)
    panels.graph.rename_requested.connect(bench.renaming.rename_layer)
    panels.inspector.rename_requested.connect(bench.renaming.rename_layer)
    panels.inspector.rename_chain_requested.connect(bench.renaming.rename_chain)
    panels.inspector.rename_all_requested.connect(bench.renaming.rename_all)
    panels.inspector.preview_requested.connect(
        lambda layer, name: bench.rename_dialog.ask([layer], name=name)
    )
    panels.changes.difference_requested.connect(bench.dialogs.show_difference)
    panels.changes.save_requested.connect(bench.saving.save_named)
    panels.changes.undo_requested.connect(bench.renaming.undo)
    panels.changes.verify_requested.connect(bench.verifying.verify)
    panels.activations.open_image_requested.connect(bench.opening.choose_image)
    panels.activations.save_requested.connect(
        lambda name, filters: _choose_export(bench, "Save the tiles", name, filters,
                                             panels.activations.save_to)
    )  # fmt: skip
    panels.histogram.save_requested.connect(
        lambda name, filters: _choose_export(bench, "Save the histogram", name, filters,
                                             panels.histogram.save_to)
    )  # fmt: skip
    panels.retrieval.choose_folder_requested.connect(lambda: _choose_folder(bench))
    panels.retrieval.choose_image_requested.connect(lambda: _choose_query(bench))
    bench.inspecting.forward_done.connect(lambda done: bench.status.say(done.sentence))
    bench.opening.model_opened.connect(panels.graph.canvas.setFocus)
    bench.opening.folder_dropped.connect(lambda folder: bench.searching.open_folder(folder))
    bench.searching.indexed.connect(lambda _found: bench.status.refresh())
    bench.demo.show_first = lambda: window.show_panel(panels.histogram)
    bench.engine_choice.changed.connect(bench.status.show_devices)
    bench.status.extra_words = lambda: _extra_words(bench)
    bench.verifying.started.connect(lambda: panels.changes.show_busy("Verifying…"))
    bench.verifying.ended.connect(lambda: panels.changes.show_busy(""))
    bench.verifying.finished.connect(lambda v: bench.status.say(_verified_words(v)))
    bench.opening.fix_requested.connect(bench.renaming.fix_rewiring)
    bench.opening.layers_requested.connect(bench.viewing.show_layers)
    bench.opening.text_requested.connect(bench.dialogs.show_text)
    for saver in (bench.saving, bench.sessions):
        saver.saved.connect(lambda path: bench.status.say(f"saved {path.name}"))


def connect_trouble(bench: Workbench) -> None:
    """Notices, crashes and bugs."""
    bar = bench.window.notice_bar
    bench.notices.changed.connect(lambda: bar.show_notices(bench.notices.current))
    bar.action_triggered.connect(bench.notices.trigger)
    bar.closed.connect(bench.notices.dismiss)
    bench.engine.crashed.connect(lambda error: _show_crash(bench, error))
    bench.engine.state_changed.connect(lambda: _show_unavailable(bench))
    bench.engine.restarted.connect(lambda: bench.notices.dismiss("engine"))
    bench.engine.request_changed.connect(lambda: bench.notices.dismiss("python-layers"))
    bench.notices.offer_remedy(PythonLayersRefused, lambda error: _ask_trust(bench, error))
    bench.lanes.bug_found.connect(bench.report_bug)
    bench.lanes.failed.connect(lambda run, error: _show_failed_run(bench, run, error))
    bench.verifying.failed.connect(lambda error: bench.notices.show_error(error, "verify"))
    bench.hook.on_bug = lambda error, report: _show_bug(bench, error, report)


def _take_dropped(bench: Workbench, paths: list[Path]) -> None:
    if not bench.comparing.offer(paths):
        bench.opening.open_paths(paths)


def _choose_folder(bench: Workbench) -> None:
    def open_folder(folder: Path) -> None:
        bench.settings.set_folder("gallery", folder)
        bench.window.show_panel(bench.window.panels.retrieval)
        bench.searching.open_folder(folder)

    start = bench.settings.folder("gallery")
    bench.chooser.open_folder("Choose a folder of images", start, open_folder)


def _choose_query(bench: Workbench) -> None:
    def search(paths: tuple[Path, ...]) -> None:
        bench.window.show_panel(bench.window.panels.retrieval)
        bench.searching.query_image(paths[0])

    start = bench.settings.folder("images")
    bench.chooser.open_files("Search with an image", start, IMAGE_FILTER, search)


def _choose_export(
    bench: Workbench, title: str, name: str, filters: str, write: Callable[[Path], object]
) -> None:
    def save(path: Path) -> None:
        bench.settings.set_folder("exports", path.parent)
        try:
            write(path)
        except AppError as error:
            bench.notices.show_error(error, "save")
        else:
            bench.status.say(f"saved {path.name}")

    bench.chooser.save_file(title, bench.settings.folder("exports") / name, filters, save)


def _extra_words(bench: Workbench) -> set[str]:
    words = {"demo"} if bench.demo.is_there else set()
    return words | ({"gallery"} if bench.searching.gallery is not None else set())


def _selected_layers(bench: Workbench) -> tuple[str, ...]:
    selected = bench.window.panels.layer_table.selected_layers
    return selected or ((bench.document.selection,) if bench.document.selection else ())


def _rename_chain_of_selection(bench: Workbench) -> None:
    net, name = bench.document.net, bench.document.selection
    if net is None or not net.has_layer(name):
        return
    blobs = [version.blob for version in net.written(name) if version.n_versions > 1]
    if blobs:
        bench.renaming.rename_chain(blobs[0])


def _choose_theme(bench: Workbench, choice: str) -> None:
    bench.keeper.choose(choice)
    bench.settings.theme = choice
    _check_theme(bench)


def _check_theme(bench: Workbench) -> None:
    for choice in THEMES:
        bench.window.actions_[f"theme_{choice}"].setChecked(bench.keeper.choice == choice)


def _fill_recent(bench: Workbench) -> None:
    menu = bench.window.recent_menu
    menu.clear()
    for path in bench.settings.recent("models"):
        action = menu.addAction(path.name)
        action.setToolTip(str(path))
        action.setStatusTip(str(path))
        action.triggered.connect(lambda _checked=False, p=path: _open_recent(bench, p))
    menu.setEnabled(not menu.isEmpty())
    menu.setToolTipsVisible(True)


def _open_recent(bench: Workbench, path: Path) -> None:
    if path.suffix == SESSION_SUFFIX:
        bench.sessions.open(path)
        return
    weights = bench.settings.weights_of(path)
    known = weights if weights is not None and weights.is_file() else None
    bench.opening.open_model(path, known)


def _show_crash(bench: Workbench, error: EngineCrashed) -> None:
    said = error.details.splitlines()  # Caffe's own reason first, where it gave one
    lines = tuple(CodeLine(0, line) for line in (*said[:1], *said[1:][-5:]))
    doing = f" while running {error.running}" if error.running else ""
    details = f"{error.sentence}\n{error.hint}\n{error.details}"
    bench.notices.show(
        Notice(
            "error",
            f"The engine stopped{doing}",
            error.hint,
            code=lines,
            actions=(
                NoticeAction("restart", "Restart engine", "restart"),
                NoticeAction("copy", "Copy details"),
            ),
            key="engine",
        ),
        {
            "restart": bench.engine.restart,
            "copy": lambda: QGuiApplication.clipboard().setText(details),
        },
    )


def _ask_trust(bench: Workbench, error: AppError) -> None:
    """Running a Python layer runs a program of this computer: only the user decides on that."""
    if not isinstance(error, PythonLayersRefused):
        return
    lines = tuple(CodeLine(0, f"{layer}: {program}") for layer, program in error.layers[:8])
    count = "a Python layer" if len(error.layers) == 1 else f"{len(error.layers)} Python layers"
    bench.notices.show(
        Notice(
            "warning",
            f"This net has {count}",
            "Running it runs the programs named here, from Caffe's Python path, with your rights."
            " Nothing has run yet. Viewing, editing and renaming need none of them.",
            code=lines,
            actions=(
                NoticeAction("trust", "Run them until the window closes", "play", closes=True),
                NoticeAction("leave", "Leave them", closes=True),
            ),
            key="python-layers",
        ),
        {"trust": bench.engine.trust_python_layers},
    )


def _show_unavailable(bench: Workbench) -> None:
    if bench.engine.state != UNAVAILABLE or bench.notices.has("engine"):
        return
    bench.notices.show(
        Notice(
            "error",
            f"The {bench.engine.title} engine did not start",
            bench.engine.sentence,
            actions=(
                NoticeAction("restart", "Start again", "restart", closes=True),
                NoticeAction("choose", "Choose another engine", "chip"),
            ),
            key="engine",
        ),
        {"restart": bench.engine.restart, "choose": bench.engine_choice.ask},
    )


def _show_failed_run(bench: Workbench, run: Run, error: AppError) -> None:
    if not isinstance(error, EngineCrashed):  # has its own notice
        bench.notices.show_error(error, run.key)


def _show_bug(bench: Workbench, error: BaseException, report: Path | None) -> None:
    where = f"A crash report is in {report}." if report else "No crash report could be written."
    bench.notices.show(
        Notice(
            "error",
            "Something went wrong inside Blobscope",
            f"{where} Your file and your edits are safe.",
            code=(CodeLine(0, f"{type(error).__name__}: {error}"[:200]),),
            actions=(NoticeAction("copy", "Copy details"),),
            key="bug",
        ),
        {"copy": lambda: QGuiApplication.clipboard().setText(str(report or error))},
    )


def _verified_words(verification: object) -> str:
    seconds = getattr(verification, "seconds", 0.0)
    return f"verify done in {seconds:.1f} s, 2 forward passes"
