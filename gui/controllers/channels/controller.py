"""Reads the selected layer over the gallery when asked to, and shows what its channels say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from PyQt5.QtCore import QEvent, QObject, pyqtSignal

from core.engines.values import Value
from core.errors import AppError, EngineCrashed
from core.jobs.all_channels import AllChannels, all_channels
from core.jobs.channels import ChannelsFound, ChannelsRequest, NothingKept, channels
from core.jobs.fired_parts import FiredPart, fired_parts
from core.progress import Job, Progress
from core.words import plural
from gui.controllers.channels.words import offer_of, top_pictures
from gui.controllers.engine_child import EngineController
from gui.controllers.inspecting import InspectingController
from gui.controllers.searching.controller import SearchingController
from gui.document import ModelDocument
from gui.jobs import SLICE_SECONDS, Lanes
from gui.notices import Notices
from gui.panels.activations.panel import ActivationsPanel
from gui.panels.activations.shown import Pin
from gui.panels.channels.strip import N_SHOWN, NO_CHANNEL, NO_FOLDER, NO_LAYER, TopStrip
from gui.panels.channels.values import ReadOffer

READ, KEPT, PARTS = "channels", "channels-kept", "channel-parts"
_Read = TypeVar("_Read")


class ChannelsController(QObject):
    """Nothing is read by a selection: what is kept is shown, and the rest offered with its time."""

    changed = pyqtSignal()
    """Another table is at hand, or none."""
    told = pyqtSignal()
    """How it stands while nothing is at hand; see `standing`."""
    all_requested = pyqtSignal()
    """The whole ranking of the chosen channel is wanted."""

    def __init__(
        self,
        document: ModelDocument,
        lanes: Lanes,
        engine: EngineController,
        inspecting: InspectingController,
        searching: SearchingController,
        notices: Notices,
        activations: ActivationsPanel,
        strip: TopStrip,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._lanes, self._engine = document, lanes, engine
        self._inspecting, self._searching, self._notices = inspecting, searching, notices
        self._activations, self._strip = activations, strip
        self._wanted: ChannelsRequest | None = None
        self._why_none = self._progress = ""
        self._rates: dict[str, float] = {}
        self._shown_parts: tuple[ChannelsFound, int, bool] | None = None
        self.found: ChannelsFound | None = None
        """What is known of the selected layer over the folder."""
        self._connect()

    @property
    def channel(self) -> int | None:
        """The channel that is looked at."""
        channel, _ = self._activations.chosen
        return channel

    @property
    def request(self) -> ChannelsRequest | None:
        """What would be read of the selection; None where something is missing."""
        document, gallery = self._document, self._searching.gallery
        net, layer, recipe = document.net, document.selection, document.chosen_recipe
        if net is None or gallery is None or recipe is None or not net.has_layer(layer):
            return None
        tops = net.layer(layer).tops
        if not tops or not len(gallery):
            return None
        return ChannelsRequest(
            self._engine.request(), Value(layer, tops[0]), gallery, recipe=recipe
        )

    def read(self) -> None:
        """Read the folder, or go on where it stood."""
        request = self.request
        if request is not None:
            self._start(
                lambda: channels(request, self._engine.host),
                f"Reading {request.layer_name}",
                partial(self._take, request),
            )

    def read_all(self) -> None:
        """Read every layer over the folder in one pass, or go on where it stood."""
        request = self.request
        if request is not None:
            self._start(
                lambda: all_channels(request, self._engine.host),
                "Reading all layers",
                self._tell_all,
            )

    def _start(
        self, job: Callable[[], Job[_Read]], title: str, on_result: Callable[[_Read], None]
    ) -> None:
        """One pass over the folder at a time."""
        if self._lanes.is_running(READ):
            return
        self._notices.dismiss(READ)
        self._progress = ""
        self._lanes.engine.start(
            job,
            key=READ,
            title=title,
            slice_seconds=SLICE_SECONDS,
            on_progress=self._tell,
            on_result=on_result,
            on_error=self._refuse,
            on_end=self._look,
        )
        self._show()

    def choose(self, channel: int) -> None:
        """Look at another channel, everywhere."""
        self._activations.choose(channel)

    @property
    def is_pinned(self) -> bool:
        """Whether the channel that is looked at is kept above the tiles."""
        return self._pin in self._activations.pins

    def toggle_pin(self) -> None:
        """Keep the channel that is looked at above the tiles, or let it go."""
        pin, pins = self._pin, list(self._activations.pins)
        if pin is None:
            return
        if pin in pins:
            pins.remove(pin)
        else:
            pins.append(pin)
        self._activations.take_pins(pins)

    @property
    def _pin(self) -> Pin | None:
        """The channel as the tiles would pin it; only a layer's first top is read."""
        found, channel = self.found, self.channel
        return (
            None if found is None or channel is None else Pin(found.table.value.layer, 0, channel)
        )

    def open_image(self, row: int) -> None:
        """Make an image of the table that of the window."""
        if self.found is not None and 0 <= row < len(self.found.files):
            self._document.set_image(self.found.files[row])

    def refresh(self) -> None:
        """Show what is at hand of the selection, where it can be seen."""
        self._look()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The strip comes into view."""
        if watched is self._strip and event.type() == QEvent.Show:
            self._look()
        return super().eventFilter(watched, event)

    def _connect(self) -> None:
        document = self._document
        self._strip.installEventFilter(self)
        for changed in (
            document.net_changed,
            document.weights_changed,
            document.recipe_changed,
            document.selection_changed,
            self._engine.request_changed,
            self._searching.changed,
        ):
            changed.connect(self._look)
        self._activations.channel_changed.connect(self._show)
        self._inspecting.forward_done.connect(lambda _last: self._show())
        self._strip.read_requested.connect(self.read)
        self._strip.read_all_requested.connect(self.read_all)
        self._strip.least_toggled.connect(lambda _is_least: self._show())
        self._strip.all_requested.connect(self.all_requested)
        self._strip.image_opened.connect(self.open_image)

    def _look(self, *_: object) -> None:
        """Find what is kept of the selection; quick, and nothing is read by the engine."""
        request = self.request
        if request != self._wanted:
            self._wanted, self._why_none = request, ""
            if self.found is not None:
                self.found = None
                self.changed.emit()
        if request is not None and self.found is None and not self._lanes.is_running(READ):
            stored = replace(request, stored_only=True)
            self._lanes.compute.start(
                lambda: channels(stored, self._engine.host),
                key=KEPT,
                on_result=partial(self._take, request),
                on_error=partial(self._take_none, request),
            )
        self._show()

    def _take(self, request: ChannelsRequest, found: ChannelsFound) -> None:
        if found.report is not None and found.report.n_images:
            self._rates[request.net.text] = found.report.images_per_second
        if request != self._wanted:
            return
        self.found = found
        self.changed.emit()
        self._show()

    def _tell_all(self, found: AllChannels) -> None:
        n = plural(len(found.values), "layer")
        left = plural(len(found.left_out), "layer")
        why = f"; {left} left out: {found.left_out[0][1]}" if found.left_out else ""
        self._notices.note("ok", f"Top images of {n} of {self.folder_name} are kept{why}")

    def _take_none(self, request: ChannelsRequest, error: AppError) -> None:
        """Nothing is kept, which reading helps; or it can't be read at all."""
        if request == self._wanted:
            self._why_none = "" if isinstance(error, NothingKept) else error.sentence
            self._show()

    def _refuse(self, error: AppError) -> None:
        if not isinstance(error, EngineCrashed):
            self._notices.show_error(error, READ)

    def _tell(self, step: Progress) -> None:
        if step.total and self.found is None:
            self._progress = f"{step.done:,} of {step.total:,} {step.what} read"
            self._show()

    def standing(self) -> tuple[str, ReadOffer | None]:
        """What is missing or under way while nothing is found, and the offer to read."""
        request, gallery = self.request, self._searching.gallery
        if gallery is None:
            return NO_FOLDER, None
        if request is None:
            return NO_LAYER, None
        if self._lanes.is_running(READ):
            return self._progress or "The folder is being read.", None
        if self._why_none:
            return self._why_none, None
        return "", offer_of(request, gallery, self._seconds())

    def _show(self, *_: object) -> None:
        """The strip, as things stand."""
        strip, found, channel = self._strip, self.found, self.channel
        if found is None:
            self.told.emit()
        if not strip.isVisible():
            return
        if found is not None and channel is not None and channel < found.table.n_channels:
            self._show_top(found, channel)
            return
        self._shown_parts = None
        sentence, offer = (NO_CHANNEL, None) if found is not None else self.standing()
        if offer is not None:
            strip.show_offer(offer)
        else:
            strip.show_sentence(sentence)

    def _show_top(self, found: ChannelsFound, channel: int) -> None:
        is_least = self._strip.is_least
        if self._shown_parts == (found, channel, is_least):
            return
        self._shown_parts = (found, channel, is_least)

        def take(parts: tuple[FiredPart, ...]) -> None:
            if found is not self.found or channel != self.channel:
                return
            noun = "value" if found.table.is_vector else "channel"
            first = "Least images" if is_least else "Top images"
            n = found.table.n_images
            part = "" if found.table.is_vector else ", the part that fired"
            self._strip.show_pictures(
                f"{first} of {noun} {channel}",
                f"{self.folder_name}, {plural(n, 'image')}{part}",
                n,
                top_pictures(parts, found),
            )

        self._lanes.files.start(
            lambda: fired_parts(found, channel, N_SHOWN, is_least=is_least),
            key=PARTS,
            on_result=take,
        )

    @property
    def folder_name(self) -> str:
        """Of the folder that is read."""
        folder = self._searching.folder
        return folder.name if folder is not None else "the folder"

    def _seconds(self) -> float | None:
        """How long reading takes, about: as this reading or the index went, or the last pass."""
        request, gallery = self.request, self._searching.gallery
        if request is None or gallery is None:
            return None
        rate = self._rates.get(request.net.text) or self._rate_of_index()
        last = self._inspecting.last_forward
        if not rate and last is not None:
            rate = 1 / max(last.warm, 1e-3)
        return len(gallery) / rate if rate else None

    def _rate_of_index(self) -> float:
        """Images a second of the index that has just made the gallery; 0.0 for none."""
        searched = self._searching.searched
        indexed = None if searched is None else searched.indexed
        if indexed is None or not indexed.report.n_added:
            return 0.0
        return indexed.report.n_added / max(indexed.report.seconds, 1e-3)
