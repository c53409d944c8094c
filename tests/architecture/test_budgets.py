"""Short and beautiful beats long (DESIGN part 3). An exemption names its reason; a stale one fails."""

import ast

from tests.architecture.sources import ROOT, functions, layer, sources, where

FILE, FUNCTION, VIEW, TASK, TEMPLATE, PARTIAL = 400, 40, 20, 12, 120, 120
LONG_FUNCTIONS: dict[str, str] = {}
NOT_PAGES = ("decorators.py", "shared.py", "common.py")


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code of a function: without its docstring, decorators and signature's own line breaks."""
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1:
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_files_are_short() -> None:
    long = {
        where(file): n for file in sources() if (n := len(file.read_text().splitlines())) > FILE
    }
    assert not long


def test_functions_are_short() -> None:
    long = {
        where(file, node): (node.end_lineno or 0) - node.lineno + 1
        for file in sources()
        for node in functions(file)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION
    }
    unexplained = {
        place: n for place, n in long.items() if place.split(":")[0] not in LONG_FUNCTIONS
    }
    assert not unexplained
    assert {place.split(":")[0] for place in long} == set(LONG_FUNCTIONS), "stale exemption"


def test_views_and_tasks_are_thin() -> None:
    thick = {}
    for file in sources():
        budget = {"views": VIEW, "tasks": TASK}.get(
            layer(file) if len(file.relative_to(ROOT).parts) > 1 else ""
        )
        if budget and file.name not in NOT_PAGES:
            thick |= {
                where(file, node): n for node in functions(file) if (n := length(node)) > budget
            }
    assert not thick


def test_templates_are_short() -> None:
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")]
    long = {
        where(file): n for file in files if (n := len(file.read_text().splitlines())) > TEMPLATE
    }
    assert files
    assert not long


def test_templates_ask_no_permissions() -> None:
    words = ("perms.", "has_perm", "is_superuser", "is_holder")
    asking = [
        f"{where(file)}: {word}"
        for file in ROOT.glob("templates/**/*.html")
        for word in words
        if word in file.read_text()
    ]
    assert not asking
