"""Many rows at once: COPY, ids ahead of the rows, and the values of columns that nobody names."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, models


def copy_rows(
    model: type[models.Model], rows: Iterable[Mapping[str, Any]], *, table: str = ""
) -> int:
    """COPY of rows (attribute name → value) into the table of `model`; every row has the keys of the first.

    Returns how many. `table`: another table with the same columns.
    """
    waiting = iter(rows)
    first = next(waiting, None)
    if first is None:
        return 0
    keys = list(first)
    by_attribute = {field.attname: field.column for field in model._meta.concrete_fields}
    columns = ", ".join(f'"{by_attribute[key]}"' for key in keys)
    target = table or model._meta.db_table
    count = 1
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY {target} ({columns}) FROM STDIN") as copy,
    ):
        copy.write_row([first[key] for key in keys])
        for row in waiting:
            copy.write_row([row[key] for key in keys])
            count += 1
    return count


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids of rows that are about to be written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def defaults(model: type[models.Model]) -> dict[str, Any]:
    """Every column with its default, so that a new field of the model needs nothing where rows are copied."""
    fields = model._meta.concrete_fields
    return {field.attname: _plain(field.get_default()) for field in fields}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
