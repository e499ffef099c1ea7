"""Searches on a server of the user's, to which the gallery is brought where it is not there."""

from __future__ import annotations

from dataclasses import replace

from PyQt5.QtCore import QObject, pyqtSignal

from core.errors import AppError
from core.jobs.upload_gallery import UploadGalleryRequest, upload_gallery
from core.retrieval.backends.contract import choose_backend
from core.retrieval.backends.qdrant_gallery import NotOnServer, Uploaded
from core.words import plural
from gui.controllers.searching.controller import SearchingController
from gui.jobs import Lanes
from gui.notices import Notice, NoticeAction, Notices
from gui.panels.retrieval.search_choices import SearchChoices
from gui.settings import Settings

UPLOAD = "upload-gallery"
_UPLOAD = NoticeAction("upload", "Upload it", closes=True)


class ServerController(QObject):
    """The address is remembered; an API key is not, it comes from the environment."""

    uploaded = pyqtSignal(object)

    def __init__(
        self,
        lanes: Lanes,
        searching: SearchingController,
        notices: Notices,
        choices: SearchChoices,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._searching = searching
        self._notices = notices
        self._choices = choices
        self._settings = settings
        notices.offer_remedy(NotOnServer, self._offer)
        choices.show_server(settings.search_server)

    def search_on(self, server: str) -> None:
        """Search on that server from now on; server: as `server_address` gives it."""
        self._settings.search_server = server
        self._choices.show_server(server)
        self._notices.dismiss(UPLOAD)
        steps = self._searching.state.steps
        self._searching.asker.search_by(replace(steps, backend=choose_backend("qdrant", server)))

    def upload(self, server: str) -> None:
        """Bring the gallery that is searched to a server, then search there."""
        gallery = self._searching.gallery
        if gallery is None:
            return
        request = UploadGalleryRequest(gallery, server)
        self._lanes.server.start(
            lambda: upload_gallery(request),
            key=UPLOAD,
            title=f"Uploading the gallery to {server}",
            on_result=self._show,
            on_error=lambda error: self._notices.show_error(error, UPLOAD),
        )

    def _offer(self, error: AppError) -> None:
        """Whichever job met it."""
        server = error.server if isinstance(error, NotOnServer) else ""
        gallery = self._searching.gallery
        n = 0 if gallery is None else len(gallery)
        body = (
            f"{plural(n, 'descriptor')} can be brought there now; an upload that was cut off goes "
            "on, and what is there stays."
        )
        title = error.sentence.rstrip(".")
        notice = Notice("warning", title, body, actions=(_UPLOAD,), key=UPLOAD)
        self._notices.show(notice, {"upload": lambda: self.upload(server)})

    def _show(self, done: Uploaded) -> None:
        title = f"The gallery is on {done.server}"
        body = f"{plural(done.n_written, 'descriptor')} uploaded, {done.n_kept:,} were there. "
        self._notices.show(Notice("ok", title, body + done.found, key=UPLOAD))
        self.uploaded.emit(done)
        steps = self._searching.state.steps
        backend = choose_backend("qdrant", done.server)
        self._searching.asker.search_by(replace(steps, backend=backend))
