"""At 30,000 contacts the plans are the measured shape: index scans, rows bounded by the page (SPEC VIS-2)."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import closure
from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.querysets import Filters
from contacts.search import search
from contacts.selectors import lists, tree
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many, share

pytestmark = pytest.mark.django_db
PEOPLE = 30_000
WATCHED = {
    "contacts_contact",
    "contacts_contactscope",
    "contacts_contactsearch",
    "contacts_membership",
}


COPIES = 20
# Namesakes in the same organization, with everything that derives from them: reading 30,000 names would take longer
# than all that is tested here.
CLONE = (
    """CREATE TEMP TABLE clones ON COMMIT DROP AS
       SELECT c.id AS old, nextval(pg_get_serial_sequence('contacts_contact', 'id')) AS id
       FROM contacts_contact c, generate_series(1, %s)""",
    """INSERT INTO contacts_contact SELECT (jsonb_populate_record(c, jsonb_build_object('id', k.id))).*
       FROM clones k JOIN contacts_contact c ON c.id = k.old""",
    """INSERT INTO contacts_membership (contact_id, node_id, is_main, position, "order")
       SELECT k.id, m.node_id, m.is_main, m.position, m."order"
       FROM clones k JOIN contacts_membership m ON m.contact_id = k.old""",
    """INSERT INTO contacts_contactscope SELECT s.node_id, s.sort_key, k.id, s.live
       FROM clones k JOIN contacts_contactscope s ON s.contact_id = k.old""",
    """INSERT INTO contacts_contactsearch SELECT k.id, s.words, s.anc, s.live_anc
       FROM clones k JOIN contacts_contactsearch s ON s.contact_id = k.old""",
)


def copy(cursor, times: int) -> None:
    for statement in CLONE:
        cursor.execute(statement, [times] if "%s" in statement else None)


@pytest.fixture(scope="module")
def directory(django_db_setup, django_db_blocker) -> Iterator[dict[str, Any]]:
    """30,000 people in three dimensions of 40 organizations each, and the kinds of people who look at them."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        from django.db import transaction

        with transaction.atomic():
            dimensions = [org.make_dimension(f"维度{n}") for n in range(3)]
            nodes = [
                org.make_organization(dimension, f"组织{number:02}{n}")
                for n, dimension in enumerate(dimensions)
                for number in range(40)
            ]
            make_many(nodes, PEOPLE // COPIES)
            copy(cursor, COPIES - 1)
            ranged, creator = org.make_person(), org.make_person()
            org.let_view(ranged, dimensions[0])
            for node in nodes[41:45]:
                org.let_view(ranged, node)
            for node in nodes[:20]:
                share(make_contact(node, created_by=creator), ranged)
            people = {
                "holder": org.make_holder(), "maintainer": org.make_maintainer(dimensions[1]),
                "ranged": ranged, "creator": creator, "stranger": org.make_person(),
            }  # fmt: skip
            closure.settle()  # as the product does after a bulk write
            cursor.execute("ANALYZE")
            yield {"dimensions": dimensions, "nodes": nodes, "people": people}
            transaction.set_rollback(True)


@pytest.fixture
def db(directory):
    """The rows of the module are there without a transaction of the test's own."""


def plans(act) -> list[dict[str, Any]]:
    """The executed plans of every query of `act`, with its SQL."""
    with CaptureQueriesContext(connection) as captured:
        act()
    found = []
    for query in captured.captured_queries:
        sql = query["sql"]
        if not sql.lstrip("( \n").upper().startswith(("SELECT", "WITH")):
            continue
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.replace("%", "%%"), [])
            row = cursor.fetchone()[0]
        plan = (json.loads(row) if isinstance(row, str) else row)[0]
        found.append({"sql": sql, "plan": plan["Plan"], "ms": plan["Execution Time"]})
    return found


def walk(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from walk(below)


def check(act, *, rows: int, watched: set[str] = WATCHED) -> None:
    """No sequential scan over what grows; no step yields more than `rows` of it."""
    for executed in plans(act):
        for node in walk(executed["plan"]):
            if node.get("Relation Name") not in watched:
                continue
            assert node["Node Type"] != "Seq Scan", (node["Relation Name"], executed["sql"])
            read = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            assert read * node["Actual Loops"] <= rows, (node, executed["sql"])


WHO = ("holder", "maintainer", "ranged", "creator", "stranger")


@pytest.mark.parametrize("who", WHO)
def test_page_one(db, directory, who, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        viewer = viewer_of(directory["people"][who])
        check(lambda: lists.rows(viewer, Contact.objects.page_for(viewer).ids), rows=600)
        node = directory["nodes"][3]
        check(lambda: Contact.objects.page_for(viewer, node=node), rows=600)
        after = ("wang", 1)
        check(lambda: Contact.objects.page_for(viewer, after=after), rows=600)


@pytest.mark.parametrize("who", WHO[:3])
@pytest.mark.parametrize("q", ["王", "wangwei", "zmt", "0457", "组织03"])
def test_search(db, directory, who, q, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        viewer = viewer_of(directory["people"][who])
        check(lambda: search(viewer, q), rows=12_000)


@pytest.mark.parametrize("who", WHO)
def test_tree(db, directory, who, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        viewer = viewer_of(directory["people"][who])
        # Counts are counted, each up to its cap.
        check(lambda: tree.tree_level(viewer, None), rows=PEOPLE + 100)
        check(lambda: tree.tree_level(viewer, directory["dimensions"][0]), rows=PEOPLE + 100)


FILTERS = (
    {"has_mobile": False}, {"has_email": False}, {"source": "wecom"}, {"enabled": False}
)  # fmt: skip


@pytest.fixture(scope="module")
def few(directory, django_db_blocker):
    """Everybody can be reached, is enabled and came in by hand, but for a few."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("UPDATE contacts_contact SET email = 'a@example.com' WHERE id % 2000 <> 0")
        for change in ("mobile = ''", "source = 'wecom'", "enabled = false"):
            cursor.execute(f"UPDATE contacts_contact SET {change} WHERE id % 2000 = 1")
        cursor.execute("ANALYZE contacts_contact")


@pytest.mark.parametrize("asked", FILTERS, ids=lambda asked: next(iter(asked)))
def test_filters_that_few_match(db, directory, few, asked, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        for who, node in (("holder", None), ("holder", 0), ("maintainer", None), ("ranged", None)):
            viewer = viewer_of(directory["people"][who])
            at = {"filters": Filters(**asked)}
            if node is not None:
                at["node"] = directory["dimensions"][node]
            for act in (Contact.objects.page_for, Contact.objects.count_for):
                check(
                    lambda act=act, viewer=viewer, at=at: act(viewer, **at), rows=600,
                    watched={"contacts_contact"},
                )  # fmt: skip


def test_it_is_quick(db, directory, django_db_blocker) -> None:
    """Not a benchmark: a broken plan takes seconds, a sound one milliseconds, whatever else the machine does."""
    with django_db_blocker.unblock():
        for who in WHO:
            viewer = viewer_of(directory["people"][who])
            started = time.perf_counter()
            Contact.objects.page_for(viewer)
            search(viewer, "王伟")
            tree.tree_level(viewer, None)
            assert time.perf_counter() - started < 2


def test_pages_ask_as_often_about_thirty_thousand_as_about_thirty(
    db, directory, as_, django_db_blocker
) -> None:
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        small, few = org.make_dimension("小维度"), org.make_person()
        make_many([org.make_organization(small, "小组织")], 30)
        org.let_view(few, small)
        counted = [
            queries(as_(person), dimension)
            for person, dimension in (
                (few, small),
                (directory["people"]["ranged"], directory["dimensions"][0]),
                (directory["people"]["holder"], directory["dimensions"][0]),
            )
        ]
        transaction.set_rollback(True)
    for many in counted[1:]:
        # A search that is full after its first step saves the others.
        assert all(of_many <= of_few for of_few, of_many in zip(counted[0], many, strict=True))


def queries(client, dimension) -> list[int]:
    """Queries of page 1, of a search and of a level of the tree."""
    found = []
    for path in ("/contacts/", "/contacts/?q=wang", f"/contacts/o/{dimension.pk}/children/"):
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        found.append(len(captured))
    return found
