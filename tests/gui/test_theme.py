"""The colours of the window can be told apart and read, also by colour-blind people."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QEvent
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QApplication

from gui.icons import FAMILY_GLYPHS, icon_names, pixmap
from gui.theme import FAMILY_TOKENS, Theme, ThemeKeeper, contrast, fixed_font, glyph_colour

THEMES = {"light": Theme.light(), "dark": Theme.dark()}

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear sRGB
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
LEAST_DISTANCE = {
    ("light", "normal"): 21.0,
    ("light", "deuteranopia"): 17.0,
    ("light", "protanopia"): 17.0,
    ("light", "tritanopia"): 11.0,
    ("dark", "normal"): 16.0,
    ("dark", "deuteranopia"): 15.0,
    ("dark", "protanopia"): 14.5,
    ("dark", "tritanopia"): 7.0,
}


def lab(colour: QColor, vision: str) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as seen with that vision."""
    srgb = np.array([colour.redF(), colour.greenF(), colour.blueF()])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(VISION[vision] @ linear, 0, 1)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375],
         [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]]
    )  # fmt: skip
    xyz = to_xyz @ seen / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first: np.ndarray, second: np.ndarray) -> float:
    """Colour difference after Sharma, Wu, Dalal 2005."""
    l1, a1, b1 = first
    l2, a2, b2 = second
    mean_c = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = 0.5 * (1 - math.sqrt(mean_c**7 / (mean_c**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    dh = 0.0
    if c1 * c2:
        dh = (h2 - h1 + 180) % 360 - 180
    d_l, d_c = l2 - l1, c2 - c1
    d_h = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(dh / 2))
    mean_l, mean_cp = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = h1 + h2
    if c1 * c2:
        mean_h = (h1 + dh / 2) % 360
    t = (
        1
        - 0.17 * math.cos(math.radians(mean_h - 30))
        + 0.24 * math.cos(math.radians(2 * mean_h))
        + 0.32 * math.cos(math.radians(3 * mean_h + 6))
        - 0.20 * math.cos(math.radians(4 * mean_h - 63))
    )
    theta = 30 * math.exp(-(((mean_h - 275) / 25) ** 2))
    r_c = 2 * math.sqrt(mean_cp**7 / (mean_cp**7 + 25**7))
    s_l = 1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2)
    s_c, s_h = 1 + 0.045 * mean_cp, 1 + 0.015 * mean_cp * t
    r_t = -math.sin(math.radians(2 * theta)) * r_c
    terms = (d_l / s_l) ** 2 + (d_c / s_c) ** 2 + (d_h / s_h) ** 2
    return math.sqrt(terms + r_t * (d_c / s_c) * (d_h / s_h))


def test_ciede2000_gives_the_published_values() -> None:
    # rows 1, 7 and 25 of the test data of Sharma, Wu, Dalal 2005
    for first, second, expected in (
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ):
        assert ciede2000(np.array(first), np.array(second)) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("theme", "vision"), LEAST_DISTANCE)
def test_families_and_the_mark_differ(theme: str, vision: str) -> None:
    colours = [THEMES[theme].family(family) for family in FAMILY_TOKENS] + [THEMES[theme].mark]
    seen = [lab(colour, vision) for colour in colours]
    closest = min(ciede2000(a, b) for a, b in itertools.combinations(seen, 2))
    assert closest >= LEAST_DISTANCE[theme, vision]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", VISION)
def test_relevance_and_series_differ(theme: str, vision: str) -> None:
    t = THEMES[theme]
    marks = [lab(c, vision) for c in (t.relevant, t.not_relevant, t.junk)]
    closest = min(ciede2000(a, b) for a, b in itertools.combinations(marks, 2))
    assert closest >= (21.0 if theme == "light" else 18.0)
    assert ciede2000(lab(t.series_a, vision), lab(t.series_b, vision)) >= 46
    assert ciede2000(lab(t.tile_negative, vision), lab(t.tile_positive, vision)) >= 47


TEXT_PAIRS = (
    ("text", "window"), ("text", "panel"), ("text", "alternate_row"), ("text", "header"),
    ("text", "canvas"), ("text", "selected_row"), ("secondary", "panel"), ("secondary", "window"),
    ("secondary", "alternate_row"), ("secondary", "header"), ("secondary", "selected_row"),
    ("secondary", "ok_fill"), ("secondary", "error_fill"), ("secondary", "warning_fill"),
    ("placeholder", "panel"), ("placeholder", "window"), ("placeholder", "alternate_row"),
    ("text_on_accent", "accent"), ("accent", "panel"), ("accent", "window"),
    ("tooltip_text", "tooltip_fill"), ("mark_text", "mark_fill"), ("mark_text", "panel"),
    ("mark_text", "window"), ("mark_text", "alternate_row"), ("ok_text", "ok_fill"),
    ("warning_text", "warning_fill"), ("error_text", "error_fill"), ("error_text", "panel"),
    ("text_on_error", "error_text"), ("text", "error_fill"), ("text", "warning_fill"),
    ("text", "ok_fill"), ("text", "mark_fill"), ("error_text", "window"),
)  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    t = THEMES[theme]
    assert contrast(getattr(t, text), getattr(t, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("family", FAMILY_TOKENS)
def test_glyphs_stand_out_from_their_band(theme: str, family: str) -> None:
    band = THEMES[theme].family(family)
    assert contrast(THEMES[theme].family_glyph(family), band) >= 4.5
    assert glyph_colour(band) == THEMES[theme].family_glyph(family)


def test_the_style_sheet_has_every_colour_put_in() -> None:
    for theme in THEMES.values():
        sheet = theme.style_sheet()
        assert "@" not in sheet
        assert theme.accent.name() in sheet


def test_choosing_a_theme_dresses_the_application(qapp, qtbot) -> None:
    keeper = ThemeKeeper("light")
    with qtbot.waitSignal(keeper.changed):
        keeper.choose("dark")
    assert keeper.theme.is_dark
    assert qapp.palette().window().color() == Theme.dark().window
    keeper.note_system(True)
    keeper.choose("system")
    assert keeper.theme.is_dark
    keeper.choose("light")
    assert qapp.palette().window().color() == Theme.light().window


def test_the_fixed_font_has_one_width(qapp) -> None:
    from PyQt5.QtGui import QFontMetrics

    metrics = QFontMetrics(fixed_font())
    assert metrics.horizontalAdvance("iiii") == metrics.horizontalAdvance("MMMM")


def test_every_icon_draws_and_takes_the_colour(qapp) -> None:
    assert set(FAMILY_GLYPHS.values()) <= set(icon_names())
    red = QColor("#FF0000")
    for name in icon_names():
        image = pixmap(name, red, 32).toImage()
        seen = {
            image.pixelColor(x, y).getRgb()[:3]
            for x in range(32)
            for y in range(32)
            if image.pixelColor(x, y).alpha() > 250
        }
        assert seen, name
        assert all(r > 240 and g < 15 and b < 15 for r, g, b in seen), name


def test_the_theme_forgets_windows_that_are_closed(bench, qtbot, tmp_path: Path) -> None:
    keeper = bench.keeper
    net = tmp_path / "net.prototxt"
    net.write_text('layer { name: "a" type: "ReLU" bottom: "x" top: "x" }')

    def open_and_close() -> int:
        bench.comparing.compare(net, net)
        qtbot.waitUntil(lambda: bench.comparing.comparison is not None and bench.lanes.is_idle)
        for show in (bench.dialogs.show_keys, bench.dialogs.show_about, bench.engine_choice.ask):
            show()
            (bench.dialogs.dialog or bench.engine_choice.dialog).close()
        qtbot.waitUntil(lambda: bench.lanes.is_idle)
        QApplication.sendPostedEvents(None, QEvent.DeferredDelete)
        return keeper.receivers(keeper.changed)

    known = open_and_close()
    assert open_and_close() == known
