"""COPY of model rows, and tables that are filled before their indexes are built."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import connection, models
from django.utils import timezone

from core.copying import copy_rows

__all__ = ["bare", "continue_ids", "copy_rows", "defaults", "run"]


def defaults(model: type[models.Model]) -> dict[str, Any]:
    """Every column with its default; without the id where the database gives one."""
    fields = [one for one in model._meta.concrete_fields if not isinstance(one, models.AutoField)]
    return {one.attname: _default(one) for one in fields}


def _default(field: models.Field[Any, Any]) -> Any:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return timezone.now()
    value = field.get_default()
    return str(value) if isinstance(value, str) else value


def run(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """Rows of a statement, none where it gives none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


@contextlib.contextmanager
def bare(*tables: str) -> Iterator[None]:
    """Takes away the indexes that stand behind no constraint and builds them at the end; no foreign key is checked
    row by row meanwhile (the ids are the seed's own).
    """
    found = run(
        """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
           WHERE i.indrelid = ANY(%s::regclass[])
           AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)""",
        [list(tables)],
    )
    for name, _definition in found:
        run(f"DROP INDEX {name}")
    run("SET session_replication_role = replica")
    yield
    run("SET session_replication_role = DEFAULT")
    for _name, definition in found:
        run(definition)


def continue_ids(model: type[models.Model]) -> None:
    """The sequence goes on behind the ids that were given by hand."""
    table = model._meta.db_table
    run(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))", [table])
