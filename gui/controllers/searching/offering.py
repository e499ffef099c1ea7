"""Looks what is read already, offers to read the rest, and asks first where that may take long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError, EngineCrashed
from core.words import plural
from gui.controllers.engine_child import EngineController
from gui.controllers.searching.index import GalleryPlaces, Looked, Reading, look, try_rate
from gui.controllers.searching.indexing import INDEX, Rates
from gui.controllers.searching.offers import CANCEL, READ, offer_of, question_of
from gui.controllers.searching.queries import Found
from gui.controllers.searching.states import Search
from gui.dialogs.questions import Questioner
from gui.jobs import Lanes
from gui.notices import Notices
from gui.panels.retrieval.panel import RetrievalPanel
from gui.panels.retrieval.view import RecipeChoice

LOOK, RATE = "look-ahead", "try-rate"


class Offering(QObject):
    """One offer at a time, in a line of the page; only a click on it reads anything."""

    wanted = pyqtSignal(object, bool)
    """The user wants this Reading to be done; whether he knows that it takes long."""

    def __init__(
        self,
        lanes: Lanes,
        engine: EngineController,
        notices: Notices,
        places: GalleryPlaces,
        panel: RetrievalPanel,
        search: Search,
        rates: Rates,
        questioner: Callable[[], Questioner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._engine = engine
        self._notices = notices
        self._places = places
        self._panel = panel
        self._search = search
        self._rates = rates
        self._questioner = questioner
        self._offered: Looked | None = None
        self._looking: RecipeChoice | None = None
        self._agreed: set[tuple[Path, str]] = set()

    @property
    def offered(self) -> Looked | None:
        """What the line offers to read."""
        return self._offered

    @property
    def wanted_choice(self) -> RecipeChoice | None:
        """What was chosen last and is not shown: it is being looked up, or offered."""
        if self._looking is not None:
            return self._looking
        return None if self._offered is None else self._offered.reading.choice

    def look(self, reading: Reading, then: Callable[[Looked], None]) -> None:
        """Compare the folder with what is read of it, and go on with what was found."""

        def take(looked: Looked) -> None:
            self._looking = None
            if reading.request.folder == self._search.folder:
                then(replace(looked, rate=self._rates.of(reading)))

        self._looking = reading.choice
        self._lanes.compute.start(
            lambda: look(self._places, reading), key=LOOK, on_result=take, on_error=self._refuse
        )

    def show(self, looked: Looked | None) -> None:
        """Offer to do what is to do; None takes the line away."""
        offer = None if looked is None else offer_of(looked, self._search.searched)
        self._offered = None if offer is None else looked
        self._panel.show_offer(offer)
        if looked is None or self._offered is None or looked.rate:
            return
        if looked.reading.request.cluster is None:  # of one, this machine can't tell
            self._try_rate(looked)

    def offer_unread(self, found: Found) -> None:
        """A query that is an image of the folder, and is not read yet, can be read."""
        searched, query = self._search.searched, found.answer.query
        is_free = self._offered is None and not self._search.is_indexing
        is_unread = query.index is None and found.gallery.relative(query.path) is not None
        if searched is not None and is_free and is_unread:
            self.look(searched.reading, self.show)

    def take(self) -> None:
        """The line was clicked."""
        offered = self._offered
        if offered is None:
            return
        is_agreed = _key(offered.reading) in self._agreed
        if offered.is_long and not is_agreed:
            self.ask(offered)
        else:
            self.wanted.emit(offered.reading, is_agreed)

    def ask(self, looked: Looked) -> None:
        """Read, though it may take long? Asked once: who resumes has agreed."""

        def take(answer: str) -> None:
            if answer == READ and looked.reading.request.folder == self._search.folder:
                self._agreed.add(_key(looked.reading))
                self.wanted.emit(looked.reading, True)

        title, body = question_of(looked, self._search.searched)
        read = f"Read {plural(looked.outlook.n_to_read, 'image')}"
        self._questioner().ask(title, body, ((READ, read), (CANCEL, "Cancel")), take)

    def forget(self) -> None:
        """Another folder or net: no offer of before holds."""
        for key in (LOOK, RATE):
            self._lanes.cancel(key)
        self._looking = None
        self.show(None)

    def _try_rate(self, looked: Looked) -> None:
        self._lanes.engine.start(
            lambda: try_rate(looked, self._engine.host),
            key=RATE,
            on_result=self._take_rate,
            on_error=lambda error: None,  # reading would say the same, and is not asked for yet
        )

    def _take_rate(self, looked: Looked) -> None:
        self._rates.note(looked.reading, looked.rate)
        offered = self._offered
        if looked.rate and offered is not None and offered.reading == looked.reading:
            self.show(looked)

    def _refuse(self, error: AppError) -> None:
        """What was chosen can't be: the ranking stays what it is, and its fields say so."""
        self._looking = None
        if isinstance(error, EngineCrashed):
            return
        searched = self._search.searched
        if searched is not None:
            still = f"The ranking is still {searched.reading.words}."
            hint = f"{error.hint} {still}".strip()
            error = AppError(error.sentence, hint=hint, details=error.details)
        self._notices.show_error(error, INDEX)


def _key(reading: Reading) -> tuple[Path, str]:
    """A folder and what it is read by."""
    return reading.request.folder, reading.words
