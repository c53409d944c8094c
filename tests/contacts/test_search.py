"""Search finds what looking at everybody finds, written as plainly as possible (SPEC VIS-2, SECURITY T10)."""

import os
import random
import re

import pytest

from accounts.models import User
from contacts import closure
from contacts.models import Contact
from contacts.permissions import Role, Viewer, role_on, viewer_of
from contacts.search import WORD_CAP, search
from core.reading import simplified
from core.searching import Query, parse_query
from orgs.models import Node
from tests.contacts import world as worlds
from tests.factories import orgs as org
from tests.factories.contacts import make_many

pytestmark = pytest.mark.django_db
DEEP = bool(os.environ.get("DEEP"))
CONTACTS, QUERIES = (20_000, 500) if DEEP else (600, 150)
TERM = re.compile(r"'((?:[^']|'')*)'(:\*)?")


class Plain:
    """Everybody of a world with what he is found by."""

    def __init__(self, world: worlds.World) -> None:
        self.nodes = {node.pk: node for node in world.nodes}
        self.world = world
        self.words = {
            pk: closure.words_of(*values)
            for pk, *values in Contact.objects.values_list(*closure.WORD_FIELDS)
        }

    def visible(self, user: User) -> list[Contact]:
        return [one for one in self.world.contacts if worlds.sees(self.world, user, one)]

    def finds(self, viewer: Viewer, contact: Contact, q: str, query: Query) -> bool:
        """By the beginning of the name, by words, or by a node he belongs to and the viewer may know of."""
        chinese = simplified(contact.name)
        if query.recheck and query.recheck not in chinese:
            return self.belongs(viewer, contact, q, query)
        if query.sort_prefix and contact.sort_key.startswith(query.sort_prefix):
            return True
        asked = query.tsquery
        if query.exact_terms and role_on(viewer, contact.pk) < Role.EDITOR:
            asked = query.shown_tsquery
        return self.holds(contact, asked) or self.belongs(viewer, contact, q, query)

    def belongs(self, viewer: Viewer, contact: Contact, q: str, query: Query) -> bool:
        """Whether a node that the viewer may know of says it."""
        return query.kind != "digits" and any(
            named(node, q, query) for node in self.known_nodes(viewer, contact)
        )

    def holds(self, contact: Contact, asked: str) -> bool:
        """Whether the words satisfy a tsquery: every quoted term becomes True or False."""

        def truth(term: re.Match[str]) -> str:
            word = term[1].replace("''", "'").replace("\\\\", "\\")
            begins = str.startswith if term[2] else str.__eq__
            return str(any(begins(one, word) for one in self.words[contact.pk]))

        return bool(asked) and eval(TERM.sub(truth, asked).replace("&", "and").replace("|", "or"))

    def known_nodes(self, viewer: Viewer, contact: Contact) -> list[Node]:
        """Those at or above his memberships: all in maintained dimensions, else on the way to or below a range."""
        found = []
        for place in self.world.places[contact.pk]:
            above = worlds.upwards(self.nodes, place)
            if viewer.scope.maintains(above[-1].pk):
                found += above
            elif contact.enabled and all(node.enabled for node in above):
                path = self.nodes[place].path
                found += above if viewer.scope.ranges_over(path) else []
        return found


def named(node: Node, q: str, query: Query) -> bool:
    if simplified(q.strip()).lower() in node.name.lower():
        return True
    organization = parse_query(q, surname=False)
    if query.kind != "latin" or organization is None or not organization.sort_prefix:
        return False
    latin = organization.sort_prefix
    return node.sort_key.startswith(latin) or node.initials.startswith(latin)


def queries(world: worlds.World, rng: random.Random) -> list[str]:
    """What people type: parts of names, pinyin, initials, digits, places, and nonsense."""
    found = []
    while len(found) < QUERIES:
        contact, node = rng.choice(world.contacts), rng.choice(world.nodes)
        start = rng.randrange(len(contact.name))
        mobile = contact.mobile[3:]
        made = [
            contact.name, contact.name[start:], contact.name[:1], contact.sort_key[: rng.randrange(2, 9)],
            contact.initials, f"{contact.initials[:1]}{contact.name[1:]}", mobile[:3], mobile[-4:], mobile,
            f"{mobile[:3]}****{mobile[-4:]}", contact.code or "", node.name, node.name[-2:], node.sort_key[:6],
            f"{contact.name[:1]} {mobile[-4:]}", rng.choice(("龘龘", "zz", "qx", "%", "_伟", "o'neil", "\\", "***")),
        ]  # fmt: skip
        found.append(rng.choice(made))
    return found


def test_search_finds_what_looking_at_everybody_finds() -> None:
    world = worlds.build(5, contacts=CONTACTS, users=10)
    plain, rng = Plain(world), random.Random(6)
    lookers = [
        (viewer_of(user), plain.visible(user)) for user in world.users if not user.is_external
    ]
    asked = hit = 0
    for q in queries(world, rng):
        viewer, visible = rng.choice(lookers)
        query, hits = parse_query(q), search(viewer, q)
        expected = {one.pk for one in visible if query and plain.finds(viewer, one, q, query)}
        assert set(hits.ids) <= expected, (q, viewer)
        assert len(hits.ids) == len(set(hits.ids))
        if not hits.capped:
            assert set(hits.ids) == expected, (q, viewer, len(hits.ids), len(expected))
        asked, hit = asked + 1, hit + bool(expected)
    assert asked == QUERIES
    assert hit > QUERIES / 4


def test_what_is_cut_is_said(client) -> None:
    """More than can be looked at: a part, and the page asks for more letters. Below a node only that node counts."""
    dimension = org.make_dimension()
    many, few = org.make_organization(dimension), org.make_organization(dimension)
    holder = org.make_holder()
    make_many(many, WORD_CAP + 20, code=None)
    below = make_many(few, 2)
    client.force_login(holder)
    hits = search(viewer_of(holder), "139")
    assert hits.capped
    assert len(hits.ids) == 50
    assert "输入更多" in client.get("/contacts/", {"q": "139"}).content.decode()
    under = search(viewer_of(holder), "139", node=few)
    assert (set(under.ids), under.capped) == (set(below), False)
