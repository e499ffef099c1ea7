"""Builds every object of the window once, joins them, and lets go of them in order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QObject, QSize
from PyQt5.QtGui import QGuiApplication

from core.engines.base import EngineSpec
from gui.connections.files import (
    connect_comparing,
    connect_dropping,
    connect_exports,
    connect_images,
    connect_last_session,
    connect_opening,
    connect_recent_files,
    connect_saving,
    connect_watched,
    connect_watching,
    connect_written,
)
from gui.connections.intervening import connect_interventions
from gui.connections.looking import (
    connect_captions,
    connect_dialogs,
    connect_engine,
    connect_former_selections,
    connect_inspecting,
    connect_themes,
    connect_window,
    load_plots_beside,
)
from gui.connections.renaming import (
    connect_changes,
    connect_rename_dialog,
    connect_renaming,
    connect_repairs,
    connect_verifying,
)
from gui.connections.searching import (
    connect_gallery_work,
    connect_searching,
    connect_what_is_there,
)
from gui.connections.showing import connect_areas, connect_presenting
from gui.connections.tools import add_tools
from gui.connections.training import connect_training
from gui.connections.trouble import connect_notices, connect_trouble
from gui.connections.truths import connect_truths
from gui.controllers.autosaving import AutosavingController
from gui.controllers.changing import ChangingController
from gui.controllers.comparing.controller import ComparingController
from gui.controllers.comparing.engines import ComparedEngines
from gui.controllers.comparing.offering import OfferedFiles
from gui.controllers.comparing.runs import ComparedRuns
from gui.controllers.demo import DEMO, DemoController
from gui.controllers.dialogs import DialogsController
from gui.controllers.dropping import DroppingController
from gui.controllers.engine_child import EngineController
from gui.controllers.engine_choice import EngineChoiceController, remembered_spec
from gui.controllers.exporting import ExportingController
from gui.controllers.extracting import ExtractingController
from gui.controllers.former_selections import FormerSelections
from gui.controllers.glancing import GlancingController
from gui.controllers.graph import GraphController
from gui.controllers.images import ImagesController
from gui.controllers.inspecting import InspectingController
from gui.controllers.last_session import LastSession
from gui.controllers.opening import OpeningController
from gui.controllers.recent_files import RecentFilesController
from gui.controllers.remembering import RememberingController
from gui.controllers.rename_dialog import RenameDialogController
from gui.controllers.renaming import RenamingController
from gui.controllers.saving import SavingController
from gui.controllers.searching.controller import SearchingController
from gui.controllers.searching.gallery_list import GalleryListController
from gui.controllers.searching.gallery_work import GalleryWorkController
from gui.controllers.seeing import SeeingController
from gui.controllers.sessions import SessionController
from gui.controllers.status import StatusController
from gui.controllers.subjects import SubjectsController
from gui.controllers.training.controller import TrainingController
from gui.controllers.trouble import TroubleController
from gui.controllers.verifying import VerifyingController
from gui.controllers.viewing import ViewingController
from gui.controllers.watching import WatchingController
from gui.crash import CrashHook
from gui.derivation import Deriver
from gui.dialogs.files import FileChooser
from gui.dialogs.questions import Questioner
from gui.document import ModelDocument
from gui.dressing import dressed_at_the_end
from gui.frame.placement import first_place, reachable_place
from gui.jobs import Lanes
from gui.layer_bench import LayerBench
from gui.main_window import MainWindow
from gui.notices import Notices
from gui.retrieval_bench import RetrievalBench
from gui.settings import Settings
from gui.theme import ThemeKeeper

FIRST_SIZE = QSize(1440, 900)


class Workbench(QObject):
    """The window and everything behind it; `close` lets go of threads and the engine."""

    @dressed_at_the_end()
    def __init__(
        self,
        keeper: ThemeKeeper,
        settings: Settings,
        hook: CrashHook | None = None,
        spec: EngineSpec | None = None,
        cache: Path | None = None,
        demo_folder: Path = DEMO,
        autosaves: Path | None = None,
    ) -> None:
        super().__init__()
        self.keeper = keeper
        self.settings = settings
        self.hook = hook or CrashHook()
        self.document = ModelDocument(self)
        self.lanes = Lanes(self)
        self.lanes.revision = lambda: self.document.revision
        self.notices = Notices(self)
        self.deriver = Deriver(self.document, self.lanes, self)
        self.window = MainWindow(keeper)
        add_tools(self.window)
        self.chooser = FileChooser(self.window)
        self.questioner = Questioner(keeper, self.window)
        self.is_closed = False
        self._has_let_go = False
        self._has_ended_well = True
        self._demo_folder = demo_folder
        self._make_controllers(spec, cache)
        self._make_dialog_controllers(autosaves)
        self.training = TrainingController(
            self.document, self.lanes, self.window, self.notices, self.settings, self.engine,
            lambda: self.chooser, lambda: self.questioner, self,
        )  # fmt: skip
        self._connect_files()
        self._connect_edits()
        self._connect_values()
        self.window.may_close = self._may_close
        self.opening.may_replace = self.saving.before_loss
        self._restore()
        self.status.refresh()

    def _make_controllers(self, spec: EngineSpec | None, cache: Path | None) -> None:
        document, lanes = self.document, self.lanes
        notices, settings = self.notices, self.settings
        self.engine = EngineController(document, lanes, spec or remembered_spec(settings), self)
        self.engine.device = settings.device
        self.opening = OpeningController(
            document, lanes, self.deriver, notices, settings, self.chooser, self
        )
        self.renaming = RenamingController(document, lanes, self.deriver, notices, self)
        self.saving = SavingController(
            document, lanes, notices, settings, self.chooser, self.questioner, self
        )
        self.verifying = VerifyingController(
            document, lanes, self.engine, self.renaming.history, self
        )
        self.extracting = ExtractingController(document, lanes, self.engine, notices, self)
        self.viewing = ViewingController(document, lanes, self.window, settings, self)
        self.changing = ChangingController(
            document, self.renaming.history, self.saving, self.window, self
        )
        panels = self.window.panels
        self.graph = GraphController(document, lanes, panels.graph, panels.layer_table,
            self.opening, notices, settings, lambda: self.chooser, self,
        )  # fmt: skip
        self.inspecting = InspectingController(
            document, lanes, self.engine, notices, panels.activations, panels.histogram, self
        )
        self.glancing = GlancingController(
            document, self.inspecting, panels.inspector, panels.glance, self
        )
        self.status = StatusController(
            document, lanes, self.engine, self.renaming, self.opening, self.window, settings, self
        )
        self.searching = SearchingController(
            document, lanes, self.engine, notices, panels.retrieval, lambda: self.questioner, cache,
            self,
        )  # fmt: skip
        self.gallery_list = GalleryListController(document, lanes, self.engine, self.searching,
            self.window.subjects.gallery, settings, self,
        )  # fmt: skip
        self.subjects = SubjectsController(
            document, self.gallery_list, self.changing, self.window, self
        )
        self.gallery_work = GalleryWorkController(lanes, self.engine, self.searching, notices, self)
        self.demo = DemoController(document, self.opening, self.searching, self._demo_folder, self)
        self.sessions = SessionController(
            document, lanes, self.opening, self.renaming, self.searching, panels, notices,
            settings, self.chooser, self,
        )  # fmt: skip

    def _make_dialog_controllers(self, autosaves: Path | None) -> None:
        document, lanes = self.document, self.lanes
        notices, settings = self.notices, self.settings
        self.rename_dialog = RenameDialogController(
            self.keeper, document, lanes, self.renaming, self.window, settings, self
        )
        self.engine_choice = EngineChoiceController(
            self.keeper, lanes, self.engine, self.window, notices, settings, self
        )
        self.trouble = TroubleController(self.engine, self.engine_choice, notices, self)
        self.exporting = ExportingController(lanes, notices, settings, lambda: self.chooser, self)
        self.retrieval = RetrievalBench(
            self.keeper, document, lanes, self.engine, self.searching, self.gallery_list,
            self.exporting, notices, self.window, lambda: self.questioner, settings,
            lambda: self.chooser, self,
        )  # fmt: skip
        self.sessions.leave_out_copies = self.retrieval.copies.expect
        self.recent_files = RecentFilesController(
            self.window.recent_menu, self.window.start_page, settings, document, lanes,
            self.opening, self.sessions, self.searching, self,
        )  # fmt: skip
        self.compared_engines = ComparedEngines(
            document, lanes, self.engine, self.engine_choice, self.window, self
        )
        self.comparing = ComparingController(
            document, lanes, self.window, notices, settings, self.chooser, self
        )
        self.offered_files = OfferedFiles(
            document, lanes, self.window, settings, self.comparing, self
        )
        self.compared_runs = ComparedRuns(
            document, lanes, self.engine, self.comparing, self.window, notices, settings, self
        )
        self.autosaving = AutosavingController(
            document, lanes, self.renaming, self.sessions, notices, autosaves, self
        )
        self.remembering = RememberingController(lanes, notices, settings, self)
        self.dialogs = DialogsController(
            self.keeper, document, lanes, self.engine, self.extracting, self.window, notices,
            settings, self.chooser, self,
        )  # fmt: skip
        self.images = ImagesController(document, lanes, self.window.subjects.image, self)
        self.dropping = DroppingController(
            document, lanes, self.opening, self.comparing, notices,
            None if autosaves is None else autosaves.with_name("pasted"), self,
        )  # fmt: skip
        self.watching = WatchingController(
            document, lanes, self.opening, self.sessions, notices, self
        )
        self.last_session = LastSession(document, lanes, self.sessions, autosaves, self)
        self.former = FormerSelections(document, self)
        self.former.open_image = self.opening.open_image
        self.seeing = SeeingController(document, lanes, self.window, self.dialogs, self)
        self.seeing.picture_changed.connect(self.window.panels.activations.show_picture)
        self.layer = LayerBench(
            self.keeper, document, lanes, self.engine, self.inspecting, self.searching, self.seeing,
            self.exporting, notices, self.window, lambda: self.questioner, settings,
            lambda: self.chooser, self,
        )  # fmt: skip
        self.retrieval.sweeping.graph_wanted.connect(self.layer.overlaying.show_on_net)

    def _connect_files(self) -> None:
        window, opening = self.window, self.opening
        connect_window(window)
        connect_areas(window)
        connect_presenting(window, self.document)
        connect_themes(window, self.keeper, self.settings)
        connect_notices(window, self.notices)
        connect_trouble(self.lanes, self.hook, self.verifying, self.trouble, self.autosaving)
        connect_opening(window, opening, self.demo)
        connect_last_session(window, self.last_session, self.status)
        connect_recent_files(window, self.recent_files)
        connect_comparing(window, self.comparing, opening, self.status)
        connect_dropping(window, self.dropping, self.status)
        connect_images(window, self.images, opening)
        connect_watching(window, self.watching, self.status, self.notices, self.settings)
        connect_watched(self.watching, self.dialogs, self.saving, self.searching, self.gallery_work)
        connect_saving(window, self.saving, self.sessions)
        connect_exports(window, self.graph, self.exporting)
        connect_written(self.status, self.notices, self.saving, self.sessions, self.exporting,
                        self.comparing)  # fmt: skip

    def _connect_edits(self) -> None:
        window, renaming, dialogs = self.window, self.renaming, self.dialogs
        connect_renaming(window, self.document, renaming)
        connect_rename_dialog(window, self.document, self.rename_dialog)
        connect_changes(window, self.changing, dialogs)
        connect_verifying(window, self.verifying, self.status)
        connect_repairs(self.opening, renaming, self.viewing, dialogs)

    def _connect_values(self) -> None:
        window, status = self.window, self.status
        connect_dialogs(window, self.dialogs, self.seeing)
        window.sees_popup.image_requested.connect(self.opening.choose_image)
        connect_engine(window, self.engine, self.engine_choice, self.compared_engines, status)
        connect_inspecting(self.document, window, self.inspecting, status)
        connect_interventions(window, self.layer.interventions, status, self.sessions,
            self.retrieval.two_rankings)  # fmt: skip
        connect_former_selections(window, self.former, status)
        connect_captions(self.document, window.panels)
        load_plots_beside(self.engine, self.lanes)
        connect_searching(
            window, self.searching, self.retrieval.memory, self.opening, self.settings,
            lambda: self.chooser, self.dropping,
        )  # fmt: skip
        connect_gallery_work(window, self.gallery_work, self.settings, lambda: self.chooser)
        connect_training(window, self.document, self.training, self.opening, status,
            self.exporting, self.sessions, self.dropping,
        )  # fmt: skip
        connect_truths(self.keeper, window, self.searching, self.gallery_work,
            self.retrieval.truths, self.settings, lambda: self.chooser, lambda: self.questioner,
        )  # fmt: skip
        connect_what_is_there(status, self.searching, self.demo)

    def start(self, paths: Sequence[Path] = (), *, demo: bool = False) -> None:
        """Show the window, start the engine behind it and open what was named."""
        self.window.show()
        self.window.setFocus()
        self.engine.start()
        self.autosaving.offer_lost_edits()
        self.remembering.start()
        self.last_session.start()
        if demo and self.demo.is_there:
            self.demo.open()
        elif paths:
            self.opening.open_paths(paths)

    def set_user(self, chooser: FileChooser, questioner: Questioner) -> None:
        """Let others answer for the user, as tests do."""
        self.chooser = self.opening.chooser = self.saving.chooser = self.dialogs.chooser = chooser
        self.sessions.chooser = self.comparing.chooser = chooser
        self.questioner = self.saving.questioner = questioner

    def close(self) -> bool:
        """Remember the window, cancel all, end the engine; True if every thread ended in time."""
        if self.is_closed:
            return self._has_ended_well
        self.is_closed = True
        self.window.presenter.turn(False)  # else the next window would begin on the whole screen
        self.last_session.keep()
        self._remember()
        self.layer.interventions.slides.end()
        self.dialogs.close()
        self.engine_choice.close()
        self.rename_dialog.close()
        self.renaming.history.indexChanged.disconnect()  # an undo stack tells of its own end
        self._has_ended_well = self.lanes.close(self.engine.close)
        if not self._has_ended_well:
            self.engine.kill()
        self.autosaving.close(has_let_go=self._has_let_go)
        return self._has_ended_well

    def _may_close(self) -> bool:
        """Asked by the window; with unsaved edits or a training the answer comes later."""
        if not self.is_closed and self.training.run.is_running:
            self.training.run.before_close(self.window.close)
            return self.is_closed
        if self.is_closed or not self.document.is_edited:
            self.close()
            return True
        self.saving.before_loss(self._close_for_good)
        return self.is_closed

    def _close_for_good(self) -> None:
        """The user has been asked about unsaved edits."""
        self._has_let_go = True
        self.close()
        self.window.close()

    def _restore(self) -> None:
        window, settings = self.window, self.settings
        geometry = settings.geometry
        is_known = geometry is not None and window.restoreGeometry(geometry)
        if QGuiApplication.platformName() == "offscreen":  # whose screen is no one's
            if not is_known:
                window.resize(FIRST_SIZE)
        else:
            self._place(is_known)
        window.restore_layout(settings.layout)

    def _place(self, is_known: bool) -> None:
        """Where it was, if a part of it can be reached there; else large on the first screen."""
        window = self.window
        rooms = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        room = window.screen().availableGeometry()
        if not is_known:
            window.setGeometry(first_place(room, window.minimumSize()))
        elif not window.isMaximized() and not window.isFullScreen():
            window.setGeometry(reachable_place(window.geometry(), rooms))
        window.fit_into(room)

    def _remember(self) -> None:
        self.graph.remember()
        self.settings.geometry = self.window.saveGeometry()
        self.settings.layout = self.window.layout_state()
        self.settings.theme = self.keeper.choice
        self.remembering.close()
