"""Reads that pages repeat: prepared once on each connection, so that the server plans them once and not every time."""

from functools import cache
from typing import Any, TypeVar

import psycopg
from django.db import connection, models

M = TypeVar("M", bound=models.Model)
N = TypeVar("N", bound=models.Model)


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


def instance_with(
    model: type[M], beside: type[N], on: str, where: str, parameters: Any
) -> tuple[M | None, N | None]:
    """As `instance`, and the row of `beside` that belongs to it, in one query. `on` and `where` are constant
    conditions on the columns of `a` and `b`.
    """
    (names, columns), (other_names, other_columns) = _columns(model, "a"), _columns(beside, "b")
    sql = (
        f'SELECT {columns}, {other_columns} FROM "{model._meta.db_table}" a'  # noqa: S608  constants
        f' LEFT JOIN "{beside._meta.db_table}" b ON {on} WHERE {where} LIMIT 1'
    )
    for row in fetch(sql, parameters):
        mine, others = row[: len(names)], row[len(names) :]
        found = model.from_db(connection.alias, names, mine)
        pk = others[other_names.index(beside._meta.pk.attname)]
        there = beside.from_db(connection.alias, other_names, others) if pk is not None else None
        return found, there
    return None, None


@cache
def _columns(model: type[models.Model], alias: str) -> tuple[list[str], str]:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'{alias}."{field.column}"' for field in fields)
    return [field.attname for field in fields], columns


@cache
def _select(model: type[models.Model], where: str) -> tuple[list[str], str]:
    names, columns = _columns(model, "a")
    return names, f'SELECT {columns} FROM "{model._meta.db_table}" a WHERE {where} LIMIT 1'  # noqa: S608  constants
