"""What derives from memberships, nodes and names: scope closure, search words, `live` (DESIGN part 4).

The only writer of ContactScope, ContactSearch and Contact.live. Set-based, in the transaction of the change.
Lock order everywhere: shared lock of the trees first (a move or disable holds them exclusively), contact rows second.
"""

import contextlib
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from contacts import counts
from contacts.models import Contact, Membership
from core import searching
from orgs import events, tree
from orgs.models import Node

BATCH = 5000
CHECK_STEP = 20_000

LIVE = """
UPDATE contacts_contact c SET live = w.live FROM (
    SELECT x.id, x.enabled AND x.deleted_at IS NULL AND EXISTS (
        SELECT 1 FROM contacts_membership m JOIN orgs_node n ON n.id = m.node_id WHERE m.contact_id = x.id AND n.live
    ) AS live FROM contacts_contact x WHERE x.id = ANY(%(ids)s::bigint[])) w
WHERE c.id = w.id AND c.live <> w.live
"""
# One row per contact and node at or above one of its memberships.
WANTED = """
SELECT a.node_id::bigint AS node_id, c.sort_key, c.id AS contact_id, bool_or(n.live AND c.enabled) AS live
FROM contacts_contact c JOIN contacts_membership m ON m.contact_id = c.id JOIN orgs_node n ON n.id = m.node_id
CROSS JOIN LATERAL unnest(string_to_array(rtrim(n.path, '.'), '.')) AS a(node_id)
WHERE c.deleted_at IS NULL {only} GROUP BY 1, 2, 3
"""
WORD_FIELDS = ("pk", "name", "reading", "mobile", "code", "email")
ONLY = "AND c.id = ANY(%(ids)s::bigint[])"
PLACES = (
    f"CREATE TEMP TABLE wanted ON COMMIT DROP AS {WANTED.format(only=ONLY)}",
    """DELETE FROM contacts_contactscope s WHERE s.contact_id = ANY(%(ids)s::bigint[]) AND NOT EXISTS (
           SELECT 1 FROM wanted w WHERE (w.node_id, w.sort_key, w.contact_id, w.live)
                                      = (s.node_id, s.sort_key, s.contact_id, s.live))""",
    "INSERT INTO contacts_contactscope SELECT node_id, sort_key, contact_id, live FROM wanted ON CONFLICT DO NOTHING",
    """INSERT INTO contacts_contactsearch AS t (contact_id, words, anc, live_anc)
       SELECT contact_id, ''::tsvector, array_agg(node_id ORDER BY node_id),
              coalesce(array_agg(node_id ORDER BY node_id) FILTER (WHERE live), '{}') FROM wanted GROUP BY contact_id
       ON CONFLICT (contact_id) DO UPDATE SET anc = EXCLUDED.anc, live_anc = EXCLUDED.live_anc
       WHERE (t.anc, t.live_anc) IS DISTINCT FROM (EXCLUDED.anc, EXCLUDED.live_anc)""",
    """DELETE FROM contacts_contactsearch s WHERE s.contact_id = ANY(%(ids)s::bigint[])
       AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.contact_id = s.contact_id)""",
    "DROP TABLE wanted",
)


def lock(*, contact_ids: Sequence[int] = (), node_ids: Sequence[int] = ()) -> dict[int, Contact]:
    """Locks contacts for a change: the trees they stand in and those of `node_ids` (shared), then their rows.

    Returns {id: Contact} as they are now; missing ids are absent. Nodes read after this cannot move until commit.
    When something went to another tree meanwhile, the savepoint gives all locks back before they are taken anew: who
    followed it while holding some would take trees out of order and wait for others in a circle.
    """
    while True:
        with contextlib.suppress(_Moved), transaction.atomic():
            trees = _dimensions(contact_ids, node_ids)
            tree.share(*trees)
            rows = Contact.objects.select_for_update().filter(pk__in=contact_ids).order_by("pk")
            found = {row.pk: row for row in rows}
            if not _dimensions(contact_ids, node_ids) <= trees:
                raise _Moved
            return found


class _Moved(Exception):
    """A contact or node went to another tree between finding its tree and getting the lock."""


def _dimensions(contact_ids: Sequence[int], node_ids: Sequence[int]) -> set[int]:
    places = Membership.objects.filter(contact_id__in=contact_ids).values_list(
        "node__dimension_id", flat=True
    )
    return set(places) | set(
        Node.objects.filter(pk__in=node_ids).values_list("dimension_id", flat=True)
    )


def refresh(contact_ids: Sequence[int]) -> None:
    """Recomputes everything derived for these contacts after a change of name, number, code, membership or state."""
    refresh_places(contact_ids)
    refresh_words(contact_ids)


def refresh_places(contact_ids: Sequence[int]) -> None:
    """Recomputes `live`, the scope closure and the ancestor arrays; the words stay. The caller holds the locks."""
    if not contact_ids:
        return
    parameters = {"ids": list(contact_ids)}
    with connection.cursor() as cursor:
        cursor.execute(LIVE, parameters)
        for statement in PLACES:
            cursor.execute(statement, parameters if "%(" in statement else None)


def refresh_words(contact_ids: Sequence[int]) -> None:
    """Recomputes the search words of these contacts; their rows exist after refresh_places()."""
    if not contact_ids:
        return
    rows = Contact.objects.filter(pk__in=contact_ids, deleted_at__isnull=True).values_list(
        *WORD_FIELDS
    )
    with connection.cursor() as cursor:
        _load_words(cursor, list(rows))
        cursor.execute(
            """UPDATE contacts_contactsearch s SET words = array_to_tsvector(f.words) FROM fresh f
               WHERE s.contact_id = f.contact_id AND s.words IS DISTINCT FROM array_to_tsvector(f.words)"""
        )
        cursor.execute("DROP TABLE fresh")


def _load_words(cursor: Any, rows: list[tuple[Any, ...]]) -> None:
    # No query may be under way on the connection during COPY: the rows are a list, not a server-side cursor.
    cursor.execute("CREATE TEMP TABLE fresh (contact_id bigint, words text[]) ON COMMIT DROP")
    with cursor.cursor.copy("COPY fresh FROM STDIN") as copy:
        for pk, *values in rows:
            copy.write_row([pk, words_of(*values)])


def settle() -> None:
    """After a bulk write: moves what waits beside the search index into it, or every search would read it all first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('contacts_search_words'::regclass)")


def words_of(name: str, reading: str, mobile: str, code: str | None, email: str) -> list[str]:
    """Search words of one contact (core.searching.search_words with our columns)."""
    return searching.search_words(
        name=name,
        reading=reading or None,
        mobile_e164=mobile or None,
        code=code,
        email=email or None,
    )


def subtree_changed(path: str, *, report: events.Report | None = None) -> None:
    """A subtree moved, or counts or no longer counts for staff: recompute everybody at or below its new path.

    Runs in the transaction that holds the tree lock exclusively. `report` hears how many of how many are done.
    """
    places = Membership.objects.filter(node__path__startswith=path)
    ids = sorted(places.values_list("contact_id", flat=True).distinct())
    for start in range(0, len(ids), BATCH):
        refresh_places(ids[start : start + BATCH])
        if report:
            report(min(start + BATCH, len(ids)), len(ids))


def problems(*, limit: int = 20) -> list[str]:
    """Sentences naming contacts whose derived rows are wrong; empty when sound (invariant check "scope").

    Goes over the ids in steps, so that it takes the same memory for a thousand contacts and for a million.
    """
    found: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute(LAST_ID)
        last = cursor.fetchone()[0]
    for start in range(0, last + 1, CHECK_STEP):
        bounds = {"first": start, "last": start + CHECK_STEP - 1, "limit": limit}
        with transaction.atomic(), connection.cursor() as cursor:
            found += _wrong_places(cursor, bounds) + _wrong_words(cursor, bounds)
    return found[: limit * (len(CHECKS) + 1)] + counts.problems(limit)


def _wrong_places(cursor: Any, bounds: dict[str, int]) -> list[str]:
    found: list[str] = []
    within = "AND c.id BETWEEN %(first)s AND %(last)s"
    cursor.execute(
        "CREATE TEMP TABLE should ON COMMIT DROP AS " + WANTED.format(only=within), bounds
    )
    cursor.execute("ANALYZE should")
    for sentence, query in CHECKS.items():
        cursor.execute(f"{query} LIMIT %(limit)s", bounds)
        found += [f"scope: contact {row[0]} {sentence}" for row in cursor.fetchall()]
    cursor.execute("DROP TABLE should")
    return found


# Rows of contacts that are gone count, too.
LAST_ID = """
SELECT greatest((SELECT max(id) FROM contacts_contact), (SELECT max(contact_id) FROM contacts_contactscope),
                (SELECT max(contact_id) FROM contacts_contactsearch), 0)
"""
CHECKS = {
    "lacks a scope row or has it with other values": "SELECT DISTINCT contact_id FROM (SELECT node_id, sort_key,"
    " contact_id, live FROM should EXCEPT SELECT node_id, sort_key, contact_id, live FROM contacts_contactscope"
    " WHERE contact_id BETWEEN %(first)s AND %(last)s) d",
    "has a scope row too many": "SELECT DISTINCT contact_id FROM (SELECT node_id, sort_key, contact_id, live"
    " FROM contacts_contactscope WHERE contact_id BETWEEN %(first)s AND %(last)s"
    " EXCEPT SELECT node_id, sort_key, contact_id, live FROM should) d",
    "has wrong ancestor arrays": "SELECT coalesce(s.contact_id, w.contact_id) FROM (SELECT * FROM"
    " contacts_contactsearch WHERE contact_id BETWEEN %(first)s AND %(last)s) s"
    " FULL JOIN (SELECT contact_id, array_agg(node_id ORDER BY node_id) AS anc, coalesce(array_agg(node_id"
    " ORDER BY node_id) FILTER (WHERE live), '{}') AS live_anc FROM should GROUP BY contact_id) w"
    " ON w.contact_id = s.contact_id WHERE (s.anc, s.live_anc) IS DISTINCT FROM (w.anc, w.live_anc)",
    "has a wrong live mark": "SELECT c.id FROM contacts_contact c WHERE c.id BETWEEN %(first)s AND %(last)s"
    " AND c.live <> (c.enabled AND c.deleted_at IS NULL"
    " AND EXISTS (SELECT 1 FROM contacts_membership m JOIN orgs_node n ON n.id = m.node_id"
    " WHERE m.contact_id = c.id AND n.live))",
    "has no main membership, or another main node than it says": "SELECT c.id FROM contacts_contact c"
    " WHERE c.id BETWEEN %(first)s AND %(last)s AND NOT EXISTS"
    " (SELECT 1 FROM contacts_membership m WHERE m.contact_id = c.id AND m.is_main AND m.node_id = c.main_node_id)",
}


def _wrong_words(cursor: Any, bounds: dict[str, int]) -> list[str]:
    rows = Contact.objects.alive().filter(pk__range=(bounds["first"], bounds["last"]))
    _load_words(cursor, list(rows.order_by("pk").values_list(*WORD_FIELDS)))
    cursor.execute(
        """SELECT f.contact_id FROM fresh f LEFT JOIN contacts_contactsearch s ON s.contact_id = f.contact_id
           WHERE s.words IS DISTINCT FROM array_to_tsvector(f.words) LIMIT %(limit)s""",
        bounds,
    )
    wrong = [f"scope: contact {row[0]} has wrong search words" for row in cursor.fetchall()]
    cursor.execute("DROP TABLE fresh")
    return wrong


@transaction.atomic
def repair() -> int:
    """Recomputes everything of every contact under the locks of all trees; returns how many contacts it went over."""
    tree.lock(0, *Node.objects.filter(kind=Node.Kind.DIMENSION).values_list("pk", flat=True))
    ids = list(Contact.objects.values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        refresh(ids[start : start + BATCH])
    with connection.cursor() as cursor:
        for table in ("contacts_contactscope", "contacts_contactsearch"):
            cursor.execute(
                f"DELETE FROM {table} t"
                " WHERE NOT EXISTS (SELECT 1 FROM contacts_contact c WHERE c.id = t.contact_id)"
            )
    counts.recount()
    return len(ids)
