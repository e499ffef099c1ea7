"""What Qt would take for markup, a shortcut or a mark of edits is written by us or made plain."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LABELS = "gui/widgets/labels.py"
QUESTIONS = "gui/dialogs/questions.py"
PLOT = "gui/widgets/plot.py"
SOURCES = sorted((REPOSITORY / "gui").rglob("*.py"))

TIPS = {"setToolTip": 0, "setTabToolTip": 1, "setWhatsThis": 0, "showText": 1, "setItemData": 1}
"""Methods whose argument at that place Qt lays out where it looks like HTML."""
CAPTIONS = {"addAction", "addMenu", "QCheckBox", "QPushButton", "QRadioButton", "QToolButton"}
"""Calls with a text in which & marks a shortcut; a plain variable is looked at by the tests of the
window, which opens nets and files with such names."""
ONLY_IN = {
    "QLabel": (LABELS,),
    "QMessageBox": (QUESTIONS,),
    "setTextFormat": (LABELS, QUESTIONS),
    "setHtml": (PLOT,),
    "QTextBrowser": (),
    "insertHtml": (),
    "appendHtml": (),
    "QErrorMessage": (),
    "QProgressDialog": (),
    "QInputDialog": (),
}
"""Names whose text is HTML, or may be, and the modules that deal with that."""


def is_written_by_us(value: ast.expr, makers: tuple[str, ...]) -> bool:
    """A literal, a constant of a module, or what one of the makers returned."""
    match value:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name.isupper()
        case ast.IfExp(body=first, orelse=second):
            return is_written_by_us(first, makers) and is_written_by_us(second, makers)
        case ast.BoolOp(values=values):
            return all(is_written_by_us(one, makers) for one in values)
        case ast.JoinedStr(values=values):
            return all(is_written_by_us(one, makers) for one in values)
        case ast.FormattedValue(value=inner):
            return is_written_by_us(inner, makers)
        case ast.Call(func=ast.Name(id=name)):
            return name in makers
    return False


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", None) or getattr(function, "id", "")
            yield name, node


def wrong_tips(name: str, call: ast.Call, where: str) -> bool:
    place = TIPS.get(name)
    if place is None or len(call.args) <= place:
        return False
    if name == "setItemData" and ast.unparse(call.args[-1]) not in ("Qt.ToolTipRole", "3"):
        return False
    value = call.args[place]
    is_kept = where == "gui/widgets/plain_text.py"
    return not is_kept and not is_written_by_us(value, ("plain_tip",))


def wrong_captions(name: str, call: ast.Call, _where: str) -> bool:
    return name in CAPTIONS and any(
        isinstance(value, ast.JoinedStr | ast.BinOp | ast.IfExp)
        or (isinstance(value, ast.Call) and "words" in ast.unparse(value.func))
        for value in call.args
        if not is_written_by_us(value, ("plain_caption",))
    )


def wrong_titles(name: str, call: ast.Call, _where: str) -> bool:
    return name == "setWindowTitle" and not is_written_by_us(call.args[0], ("plain_title",))


def misplaced(name: str, call: ast.Call, where: str) -> bool:
    is_plain = "Qt.PlainText" in map(ast.unparse, call.args)
    return name in ONLY_IN and where not in ONLY_IN[name] and not is_plain


def hand_made_rich(name: str, call: ast.Call, _where: str) -> bool:
    """The places of a template are filled by `rich`, which escapes; not by an f-string."""
    return name == "rich" and any(isinstance(n, ast.JoinedStr) for n in ast.walk(call.args[0]))


RULES: tuple[Callable[[str, ast.Call, str], bool], ...] = (
    wrong_tips, wrong_captions, wrong_titles, misplaced, hand_made_rich
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_text_is_text(rule: Callable[[str, ast.Call, str], bool]) -> None:
    wrong = [
        f"{where}:{call.lineno}: {ast.unparse(call)[:90]}"
        for path in SOURCES
        for where in [path.relative_to(REPOSITORY).as_posix()]
        for name, call in calls(path)
        if rule(name, call, where)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "line",
    [
        "w.setToolTip(name)",
        "w.setToolTip(f'{name}')",
        "w.setToolTip('a' if x else name)",
        "b.setItemData(0, name, Qt.ToolTipRole)",
        "b.setItemData(0, name, 3)",
        "QToolTip.showText(place, name)",
        "menu.addAction(f'Give {name} a blob')",
        "menu.addAction(fold_words(group))",
        "QRadioButton(image.name if image else 'none')",
        "w.setWindowTitle(name)",
        "QLabel(name)",
        "QMessageBox(name)",
        "item.setHtml(name)",
        "rich(f'<b>{name}</b>')",
    ],
)
def test_the_rules_can_fail(line: str) -> None:
    call = next(node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call))
    name = getattr(call.func, "attr", None) or getattr(call.func, "id", "")
    assert any(rule(name, call, "gui/somewhere.py") for rule in RULES)
