"""What import-linter cannot say: services know no HTTP; migrations of two apps do not need each other."""

import ast

from django.db.migrations.loader import MigrationLoader

from tests.architecture.sources import APPS, layer, parsed, sources, where

BELOW_VIEWS = {
    "services",
    "jobs",
    "selectors",
    "models",
    "querysets",
    "permissions",
    "tree",
    "tree_bulk",
    "events",
}
HTTP = ("django.http", "django.shortcuts", "django.views", "django.urls")
EXEMPT = {
    "accounts/services/login.py": "logging in is about the request: its session and where it comes from",
    "accounts/jobs.py": "the activation link is an address of ours",
}


def test_services_know_no_http() -> None:
    found = set()
    for file in sources():
        if layer(file) not in BELOW_VIEWS:
            continue
        for node in ast.walk(parsed(file)):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [name.name for name in node.names]
            if any(name.startswith(HTTP) for name in names):
                found.add(where(file))
    assert found == set(EXEMPT)


def test_migrations_of_two_apps_do_not_need_each_other() -> None:
    needs: dict[str, set[str]] = {app: set() for app in APPS}
    for (app, _name), migration in MigrationLoader(None).disk_migrations.items():
        if app in needs:
            needs[app] |= {
                other for other, _ in migration.dependencies if other in needs and other != app
            }
    circular = {(a, b) for a, others in needs.items() for b in others if a in needs[b]}
    assert not circular


def test_actors_are_never_none() -> None:
    """A public service says who acts: no parameter `by` may be optional (SPEC section 0)."""
    optional = []
    for file in sources():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef) and layer(file) == "services":
                for argument, default in zip(
                    node.args.kwonlyargs, node.args.kw_defaults, strict=True
                ):
                    if argument.arg == "by" and default is not None:
                        optional.append(where(file, node))
    assert not optional
