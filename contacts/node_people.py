"""What the tree of the back office asks about the people in it (settings NODE_COUNTS to NODE_SEARCH)."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet
from django.urls import reverse

from contacts.models import Contact
from contacts.permissions import Viewer, viewer_of
from contacts.search import search
from contacts.selectors import lists
from contacts.selectors.lists import COUNT_CAP, node_counts
from core.vocabulary import word
from orgs.counting import Impact, People, PersonHit
from orgs.models import Category, Node, Tag
from orgs.permissions import Scope

PREVIEWED = 20
# Contacts that count for staff now and stand under these nodes alone; logins without a usable identity elsewhere.
# "/" follows "." in code point order: what lies below a node is one range of the index on paths.
IMPACT = """
WITH below AS MATERIALIZED (
    SELECT n.id FROM orgs_node s JOIN orgs_node n ON n.path >= s.path AND n.path < rtrim(s.path, '.') || '/'
    WHERE s.id = ANY(%(ids)s)),
losing AS MATERIALIZED (
    SELECT c.id, c.user_id, c.account = 'active' AND (c.expires_at IS NULL OR c.expires_at > now()) AS usable
    FROM contacts_contact c
    WHERE c.live AND c.id IN (SELECT contact_id FROM contacts_contactscope WHERE node_id = ANY(%(ids)s) AND live)
      AND NOT EXISTS (
        SELECT 1 FROM contacts_membership m JOIN orgs_node n ON n.id = m.node_id
        WHERE m.contact_id = c.id AND n.live AND m.node_id NOT IN (SELECT id FROM below))
    LIMIT %(cap)s),
logins AS (
    SELECT DISTINCT l.user_id FROM losing l WHERE l.usable AND l.user_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM contacts_contact o
        WHERE o.user_id = l.user_id AND o.live AND o.deleted_at IS NULL AND o.account = 'active'
          AND (o.expires_at IS NULL OR o.expires_at > now()) AND o.id NOT IN (SELECT id FROM losing)))
SELECT (SELECT count(*) FROM losing), (SELECT count(*) FROM logins),
       (SELECT count(*) FROM accounts_session s JOIN logins USING (user_id) WHERE s.expire_date > now())
"""


def counts(scope: Scope, node_ids: Sequence[int]) -> dict[int, int]:
    """Node id → contacts at or below it, of nodes that are maintained."""
    return node_counts(Viewer(scope), node_ids)


def impact(nodes: Sequence[Node]) -> Impact:
    """What falls silent when these nodes are disabled (SPEC ORG-6); one query, counted as far as COUNT_CAP contacts."""
    live = [node.pk for node in nodes if node.live]
    with connection.cursor() as cursor:
        cursor.execute(IMPACT, {"ids": live, "cap": COUNT_CAP + 1})
        contacts, accounts, sessions = cursor.fetchone()
    return Impact(contacts, accounts, sessions, cap=COUNT_CAP)


def preview(user: Any, node: Node) -> People:
    """The contacts at or below the node that `user` sees by the rule, whoever asks; the first of them with names."""
    viewer = viewer_of(user)
    page = Contact.objects.page_for(viewer, node=node, size=PREVIEWED)
    total = Contact.objects.count_for(viewer, node=node, cap=COUNT_CAP)
    return People(_hits(viewer, page.ids, node), min(total, COUNT_CAP), capped=total > COUNT_CAP)


def found(user: Any, q: str, *, limit: int) -> People:
    """The contacts that match `q` in the dimensions that `user` maintains (SPEC ORG-8)."""
    viewer = _maintaining(viewer_of(user))
    hits = search(viewer, q, limit=limit)
    return People(_hits(viewer, hits.ids), len(hits.ids), capped=hits.capped)


def labelled(model: type[Category] | type[Tag]) -> dict[int, int]:
    """Category or tag id → contacts that carry it, those in the bin left out; one query."""
    rows: QuerySet[Any]
    if model is Category:
        rows = Contact.objects.alive().filter(category__isnull=False).values_list("category_id")
    else:
        carried = Contact.tags.through._default_manager.filter(contact__deleted_at=None)
        rows = carried.values_list("tag_id")
    return dict(rows.order_by().annotate(number=Count("pk")))


def _maintaining(viewer: Viewer) -> Viewer:
    """The same person without what he sees by visible ranges, shares or as creator: the console is not for it."""
    if viewer.everything:
        return viewer
    return Viewer(Scope(user_id=0, active_staff=True, maintained=viewer.scope.maintained))


def _hits(viewer: Viewer, ids: Sequence[int], node: Node | None = None) -> list[PersonHit]:
    return [
        PersonHit(
            row.id, row.name, row.reading, row.place.path, reverse("contacts:console-contact", args=[row.id]),
            note="" if row.live else str(word("node", "disabled").label),
        )
        for row in lists.rows(viewer, ids, node=node)
    ]  # fmt: skip
