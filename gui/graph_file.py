"""The graph of a net into a file without a screen, as the window would export it unfolded."""

from __future__ import annotations

from pathlib import Path

from core.layer_numbers import LayerNumbers
from core.layers.shapes import NetShapes
from core.net.definition import Net
from core.progress import run_job
from gui.app import make_application
from gui.graph.drawing import DrawingRequest, draw
from gui.graph.export import ExportRequest, paint_graph
from gui.graph.overlay import overlay_of
from gui.graph.style import GraphStyle
from gui.theme import Theme


def write_graph(
    net: Net, shapes: NetShapes, path: Path, numbers: LayerNumbers | None = None
) -> None:
    """Write SVG, PDF or PNG by the suffix; numbers: for the colour of the boxes.

    Raises AppError for another suffix, or a full disk.
    """
    app = make_application()
    theme = Theme.light()
    drawing = draw(DrawingRequest(net, shapes, GraphStyle(theme)))
    overlay = None if numbers is None else overlay_of(numbers)
    run_job(paint_graph(ExportRequest(drawing, theme, path, overlay))).write()
    app.sendPostedEvents()  # lets go of the scene
