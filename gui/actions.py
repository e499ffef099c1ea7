"""One table of everything a user can do: id, text, shortcut, icon, enabled when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAction, QMenu, QMenuBar, QShortcut, QWidget

from core.attribution.methods import TITLES
from gui.icons import icon
from gui.theme import ThemeKeeper
from gui.widgets.plain_text import plain_caption, plain_tip

NOT_YET = "The window is not ready yet."
_KEYS_OF_WIDGETS = frozenset({"Esc", "Del"})
"""Keys that mean something in many places; where an action can't act they are left to those."""
MENUS = ("File", "Edit", "View", "Net", "Layer", "Retrieval", "Training", "Help")


@dataclass(frozen=True)
class ActionRow:
    """One row of the table.

    id: what `Actions.on` and tests name it by; shortcuts: the first is shown; needs: the state
    words ("net", "edited") that must all hold for it to be enabled, the first that does not says
    why; group: a new group in a menu is set off by a line.
    """

    id: str
    menu: str
    text: str
    shortcuts: tuple[str, ...] = ()
    icon: str | None = None
    needs: tuple[str, ...] = ()
    group: int = 0
    tip: str = ""
    is_checkable: bool = False


def _row(
    id_: str,
    menu: str,
    text: str,
    shortcuts: str = "",
    icon_name: str | None = None,
    needs: str = "",
    *,
    group: int = 0,
    tip: str = "",
    is_checkable: bool = False,
) -> ActionRow:
    keys = tuple(shortcuts.split()) if shortcuts else ()
    wanted = tuple(needs.split())
    return ActionRow(id_, menu, text, keys, icon_name, wanted, group, tip, is_checkable)


ROWS: tuple[ActionRow, ...] = (
    _row("open_model", "File", "Open model…", "Ctrl+O", "open",
         tip="Open a prototxt, a caffemodel, or both at once"),
    _row("open_weights", "File", "Open weights…", "Ctrl+Shift+O", "weights", "net",
         tip="Bind a caffemodel or HDF5 file to this net"),
    _row("open_image", "File", "Open image…", "Ctrl+I", "image",
         tip="Choose the image that forward passes read"),
    _row("open_demo", "File", "Open the demo", icon_name="play", needs="demo",
         tip="A small trained net with a gallery of images"),
    _row("save", "File", "Save beside the opened file", "", "save", "net edited", group=1,
         tip="Write the edited prototxt under a new name; the opened file stays as it is"),
    _row("save_as", "File", "Save as new file…", "Ctrl+S", "save", "net edited", group=1,
         tip="Write the edited prototxt; the opened file stays as it is"),
    _row("extract", "File", "Extract…", "Ctrl+E", "extract", "net engine", group=2,
         tip="Write layers' activations to an .npz file"),
    _row("export_graph", "File", "Export the graph…", "", "save", "net", group=2,
         tip="Write the whole graph as SVG, PDF or PNG, with its legend"),
    _row("restore_last", "File", "Restore the last session", "", "restart", "last_session", group=3,
         tip="Go on where the window was closed last"),
    _row("open_session", "File", "Open session…", group=3,
         tip="Go on where a saved session stopped"),
    _row("save_session", "File", "Save session…", "Ctrl+Shift+S", None, "editable", group=3,
         tip="Remember files, edits, folds and selection in one file"),
    _row("close_net", "File", "Close the net", "Ctrl+W", "cross", "net", group=4,
         tip="Let go of the net and its weights; unsaved edits are asked about first"),
    _row("follow_files", "File", "Follow changes of open files", group=4, is_checkable=True,
         tip="Read prototxt, weights and recipe again when another program saves them"),
    _row("quit", "File", "Quit", "Ctrl+Q", group=9),
    _row("undo", "Edit", "Undo", "Ctrl+Z", "undo", "undoable"),
    _row("redo", "Edit", "Redo", "Ctrl+Shift+Z Ctrl+Y", "redo", "redoable"),
    _row("undo_all", "Edit", "Undo all since the file was saved", "", "undo", "edited returnable",
         tip="Back to the text that the file holds; redo brings the edits back"),
    _row("paste", "Edit", "Paste an image or files", "Ctrl+V", "paste", group=1,
         tip="Take the picture on the clipboard as the image, or open the files that were copied"),
    _row("find", "Edit", "Find a layer", "Ctrl+F", "search", "net", group=2,
         tip="Find layers by name, type, blob or shape"),
    _row("selection_before", "Edit", "Former selection", "Alt+Left", "left", "net former", group=2,
         tip="The layer and the image that were looked at before"),
    _row("selection_after", "Edit", "Later selection", "Alt+Right", "right", "net later", group=2,
         tip="The layer and the image that were left by going back"),
    _row("image_before", "Edit", "The image before", "Alt+PgUp", "left", "image", group=3,
         tip="The image before among those opened together, or in its folder"),
    _row("image_after", "Edit", "The next image", "Alt+PgDown", "right", "image", group=3,
         tip="The next image among those opened together, or in its folder"),
    _row("slide_show", "Edit", "Slide show of a folder…", "", "play", group=3,
         tip="Play the images of a folder; the panels follow as fast as the engine runs"),
    _row("camera", "Edit", "Slide show of a camera", "", "image", group=3,
         tip="What a camera sees, as fast as the engine follows; needs OpenCV"),
    _row("page_net", "View", "Net page", "Ctrl+1", "layout"),
    _row("page_layer", "View", "Layer page", "Ctrl+2", "grid", "net"),
    _row("page_retrieval", "View", "Retrieval page", "Ctrl+3", "search", "net"),
    _row("page_training", "View", "Training page", "Ctrl+4", "curve"),
    _row("page_compare", "View", "Compare page", "Ctrl+5", "compare"),
    _row("present", "View", "Present", "F11", "present", group=1, is_checkable=True,
         tip="Show this page on the whole screen, larger; Esc leaves"),
    _row("next_area", "View", "Next area", "F6", group=1,
         tip="Walk the areas of the window: subjects, notice, left, centre, right, below, status"),
    _row("area_before", "View", "Area before", "Shift+F6", group=1,
         tip="Walk the areas of the window backwards"),
    _row("fit", "View", "Fit the graph", "Ctrl+0", "fit", "net", group=2),
    _row("zoom_in", "View", "Zoom in", "Ctrl++ Ctrl+=", "plus", "net", group=2),
    _row("zoom_out", "View", "Zoom out", "Ctrl+-", "minus", "net", group=2),
    _row("show_layers", "View", "Layers", "Ctrl+B", group=3, is_checkable=True,
         tip="Open the list of layers beside the graph, or fold it"),
    _row("show_inspector", "View", "Inspector and changes", "Ctrl+Shift+B",
         group=3, is_checkable=True, tip="Open the inspector beside the graph, or fold it"),
    _row("reset_layout", "View", "Reset the window's layout", group=3),
    _row("theme_system", "View", "Theme of the system", group=4, is_checkable=True),
    _row("theme_light", "View", "Light theme", group=4, is_checkable=True),
    _row("theme_dark", "View", "Dark theme", group=4, is_checkable=True),
    _row("forward", "Net", "Forward", "F5", "play", "net engine image runnable",
         tip="Run the net on the image"),
    _row("recipe", "Net", "What the net sees…", "Ctrl+P", "sliders", "net",
         tip="How an image becomes the net's input"),
    _row("plan_rename", "Net", "Rename blobs…", "Ctrl+R Ctrl+Shift+R", "pencil", "editable",
         group=1, tip="Choose layers, edit names, see the text, rename or give blobs back"),
    _row("rename_all", "Net", "Rename all in-place layers", "Ctrl+Alt+R", "unlink",
         "editable in_place", group=1,
         tip="Give every in-place layer of the net its own blob"),
    _row("show_changes", "Net", "Show the text difference", "Ctrl+D", "compare", "net", group=2),
    _row("show_difference", "Net", "Text difference, side by side…", "Ctrl+Shift+D", "compare",
         "net edited", group=2),
    _row("verify", "Net", "Verify the rename", "Ctrl+Shift+V", "check",
         "verifiable engine", group=2,
         tip="Run both texts on one image and compare every shared output, bit for bit"),
    _row("measure", "Net", "Measure the fix", "Ctrl+Alt+V", "bars", "measurable engine", group=2,
         tip="Run both texts on one image and say by how much each output changes"),
    _row("compare", "Net", "Compare with another prototxt…", "Ctrl+Shift+C", "compare", group=3,
         tip="Two prototxts side by side: layers matched by name, differences marked"),
    _row("next_difference", "Net", "Next difference", "F8", "down", "compared", group=3,
         tip="On the Compare page: the next pair of layers that differs"),
    _row("difference_before", "Net", "Difference before", "Shift+F8", "up", "compared", group=3,
         tip="On the Compare page: the pair of layers before that differs"),
    _row("fidelity", "Net", "Compare engines layer by layer", "", "compare", "net", group=3,
         tip="How far another precision or your own Caffe is from float32 PyTorch"),
    _row("show_text", "Net", "Show the prototxt", "Ctrl+T", "text", "net", group=4),
    _row("choose_engine", "Net", "Engine…", "", "chip", group=5,
         tip="PyTorch and its precision, or your own Caffe"),
    _row("restart_engine", "Net", "Restart the engine", icon_name="restart", group=5),
    _row("cancel", "Net", "Cancel the running job", "Esc", "cross", "job", group=5),
    _row("pick_layer", "Layer", "Choose a layer…", "Ctrl+L", "list", "net",
         tip="The list of layers, on any page"),
    _row("layer_before", "Layer", "The layer before", "Alt+Up", "up", "net"),
    _row("layer_after", "Layer", "The layer after", "Alt+Down", "down", "net"),
    *(
        _row(f"explain_{name}", "Layer", f"Explain by {title}", f"Alt+{number}", needs="net",
             group=8, tip="Show which places of the image explain a score, in the view Gradients")
        for number, (name, title) in enumerate(TITLES.items(), 1)
    ),
    _row("rank_channels", "Layer", "Which channels matter most?", "", "eye", "net engine image",
         tip="Switch each channel of the layer off by itself and see what the class score loses"),
    _row("open_interventions", "Layer", "Open a list of interventions…", "", "open", "net",
         tip="Channels off, scaled or replaced, as a file lists them"),
    _row("rename", "Layer", "Give the layer its own blob", "F2", "unlink",
         "editable renamable", group=1,
         tip="Rename the selected layer's blob so that nothing overwrites it"),
    _row("rename_chain", "Layer", "Rename the whole chain", "Shift+F2", "link",
         "editable in_chain", group=1, tip="Give every layer that shares this blob its own"),
    _row("index_folder", "Retrieval", "Choose a folder of images…", "Ctrl+G", "photo-stack", "net"),
    _row("index_cluster", "Retrieval", "Read on a cluster…", "", None, "net",
         tip="Which machines read folders: this one, or those of a Ray cluster"),
    _row("open_query", "Retrieval", "Open a query image…", "Ctrl+Shift+I", "search", "gallery"),
    _row("query_before", "Retrieval", "The query before", "Alt+Shift+Left", "left", "query_before",
         tip="Search again with the query of before"),
    _row("query_after", "Retrieval", "The query after", "Alt+Shift+Right", "right", "query_after",
         tip="Search again with the query that came after"),
    _row("why_matched", "Retrieval", "Why matched", "Ctrl+Shift+Y", "eye", "gallery query",
         tip="Colour the places of query and result that carry their similarity, or no more"),
    _row("evaluate_queries", "Retrieval", "Evaluate with queries apart…", "", None, "gallery",
         group=1, tip="Rank the gallery for the images of another folder, labelled by its folders"),
    _row("export_gallery", "Retrieval", "Export the descriptors…", "", "save", "gallery", group=1,
         tip="Write descriptors and names in one order, as .npz, .h5, .npy or .csv"),
    _row("check_gallery", "Retrieval", "Check the gallery", "", "check", "gallery", group=1,
         tip="Hold its database, descriptors and files against what they should be; repair it"),
    _row("choose_labels", "Retrieval", "Labels from a table…", "", "text", "gallery", group=1,
         tip="Take the labels of the images from a CSV file or a list, by file name"),
    _row("folder_labels", "Retrieval", "Labels by folder", "", "open", "gallery table_labels",
         group=1, tip="Take the name of each image's folder as its label"),
    _row("label_pattern", "Retrieval", "Labels by a pattern of the names…", "", "pencil", "gallery",
         group=1, tip="Take what a pattern finds in the name of each file as its label"),
    _row("forget_absent", "Retrieval", "Forget absent images", "", "cross", "gallery", group=1,
         tip="Read the folder anew, and drop the images that it does not show"),
    _row("truth_oxford", "Retrieval", "Ground truth of Oxford or Paris…", "", "open", "gallery",
         group=2, tip="Judge by a folder of NAME_query, _good, _ok and _junk files"),
    _row("truth_revisited", "Retrieval", "Ground truth of revisited Oxford or Paris…", "", "open",
         "gallery", group=2, tip="Judge by the published dictionary as JSON: easy, medium or hard"),
    _row("truth_holidays", "Retrieval", "Ground truth of Holidays", "", None, "gallery", group=2,
         tip="Judge by the numbers that the names of its images are"),
    _row("truth_ukbench", "Retrieval", "Ground truth of UKBench", "", None, "gallery", group=2,
         tip="Judge by groups of four in the order of the names: N-S from 0 to 4"),
    _row("training_folder", "Training", "Images in a folder for each class…", "", "open",
         tip="Choose the images that a net is to learn from; they are checked first"),
    _row("training_table", "Training", "Images by a table or list…", "", "text",
         tip="A CSV table (file,label) or a list file of Caffe; files lie beside it"),
    _row("training_split", "Training", "Open a saved split…", "", "open",
         tip="Go on with the folder of a split.json; its images are not checked again"),
    _row("training_check", "Training", "Check the images again", "", "check", "training_source",
         group=1, tip="Look at every image anew"),
    _row("training_report", "Training", "Save the report of the check…", "", "save",
         "training_check", group=1, tip="What was found, with pictures, in one HTML file"),
    _row("training_net", "Training", "Another net to train…", "", "layout", group=2,
         tip="A prototxt in place of the net that is open"),
    _row("training_write", "Training", "Write the three files", "", "save", "training_made",
         group=2, tip="train_val, solver and deploy, beside the split"),
    _row("training_start", "Training", "Start training", "", "play", "training_ready", group=3,
         tip="Train by the solver that lies beside the split, in a child of its own"),
    _row("training_pause", "Training", "Pause or go on", "", "pause", "training_runs", group=3,
         tip="Wait after the iteration that runs; nothing is lost"),
    _row("training_stop", "Training", "Stop the training", "", "stop", "training_runs", group=3,
         tip="End it with a snapshot, from which it goes on later with the same numbers"),
    _row("training_resume", "Training", "Go on with the run", "", "restart", "training_resumable",
         group=3, tip="From its last whole snapshot, with the same numbers"),
    _row("training_prove", "Training", "Measure before and after", "", "bars", "training_provable",
         group=4, tip="Rank the images of the split by the net before and after the training"),
    _row("training_proof_report", "Training", "Save the report of the training…", "", "save",
         "training_proved", group=4, tip="The proof with its pictures, in one HTML file"),
    _row("first_steps", "Help", "First steps", tip="What to do in which order, and the words here"),
    _row("keys", "Help", "Keys", "? F1", "help"),
    _row("show_log", "Help", "Show log", icon_name="text",
         tip="What happened last, as the log file has it"),
    _row("about", "Help", "About Blobscope", icon_name="info", group=1),
)  # fmt: skip


class Actions(QObject):
    """The table as QActions of one window; one that can't act says why, hovered or by its key."""

    refused = pyqtSignal(str)
    """The key of an action was pressed that can't act now: why, in a sentence."""

    def __init__(self, keeper: ThemeKeeper, window: QWidget) -> None:
        super().__init__(window)
        self._keeper = keeper
        self.rows = {row.id: row for row in ROWS}
        self._actions = {row.id: self._action(row, window) for row in ROWS}
        self._deaf_keys = {row.id: self._deaf_key(row, window) for row in ROWS if row.needs}
        self._facts: Mapping[str, str] = {}
        self._told: dict[str, str] = {}
        self._before: dict[str, list[Callable[[], bool]]] = {}
        keeper.changed.connect(self._tint)
        self._tint()
        self.set_facts({})

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    @property
    def state(self) -> frozenset[str]:
        """The state words that hold now."""
        return frozenset(word for word, why_not in self._facts.items() if not why_not)

    def why_not(self, action_id: str) -> str:
        """Why an action can't act now, in a sentence; "" where it can."""
        for word in self.rows[action_id].needs:
            why_not = self._facts.get(word, NOT_YET)
            if why_not:
                return why_not
        return ""

    def on(self, action_id: str, do: Callable[[], object]) -> None:
        """Do this when the action is triggered."""

        def act() -> None:
            if not any(does() for does in self._before.get(action_id, ())):
                do()

        self._actions[action_id].triggered.connect(lambda _checked=False: act())

    def before(self, action_id: str, does: Callable[[], bool]) -> None:
        """Try this first when the action is triggered; True: it was meant, and nothing else is."""
        self._before.setdefault(action_id, []).append(does)

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """Enable what can be done now.

        facts: each state word with "" where it holds, else why it does not, in a sentence.
        """
        self._facts = dict(facts)
        for row in ROWS:
            why_not = self.why_not(row.id)
            if self._told.get(row.id) != why_not:  # facts are told with every job that begins
                self._told[row.id] = why_not
                self._show(row, why_not)

    def _show(self, row: ActionRow, why_not: str) -> None:
        tip = _tip(row)
        action = self._actions[row.id]
        action.setEnabled(not why_not)
        action.setToolTip(plain_tip(f"{tip}\n{why_not}" if why_not else tip))
        action.setStatusTip(why_not or row.tip)
        for key in self._deaf_keys.get(row.id, ()):
            key.setEnabled(bool(why_not))

    def fill_menu_bar(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Add every menu; returns them by name."""
        menus = {name: bar.addMenu(f"&{plain_caption(name)}") for name in MENUS}
        groups: dict[str, int] = {}
        for row in ROWS:
            menu = menus[row.menu]
            if groups.setdefault(row.menu, row.group) != row.group:
                menu.addSeparator()
                groups[row.menu] = row.group
            menu.addAction(self._actions[row.id])
        return menus

    def _action(self, row: ActionRow, window: QWidget) -> QAction:
        action = QAction(row.text, window)
        action.setObjectName(row.id)
        action.setCheckable(row.is_checkable)
        action.setShortcuts([QKeySequence(key) for key in row.shortcuts])
        action.setToolTip(plain_tip(_tip(row)))
        window.addAction(action)
        return action

    def _deaf_key(self, row: ActionRow, window: QWidget) -> tuple[QShortcut, ...]:
        """The keys of an action while it can't act: they say why, where they would be silent."""
        found = []
        for key in row.shortcuts:
            if key in _KEYS_OF_WIDGETS:
                continue
            shortcut = QShortcut(QKeySequence(key), window)
            shortcut.activated.connect(lambda: self._refuse(row))
            found.append(shortcut)
        return tuple(found)

    def _refuse(self, row: ActionRow) -> None:
        self.refused.emit(f"{row.text.rstrip('…')}: {self.why_not(row.id)}")

    @pyqtSlot()
    def _tint(self) -> None:
        for row in ROWS:
            if row.icon is not None:
                self._actions[row.id].setIcon(icon(row.icon, self._keeper.theme.text))


def _tip(row: ActionRow) -> str:
    tip = row.tip or row.text.rstrip("…")
    return f"{tip} ({row.shortcuts[0]})" if row.shortcuts else tip
