"""Which stage set a survey's rate, and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.commands.output import limit_words, print_limit
from core.images.prepared import PreparedImage
from core.surveys.stages import StageClock, StageLimit

SENTENCES = {
    "reading": "Reading was the limit: 78 % of the time the engine waited.",
    "decoding": "Decoding was the limit: 78 % of the time the engine waited.",
    "preprocessing": "Preprocessing was the limit: 78 % of the time the engine waited.",
    "engine": "The engine was the limit: it ran 78 % of the time.",
    "writing": "Writing was the limit: 78 % of the time the engine waited.",
}


def image(*seconds: float) -> PreparedImage:
    reading, decoding, preprocessing = seconds
    return PreparedImage(Path("a"), None, (1, 1), seconds=(reading, decoding, preprocessing))


@pytest.mark.parametrize(
    ("waits", "images", "stage"),
    [
        ((7.8, 1.0, 0.2), [(3.0, 1.0, 0.5), (0.0, 1.0, 0.1)], "reading"),
        ((7.8, 1.0, 0.2), [(0.1, 2.0, 0.5), (0.1, 2.0, 0.1)], "decoding"),
        ((7.8, 1.0, 0.2), [(0.1, 0.2, 0.5)], "preprocessing"),
        ((7.8, 1.0, 0.2), [], "decoding"),  # of whatever does not tell
        ((1.0, 7.8, 0.2), [(9.0, 9.0, 9.0)], "engine"),
        ((1.0, 0.2, 7.8), [(9.0, 9.0, 9.0)], "writing"),
    ],
)
def test_the_stage_that_was_waited_for_most(
    waits: tuple[float, float, float], images: list[tuple[float, float, float]], stage: str
) -> None:
    clock = StageClock(*waits)
    for seconds in images:
        clock.note(image(*seconds))
    limit = clock.limit(10.0)
    assert limit is not None
    assert (limit.stage, limit.share, limit.sentence) == (stage, 0.78, SENTENCES[stage])
    assert limit_words(limit) == {"stage": stage, "share": 0.78, "sentence": SENTENCES[stage]}


def test_nothing_ran_and_no_more_than_all_of_the_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert StageClock().limit(3.0) is None
    assert limit_words(None) is None
    print_limit(None)
    print_limit(StageLimit("engine", 0.784))
    assert capsys.readouterr().out == SENTENCES["engine"] + "\n"
    assert StageLimit("decoding", 0.784).words == "decoding, 78 % of the time"
    assert StageClock(for_engine=3.1).limit(3.0) == StageLimit("engine", 1.0)
