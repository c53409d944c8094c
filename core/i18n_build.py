"""Translations without GNU gettext: collect the messages, merge the Chinese parts, compile.

    python -m core.i18n_build            write locale/zh_Hans/LC_MESSAGES/django.{po,mo}
    python -m core.i18n_build --check    write nothing; fail when a message lacks its translation

English is the language of the code. Chinese is written in locale/parts/<piece>.po: plain msgid and
msgstr, no header. Compiled files are committed, so that a site starts without any tool. A developer's
tool (Babel comes with requirements/dev.txt): nothing imports it at run time.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PARTS = ROOT / "locale" / "parts"
TARGET = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
SOURCES = (
    "accounts",
    "approvals",
    "config",
    "contacts",
    "core",
    "im",
    "orgs",
    "portal",
    "trail",
    "wecom_sync",
)
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
HEADER = "# Written by `make messages` from locale/parts/*.po. Do not edit here."
# Where in a call the context, the message and the plural stand.
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
IN_TEMPLATE = re.compile(r"(?<![\w.])(n?p?gettext|_)\(")


@dataclass(frozen=True, slots=True)
class Found:
    """One message of the sources."""

    singular: str
    plural: str
    context: str
    place: str

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.singular


@dataclass(slots=True)
class Report:
    """What a person has to do before the translations are complete."""

    problems: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def messages_of_python(source: str, place: str) -> Iterator[Found]:
    """Calls of gettext and its sisters with literal arguments, wherever they stand."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found = _message_of_call(node, place)
            if found:
                yield found


def _message_of_call(node: ast.Call, place: str) -> Found | None:
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name not in CALLS:
        return None
    texts = [
        argument.value if isinstance(argument, ast.Constant) else None for argument in node.args
    ]
    at_context, at_singular, at_plural = CALLS[name]

    def text(position: int | None) -> str:
        value = texts[position] if position is not None and position < len(texts) else ""
        return value if isinstance(value, str) else ""

    if not text(at_singular):
        return None
    return Found(text(at_singular), text(at_plural), text(at_context), f"{place}:{node.lineno}")


def messages_of_template(source: str, place: str) -> Iterator[Found]:
    """Django turns a template into calls among rubble; each call is cut out and read as Python."""
    calls = templatize(source)
    for match in IN_TEMPLATE.finditer(calls):
        line = calls.count("\n", 0, match.start()) + 1
        end = _end_of_call(calls, match.end())
        try:
            node = ast.parse(calls[match.start() : end], mode="eval").body
        except SyntaxError:
            continue
        if isinstance(node, ast.Call):
            found = _message_of_call(node, f"{place}:{line}")
            if found:
                yield Found(found.singular, found.plural, found.context, f"{place}:{line}")


def _end_of_call(text: str, position: int) -> int:
    """The place behind the closing parenthesis; strings are skipped, escapes in them too."""
    depth, quote = 1, ""
    while position < len(text) and depth:
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        else:
            depth += {"(": 1, ")": -1}.get(character, 0)
        position += 1
    return position


def collect() -> dict[tuple[str, str], Found]:
    """Every message of the product; the first place where it stands is kept."""
    known: dict[tuple[str, str], Found] = {}
    for path in _files():
        place = path.relative_to(ROOT).as_posix()
        read = messages_of_python if path.suffix == ".py" else messages_of_template
        for found in read(path.read_text(encoding="utf-8"), place):
            earlier = known.setdefault(found.key, found)
            if found.plural and not earlier.plural:
                known[found.key] = found
    return known


def _files() -> Iterator[Path]:
    for name in SOURCES:
        for path in sorted((ROOT / name).rglob("*.py")):
            if "migrations" not in path.parts and path != Path(__file__).resolve():
                yield path
    templates = [ROOT / "templates", *(ROOT / name / "templates" for name in SOURCES)]
    for folder in templates:
        for pattern in ("*.html", "*.txt"):
            yield from sorted(folder.rglob(pattern))


def read_parts(report: Report) -> dict[tuple[str, str], Message]:
    """All translations; two parts may repeat each other but not differ."""
    known: dict[tuple[str, str], Message] = {}
    origin: dict[tuple[str, str], str] = {}
    for path in sorted(PARTS.glob("*.po")):
        with path.open("rb") as file:
            part = read_po(file, locale="zh_Hans", charset="utf-8")
        for message in part:
            if not message.id:
                continue
            key = _key(message)
            if key in known and _strings(known[key]) != _strings(message):
                report.problems.append(
                    f"{key[1]!r}: {origin[key]} and {path.name} translate it differently"
                )
                continue
            known.setdefault(key, message)
            origin.setdefault(key, path.name)
            if message.fuzzy:
                report.problems.append(f"{key[1]!r} in {path.name} is marked fuzzy")
    return known


def _key(message: Message) -> tuple[str, str]:
    singular = message.id if isinstance(message.id, str) else message.id[0]
    return message.context or "", singular


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def merge(report: Report) -> Catalog:
    """The catalogue of what the sources ask for, in a stable order and without dates."""
    sources, parts = collect(), read_parts(report)
    catalog = Catalog(
        locale="zh_Hans",
        project="wailian",
        version="-",
        header_comment=HEADER,
        msgid_bugs_address="-",
        last_translator="-",
        language_team="-",
        # Without the date of the day two builds of the same sources are the same bytes.
        creation_date=EPOCH,
        revision_date=EPOCH,
        fuzzy=False,
        charset="utf-8",
    )
    for key, found in sorted(sources.items()):
        translated = parts.get(key)
        string = _strings(translated)[0] if translated else ""
        if not string:
            report.problems.append(f"{found.place}: {found.singular!r} has no translation")
        elif _placeholders(found) != set(PLACEHOLDER.findall(string)):
            report.problems.append(
                f"{found.place}: {found.singular!r} and {string!r} differ in placeholders"
            )
        flags = ["python-format"] if PLACEHOLDER.search(found.singular) else []
        if found.plural:
            catalog.add(
                (found.singular, found.plural),
                (string,),
                flags=flags,
                context=found.context or None,
            )
        else:
            catalog.add(found.singular, string, flags=flags, context=found.context or None)
    report.unused = sorted(repr(key[1]) for key in parts.keys() - sources.keys())
    return catalog


def _placeholders(found: Found) -> set[str]:
    """Chinese has one form: it must carry what the plural carries."""
    return set(PLACEHOLDER.findall(found.plural or found.singular))


def compile_catalog(catalog: Catalog) -> dict[Path, bytes]:
    """The two files as bytes."""
    text, binary = io.BytesIO(), io.BytesIO()
    write_po(text, catalog, width=100, omit_header=False, sort_output=False)
    write_mo(binary, catalog)
    return {TARGET: text.getvalue(), TARGET.with_suffix(".mo"): binary.getvalue()}


def main() -> int:
    parser = argparse.ArgumentParser(description="Collect, merge and compile the translations.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when incomplete")
    check = parser.parse_args().check
    if not settings.configured:
        settings.configure()  # templatize asks for the charset only
    report = Report()
    files = compile_catalog(merge(report))
    for path, content in files.items():
        if check and (not path.exists() or path.read_bytes() != content):
            report.problems.append(f"{path.relative_to(ROOT)} is not up to date: run make messages")
        elif not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for line in report.problems:
        sys.stderr.write(f"{line}\n")
    if report.unused:
        sys.stderr.write(f"Unused in locale/parts: {', '.join(report.unused)}\n")
    sys.stdout.write(f"{len(report.problems)} problems, {len(report.unused)} unused\n")
    return 1 if check and report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
