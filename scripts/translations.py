"""The Russian catalogues without GNU gettext: ``translations.py update | compile | check``.

``update`` brings new texts of the sources into the .po files (untranslated) and drops unused ones,
``compile`` writes the .mo files, ``check`` changes nothing and fails when a text of the sources is
missing, unused, untranslated or has other placeholders, or when a .mo file is not what its .po file
compiles to. Needs ``polib`` and Django: the ``lint`` extra.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGE = "ru"
#: Every catalogue with the tree it serves.
TREES = (ROOT / "django_mango", ROOT / "example_project" / "crm")
HEADER = {
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Language": LANGUAGE,
    "Plural-Forms": (
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : "
        "n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"
    ),
}

#: Function name -> which arguments are (context, singular, plural); None where there is none.
_FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "ngettext": (None, 0, 1),
    "pgettext": (0, 1, None),
    "npgettext": (0, 1, 2),
}
_CALL = re.compile(r"\b(?:_|n?p?gettext)\(")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


@dataclass(frozen=True)
class Message:
    """One text of the sources. A catalogue holds one entry for it, with or without a plural."""

    text: str
    plural: str = field(default="", compare=False)
    context: str = ""


@dataclass(frozen=True)
class Problem(Exception):
    """A text that cannot be translated the way it is written."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def messages_of(tree: Path) -> dict[Message, list[str]]:
    """All texts of a tree with the files they are in; raises ``Problem``."""
    found: dict[Message, list[str]] = {}
    plurals: dict[Message, str] = {}
    for path in sorted(tree.rglob("*")):
        place = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py" and "migrations" not in path.parts:
            texts = _of_python(path.read_text(encoding="utf-8"), place)
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            texts = _of_template(path.read_text(encoding="utf-8"), place)
        else:
            continue
        for message in texts:
            places = found.setdefault(message, [])
            if place not in places:
                places.append(place)
            if message.plural:
                plurals[message] = message.plural
    # One text used both with and without a plural is one entry, with its plural.
    return {replace(one, plural=plurals.get(one, "")): places for one, places in found.items()}


def _of_python(source: str, place: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source, place)):
        if isinstance(node, ast.Call) and (message := _message(node, place)):
            yield message


def _of_template(source: str, place: str) -> Iterator[Message]:
    # Django turns the tags into calls between blanked-out markup; the calls alone are Python.
    text = templatize(source, origin=place)
    for match in _CALL.finditer(text):
        end = match.end()
        while (end := text.find(")", end) + 1) > 0:
            try:
                call = ast.parse(text[match.start() : end], mode="eval").body
            except SyntaxError:
                continue
            if isinstance(call, ast.Call) and (message := _message(call, place)):
                yield message
            break


def _message(call: ast.Call, place: str) -> Message | None:
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    spec = _FUNCTIONS.get(name.removesuffix("_lazy").removesuffix("_noop"))
    if spec is None:
        return None
    texts = [
        None if position is None else _constant(call, position, f"{place}:{call.lineno}")
        for position in spec
    ]
    context, text, plural = texts
    return Message(text or "", plural or "", context or "")


def _constant(call: ast.Call, position: int, place: str) -> str:
    argument = call.args[position] if position < len(call.args) else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    raise Problem(place, "a translated text must be a plain string, not computed")


def catalogue_path(tree: Path) -> Path:
    """Where the catalogue of a tree is."""
    return tree / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def load(path: Path) -> polib.POFile:
    """The catalogue, or an empty new one."""
    if path.exists():
        return polib.pofile(str(path), wrapwidth=98)
    fresh = polib.POFile(wrapwidth=98)
    fresh.metadata = dict(HEADER)
    return fresh


def update(tree: Path) -> list[str]:
    """Bring the catalogue in line with the sources; texts translated before stay."""
    messages = messages_of(tree)
    path = catalogue_path(tree)
    old = load(path)
    known = {_of_entry(entry): entry for entry in old if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=98)
    fresh.metadata = old.metadata or dict(HEADER)
    for message in sorted(messages, key=lambda one: (messages[one][0], one.text, one.context)):
        entry = known.get(message)
        if entry is None or bool(entry.msgid_plural) != bool(message.plural):
            entry = _new_entry(message)
        entry.occurrences = [(place, "") for place in messages[message]]
        fresh.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(path))
    return []


def compile_catalogue(tree: Path) -> list[str]:
    """Write the .mo file."""
    path = catalogue_path(tree)
    path.with_suffix(".mo").write_bytes(load(path).to_binary())
    return []


def check(tree: Path) -> list[str]:
    """What is wrong with a catalogue, one line each."""
    path = catalogue_path(tree)
    name = path.relative_to(ROOT).as_posix()
    if not path.exists():
        return [f"{name}: missing; run: translations.py update"]
    catalogue = load(path)
    entries = {_of_entry(entry): entry for entry in catalogue if not entry.obsolete}
    wanted = messages_of(tree)
    problems = [
        f"{name}: not in the catalogue: {one.text!r}" for one in wanted if one not in entries
    ]
    problems += [f"{name}: no longer used: {one.text!r}" for one in entries if one not in wanted]
    problems += [f"{name}: obsolete: {entry.msgid!r}" for entry in catalogue.obsolete_entries()]
    for message, entry in entries.items():
        if fault := _fault(entry, catalogue):
            problems.append(f"{name}: {fault}: {message.text!r}")
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or compiled.read_bytes() != catalogue.to_binary():
        problems.append(f"{name}: the .mo file is not current; run: translations.py compile")
    return problems


def _fault(entry: polib.POEntry, catalogue: polib.POFile) -> str:
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    match = re.search(r"nplurals=(\d+)", catalogue.metadata.get("Plural-Forms", ""))
    if entry.msgid_plural and (match is None or len(texts) != int(match.group(1))):
        return "wrong number of plural forms"
    if not all(texts):
        return "not translated"
    if entry.fuzzy:
        return "marked as fuzzy"
    wanted = set(_PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    # The singular may write the number out, so a plural's texts may leave placeholders out.
    for text in texts:
        given = set(_PLACEHOLDER.findall(text))
        if given - wanted or (wanted - given and not entry.msgid_plural):
            return "other placeholders than in English"
    return ""


def _of_entry(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def _new_entry(message: Message) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.text, msgctxt=message.context or None)
    if message.plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = {0: "", 1: "", 2: ""}
    return entry


def main(arguments: list[str]) -> int:
    actions = {"update": update, "compile": compile_catalogue, "check": check}
    if len(arguments) != 1 or arguments[0] not in actions:
        print("usage: translations.py update | compile | check", file=sys.stderr)
        return 2
    settings.configure()  # the template lexer asks whether it debugs
    try:
        problems = [line for tree in TREES for line in actions[arguments[0]](tree)]
    except Problem as problem:
        problems = [str(problem)]
    for line in problems:
        print(line, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
