"""The stored numbers of the scope closure (models.ScopeCount): read, summed up, proven, made anew.

Triggers of the closure add a row for every change (migration 0006); the sum of the rows of a node is its number.
"""

from collections.abc import Sequence

from django.db import connection

# How many contacts stand at or below the node {node}: {which} is "every", or "live" for those that count for staff.
NUMBER = "(SELECT coalesce(sum(k.{which}), 0) FROM contacts_scopecount k WHERE k.node_id = {node})"
MADE = """
SELECT node_id, count(*) AS every, count(*) FILTER (WHERE live) AS live FROM contacts_contactscope GROUP BY node_id
UNION ALL SELECT 0, count(*), 0 FROM contacts_contactsearch HAVING count(*) > 0
"""
SUMMED_UP = """
WITH many AS (
    SELECT node_id FROM contacts_scopecount GROUP BY node_id
    HAVING count(*) > %s OR (sum(every) = 0 AND sum(live) = 0)),
gone AS (DELETE FROM contacts_scopecount k USING many WHERE k.node_id = many.node_id RETURNING k.*)
INSERT INTO contacts_scopecount (node_id, every, live)
SELECT node_id, sum(every), sum(live) FROM gone GROUP BY node_id HAVING sum(every) <> 0 OR sum(live) <> 0
"""
WRONG = f"""
SELECT coalesce(m.node_id, k.node_id), coalesce(k.every, 0), coalesce(m.every, 0) FROM ({MADE}) m FULL JOIN (
    SELECT node_id, sum(every) AS every, sum(live) AS live FROM contacts_scopecount
    GROUP BY node_id HAVING sum(every) <> 0 OR sum(live) <> 0) k ON k.node_id = m.node_id
WHERE (m.every, m.live) IS DISTINCT FROM (k.every, k.live) ORDER BY 1 LIMIT %s
"""
ROWS = 20


def numbers(node_ids: Sequence[int], *, cap: int) -> dict[int, int]:
    """Node id → every contact at or below it, at most `cap`; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT node_id, least(sum(every), %s) FROM contacts_scopecount WHERE node_id = ANY(%s) GROUP BY node_id",
            [cap, list(node_ids)],
        )
        return dict(cursor.fetchall())


def sum_up() -> None:
    """One row in place of many, where there are more than ROWS of a node. Safe at any time and twice: readers see the
    rows before or the row after, writers only add.
    """
    with connection.cursor() as cursor:
        cursor.execute(SUMMED_UP, [ROWS])


def recount() -> None:
    """Counts anew. Nobody may write the closure meanwhile: the caller holds the locks of all trees."""
    with connection.cursor() as cursor:
        # sum_up() asks for no lock: what it is writing must be seen here, else it is counted twice.
        cursor.execute("LOCK TABLE contacts_scopecount IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM contacts_scopecount")
        cursor.execute(f"INSERT INTO contacts_scopecount (node_id, every, live) {MADE}")


def problems(limit: int) -> list[str]:
    """Sentences naming nodes whose number is wrong (part of the invariant check "scope")."""
    with connection.cursor() as cursor:
        cursor.execute(WRONG, [limit])
        rows = cursor.fetchall()
    return [
        f"scope: node {node_id} counts {stored} contacts where there are {there}, or as many live ones"
        for node_id, stored, there in rows
    ]
