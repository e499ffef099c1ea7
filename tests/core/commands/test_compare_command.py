"""`compare`: two prototxts, layer by layer."""

from __future__ import annotations

from pathlib import Path

from core.net.reader import load_net


def test_a_rename_differs_in_names_only(command, repository: Path) -> None:
    before = repository / "prototxt/vgg16_deploy.prototxt"
    after = repository / "prototxt/vgg16_deploy_renamed.prototxt"
    found = command("compare", before, after, "--json").json
    assert found["is_same_wiring"] is True
    assert len(found["different"]) == sum(
        1
        for old, new in zip(load_net(before).layers, load_net(after).layers, strict=True)
        if (old.bottoms, old.tops) != (new.bottoms, new.tops)
    )
    assert "only names differ" in command("compare", before, after).out
