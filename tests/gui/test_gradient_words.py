"""Numbers of the view Gradients."""

from __future__ import annotations

from gui.panels.gradients.shown import seconds_words


def test_a_method_takes_no_time_of_zero() -> None:
    """Guided said "0.0 s"."""
    assert [seconds_words(s) for s in (0.004, 0.06, 9.84, 17.2, 80)] == [
        "< 0.1 s", "0.1 s", "9.8 s", "17 s", "1:20",
    ]  # fmt: skip
