"""Messages are found wherever they stand, and what is wrong with a translation is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import i18n_build as build

PYTHON = """
from django.utils.translation import gettext as _, ngettext, pgettext
from django.utils import translation
a = _("One" " two")
b = translation.gettext_lazy("Three")
c = ngettext("%(n)s row", "%(n)s rows", n) % {"n": n}
d = pgettext("month", "May")
e = _(variable)
"""
TEMPLATE = """{% load i18n %}
{% comment %}{% translate "No" %}{% endcomment %}
<p title="{% translate "It's (here)" %}">{{ _("Deep") }}{% include "x" with t=_("Given") %}</p>
{% blocktranslate trimmed count n=rows %}
  {{ n }} row
{% plural %}
  {{ n }} rows
{% endblocktranslate %}
{% translate "May" context "month" %}
"""


def texts(found: list[build.Found]) -> list[tuple[str, str, str]]:
    return [(one.context, one.singular, one.plural) for one in found]


def test_python_sources() -> None:
    assert texts(list(build.messages_of_python(PYTHON, "a.py"))) == [
        ("", "One two", ""),
        ("", "Three", ""),
        ("month", "May", ""),
        ("", "%(n)s row", "%(n)s rows"),
    ]


def test_templates() -> None:
    assert texts(list(build.messages_of_template(TEMPLATE, "a.html"))) == [
        ("", "It's (here)", ""),
        ("", "Deep", ""),
        ("", "Given", ""),
        ("", "%(n)s row", "%(n)s rows"),
        ("month", "May", ""),
    ]


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build, "PARTS", tmp_path)
    known = {("", text): build.Found(text, "", "", "a.py:1") for text in ("Save", "%(n)s rows")}
    monkeypatch.setattr(build, "collect", lambda: known)
    return tmp_path


def part(folder: Path, name: str, **pairs: str) -> None:
    lines = [f'msgid "{key}"\nmsgstr "{value}"\n' for key, value in pairs.items()]
    (folder / f"{name}.po").write_text("\n".join(lines), encoding="utf-8")


def problems_of(parts: Path) -> list[str]:
    report = build.Report()
    build.merge(report)
    return report.problems + report.unused


def test_complete_parts_have_no_problem_and_compile_to_the_same_bytes(parts: Path) -> None:
    part(parts, "a", **{"Save": "保存", "%(n)s rows": "%(n)s 行"})
    part(parts, "b", Save="保存")
    assert problems_of(parts) == []
    assert build.compile_catalog(build.merge(build.Report())) == build.compile_catalog(
        build.merge(build.Report())
    )


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        ({"Save": "保存"}, "'%(n)s rows' has no translation"),
        ({"Save": "保存", "%(n)s rows": "%(m)s 行"}, "differ in placeholders"),
        ({"Save": "保存", "%(n)s rows": "%(n)s 行", "Gone": "无"}, "'Gone'"),
    ],
)
def test_what_is_wrong_is_said(parts: Path, pairs: dict[str, str], complaint: str) -> None:
    part(parts, "a", **pairs)
    (problem,) = problems_of(parts)
    assert complaint in problem


def test_two_parts_may_not_differ(parts: Path) -> None:
    part(parts, "a", **{"Save": "保存", "%(n)s rows": "%(n)s 行"})
    part(parts, "b", Save="存储")
    (problem,) = problems_of(parts)
    assert "a.po and b.po translate it differently" in problem
