"""How long passes took, as estimates take it."""

from __future__ import annotations

from gui.controllers.passes import LastForward


def test_the_quickest_pass_of_a_net_is_the_warm_one() -> None:
    cold = LastForward.after(None, 3.0, 1)
    warm = LastForward.after(cold, 0.8, 2)
    busy = LastForward.after(warm, 1.2, 1)
    assert [one.warm for one in (cold, warm, busy)] == [3.0, 0.4, 0.4]
    assert busy.sentence == "last forward 1,200 ms, 1 image"
    assert LastForward.after(None, 2.0, 1).warm == 2.0
