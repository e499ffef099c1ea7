"""`intervene`: class scores, values and a ranking with channels off, scaled or replaced."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.commands.command_line import UsageError
from core.commands.extract import split_array_word
from core.commands.looking import add_pass_arguments
from core.commands.opening import engine_host, model_to_run
from core.commands.output import print_json, print_notes, print_table
from core.commands.progress_line import ProgressLine
from core.engines.host import EngineHost
from core.files import check_writable
from core.interventions.effect import Effect
from core.interventions.intervention import (
    Intervention,
    read_interventions,
    write_interventions,
)
from core.jobs.intervene import InterveneRequest, intervene, parse_intervention
from core.jobs.intervene_ranking import ChangedRanking, RankChangedRequest, rank_changed
from core.jobs.look import Looker, LookRequest
from core.jobs.query import QueryRequest
from core.jobs.rank_channels import ChannelRanking, RankChannelsRequest, rank_channels
from core.jobs.values import choose_value
from core.net.definition import Net
from core.progress import run_job
from core.retrieval.gallery import open_gallery
from core.words import plural

_KINDS = {
    "off": ("off", "LAYER:C[,C]", "channels that give 0; without them all of the layer"),
    "scale": ("scale", "LAYER:C=X", "multiply channels"),
    "only": ("only", "LAYER:C[,C]", "all other channels give 0"),
    "put": ("constant", "LAYER:C=X", "put a number in every place of channels"),
    "swap": ("image", "LAYER[:C]=OTHER.jpg", "the values that another image has there"),
    "use": ("layer", "LAYER[:C]=LAYER", "the values of another layer of the same shape"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_pass_arguments(parser)
    for option, (_, metavar, told) in _KINDS.items():
        parser.add_argument(
            f"--{option}", action="append", default=[], metavar=metavar, help=f"{told}; repeatable"
        )
    parser.add_argument("--list", type=Path, metavar="F.json", help="interventions of a saved list")
    parser.add_argument("--save", type=Path, metavar="F.json", help="write all of them as a list")
    parser.add_argument(
        "--classes", type=int, default=5, metavar="N", help="how many to tell (default 5)"
    )
    parser.add_argument(
        "--query", type=Path, metavar="GALLERY", help="rank the image in it before and after"
    )
    parser.add_argument(
        "--change-gallery",
        action="store_true",
        help="read the gallery with the changed net too, not the query alone; nothing is written",
    )
    parser.add_argument(
        "--rank-channels",
        metavar="LAYER",
        help="instead: switch each channel of a layer off and say which cost the best class most",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Run the pass before and after, and print what changed."""
    if options.classes < 1:
        raise UsageError("--classes is 1 or more")
    if options.query is not None and options.image is None:
        raise UsageError("--query goes with --image")
    if options.save is not None:
        check_writable(options.save)
    opened = model_to_run(options)
    arrays = tuple(split_array_word(word) for word in options.array or ())
    look = LookRequest(opened.to_run, options.image, options.preprocess, arrays)
    given = _interventions(options, opened.net)
    with engine_host(options) as host:
        if options.rank_channels:
            _rank(options, opened.net, look, host)
            return
        if not given:
            raise UsageError("name an intervention: --off LAYER:CHANNEL and the like, or --list")
        effect = run_job(intervene(InterveneRequest(look, given), Looker(host)))
        ranking = None
        if options.query is not None:
            asked = QueryRequest(open_gallery(options.query), (options.image,), opened.to_run)
            request = RankChangedRequest(asked, given, options.change_gallery)
            with ProgressLine() as line:
                ranking = run_job(rank_changed(request, host), line)
    if options.save is not None:
        write_interventions(options.save, given)
    if options.json:
        print_json(_described(effect, ranking, options.classes))
    else:
        _print(effect, ranking, options.classes)


def _interventions(options: argparse.Namespace, net: Net) -> tuple[Intervention, ...]:
    found = [] if options.list is None else list(read_interventions(options.list))
    for option, (kind, _, _) in _KINDS.items():
        found += [parse_intervention(net, kind, word) for word in getattr(options, option)]
    return tuple(found)


def _rank(options: argparse.Namespace, net: Net, look: LookRequest, host: EngineHost) -> None:
    value = choose_value(net, options.rank_channels)
    with ProgressLine() as line:
        found = run_job(rank_channels(RankChannelsRequest(look, value), Looker(host)), line)
    if not options.json:
        print_notes((found.note,) if found.note else ())
    if options.json:
        print_json(_described_channels(found))
        return
    rows = [
        (int(channel), f"{found.before + found.changes[channel]:.4g}",
         f"{found.changes[channel]:+.4g}")
        for channel in found.order[: options.classes]
    ]  # fmt: skip
    print_table(("channel", "score without it", "change"), rows, right="score without it,change")
    print(
        f"{found.class_name} has {found.before:.4g}; each of "
        f"{plural(len(found.changes), 'channel')} of {value.layer} was off once, in "
        f"{found.seconds:.1f} s."
    )


def _described_channels(found: ChannelRanking) -> dict[str, Any]:
    return {
        "layer": found.value.layer,
        "top": found.value.top,
        "class": found.class_number,
        "class_name": found.class_name,
        "score": found.before,
        "channels": [
            {"channel": int(channel), "change": float(found.changes[channel])}
            for channel in found.order
        ],
        "seconds": found.seconds,
        "notes": [found.note] if found.note else [],
    }


def _described(effect: Effect, ranking: ChangedRanking | None, n_classes: int) -> dict[str, Any]:
    changes = () if effect.scores is None else effect.scores.changes(n_classes)
    found: dict[str, Any] = {
        "sentence": _sentence(effect, ranking),
        "interventions": [
            {"layer": one.value.layer, "top": one.value.top, "what": one.sentence}
            for one in effect.interventions
        ],
        "alone": list(effect.alone),
        "classes": [
            {
                "class": one.number,
                "name": one.name,
                "before": one.before,
                "after": one.after,
                "logits": None if one.logits is None else list(one.logits),
            }
            for one in changes
        ],
        "changed": [
            {
                "layer": one.value.layer,
                "top": one.value.top,
                "cosine": one.cosine,
                "largest_difference": one.largest,
            }
            for one in effect.moved
        ],
        "layers_run": list(effect.layers),
        "notes": [effect.note] if effect.note else [],
        "seconds": effect.seconds,
    }
    if ranking is not None:
        found["ranking"] = {
            "AP": None if ranking.precisions is None else list(ranking.precisions),
            "moves": ranking.rankings.sentence,
            "gallery_changed": ranking.changes_gallery,
            "images_as_read": ranking.n_kept,
            "alone": list(ranking.alone),
            "moved": ranking.is_moved,
            "moved_alone": list(ranking.moved),
        }
    return found


def _sentence(effect: Effect, ranking: ChangedRanking | None) -> str:
    parts = [effect.sentence, "" if ranking is None else ranking.clause]
    return "; ".join(part for part in parts if part) + "."


def _print(effect: Effect, ranking: ChangedRanking | None, n_classes: int) -> None:
    scores = effect.scores
    print_notes((effect.note,) if effect.note else ())
    if scores is not None:
        rows = [
            (
                one.name,
                scores.text(one.before),
                scores.text(one.after),
                f"{one.after - one.before:+.4g}",
            )
            for one in scores.changes(n_classes)
        ]
        print_table(("class", "before", "after", "change"), rows, right="before,after,change")
        print()
    rows = [
        (one.value.layer, one.value.top, f"{one.cosine:.6f}", f"{one.largest:.4g}")
        for one in effect.moved
    ]
    if rows:
        print_table(
            ("layer", "blob", "cosine", "largest difference"),
            rows,
            right="cosine,largest difference",
        )
        print()
    print(_sentence(effect, ranking))
    if ranking is not None:
        print(ranking.rankings.sentence)
        alone = zip(effect.interventions, ranking.alone, ranking.moved, strict=False)
        for one, ap, is_moved in alone:
            why = "" if is_moved else f", for nothing of it reaches {ranking.layer}"
            print(f"{one.sentence} by itself: the query's AP is {100 * ap:.1f}{why}.")
    print(f"{effect.timing}. Nothing was written into the net or its weights.")
