"""Progress on standard error: one moving line on a terminal, few lines elsewhere."""

from __future__ import annotations

import io

from core.commands.progress_line import ProgressLine, describe
from core.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_log_gets_a_line_every_ten_seconds_and_the_last() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressLine(stream, clock) as show:
        for done in range(31):
            clock.seconds = float(done)
            show(Progress(done, 30, "images"))
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [
        "10 of 30 images",
        "20 of 30 images",
        "30 of 30 images",
    ]


def test_a_rate_in_the_words_is_no_other_work() -> None:
    stream, clock = io.StringIO(), Clock()
    with ProgressLine(stream, clock) as show:
        for done in range(4):
            clock.seconds = float(done)
            show(Progress(done, 3, f"images indexed, {done} a second"))
    assert stream.getvalue() == "3 of 3 images indexed, 3 a second\n"


def test_a_terminal_keeps_one_line_and_ends_clean() -> None:
    stream, clock = Terminal(), Clock()
    with ProgressLine(stream, clock) as show:
        show(Progress(1, 2, "images"))
    written = stream.getvalue()
    assert "\n" not in written
    assert "[============            ] 1 of 2 images" in written
    assert written.endswith("\r\x1b[K")


def test_rate_and_time_left() -> None:
    assert describe(Progress(20, 60, "images"), 10.0) == "20 of 60 images, 2/s, 20 s left"
    assert describe(Progress(60, 60, "images"), 30.0) == "60 of 60 images, 2/s"
    assert describe(Progress(0, 0, "starting"), 5.0) == "starting"
