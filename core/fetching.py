"""Reads that pages repeat: prepared once on each connection, so that the server plans them once and not every time."""

from collections.abc import Iterator, Sequence
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


def instances(
    models: Sequence[type[models.Model]], ons: Sequence[str], where: str, parameters: Any
) -> list[Any]:
    """As `instance`, and the rows of further models that belong to it, in one query; None for each that is not there.

    The models are named a, b, c … in `ons`, one constant condition for each after the first, and in `where`.
    """
    aliases = "abcdefgh"[: len(models)]
    names, columns = zip(*map(_columns, models, aliases), strict=True)
    tables = [
        f'"{model._meta.db_table}" {alias}' for model, alias in zip(models, aliases, strict=True)
    ]
    joins = " ".join(
        f"LEFT JOIN {table} ON {on}" for table, on in zip(tables[1:], ons, strict=True)
    )
    rows = fetch(
        f"SELECT {', '.join(columns)} FROM {tables[0]} {joins} WHERE {where} LIMIT 1",  # noqa: S608  constants
        parameters,
    )
    return (
        [_one(*each) for each in zip(models, names, _cut(names, rows[0]), strict=True)]
        if rows
        else [None] * len(models)
    )


def _cut(names: Sequence[list[str]], row: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The columns of each model of a row."""
    start = 0
    for mine in names:
        yield row[start : start + len(mine)]
        start += len(mine)


def _one(model: type[models.Model], names: list[str], values: Sequence[Any]) -> models.Model | None:
    if values[names.index(model._meta.pk.attname)] is None:
        return None
    return model.from_db(connection.alias, names, values)


@cache
def _columns(model: type[models.Model], alias: str) -> tuple[list[str], str]:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'{alias}."{field.column}"' for field in fields)
    return [field.attname for field in fields], columns


@cache
def _select(model: type[models.Model], where: str) -> tuple[list[str], str]:
    names, columns = _columns(model, "a")
    return names, f'SELECT {columns} FROM "{model._meta.db_table}" a WHERE {where} LIMIT 1'  # noqa: S608  constants
