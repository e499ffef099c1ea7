"""Colours and type of the window, light and dark, and the keeper who tells when they change."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QPalette
from PyQt5.QtWidgets import QApplication, QStyleFactory

from core.activations.tile_colours import ColourMap

STYLES = Path(__file__).resolve().parent.parent / "resources" / "styles"
GLYPH_LIGHT = "#FFFFFF"
GLYPH_DARK = "#14181C"
FILL_SHARE = 0.28
_DRESSED = "blobscopeIsDressed"

TOKENS: dict[str, tuple[str, str]] = {
    "window": ("#F1F3F5", "#1D2125"),
    "panel": ("#FFFFFF", "#24292E"),
    "alternate_row": ("#F7F8FA", "#282E34"),
    "header": ("#ECEFF2", "#2B3137"),
    "canvas": ("#FAFBFC", "#1A1E22"),
    "accent": ("#1A62B8", "#6DB0FF"),
    "selected_row": ("#D9E8FA", "#2B4666"),
    "text": ("#1B1F24", "#E7EAEE"),
    "secondary": ("#525B66", "#AEB7C1"),
    "placeholder": ("#666F7A", "#8F99A5"),
    "border": ("#D3D8DE", "#3D454D"),
    "grid": ("#E4E8EC", "#323940"),
    "outline": ("#B9C1CA", "#3D454D"),
    "edge": ("#8B95A1", "#7B8691"),
    "text_on_accent": ("#FFFFFF", "#0E1621"),
    "tooltip_fill": ("#2B3036", "#E7EAEE"),
    "tooltip_text": ("#F3F5F7", "#1B1F24"),
    "mark": ("#BC3A6D", "#FF8DB2"),
    "mark_text": ("#A62C5C", "#FF9DBD"),
    "mark_fill": ("#FBEDF3", "#3A2630"),
    "ok_text": ("#0A6B5A", "#50D2AA"),
    "ok_fill": ("#D9F0EE", "#123C36"),
    "warning_text": ("#7D5200", "#E9B949"),
    "warning_fill": ("#FFF3D1", "#3A2F14"),
    "error_text": ("#B3261E", "#FF9480"),
    "error_fill": ("#FDE6DC", "#4A2618"),
    "text_on_error": ("#FFFFFF", "#14181C"),
    "tile_negative": ("#2166B5", "#5EB0FF"),
    "tile_zero": ("#F4F5F7", "#262B30"),
    "tile_positive": ("#C2570C", "#FFB246"),
    "series_a": ("#2166B5", "#4DA9EE"),
    "series_b": ("#A8480A", "#F2A33A"),
    "relevant": ("#118C6B", "#62DCC8"),
    "not_relevant": ("#A81C0A", "#D94A28"),
    "junk": ("#B3BAC2", "#7F8994"),
    "sweep_bar": ("#8FB4DE", "#4F7BAF"),
    "family_convolution": ("#2971C8", "#2799E8"),
    "family_activation": ("#E67714", "#ED9F00"),
    "family_pooling": ("#6CB785", "#5E9C6D"),
    "family_normalisation": ("#74CFFB", "#87D2FE"),
    "family_inner_product": ("#570C82", "#7B53A5"),
    "family_merge": ("#FCE36F", "#EDE89D"),
    "family_data": ("#272A2F", "#F0F5FA"),
    "family_loss": ("#8B200E", "#CC4618"),
    "family_other": ("#999DA6", "#74767A"),
}

FAMILY_TOKENS = {
    "convolution": "family_convolution",
    "activation": "family_activation",
    "pooling": "family_pooling",
    "normalisation": "family_normalisation",
    "inner product": "family_inner_product",
    "merge / split": "family_merge",
    "data / input": "family_data",
    "loss / output": "family_loss",
    "other": "family_other",
}


@dataclass(frozen=True)
class Theme:
    """One set of colours; the attribute names are the roles of the design."""

    is_dark: bool
    window: QColor
    panel: QColor
    alternate_row: QColor
    header: QColor
    canvas: QColor
    accent: QColor
    selected_row: QColor
    text: QColor
    secondary: QColor
    placeholder: QColor
    border: QColor
    grid: QColor
    outline: QColor
    edge: QColor
    text_on_accent: QColor
    tooltip_fill: QColor
    tooltip_text: QColor
    mark: QColor
    mark_text: QColor
    mark_fill: QColor
    ok_text: QColor
    ok_fill: QColor
    warning_text: QColor
    warning_fill: QColor
    error_text: QColor
    error_fill: QColor
    text_on_error: QColor
    tile_negative: QColor
    tile_zero: QColor
    tile_positive: QColor
    series_a: QColor
    series_b: QColor
    relevant: QColor
    not_relevant: QColor
    junk: QColor
    sweep_bar: QColor
    family_convolution: QColor
    family_activation: QColor
    family_pooling: QColor
    family_normalisation: QColor
    family_inner_product: QColor
    family_merge: QColor
    family_data: QColor
    family_loss: QColor
    family_other: QColor
    tile_map: ColourMap
    """What values of one sign are drawn in."""

    @classmethod
    def light(cls) -> Theme:
        """Dark text on light panels."""
        colours = {name: QColor(pair[0]) for name, pair in TOKENS.items()}
        return cls(is_dark=False, tile_map="standard", **colours)

    @classmethod
    def dark(cls) -> Theme:
        """Light text on dark panels."""
        colours = {name: QColor(pair[1]) for name, pair in TOKENS.items()}
        return cls(is_dark=True, tile_map="standard", **colours)

    @property
    def name(self) -> str:
        """ "light" or "dark"."""
        return "dark" if self.is_dark else "light"

    def family(self, family: str) -> QColor:
        """The band colour of a layer family, as `core.layers` names families."""
        colour: QColor = getattr(self, FAMILY_TOKENS.get(family, "family_other"))
        return colour

    def family_glyph(self, family: str) -> QColor:
        """The colour that reads best on the family's band."""
        return glyph_colour(self.family(family))

    def kind_text(self, kind: str) -> QColor:
        """Text and line colour of "ok", "warning", "error", "mark", "accent" or plain "info"."""
        if kind in ("accent", "secondary"):
            return QColor(getattr(self, kind))
        return QColor(getattr(self, f"{kind}_text", self.secondary))

    def kind_fill(self, kind: str) -> QColor:
        """Fill colour that belongs to `kind_text(kind)`."""
        if kind == "accent":
            return self.selected_row
        return QColor(getattr(self, f"{kind}_fill", self.header))

    def apply(self, app: QApplication) -> None:
        """Dress the whole application in this theme."""
        if not app.property(_DRESSED):  # Fusion is the same in every theme, and slow to put on
            app.setStyle(QStyleFactory.create("Fusion"))
            app.setFont(text_font())
            app.setProperty(_DRESSED, True)
        sheet = self.style_sheet()
        if app.styleSheet() != sheet:  # else every widget there is would be dressed anew
            app.setStyleSheet("")  # in place of a sheet Qt dresses a widget once for each around it
            app.setPalette(self.palette())
            app.setStyleSheet(sheet)

    def palette(self) -> QPalette:
        """The Fusion palette of this theme."""
        palette = QPalette()
        for role, colour in self._palette_roles().items():
            palette.setColor(role, colour)
        for role in (QPalette.WindowText, QPalette.Text, QPalette.ButtonText):
            palette.setColor(QPalette.Disabled, role, self.junk if not self.is_dark else self.edge)
        return palette

    def _palette_roles(self) -> dict[QPalette.ColorRole, QColor]:
        return {
            QPalette.Window: self.window,
            QPalette.WindowText: self.text,
            QPalette.Base: self.panel,
            QPalette.AlternateBase: self.alternate_row,
            QPalette.Text: self.text,
            QPalette.Button: self.panel,
            QPalette.ButtonText: self.text,
            QPalette.BrightText: self.error_text,
            QPalette.Highlight: self.selected_row,
            QPalette.HighlightedText: self.text,
            QPalette.Link: self.accent,
            QPalette.LinkVisited: self.accent,
            QPalette.PlaceholderText: self.placeholder,
            QPalette.ToolTipBase: self.tooltip_fill,
            QPalette.ToolTipText: self.tooltip_text,
            QPalette.Light: self.panel,
            QPalette.Midlight: self.header,
            QPalette.Mid: self.border,
            QPalette.Dark: self.outline,
            QPalette.Shadow: self.edge,
        }

    def style_sheet(self) -> str:
        """The style sheets in resources/styles with this theme's colours put in."""
        names = ("window.qss", "panels.qss")
        sheet = "".join((STYLES / name).read_text(encoding="utf-8") for name in names)
        sheet += "".join(
            f'ThemedLabel[role="{field.name}"] {{ color: @{field.name}; }}\n'
            for field in fields(self)
            if isinstance(getattr(self, field.name), QColor)
        )
        for field in sorted(fields(self), key=lambda f: -len(f.name)):
            value = getattr(self, field.name)
            if isinstance(value, QColor):
                sheet = sheet.replace(f"@{field.name}", value.name())
        return sheet.replace("@styles", STYLES.as_posix()).replace("@theme", self.name)


def contrast(first: QColor, second: QColor) -> float:
    """WCAG contrast ratio of two opaque colours, 1 to 21."""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: QColor) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def glyph_colour(band: QColor) -> QColor:
    """White or near-black, whichever stands out more on `band`."""
    light, dark = QColor(GLYPH_LIGHT), QColor(GLYPH_DARK)
    return light if contrast(light, band) >= contrast(dark, band) else dark


def pale(colour: QColor) -> QColor:
    """A colour as areas are filled with it, so that lines of it and of others stay in view."""
    filling = QColor(colour)
    filling.setAlphaF(FILL_SHARE)
    return filling


def overlay_colour(theme: Theme, fraction: float) -> QColor:
    """Between the panel's colour and that of a bar; words on it keep a contrast of 4.5."""
    most = 0.7 if theme.is_dark else 0.95
    share = 0.06 + (most - 0.06) * fraction
    low, high = theme.panel, theme.sweep_bar
    return QColor(
        round(low.red() + share * (high.red() - low.red())),
        round(low.green() + share * (high.green() - low.green())),
        round(low.blue() + share * (high.blue() - low.blue())),
    )


@cache
def _system_font(which: QFontDatabase.SystemFont) -> QFont:
    """Asked for once: Qt takes 0.1 ms for each, and a window has over a thousand texts."""
    return QFontDatabase.systemFont(which)


def text_font(pixels: float = 12, *, semibold: bool = False) -> QFont:
    """The system font at a size in pixels."""
    font = QFont(_system_font(QFontDatabase.GeneralFont))
    if pixels == int(pixels):
        font.setPixelSize(int(pixels))
    else:
        font.setPointSizeF(pixels * 72 / 96)
    font.setWeight(QFont.DemiBold if semibold else QFont.Normal)
    return font


def fixed_font(pixels: int = 11) -> QFont:
    """The fixed-pitch font for prototxt text."""
    font = QFont(_system_font(QFontDatabase.FixedFont))
    if not QFontInfo(font).fixedPitch():
        # without a desktop Qt names no fixed font, so ask for the usual ones
        font.setFamilies(["DejaVu Sans Mono", "Liberation Mono", "Menlo", "Consolas", "monospace"])
        font.setStyleHint(QFont.Monospace)
    font.setPixelSize(pixels)
    return font


def system_prefers_dark() -> bool:
    """Whether the desktop asks for dark windows; must run before a theme is applied."""
    if sys.platform == "win32":
        import winreg

        name = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, name) as key:
                return bool(winreg.QueryValueEx(key, "AppsUseLightTheme")[0] == 0)
        except OSError:  # an older Windows
            return False
    return QApplication.palette().color(QPalette.Window).lightness() < 128


class ThemeKeeper(QObject):
    """Holds the theme in use; widgets ask `theme` and repaint on `changed`."""

    changed = pyqtSignal()

    def __init__(self, choice: str = "light", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._system_is_dark = False
        self._choice = choice
        self._tile_map: ColourMap = "standard"
        self._theme = self._resolve(choice)

    @property
    def theme(self) -> Theme:
        """The colours to draw with now."""
        return self._theme

    @property
    def choice(self) -> str:
        """What the user chose: "system", "light" or "dark"."""
        return self._choice

    def note_system(self, is_dark: bool) -> None:
        """Remember what the desktop prefers, for the choice "system"."""
        self._system_is_dark = is_dark
        self.choose(self._choice)

    def choose(self, choice: str) -> None:
        """Switch to "system", "light" or "dark" and dress the application."""
        self._choice = choice
        self._theme = self._resolve(choice)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self._theme.apply(app)
        self.changed.emit()

    def choose_tile_map(self, tile_map: ColourMap) -> None:
        """Draw values of one sign in other colours, in either theme."""
        if tile_map != self._tile_map:
            self._tile_map = tile_map
            self._theme = replace(self._theme, tile_map=tile_map)
            self.changed.emit()

    def _resolve(self, choice: str) -> Theme:
        is_dark = self._system_is_dark if choice == "system" else choice == "dark"
        theme = Theme.dark() if is_dark else Theme.light()
        return replace(theme, tile_map=self._tile_map)
