"""Numbers as the window and the commands write them."""

from __future__ import annotations

from core.words import about_text, clock_text, percent_number, points


def test_clocks() -> None:
    assert [clock_text(s) for s in (9.4, 480, 3723)] == ["0:09", "8:00", "1:02:03"]


def test_less_than_a_second_is_no_time_of_zero() -> None:
    """An offer said "about 0:00"."""
    assert [about_text(s) for s in (0.0, 0.3, 0.99, 1, 24.4)] == [
        "under 1 s", "under 1 s", "under 1 s", "about 0:01", "about 0:24",
    ]  # fmt: skip


def test_shares_in_percent() -> None:
    assert [percent_number(share) for share in (0.864, 1.0, 0.0004)] == ["86.4", "100.0", "0.0"]
    assert [points(one) for one in (0.048, -0.0123)] == ["+4.8", "\N{MINUS SIGN}1.2"]
    assert points(0.0004, 2) == "+0.04"
