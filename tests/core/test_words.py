"""Numbers as the window and the commands write them."""

from __future__ import annotations

from core.words import about_text, clock_text


def test_clocks() -> None:
    assert [clock_text(s) for s in (9.4, 480, 3723)] == ["0:09", "8:00", "1:02:03"]


def test_less_than_a_second_is_no_time_of_zero() -> None:
    """An offer said "about 0:00"."""
    assert [about_text(s) for s in (0.0, 0.3, 0.99, 1, 24.4)] == [
        "under 1 s", "under 1 s", "under 1 s", "about 0:01", "about 0:24",
    ]  # fmt: skip
