"""The catalogue tool finds every text and every fault of a catalogue."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

polib = pytest.importorskip("polib", reason="needs polib, part of the lint extra")

SCRIPT = Path(__file__).resolve().parent.parent.parent / "scripts" / "translations.py"
PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
title = _("Calls")
count = lambda n: ngettext("%(n)s call", "%(n)s calls", n) % {"n": n}
end = pgettext("of a call", "End")
nobody, _unused = _("Calls"), ("not a call")
"""
TEMPLATE = """{% load i18n %}<h1>{% translate "Missed calls" %}</h1>
<p title="{{ _("Hold the line") }}">{% blocktranslate count n=calls|length trimmed %}
  {{ n }} call of {{ who }}{% plural %}{{ n }} calls of {{ who }}
{% endblocktranslate %}</p>{% comment %}{% translate "Not shown" %}{% endcomment %}
{% translate "End" context "of a line" as end %}{{ end }}
"""


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations_tool", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "app" / "templates").mkdir(parents=True)
    (tmp_path / "app" / "models.py").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "app" / "templates" / "page.html").write_text(TEMPLATE, encoding="utf-8")
    return tmp_path / "app"


def translate(tool: ModuleType, tree: Path, change: Callable[[object], None] | None = None) -> None:
    """Give every text of the catalogue a Russian one, change it, save and compile."""
    catalogue = tool.load(tool.catalogue_path(tree))
    for entry in catalogue:
        if entry.msgid_plural:
            entry.msgstr_plural = dict.fromkeys(range(3), f"по-русски {entry.msgid_plural}")
        else:
            entry.msgstr = f"по-русски {entry.msgid}"
    if change:
        change(catalogue)
    catalogue.save()
    tool.compile_catalogue(tree)


def test_every_text_is_found(tool: ModuleType, tree: Path) -> None:
    found = {(one.context, one.text, one.plural) for one in tool.messages_of(tree)}
    assert found == {
        ("", "Calls", ""),
        ("", "%(n)s call", "%(n)s calls"),
        ("of a call", "End", ""),
        ("of a line", "End", ""),
        ("", "Missed calls", ""),
        ("", "Hold the line", ""),
        ("", "%(n)s call of %(who)s", "%(n)s calls of %(who)s"),
    }


def test_a_computed_text_is_an_error(tool: ModuleType, tree: Path) -> None:
    (tree / "views.py").write_text("_(f'{n} calls')", encoding="utf-8")
    with pytest.raises(tool.Problem, match=r"app/views\.py:1: .* plain string"):
        tool.messages_of(tree)


def test_a_complete_catalogue_has_no_faults(tool: ModuleType, tree: Path) -> None:
    tool.update(tree)
    assert tool.check(tree), "untranslated texts are faults"
    translate(tool, tree)
    assert tool.check(tree) == []


def test_updating_keeps_what_was_translated(tool: ModuleType, tree: Path) -> None:
    tool.update(tree)
    translate(tool, tree)
    (tree / "more.py").write_text("_('New')", encoding="utf-8")
    assert [line for line in tool.check(tree) if "'New'" in line]
    tool.update(tree)
    assert [line.partition(": ")[2] for line in tool.check(tree)] == ["not translated: 'New'"]


def test_an_unused_text_is_a_fault(tool: ModuleType, tree: Path) -> None:
    tool.update(tree)
    translate(tool, tree)
    (tree / "templates" / "page.html").unlink()
    assert [line for line in tool.check(tree) if "no longer used: 'Missed calls'" in line]


def spoil_placeholder(catalogue: object) -> None:
    for entry in catalogue:  # type: ignore[attr-defined]  # polib has no types here
        if entry.msgid == "%(n)s call":
            entry.msgstr_plural[2] = "%(count)s звонков"


def mark_fuzzy(catalogue: object) -> None:
    catalogue[0].flags = ["fuzzy"]  # type: ignore[index]  # polib has no types here


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [(spoil_placeholder, "other placeholders than in English"), (mark_fuzzy, "marked as fuzzy")],
)
def test_a_spoilt_text_is_a_fault(
    spoil: Callable[[object], None], fault: str, tool: ModuleType, tree: Path
) -> None:
    tool.update(tree)
    translate(tool, tree, spoil)
    (line,) = tool.check(tree)
    assert fault in line


def test_an_edited_catalogue_must_be_compiled(tool: ModuleType, tree: Path) -> None:
    tool.update(tree)
    translate(tool, tree)
    tool.catalogue_path(tree).with_suffix(".mo").write_bytes(b"")
    (line,) = tool.check(tree)
    assert "not current" in line
