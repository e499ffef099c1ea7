"""What the retrieval panel is shown: layers to choose from, ranked tiles, facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from core.engines.values import Value
from core.errors import AppError
from core.evaluation.ukbench import GROUP_SIZE
from core.images.preprocess import Preprocess
from core.jobs.fit_choice import FitWish
from core.jobs.index import Indexed, IndexRequest
from core.layers.shapes import NetShapes
from core.layers.traits import traits_of
from core.measures.measure import Pool
from core.net.definition import BlobVersion, Net
from core.net.value_words import value_words
from core.representations.after import parse_after
from core.retrieval.benchmarks import WORDS
from core.retrieval.descriptor import DescriptorRecipe
from core.retrieval.evaluation import Evaluation, ScoredQuery
from core.retrieval.finish import parse_pooled
from core.retrieval.gallery import Gallery
from core.retrieval.protocols import ProtocolScores
from core.retrieval.queries import Answer
from core.retrieval.ranking_export import ranks_of
from core.retrieval.search_steps import NOTHING, SearchSteps, parse_search
from core.session_file import Search
from gui.controllers.searching.index import Reading
from gui.panels.retrieval.view import (
    JUNK,
    NOT_RELEVANT,
    OWN_SET,
    RELEVANT,
    UNLABELLED,
    EvaluationRow,
    GalleryView,
    LayerChoice,
    QueryView,
    RecipeChoice,
    ResultTile,
    Tiles,
)

DEFAULT_POOLING = "gem"


def layer_choices(
    net: Net, shapes: NetShapes, recipe: Preprocess | None = None
) -> tuple[LayerChoice, ...]:
    """Every value but the inputs, deepest first: the useful ones lie near the end.

    recipe: how pictures are made, on which it depends whether a value can be flattened.
    """
    return tuple(_deepest_first(net, shapes, recipe))


def _deepest_first(
    net: Net, shapes: NetShapes, recipe: Preprocess | None = None
) -> Iterator[LayerChoice]:
    is_free = recipe is not None and recipe.is_free_size
    traits = traits_of(net)
    for version in reversed(net.versions):
        layer = net.layers[version.layer_index]
        if layer.type == "Input":
            continue
        shape = shapes.top(layer, version.top_index)
        top = layer.tops[version.top_index]
        own = None if shape is None else shape[1:]
        words = value_words(version)
        yield LayerChoice(layer.name, top, words, own, is_free, traits[layer.name, top])


def default_choice(net: Net, shapes: NetShapes) -> RecipeChoice | None:
    """The last map of features: the deepest spatial value that is not a map of class scores."""
    n_scores = {_channels(shapes, net, version) for version in net.outputs}
    deepest = None
    for choice in _deepest_first(net, shapes):
        deepest = deepest or choice
        if net.layer(choice.layer).type == "Dropout":
            continue  # it changes nothing at TEST
        if choice.is_spatial and choice.shape is not None and choice.shape[0] not in n_scores:
            return RecipeChoice(choice.layer, choice.top, DEFAULT_POOLING)
    return RecipeChoice(deepest.layer, deepest.top, "flatten") if deepest else None


def adapted_choice(net: Net, shapes: NetShapes, choice: RecipeChoice | None) -> RecipeChoice | None:
    """`choice` in a net whose blobs may have been renamed; the default where its layer is gone."""
    tops = net.layer(choice.layer).tops if choice and net.has_layer(choice.layer) else ()
    if choice is None or not tops:
        return default_choice(net, shapes)
    if choice.top in tops:
        return choice
    return replace(choice, top=tops[0])


def choice_of_layer(
    net: Net, shapes: NetShapes, layer: str, like: RecipeChoice
) -> RecipeChoice | None:
    """A layer's last value, pooled as `like` where that can be; None for one without a value."""
    choices = [one for one in layer_choices(net, shapes) if one.layer == layer]
    if not choices:
        return None
    pooling = DEFAULT_POOLING if like.pooling == "flatten" else like.pooling
    chosen = replace(like, layer=layer, top=choices[0].top, pooling=pooling)
    return fitting_choice(choices, chosen)


def fitting_choice(choices: Sequence[LayerChoice], choice: RecipeChoice) -> RecipeChoice:
    """`choice`, with "flatten" where its layer has one place only: every pooling is that there."""
    is_spatial = any(
        one.is_spatial for one in choices if (one.layer, one.top) == (choice.layer, choice.top)
    )
    return choice if is_spatial else replace(choice, pooling="flatten")


def pool_of(choice: RecipeChoice) -> Pool:
    """The pooling of a choice; only GeM has a power, so that others have one gallery each."""
    return parse_pooled(choice.pooling, choice.p)[0]


def request_of(choice: RecipeChoice, request: IndexRequest) -> IndexRequest:
    """The request with all that a choice says of the descriptor."""
    pool, encoding = parse_pooled(choice.pooling, choice.p)
    return replace(
        request,
        layer=Value(choice.layer, choice.top),
        pool=pool,
        encoding=encoding,
        after=parse_after(choice.after)[0],
        fits=FitWish(on=fit_folder(choice.fit_on, request.folder)),
    )


def fit_folder(fit_on: str, folder: Path) -> Path | None:
    """The images that a choice fits on, of those in `folder`; None for what is found by itself."""
    if fit_on == OWN_SET:
        return folder
    return Path(fit_on) if fit_on else None


def _fit_on(images: str, folder: Path) -> str:
    """Images in a folder to fit on as a choice has them, beside those in `folder`."""
    return OWN_SET if images == str(folder) else images


def kept_choice(search: Search) -> RecipeChoice:
    """The choice of a session; its steps only where they are known here."""
    fit_on = "" if search.fit_on is None else _fit_on(str(search.fit_on), search.folder)
    choice = RecipeChoice(search.layer, search.top, search.pooling, search.p)
    try:
        parse_after(search.after)
    except AppError:
        return choice
    return replace(choice, after=search.after, fit_on=fit_on)


def kept_steps(words: str) -> SearchSteps:
    """What a session did beside exact search; nothing where its words are not known here."""
    try:
        return parse_search(words)
    except AppError:
        return NOTHING


def choice_of(recipe: DescriptorRecipe, root: Path) -> RecipeChoice:
    """How the page says a recipe; root: of the gallery's images."""
    finish = recipe.finish
    pooling = recipe.pooling
    if finish.encoding:
        pooling = "vlad" if finish.encoding.startswith("vlad") else "rmac-white"
    noted = finish.encoder or finish.fit
    fit_on = "" if noted is None else _fit_on(noted.folder, root)
    return RecipeChoice(recipe.layer, recipe.top, pooling, recipe.p, finish.after, fit_on)


def value_label(net: Net, choice: RecipeChoice) -> str:
    """The one spelling of the value that is searched by."""
    found = (v for v in net.versions if v.layer == choice.layer and v.blob == choice.top)
    return next(map(value_words, found), choice.layer)


def listed_tiles(folder: Path, paths: Sequence[Path]) -> Tiles:
    """Images of a folder before they are indexed."""

    def tile(place: int) -> ResultTile:
        path = paths[place]
        return ResultTile(0, place, path, _name(path.relative_to(folder).as_posix()), 0.0)

    return Tiles(tile, np.arange(len(paths)))


def _channels(shapes: NetShapes, net: Net, version: BlobVersion) -> int:
    shape = shapes.top(net.layers[version.layer_index], version.top_index) or ()
    return shape[1] if len(shape) > 1 else 0


def ranked_tiles(gallery: Gallery, answer: Answer) -> Tiles:
    """A tile for each ranked image, marked by its label where the query has one."""
    ranking, verdicts, junk = answer.ranking, answer.verdicts, answer.junk
    ranks = ranks_of(answer)

    def tile(place: int) -> ResultTile:
        number = int(ranking.index[place])
        mark = UNLABELLED
        if verdicts is not None:
            mark = RELEVANT if verdicts[place] else NOT_RELEVANT
        if junk is not None and junk[place]:
            mark = JUNK
        image = gallery.images[number]
        return ResultTile(
            int(ranks[place]),
            number,
            gallery.path(number),
            _name(image.path),
            float(ranking.score[place]),
            mark,
            image.label or "",
            image.width,
            image.height,
            image.stamp.n_bytes,
        )

    return Tiles(tile, np.arange(len(ranking)), verdicts, junk)


def query_view(path: Path, name: str, note: str, answer: Answer) -> QueryView:
    """The query column's values."""
    view = QueryView(
        path, name, note, n_ties=answer.ranking.n_ties, label=answer.label or "",
        scores=answer.ranking.score,
    )  # fmt: skip
    score = answer.score
    if score is None:
        return view
    return replace(
        view,
        average_precision=score.average_precision,
        precisions=((1, score.p_at_1), (5, score.p_at_5), (10, score.p_at_10)),
        n_relevant=score.n_relevant,
        ap_name=f"{answer.ap_variant} AP",
        n_junk=0 if answer.junk is None else int(answer.junk.sum()),
        measures=(("Truth", answer.judged_by),) if answer.judged_by else (),
    )


def gallery_view(gallery: Gallery, reading: Reading, indexed: Indexed | None) -> GalleryView:
    """Facts about the gallery and how it was described."""
    recipe = gallery.recipe
    facts = (
        ("Layer", reading.value),
        ("Pooling", reading.choice.pooling_text),
        ("After", recipe.finish.describe()),
        ("Dimension", f"{gallery.dimension:,}"),
        ("Input", input_text(recipe)),
        *((("Warning", said),) if (said := gallery.equality.describe()) else ()),
    )
    if indexed is not None and indexed.report.limit is not None and indexed.report.n_added > 1:
        facts = (*facts, ("Limit", indexed.report.limit.words))
    groups = set(gallery.images.names) - {None}
    skipped = [(problem.path, problem.reason) for problem in gallery.problems]
    if indexed is not None:
        skipped += [(str(one.path), one.reason) for one in indexed.report.skipped]
    n_groups = len(groups)
    return GalleryView(
        gallery.root, len(gallery), n_groups, facts, tuple(skipped), n_missing(gallery)
    )


def n_missing(gallery: Gallery) -> int:
    """Files of the folder that an index which did not end has not come to."""
    progress = gallery.progress
    return 0 if progress.is_finished in (True, None) else max(1, progress.n_missing)


def input_text(recipe: DescriptorRecipe) -> str:
    """How pictures are sized, in short."""
    words = recipe.preprocess.describe().split(", bilinear")[0]
    return f"{words}, reduced decode" if recipe.preprocess.reduced_decode else words


def evaluation_row(
    evaluation: Evaluation, reading: Reading, gallery: Gallery, search: str = ""
) -> EvaluationRow:
    """One bar of the chart, which says where it is of a part of the folder only.

    search: what was done beside exact search.
    """
    is_part = gallery.progress.is_finished is False
    part = f", {gallery.progress.describe()}" if is_part else ""
    return EvaluationRow(
        reading.choice,
        f"{_searched_words(reading, search)}{part}",
        gallery.dimension,
        evaluation.mean_ap,
        evaluation.mean_ap_low,
        evaluation.mean_ap_high,
        evaluation.p_at_1,
        evaluation.n_queries,
        is_part=is_part,
        variant=evaluation.ap_variant,
        search=search,
        paths=gallery.images.paths,
    )


def _searched_words(reading: Reading, search: str) -> str:
    return ", ".join(filter(None, (reading.words, search)))


def benchmark_row(
    found: ProtocolScores, reading: Reading, gallery: Gallery, search: str = ""
) -> EvaluationRow:
    """The bar of a benchmark's own measure, with its queries, the worst first."""
    unit = 1.0 if found.measure == "mAP" else float(GROUP_SIZE)
    queries = [
        ScoredQuery(
            query.image, query.name, replace(query.measures, average_precision=query.score / unit)
        )
        for query in found.queries
        if query.measures is not None
    ]
    queries.sort(key=lambda query: (query.score.average_precision, query.index))
    return EvaluationRow(
        reading.choice,
        _searched_words(reading, search),
        gallery.dimension,
        found.mean / unit,
        found.low / unit,
        found.high / unit,
        float(np.mean([query.score.p_at_1 for query in queries])),
        len(queries),
        queries=tuple(queries),
        paths=gallery.images.paths,
        measure=found.measure,
        variant=found.variant,
        truth=WORDS[found.protocol],
        search=search,
    )


def _name(relative: str) -> str:
    """Folder and stem, as in "sacre_coeur/10265353"."""
    path = PurePosixPath(relative)
    return path.with_suffix("").as_posix()
