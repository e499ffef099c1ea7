"""Makes the request for an index of what the document, the engine and the search say now."""

from __future__ import annotations

from pathlib import Path

from core.engines.batch_size import AUTO_BATCH, USUAL_BATCH
from core.engines.values import Value
from core.errors import AppError
from core.jobs.index import IndexRequest
from core.jobs.look import why_no_picture
from core.retrieval.cluster.indexing import ClusterWish
from gui.controllers.engine_child import EngineController
from gui.controllers.possibilities import NO_RECIPE
from gui.controllers.searching.index import Reading
from gui.controllers.searching.indexing import INDEX
from gui.controllers.searching.states import Search
from gui.controllers.searching.values import pool_of, request_of, value_label
from gui.document import ModelDocument
from gui.notices import Notices
from gui.panels.retrieval.view import RecipeChoice


class ReadingMaker:
    """Says where no index can be asked for."""

    def __init__(
        self,
        document: ModelDocument,
        engine: EngineController,
        notices: Notices,
        search: Search,
    ) -> None:
        self._document = document
        self._engine = engine
        self._notices = notices
        self._search = search

    def reading(self, choice: RecipeChoice | None = None, *, prune: bool = False) -> Reading | None:
        """The folder with a representation, the chosen one where none is given.

        None without a folder or net, and where the net takes no pictures.
        """
        document, folder = self._document, self._search.folder
        choice = choice or self._search.choice
        if document.net is None or choice is None or folder is None:
            return None
        if document.recipe is None:
            shapes = document.shapes
            why_not = "" if shapes is None else why_no_picture(document.net, shapes)
            self._notices.show_error(AppError(why_not or NO_RECIPE), INDEX)
            return None
        cluster = ClusterWish(self._search.cluster) if self._search.cluster else None
        request = IndexRequest(
            self._engine.request(),
            folder,
            Value(choice.layer, choice.top),
            pool_of(choice),
            Path(),
            document.chosen_recipe,
            # what is free on other machines is not known here
            USUAL_BATCH if cluster and self._engine.batch == AUTO_BATCH else self._engine.batch,
            prune=prune,
            cluster=cluster,
        )
        request = request_of(choice, request)
        return Reading(request, choice, value_label(document.net, choice))
