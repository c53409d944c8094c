"""Reads that pages repeat: prepared once on each connection, so that the server plans them once and not every time."""

from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection, models

M = TypeVar("M", bound=models.Model)


class _Prepared(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **_: Any) -> "_Prepared":
        return super().execute(query, params, prepare=True)


def fetch(sql: str, parameters: Any) -> list[Any]:
    """All rows of a query. `sql` is put together from constants, every value is bound and, where PostgreSQL cannot tell
    its type, cast. Where queries are logged they are not prepared: the log shows them with their values.
    """
    if connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())
    connection.ensure_connection()
    prepared: Any = _Prepared(connection.connection)
    with connection.make_cursor(prepared) as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def instance(model: type[M], where: str, parameters: Any) -> M | None:
    """The row of a model that is read on every page, or None. `where` is a constant condition on its columns."""
    names, sql = _select(model, where)
    rows = fetch(sql, parameters)
    return model.from_db(connection.alias, names, rows[0]) if rows else None


@cache
def _select(model: type[models.Model], where: str) -> tuple[list[str], str]:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    names = [field.attname for field in fields]
    return names, f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {where} LIMIT 1'  # noqa: S608  constants
