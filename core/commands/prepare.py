"""`prepare`: the three files of a fine-tuning, made from a net and a split of images."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from core.commands.command_line import UsageError
from core.commands.output import counted, print_json, print_notes, print_table
from core.commands.preprocessing import add_preprocess_argument
from core.files import check_writable, write_file
from core.jobs.prepare import PreparedFiles, PrepareRequest, prepare_training
from core.jobs.preview_images import PreviewRequest, preview_images, preview_png
from core.progress import run_job
from core.training.augmentation import read_words
from core.training.presets import PRESETS
from core.training.training_plan import TrainingPlan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    parser.add_argument("--net", required=True, type=Path, metavar="P", help="deploy or train_val")
    parser.add_argument(
        "--split", required=True, type=Path, metavar="DIR", help="what `split` has written"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="for train_val.prototxt, solver.prototxt and deploy.prototxt, beside the lists "
        "(default: the folder of the split)",
    )
    parser.add_argument(
        "--weights", type=Path, metavar="W", help="say which layers are copied from this file"
    )
    listed = "; ".join(f"{one.id}: {one.words}" for one in PRESETS)
    parser.add_argument(
        "--preset", default="", metavar="NAME",
        help=f"numbers and freezing of a recipe, in place of the options below. {listed}",
    )  # fmt: skip
    parser.add_argument(
        "--freeze", default="", metavar="LAYER", help="no layer up to this one learns"
    )
    parser.add_argument(
        "--suffix", default="new", metavar="S", help="fc8 becomes fc8_S, as its weights do not fit"
    )
    parser.add_argument("--lr", type=float, default=0.001, metavar="R", help="base_lr")
    parser.add_argument("--head", default="10,20", metavar="W,B", help="lr_mult of the new layer")
    parser.add_argument("--epochs", type=float, default=10.0, metavar="N", help="default 10")
    parser.add_argument("--batch", type=int, default=16, metavar="N", help="images in a pass")
    parser.add_argument("--mirror", action="store_true", help="mirror half of the images")
    parser.add_argument(
        "--augment",
        metavar="HOW",
        help="change the images it learns from by chance, as mirror,rotate=10,scale=0.2,crop=0.1,"
        "colour=0.2,quarter-turns; balance draws rare classes as often as others",
    )
    parser.add_argument(
        "--preview", type=Path, metavar="F.png", help="draw images as the net will see them"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default 1")
    add_preprocess_argument(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Make the files and say what is new in them."""
    folder = options.split if options.split.is_dir() else options.split.parent
    plan = TrainingPlan(
        0, 0, 0,
        suffix=options.suffix,
        freeze=options.freeze,
        head=_pair(options.head),
        base_lr=options.lr,
        epochs=options.epochs,
        batch=options.batch,
        test_batch=options.batch,
        mirror=options.mirror,
        seed=options.seed,
    )  # fmt: skip
    request = PrepareRequest(
        options.net, options.split, options.out or folder, plan, options.weights,
        options.preprocess,
        None if options.augment is None else read_words(options.augment),
        options.preset,
    )  # fmt: skip
    if options.preview is not None:
        check_writable(options.preview)
    made = run_job(prepare_training(request))
    if options.preview is not None:
        wanted = PreviewRequest(made.written[0].with_name("solver.prototxt"), seed=options.seed)
        write_file(options.preview, preview_png(run_job(preview_images(wanted))))
    if options.json:
        print_json(_described(made))
    else:
        _print(made)


def _pair(words: str) -> tuple[float, float]:
    try:
        weights, bias = (float(word) for word in words.split(","))
    except ValueError:
        raise UsageError(f"--head takes two numbers as 10,20, not '{words}'") from None
    return weights, bias


def _described(made: PreparedFiles) -> dict[str, object]:
    return {
        "renamed": dict(made.made.renamed),
        "frozen": list(made.made.frozen),
        "notes": list(made.made.notes),
        "written": [str(path) for path in made.written],
        "layers": [
            {"layer": s.layer, "start": s.how, "values": s.n_values, "learns": s.learns}
            for s in made.starts
        ],
        "unused_in_weights": list(made.unused),
    }


def _print(made: PreparedFiles) -> None:
    print_notes(made.made.notes)
    for old, new in made.made.renamed:
        print(f"{old} becomes {new}, with an output for each class.")
    if made.made.frozen:
        n_layers = counted(len(made.made.frozen), "layer")
        print(f"{n_layers} up to {made.made.frozen[-1]} stay as they are.")
    if any(start.how != "new" for start in made.starts):
        rows = [
            (s.layer, s.how, f"{s.n_values:,}", "learns" if s.learns else "frozen")
            for s in made.starts
        ]
        print_table(("layer", "start", "values", ""), rows, right="values")
        counts = Counter(s.how for s in made.starts)
        print(", ".join(f"{n} {how}" for how, n in counts.items()))
        if made.unused:
            print(f"In the file and not used: {', '.join(made.unused)}")
    for path in made.written:
        print(f"-> {path}")
