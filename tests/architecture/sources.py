"""The project's own source files and their syntax trees."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "accounts", "im", "orgs", "contacts", "approvals", "portal", "trail", "wecom_sync")


@cache
def sources() -> tuple[Path, ...]:
    """Every Python file of the product: apps and config, without migrations."""
    folders = [ROOT / name for name in (*APPS, "config") if (ROOT / name).is_dir()]
    files = [file for folder in folders for file in folder.rglob("*.py")]
    return tuple(sorted(file for file in files if "migrations" not in file.parts))


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def where(file: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if node is not None else ""  # type: ignore[attr-defined]
    return f"{file.relative_to(ROOT)}{line}"


def layer(file: Path) -> str:
    """ "services" for orgs/services.py and for orgs/services/nodes.py."""
    return file.relative_to(ROOT).parts[1].removesuffix(".py")


def calls(file: Path, *names: str) -> list[ast.Call]:
    """Calls of a function or method with one of these names."""
    found = []
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in names:
                found.append(node)
    return found
