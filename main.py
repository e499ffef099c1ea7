"""Blobscope: without words the window opens, `main.py COMMAND` works without one."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core import __version__
from core.commands.command_line import (
    DONE,
    FAILED,
    LOG_HELP,
    SUMMARIES,
    WRONG_USAGE,
    leave,
    run_command,
)
from core.commands.terminal import guarded_output
from core.errors import AppError
from core.files import is_there
from core.log import start_logging

if TYPE_CHECKING:
    from core.layer_numbers import LayerNumbers
    from core.layers.shapes import NetShapes
    from core.net.definition import Net

_LOG = logging.getLogger("main")
DEMO_PICTURES_HELP = "draw the window on the demo into DIR, without a screen, and stop"


def main(words: Sequence[str]) -> int:
    """Run a command, or open the window; returns the exit code."""
    start_logging()
    try:
        code = _run(words)
    except Exception:
        _LOG.exception("A bug")
        raise
    _LOG.info("Ended with exit code %d", code)
    return code


def _run(words: Sequence[str]) -> int:
    if words and words[0] in SUMMARIES:
        return run_command(words[0], words[1:], LENT)
    parser = _parser()
    try:
        options = parser.parse_args(words)
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.log is not None:
        try:
            start_logging(options.log)
        except AppError as error:
            print(error, file=sys.stderr)
            return FAILED
    if options.screenshots is not None:
        return _save_screenshots(options.screenshots)
    unknown = [name for name in options.files if _is_no_file(name)]
    if unknown:
        print(_unknown_words(unknown), file=sys.stderr)
        return WRONG_USAGE
    return _open_window(options.files, demo=options.demo)


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, SUMMARIES)) + 2
    commands = "\n".join(f"  {name:{width}}{summary}" for name, summary in SUMMARIES.items())
    parser = argparse.ArgumentParser(
        prog="main.py",
        usage="main.py [FILE ...]\n       main.py COMMAND [...]",
        description="A desktop explorer for Caffe nets. Without words the window opens.",
        epilog=f"commands (each has its own --help):\n{commands}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a prototxt, its caffemodel, an image, a folder of images to search: open them",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        help="open the window on the bundled demo; without a screen do the demo's job",
    )
    parser.add_argument("--screenshots", type=Path, metavar="DIR", help=DEMO_PICTURES_HELP)
    parser.add_argument("--log", type=Path, metavar="FILE", help=LOG_HELP)
    parser.add_argument("--version", action="version", version=f"Blobscope {__version__}")
    return parser


def _is_no_file(name: str) -> bool:
    """A word that is neither a file here nor looks like the path of one."""
    return not is_there(Path(name)) and not Path(name).suffix and len(Path(name).parts) == 1


def _unknown_words(names: Sequence[str]) -> str:
    return (
        f"main.py: '{names[0]}' is neither a file nor a command (commands: {', '.join(SUMMARIES)})."
    )


def _open_window(files: Sequence[str], *, demo: bool) -> int:
    from core.screen import why_no_screen, why_no_text

    missing = [name for name in files if not is_there(Path(name))]
    if missing:
        print(f"There is no file {missing[0]}.", file=sys.stderr)
        return FAILED
    reason = why_no_screen()
    if reason is None:
        no_text = why_no_text()
        if no_text is not None:
            print(no_text, file=sys.stderr)
            return FAILED
        from gui.app import run

        return run([Path(name) for name in files], demo=demo)
    if not demo:
        print(f"{reason} The commands work without one: main.py --help.", file=sys.stderr)
        return FAILED
    print(f"{reason} So the demo runs without a window.", file=sys.stderr)
    return run_command("demo", [], LENT)


def draw_window(folder: Path) -> list[Path]:
    """Pictures of the window on the demo, drawn into `folder` without a screen."""
    _need_no_screen()
    from gui.screenshot import save_demo_screenshots

    return list(save_demo_screenshots(folder))


def draw_graph(
    net: Net, shapes: NetShapes, path: Path, numbers: LayerNumbers | None = None
) -> None:
    """The graph of a net as the window exports it, drawn without a screen."""
    _need_no_screen()
    from gui.graph_file import write_graph

    write_graph(net, shapes, path, numbers)


def _need_no_screen() -> None:
    import os

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")  # of the offscreen plugin


def _save_screenshots(folder: Path) -> int:
    try:
        for path in draw_window(folder):
            print(path)
    except AppError as error:
        print(error, file=sys.stderr)
        return FAILED
    return DONE


LENT: Mapping[str, Callable[..., object]] = {"draw_window": draw_window, "draw_graph": draw_graph}
"""What commands borrow from the window: core itself knows no Qt."""

if __name__ == "__main__":
    with guarded_output():
        sys.exit(leave(main(sys.argv[1:])))
