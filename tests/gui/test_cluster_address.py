"""The window reads a folder on a cluster: the address, the offer, the job, what can't be."""

from __future__ import annotations

import pytest

from core.retrieval.cluster.indexing import ClusterWish
from gui.controllers.searching import index
from gui.dialogs.cluster_address import ClusterAddressDialog
from tests.gui.test_offers import FC8, offer
from tests.gui.test_searching import net, searched, settle

__all__ = ["net", "searched"]  # fixtures


def use(bench, address: str) -> None:
    bench.window.actions_["index_cluster"].trigger()
    (dialog,) = bench.window.findChildren(ClusterAddressDialog)
    dialog.field.setText("ray://10.0.0.1:10001")
    assert not dialog.accept_button.isEnabled()
    assert "can't be driven safely" in dialog.problem.text()
    dialog.field.setText(address)
    assert dialog.accept_button.isEnabled()
    dialog.accept_button.click()


def test_a_cluster_reads_what_is_offered_from_then_on(
    searched, qtbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = []

    def note(request, host):
        wishes.append(request.cluster)
        return (yield from run(request, host))

    run = index.index
    monkeypatch.setattr(index, "index", note)
    use(searched, " 10.0.0.1:6379 ")
    searched.searching.choose(FC8)
    qtbot.waitUntil(lambda: offer(searched).isVisible(), timeout=15000)
    assert offer(searched).button.text().endswith("on the cluster")
    assert "Ray's machines at '10.0.0.1:6379' read it." in offer(searched).button.toolTip()
    offer(searched).button.click()
    settle(searched, qtbot)
    assert wishes == [ClusterWish("10.0.0.1:6379")]
    (notice,) = [one for one in searched.notices.current if one.key == "index"]
    assert notice.title == "The engine fake does not run on a cluster"
    assert searched.settings.index_cluster == "10.0.0.1:6379"
    use(searched, "")
    searched.searching.choose(FC8)
    qtbot.waitUntil(
        lambda: (
            offer(searched).button.text().startswith("Read")
            and "cluster" not in offer(searched).button.text()
        ),
        timeout=15000,
    )
    searched.searching.take_offer()
    settle(searched, qtbot)
    assert wishes[1:] == [None]
    assert searched.searching.choice == FC8
