"""`why`: which places of a query and of a result carry the similarity of the two."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from core.commands.opening import engine_host
from core.commands.output import print_json, print_notes, print_table
from core.commands.query import add_gallery_net_arguments, gallery_net
from core.errors import RequestError
from core.files import check_writable
from core.images.box import BOX_CONVENTION, BOX_HELP, parse_box
from core.jobs.why import WhyRequest, draw_why, why, write_why
from core.progress import run_job
from core.representations.after import HELP, L2, parse_after
from core.representations.fit_files import open_fit
from core.retrieval.gallery import open_gallery
from core.retrieval.why_maps import Why, WhyMap
from core.retrieval.why_words import carriers, half_words, strongest_channels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("--gallery", required=True, type=Path, metavar="G")
    parser.add_argument(
        "--query", required=True, type=Path, metavar="IMAGE", help="in the gallery, or any file"
    )
    parser.add_argument(
        "--result", required=True, type=Path, metavar="IMAGE", help="in the gallery, or any file"
    )
    parser.add_argument(
        "--box",
        metavar="X1,Y1,X2,Y2",
        help=f"the part of the query that is searched with; {BOX_HELP}; {BOX_CONVENTION}",
    )
    parser.add_argument(
        "--after", default="l2", metavar="STEPS", help=f"what follows the pooling: {HELP}"
    )
    parser.add_argument(
        "--fit", type=Path, metavar="F", help="the fit of PCA or whitening, by its .json file"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="F.npz",
        help="places, channels and what of the picture they cover, of query and result",
    )
    parser.add_argument("--png", type=Path, metavar="FILE", help="both pictures with their places")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_gallery_net_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Explain the pair, and write and print what was found."""
    for path in (options.out, options.png):
        if path is not None:
            check_writable(path)
    gallery = open_gallery(options.gallery)
    net, runs_on = gallery_net(gallery, options)
    steps = parse_after(options.after)
    if len(steps) > 1:
        raise RequestError("--after takes the steps of one representation.")
    after = steps[0] if steps else L2
    fit = None if options.fit is None else open_fit(options.fit)
    box = None if options.box is None else parse_box(options.box)
    request = WhyRequest(gallery, options.query, options.result, box, net, runs_on, after, fit)
    with engine_host(options) as host:
        found = run_job(why(request, host))
    if options.out is not None:
        write_why(found, options.out)
    if options.png is not None:
        draw_why(found, options.png)
    if options.json:
        written = [str(path) for path in (options.out, options.png) if path is not None]
        print_json({**describe(found), "written": written})
        return
    print_notes(_notes(found))
    print(f"Cosine {found.cosine:.4f}; {found.method}.")
    rows = [_row(*named) for named in zip(("query", "result"), found.both, strict=True)]
    print_table(("", "image", "places", "carry", "half of it", "channels"), rows, right="carry")
    print(carriers(found))


def describe(found: Why) -> dict[str, object]:
    """What was found as plain values for JSON."""
    return {
        "cosine": found.cosine,
        "layer": found.value.layer,
        "top": found.value.top,
        "method": found.method,
        "is_exact": found.is_exact,
        "by_gradient": found.by_gradient,
        "query": _described(found.query),
        "result": _described(found.result),
        "notes": list(_notes(found)),
    }


def _notes(found: Why) -> tuple[str, ...]:
    box = found.query.part.box
    boxed = () if box is None else (f"Query {box.describe()}: {BOX_CONVENTION}.",)
    return (*boxed, *found.notes)


def _described(one: WhyMap) -> dict[str, object]:
    return {
        "path": str(one.part.path),
        "box": None if one.part.box is None else list(astuple(one.part.box)),
        "width": one.size[0],
        "height": one.size[1],
        "covered": list(one.covered),
        "grid": list(one.grid),
        "rows": one.places.shape[0],
        "columns": one.places.shape[1],
        "carried": one.carried,
        "offset": one.offset,
        "places_for_half": one.n_for_half,
        "places": one.places.tolist(),
        "channels": [{"channel": c, "share": share} for c, share in strongest_channels(one)],
        "regions": [{"x": r.x, "y": r.y, "side": r.side, "share": r.share} for r in one.regions],
    }


def _row(name: str, one: WhyMap) -> Sequence[object]:
    rows, columns = one.places.shape
    channels = ", ".join(f"{c}: {share:.3f}" for c, share in strongest_channels(one, 3))
    return (
        name,
        one.part.path.name,
        f"{rows} x {columns}",
        f"{one.carried:.4f}",
        half_words(one),
        channels,
    )
