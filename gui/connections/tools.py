"""The buttons of the window that act: in the rail, the fields, the popups and the bars."""

from __future__ import annotations

from gui.frame.rail import RailItem
from gui.main_window import MainWindow


def add_tools(window: MainWindow) -> None:
    """Put the actions where they are reached besides the menus, once the window is made."""
    actions = window.actions_
    present = window.rail.add_below(
        RailItem("present", "Present", "present", "Show this page on the whole screen (F11)")
    )
    keys = window.rail.add_below(RailItem("keys", "Keys", "help", "Keys (F1)"))
    keys.clicked.connect(lambda: actions["keys"].trigger())
    present.clicked.connect(lambda: actions["present"].trigger())
    for action_id in ("undo", "redo", "forward"):
        window.subjects.add_tool(actions[action_id], has_words=action_id == "forward")
    window.subjects.net.add_actions(
        (actions["open_model"], actions["open_weights"], window.recent_menu, actions["open_demo"],
         None, actions["show_text"], actions["compare"], actions["save_as"],
         None, actions["close_net"])
    )  # fmt: skip
    window.subjects.image.offer_actions(
        (actions["open_image"], actions["paste"], actions["image_before"],
         actions["image_after"], actions["slide_show"], actions["camera"])
    )  # fmt: skip
    window.subjects.gallery.popup.add_actions(
        (actions["index_folder"], actions["open_query"], actions["evaluate_queries"],
         actions["export_gallery"], actions["choose_labels"], actions["folder_labels"],
         actions["check_gallery"], actions["forget_absent"], actions["index_cluster"])
    )  # fmt: skip
    window.panels.graph.bar.add_choice("Phase", window.phase_box)
    window.engine_popup.add_button(actions["choose_engine"], "Caffe and test…")
    window.engine_popup.add_button(actions["fidelity"], "Fidelity…")
    window.engine_popup.add_button(actions["restart_engine"], "Restart", "restart")
    start = window.start_page
    start.add_action(actions["open_model"], "open",
                     "A prototxt; weights that lie beside it are offered",
                     is_primary=True)  # fmt: skip
    start.add_action(actions["open_demo"], "play", "A small trained net and a gallery to search")
    window.last_session_button = start.add_action(
        actions["restore_last"], "restart", "Files, edits and selection as they were left"
    )
    start.engine_link.clicked.connect(actions["choose_engine"].trigger)
    start.steps_link.clicked.connect(actions["first_steps"].trigger)
    bar = window.net_page.changes_bar
    bar.add_button("rename_all", actions["rename_all"], "Rename all", "unlink", of_changes=False)
    bar.add_button("undo_all", actions["undo_all"], "Undo all", "undo")
    bar.add_button("difference", actions["show_changes"], "Show difference", "compare")
    bar.add_button("measure", actions["measure"], "Measure", "bars")
    bar.add_button("verify", actions["verify"], "Verify", "check")
    bar.add_button("save", actions["save"], "Save", "save")
