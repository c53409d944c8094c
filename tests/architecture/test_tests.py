"""A browser test looks at a page only once something of it was waited for: a press starts what comes later."""

import ast
import itertools

import pytest

from tests.architecture.sources import ROOT

ACTS = frozenset({"click", "dblclick", "press", "check", "uncheck", "select_option", "submit"})
LOOKS = frozenset({"check_page", "check_everywhere"})
FILES = sorted(
    file for folder in ("e2e", "ui", "im/live") for file in (ROOT / "tests" / folder).glob("*.py")
)


def called(statement: ast.stmt) -> str:
    """The name of the function or method that this statement calls and does nothing else; else empty."""
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return ""
    function = statement.value.func
    return getattr(function, "attr", getattr(function, "id", ""))


def too_early(tree: ast.AST) -> list[int]:
    """The lines that look at a page directly after a press."""
    blocks = [
        block
        for node in ast.walk(tree)
        for name in ("body", "orelse", "finalbody")
        if isinstance(block := getattr(node, name, None), list)
    ]
    return [
        after.lineno
        for block in blocks
        for before, after in itertools.pairwise(block)
        if called(before) in ACTS and called(after) in LOOKS
    ]


def test_pages_are_looked_at_once_they_stand() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}"
        for file in FILES
        for line in too_early(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("page.click('a')\ncheck_page(page, 'x')", [2]),
        ("if a:\n  page.press('a')\n  check_everywhere(page, 'x')", [3]),
        ("page.click('a')\nexpect(page).to_have_url('x')\ncheck_page(page, 'x')", []),
    ],
)
def test_the_rule_finds_what_it_is_for(source: str, lines: list[int]) -> None:
    assert too_early(ast.parse(source)) == lines
