"""Reads that pages repeat: prepared once on each connection, so that the server plans them once and not every time."""

from typing import Any

import psycopg
from django.db import connection


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
