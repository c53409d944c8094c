"""At most five named signals, no signals of our own models (DESIGN part 2)."""

import ast

from tests.architecture.sources import parsed, sources, where

# Signal, and who listens to it.
SIGNALS = {
    "orgs/events.py": {"subtree_changed"},
    "contacts/events.py": {"contact_gone", "account_opened"},
    "approvals/events.py": {"application_settled"},
}
# Django's own signals that are listened to, and why.
DJANGO = {"post_migrate": "rows that every installation has"}


def test_the_inventory_of_signals_is_complete() -> None:
    found: dict[str, set[str]] = {}
    for file in sources():
        for node in ast.walk(parsed(file)):
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
                continue
            if getattr(node.value.func, "id", getattr(node.value.func, "attr", "")) == "Signal":
                found.setdefault(where(file), set()).update(
                    target.id for target in node.targets if isinstance(target, ast.Name)
                )
    assert found == SIGNALS
    assert sum(map(len, found.values())) <= 5


def test_model_signals_are_not_used() -> None:
    used = set()
    for file in sources():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.ImportFrom) and node.module in (
                "django.db.models.signals",
                "django.dispatch",
            ):
                used |= {name.name for name in node.names}
    assert used - {"Signal"} == set(DJANGO)
