"""`tiles`: every channel of layers after one pass, drawn into one PNG."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.activations.channels import CHANNEL_ORDERS
from core.activations.tile_colours import COLOUR_MAPS
from core.activations.tile_picture import png_of
from core.activations.tiles import RANGE_SCOPES
from core.commands.command_line import UsageError
from core.commands.looking import add_look_arguments, look_request
from core.commands.opening import engine_host
from core.commands.output import print_json, print_table, shape_text
from core.files import check_writable, write_file
from core.jobs.look import Looker
from core.jobs.tiles import TilesRequest, tiles
from core.progress import run_job
from core.words import value_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Name the command's options."""
    add_look_arguments(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="F.png")
    parser.add_argument(
        "--order", choices=CHANNEL_ORDERS, default="index", help="of the channels (default index)"
    )
    parser.add_argument(
        "--range",
        choices=RANGE_SCOPES,
        default="layer",
        help="one range of colours for all, the same from the 1st to the 99th percentile with what "
        "is beyond clipped, or one for each channel (default layer)",
    )
    parser.add_argument(
        "--colours",
        choices=COLOUR_MAPS,
        default="standard",
        help="of layers without negative values; those with some have two colours (default "
        "standard)",
    )
    parser.add_argument(
        "--aspect", type=float, default=1.6, help="width over height of a layer (default 1.6)"
    )
    parser.add_argument("--zoom", type=int, default=2, help="pixels for each value (default 2)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> None:
    """Run one pass and draw what it gave, one layer below the other."""
    if options.zoom < 1 or options.aspect <= 0:
        raise UsageError("--zoom is 1 or more, --aspect above 0")
    if options.out.suffix.lower() != ".png":
        raise UsageError("--out names a .png")
    check_writable(options.out)
    look, keys = look_request(options)
    request = TilesRequest(look, tuple(keys), options.order, options.range, options.aspect)
    with engine_host(options) as host:
        drawn = run_job(tiles(request, Looker(host)))
    write_file(options.out, png_of(drawn, zoom=options.zoom, unsigned=options.colours))
    is_one = options.range != "channel"
    rows = [(key, one.array.shape, one.channels.maps.shape[0], one.mosaic.ends if is_one else None)
            for key, one in zip(keys.values(), drawn, strict=True)]  # fmt: skip
    if options.json:
        layers = [{"layer": name, "shape": list(shape), "maps": n, "range": ends}
                  for name, shape, n, ends in rows]  # fmt: skip
        print_json({"out": str(options.out), "layers": layers})
        return
    print_table(
        ("layer", "shape", "maps", "colours from", "to"),
        [(name, shape_text(shape), n, *(("", "") if ends is None else map(value_text, ends)))
         for name, shape, n, ends in rows],
    )  # fmt: skip
    print(f"-> {options.out}")
