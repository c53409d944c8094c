"""Nothing leaves the process inside a transaction: one door, registered names (DESIGN part 3)."""

import ast

from celery import current_app
from django.conf import settings

from config.celery import app
from tests.architecture.sources import calls, sources, where

# Who may talk to the broker or wait for a commit, and why.
BROKER = {"core/outbox.py": "the only door to the broker"}
ON_COMMIT = {
    "core/outbox.py": "publishes an entry once it is committed",
    "core/live.py": "tells open pages of what is committed; nothing depends on it",
}


def test_only_the_outbox_starts_tasks() -> None:
    found = {where(file) for file in sources() if calls(file, "delay", "apply_async", "send_task")}
    assert found == set(BROKER)


def test_only_named_places_wait_for_a_commit() -> None:
    assert {where(file) for file in sources() if calls(file, "on_commit")} == set(ON_COMMIT)


def test_every_enqueued_and_scheduled_name_is_registered() -> None:
    app.loader.import_default_modules()
    names = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    for file in sources():
        for call in calls(file, "enqueue"):
            for keyword in call.keywords:
                if keyword.arg == "task":
                    assert isinstance(keyword.value, ast.Constant), (
                        f"{where(file, call)}: name the task literally"
                    )
                    names.add(keyword.value.value)
    assert names
    assert names <= set(current_app.tasks)


def test_no_database_error_is_swallowed_inside_a_transaction() -> None:
    """An except around a database error needs an atomic block of its own, or the transaction is broken afterwards."""
    broken = []
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.ExceptHandler)
                and len(node.body) == 1
                and isinstance(node.body[0], ast.Pass)
            ):
                broken.append(where(file, node))
    assert not broken
