"""The inspector: what it says of layers and nets, and the rename form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QPoint, Qt

from core.activations.summary import summarise_values
from core.layers.shapes import infer_shapes
from core.net.reader import load_net, read_net
from core.weights.binding import Binding, WrongShape
from gui.panels.histogram.small import SmallHistogram
from gui.panels.histogram.view import HistogramView, view_from
from gui.panels.inspector.panel import Inspector
from gui.panels.inspector.version_list import ROW


@pytest.fixture
def vgg(repository: Path):
    return load_net(repository / "prototxt" / "vgg16_deploy.prototxt")


@pytest.fixture
def inspector(qtbot, keeper) -> Inspector:
    inspector = Inspector(keeper, SmallHistogram(keeper))
    qtbot.addWidget(inspector)
    inspector.resize(332, 812)
    inspector.show()
    return inspector


def values(facts) -> dict[str, tuple[str, str]]:
    return {fact.name: (fact.value, fact.second) for fact in facts.facts}


def test_without_a_net_one_sentence_stands_there(inspector: Inspector) -> None:
    assert inspector.empty.isVisible()


def test_the_net_is_shown_until_a_layer_is_selected(qtbot, inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, None)
    assert inspector.header.name == "VGG_ILSVRC_16_layers"
    assert inspector.hint.text() == "Select a layer to see its shapes and parameters."
    facts = values(inspector.overview)
    assert facts["Parameters"] == ("138,357,544", "")
    assert facts["In place"] == ("17 layers, 17 versions lost", "")
    assert values(inspector.ends) == {
        "Input": ("data", "1×3×224×224"),
        "Output": ("prob", "1×1000"),
    }
    assert inspector.all_button.text() == "Give 17 layers blobs of their own"
    with qtbot.waitSignal(inspector.rename_all_requested):
        inspector.all_button.click()


def test_a_layer_in_place_is_explained_by_name(inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    assert (inspector.header.name, inspector.header.note) == ("relu7", "layer 37 of 40")
    assert inspector.card_title == "Shares blob fc7 with fc7 and drop7"
    assert inspector.card_body == (
        "After a forward pass blob fc7 holds drop7’s output. fc7’s own and relu7’s are overwritten."
    )
    rows = inspector.versions.rows
    assert [(row.label, row.is_readable) for row in rows] == [
        ("fc7@0", False),
        ("fc7@1", False),
        ("fc7@2", True),
    ]
    assert [row.is_current for row in rows] == [False, True, False]


def test_shapes_cost_and_text_of_a_layer(inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    assert values(inspector.shapes) == {
        "Bottom": ("fc7@0", "1×4096"),
        "Top": ("fc7@1", "1×4096"),
        "Read by": ("drop7", ""),
    }
    assert values(inspector.cost) == {
        "PyTorch": ("equal to real Caffe to 2e-7", ""),
        "Operations": ("4,096 comparisons", ""),
        "Weights": ("none", ""),
        "Memory": ("0 B, shares 16 KiB", ""),
    }
    assert values(inspector.parameters)["negative_slope"] == ("0", "")
    assert all(fact.is_default for fact in inspector.parameters.facts)
    lines = inspector.text.lines
    line = vgg.layer("relu7").line
    assert [row.number for row in lines] == list(range(line, line + len(lines)))
    marked = [row.text.strip() for row in lines if row.kind == "marked"]
    assert marked == ['bottom: "fc7"', 'top: "fc7"']


def test_written_parameters_are_not_grey(inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "conv1_1")
    facts = {fact.name: fact for fact in inspector.parameters.facts}
    assert (facts["num_output"].value, facts["num_output"].is_default) == ("64", False)
    assert (facts["stride"].value, facts["stride"].is_default) == ("1", True)


def test_a_layer_with_a_blob_of_its_own_has_no_card_and_no_form(inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "pool5")
    assert inspector.card_title == ""
    assert not inspector.form.isVisible()
    assert not inspector.versions.isVisible()


@pytest.mark.parametrize(
    ("layer", "target", "name"),
    [
        ("relu7", "relu7", "fc7_relu7"),
        ("drop7", "drop7", "fc7_drop7"),
        ("fc7", "relu7", "fc7_relu7"),
    ],
)
def test_the_form_asks_for_the_rename_that_saves_the_layer(
    qtbot, inspector: Inspector, vgg, layer: str, target: str, name: str
) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, layer)
    assert inspector.form.question.text() == f"Give {target} a blob of its own:"
    with qtbot.waitSignal(inspector.rename_requested) as wish:
        inspector.form.button.click()
    assert wish.args == [target, name]


def test_another_name_is_taken_over_by_enter(qtbot, inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    inspector.focus_rename()
    inspector.form.field.clear()
    qtbot.keyClicks(inspector.form.field, "rectified7")
    with qtbot.waitSignal(inspector.rename_requested) as wish:
        qtbot.keyClick(inspector.form.field, Qt.Key_Return)
    assert wish.args == ["relu7", "rectified7"]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("fc6", "writes that blob"),
        (" ", "needs a name"),
        ("relu6", "name of layer relu6"),
        ('a"b', "quote"),
    ],
)
def test_a_bad_name_is_said_beside_the_field(
    qtbot, inspector: Inspector, vgg, name: str, part: str
) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    form = inspector.form
    form.field.clear()
    qtbot.keyClicks(form.field, name)
    qtbot.waitUntil(lambda: part in form.problem.text())
    assert form.problem.isVisible()
    assert not form.button.isEnabled()
    heard: list[object] = []
    inspector.rename_requested.connect(lambda *wish: heard.append(wish))
    qtbot.keyClick(form.field, Qt.Key_Return)
    assert heard == []


@pytest.mark.parametrize("width", [260, 300, 420])
def test_no_link_is_cut_at_any_width(qtbot, inspector: Inspector, vgg, width: int) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    inspector.resize(width, 700)
    links = (inspector.form.chain_link, inspector.form.all_link, inspector.form.preview_link)
    qtbot.waitUntil(lambda: all(link.width() >= link.sizeHint().width() for link in links))
    assert links[-1].geometry().right() < inspector.form.width()


def test_links_rename_the_chain_or_all_or_preview(qtbot, inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    form = inspector.form
    inspector.resize(420, 700)
    assert form.chain_link.text() == "Whole chain (2 blobs)"
    assert form.all_link.text() == "All in net (17)"
    with qtbot.waitSignal(inspector.rename_chain_requested) as chain:
        qtbot.mouseClick(form.chain_link, Qt.LeftButton)
    assert chain.args == ["fc7"]
    with qtbot.waitSignal(inspector.rename_all_requested):
        qtbot.keyClick(form.all_link, Qt.Key_Return)
    with qtbot.waitSignal(inspector.preview_requested) as preview:
        qtbot.mouseClick(form.preview_link, Qt.LeftButton)
    assert preview.args == ["relu7", "fc7_relu7"]


def test_versions_and_neighbours_lead_to_their_layers(qtbot, inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    with qtbot.waitSignal(inspector.layer_selected) as selected:
        qtbot.mouseClick(inspector.versions, Qt.LeftButton, Qt.NoModifier, QPoint(60, 2 * ROW + 5))
    assert selected.args == ["drop7"]
    with qtbot.waitSignal(inspector.layer_selected) as selected:
        qtbot.mouseClick(inspector.shapes, Qt.LeftButton, Qt.NoModifier, QPoint(115, 8))
    assert selected.args == ["fc7"]


def test_weights_say_where_they_come_from(inspector: Inspector, vgg) -> None:
    shapes = infer_shapes(vgg)
    note = inspector.section_note("weights")
    inspector.show_layer(vgg, shapes, None, "fc8")
    assert values(inspector.weights)["weight"] == ("1000×4096", "")
    assert inspector.section_note("weights") == "no weights file open"
    bound = Binding(("fc8",), (), (), (), 32, 32, 10)
    inspector.show_layer(vgg, shapes, bound, "fc8")
    assert inspector.section_note("weights") == "from the weights file"
    unbound = Binding((), ("fc8",), (), (), 30, 32, 10)
    inspector.show_layer(vgg, shapes, unbound, "fc8")
    assert inspector.section_note("weights") == "not in the file: filler values"
    wrong = WrongShape("fc8", 0, (1000, 4096), (205, 4096))
    inspector.show_layer(vgg, shapes, Binding((), (), (), (wrong,), 30, 32, 10), "fc8")
    assert values(inspector.weights)["weight"] == ("1000×4096", "file: 205×4096")
    assert note == ""


def test_what_caffe_refuses_is_listed(inspector: Inspector) -> None:
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "lost" type: "ReLU" bottom: "nowhere" top: "y" }\n'
    )
    inspector.show_layer(net, infer_shapes(net), None, None)
    (fact,) = inspector.problems.facts
    assert fact.name == "line 2"
    assert "Unknown bottom blob 'nowhere'" in fact.value


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_follows_the_theme(qtbot, inspector, keeper, vgg, theme: str) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    keeper.choose(theme)
    versions = inspector.versions

    def is_themed() -> bool:
        shot = inspector.grab().toImage()
        place = versions.mapTo(inspector, QPoint(versions.width() - 3, ROW + 3))
        row = shot.pixelColor(place).name() == keeper.theme.selected_row.name()
        return row and shot.pixelColor(3, 300).name() == keeper.theme.panel.name()

    qtbot.waitUntil(is_themed)


def test_the_net_wide_count_is_the_blobs_all_would_make(inspector: Inspector) -> None:
    text = 'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n' + "".join(
        f'layer {{ name: "{name}" type: "ReLU" bottom: "data" top: "data" }}\n' for name in "abc"
    )
    net = read_net(text)
    inspector.show_layer(net, infer_shapes(net), None, "b")
    assert inspector.form.chain_link.text() == "Whole chain (3 blobs)"
    assert inspector.card_body == (
        "After a forward pass blob data holds c’s output. input’s own, a’s and b’s are overwritten."
    )


def test_what_bvlc_caffe_lacks_is_marked_and_said_to_be_kept(inspector: Inspector) -> None:
    net = read_net(
        'layer { name: "data" type: "Input" top: "data"'
        " input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n"
        'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool"\n'
        "  pooling_param { kernel_size: 2 ceil_mode: false } }\n"
        'layer { name: "perm" type: "Permute" bottom: "pool" top: "perm"\n'
        "  permute_param { order: 0 order: 2 order: 3 order: 1 } }\n"
        'layer { name: "odd" type: "Frobnicate" bottom: "perm" top: "odd" }\n'
    )
    shapes = infer_shapes(net)
    inspector.show_layer(net, shapes, None, "pool")
    rows = [(fact.name, fact.value) for fact in inspector.foreign.facts]
    assert rows == [("field", "layer.pooling_param.ceil_mode")]
    assert inspector.foreign.facts[0].second.endswith("line 3")
    assert inspector.section_note("foreign") == "kept when saved"
    inspector.show_layer(net, shapes, None, "perm")
    assert inspector.foreign.facts[0].second == "a fork's type"
    inspector.show_layer(net, shapes, None, "odd")
    assert [fact.second for fact in inspector.foreign.facts] == ["unknown type"]
    inspector.show_layer(net, shapes, None, None)
    assert [fact.value for fact in inspector.foreign.facts][:2] == ["Frobnicate", "Permute"]
    inspector.show_layer(net, shapes, None, "data")
    assert not inspector.foreign.isVisible()


def test_a_long_name_breaks_rather_than_widen_the_inspector(qtbot, inspector: Inspector) -> None:
    name = "a_convolution_with_a_name_that_goes_on_and_on_and_on"
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n'
        f'layer {{ name: "{name}" type: "InnerProduct" bottom: "data" top: "c"'
        " inner_product_param { num_output: 2 } }\n"
        'layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }\n'
    )
    inspector.resize(300, 700)
    inspector.show_layer(net, infer_shapes(net), None, "relu")
    qtbot.waitUntil(inspector.form.isVisible)
    inspector.form.button.grab()
    right = inspector.form.button.mapTo(inspector, inspector.form.button.rect().topRight()).x()
    assert right <= 300


def test_several_layers_are_summed_up(qtbot, inspector: Inspector, vgg) -> None:
    """fc6 25088 x 4096 + 4096, fc7 4096 x 4096 + 4096 parameters; two blobs of 4096 floats."""
    inspector.show_layer(vgg, infer_shapes(vgg), None, "fc7")
    inspector.show_several(("fc6", "relu6", "fc7"))
    assert inspector.header.name == "3 layers"
    facts = values(inspector.several)
    assert facts["Types"] == ("2 InnerProduct", "")
    assert facts["Blob versions"] == ("3, 3 versions overwritten", "")
    assert facts["Parameters"] == ("119,545,856", "")
    assert facts["Memory"] == ("32 KiB a forward pass", "")
    assert not inspector.form.isVisible()
    assert inspector.several_button.text() == "Give 3 layers blobs of their own"
    with qtbot.waitSignal(inspector.rename_several_requested) as wish:
        inspector.several_button.click()
    assert wish.args == [("fc6", "relu6", "fc7")]
    inspector.show_several(())
    assert inspector.header.name == "fc7"
    assert inspector.form.isVisible()


def test_one_layer_gets_one_blob(inspector: Inspector) -> None:
    """Fault 47: "Give 1 layer blobs of their own"."""
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        'layer { name: "p" type: "Power" bottom: "data" top: "p" }\n'
        'layer { name: "r" type: "ReLU" bottom: "p" top: "p" }\n'
    )
    inspector.show_layer(net, infer_shapes(net), None, None)
    assert inspector.all_button.text() == "Give 1 layer a blob of its own"


def test_a_long_name_keeps_what_tells_it_from_its_neighbours(inspector: Inspector) -> None:
    """Type and place have a line of their own, so that they never cost the name its end."""
    names = ["a_rather_long_block_4a/3x3_reduce", "a_rather_long_block_4a/relu_3x3_reduce"]
    net = read_net(
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 4\n'
        + "".join(
            f'layer {{ name: "{name}" type: "Power" bottom: "data" top: "{name}" }}\n'
            for name in names
        )
    )
    inspector.show_layer(net, infer_shapes(net), None, names[1])
    header = inspector.header
    assert header.second_line == "Power, layer 3 of 3"
    assert header.name == names[1]
    assert header.grab().width() < 260


def view_of(*arrays) -> HistogramView:
    names = ["fc7 · fc7@0", "relu7 · fc7@1"][: len(arrays)]
    return view_from(names, summarise_values(arrays, bins=20), is_log=False)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_values_before_and_after_are_drawn(inspector: Inspector, vgg, keeper, theme: str) -> None:
    """Half of the values are zero after ReLU, and nothing is left below zero."""
    keeper.choose(theme)
    before = np.random.default_rng(1).normal(0, 1, (1, 4096)).astype(np.float32)
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    inspector.values.show_view(view_of(before, np.maximum(before, 0)))
    inspector.show_values("@0 before, @1 after ReLU", are_there=True)
    assert inspector.section_note("values") == "@0 before, @1 after ReLU"
    widget = inspector.values
    assert "B relu7 · fc7@1" in widget.toolTip()
    picture = widget.grab().toImage()
    colour = keeper.theme.series_b.name()
    columns = {
        x
        for x in range(picture.width())
        for y in range(16, picture.height() - 18)
        if picture.pixelColor(x, y).name() == colour
    }
    half = 56 + (picture.width() - 56) // 2
    assert any(x < 56 for x in columns), "the bar of zeros"
    assert any(x > half for x in columns), "values above zero"
    assert not any(60 < x < half - 40 for x in columns), "values below zero"


def test_without_a_pass_the_values_say_what_brings_them(inspector: Inspector, vgg) -> None:
    inspector.show_layer(vgg, infer_shapes(vgg), None, "relu7")
    inspector.show_values("Forward (F5) shows how the values spread.", are_there=False)
    assert inspector.values_hint.isVisible()
    assert not inspector.values.isVisible()
    inspector.show_values("", are_there=False)
    assert not inspector.values_hint.isVisible()


def test_nothing_makes_the_inspector_wider_than_it_is(
    qtbot, inspector: Inspector, material
) -> None:
    """It scrolls down alone: what is wider than its page is cut at the right."""
    name = "BVLC__caffe__models__bvlc_googlenet__train_val.prototxt"
    net = load_net(material(f"prototxts/{name}"))
    shapes = infer_shapes(net)
    inspector.resize(274, 600)
    for layer in ("inception_3a/relu_3x3_reduce", "inception_3a/3x3", "loss3/classifier", None):
        inspector.show_layer(net, shapes, None, layer)
        inspector.show_values("@0 before, @1 after ReLU", are_there=True)
        assert inspector._page.minimumSizeHint().width() <= 274
    inspector.show_several(("inception_3a/3x3", "inception_3a/relu_3x3_reduce"))
    assert inspector._page.minimumSizeHint().width() <= 274
