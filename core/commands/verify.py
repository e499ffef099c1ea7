"""`verify`: a prototxt and its edit run on one input, and every output they share compared."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from core.commands.command_line import FAILED
from core.commands.opening import add_engine_arguments, add_net_arguments, engine_host, model_to_run
from core.commands.output import print_json
from core.commands.preprocessing import add_preprocess_argument
from core.commands.progress_line import ProgressLine
from core.commands.rename_words import described_verification, verified_sentence
from core.jobs.open import open_model
from core.jobs.verify import VerifyRequest, verify
from core.progress import run_job


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_net_arguments(parser)
    parser.add_argument(
        "--edited", required=True, type=Path, metavar="Q", help="the prototxt to hold against P"
    )
    parser.add_argument(
        "--image", type=Path, metavar="PATH", help="run this image, not seeded values"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_preprocess_argument(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Run both and compare bit by bit; where they differ the exit code is 1."""
    before = model_to_run(options)
    after = open_model(replace(before.request, net=options.edited, weights=None))
    images = () if options.image is None else (options.image,)
    to_run = replace(before.to_run, text=after.net.text)
    request = VerifyRequest(before.net.text, to_run, images, options.preprocess)
    with engine_host(options) as host, ProgressLine() as show:
        verification = run_job(verify(request, host), show)
    if options.json:
        print_json(described_verification(verification))
    else:
        print(verified_sentence(verification))
        if not verification.is_identical:
            print(f"The first layer where they part is {verification.first_different_layer}.")
    if not verification.is_identical:
        raise SystemExit(FAILED)
