"""Draws small nets at once and large ones elsewhere, while the picture before stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gui.graph.drawing import Drawing, DrawingRequest, draw, empty_drawing

AT_ONCE = 120
"""Up to this many boxes are drawn within 10 ms, which no one sees."""

RunElsewhere = Callable[[Callable[[], Drawing], Callable[[Drawing], None]], None]
"""Takes work and whom to tell of its result, in the window's thread."""


class Redrawer:
    """Knows the drawing that shows; only the newest one asked for follows it."""

    def __init__(self, show: Callable[[Drawing], None]) -> None:
        self.run_elsewhere: RunElsewhere | None = None
        self.shown = empty_drawing()
        self._show = show
        self._number = 0
        self._is_other = True
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_drawing(self) -> bool:
        """Whether a drawing is still on its way."""
        return bool(self._waiting)

    def start(self, request: DrawingRequest, then: Callable[[], None]) -> None:
        """Draw, show, and do what waits for the picture; a newer wish replaces the drawing only."""
        self._number += 1
        self._waiting.append(then)
        if not self._is_other:
            request = replace(request, before=self.shown)
        if self.run_elsewhere is None or request.n_boxes <= AT_ONCE:
            self._take(self._number, draw(request))
            return
        number = self._number
        self.run_elsewhere(lambda: draw(request), lambda drawing: self._take(number, drawing))

    def after(self, then: Callable[[], None]) -> None:
        """Do something once the drawing on its way shows; at once if there is none."""
        if self.is_drawing:
            self._waiting.append(then)
        else:
            then()

    def start_anew(self) -> None:
        """What comes next is another net, which takes no places from the one that shows."""
        self._is_other = True
        self._waiting = []

    def clear(self) -> None:
        """Show nothing; what is on its way is dropped."""
        self._number += 1
        self.start_anew()
        self.shown = empty_drawing()
        self._show(self.shown)

    def _take(self, number: int, drawing: Drawing) -> None:
        if number != self._number:
            return
        self.shown = drawing
        self._is_other = False
        waiting, self._waiting = self._waiting, []
        self._show(drawing)
        for then in waiting:
            then()
