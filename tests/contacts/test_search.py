"""Search finds what looking at everybody finds, written as plainly as possible (SPEC VIS-2, SECURITY T10)."""

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from django.db import connection

from accounts.models import User
from contacts import closure
from contacts.models import Contact
from contacts.permissions import Role, Viewer, role_on, viewer_of
from contacts.search import WORD_CAP, search
from core.reading import is_ideograph, simplified
from core.searching import Query, parse_query
from orgs.models import Node
from tests.contacts import world as worlds
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many

pytestmark = pytest.mark.django_db
DEEP = bool(os.environ.get("DEEP"))
CONTACTS, NODES, QUERIES = (20_000, 240, 500) if DEEP else (600, 24, 150)
TERM = re.compile(r"'((?:[^']|'')*)'(:\*)?")
CUT = "请输入更多"


class Plain:
    """Everybody of a world with what he is found by."""

    def __init__(self, world: worlds.World) -> None:
        self.nodes = {node.pk: node for node in world.nodes}
        self.world = world
        self.words = {
            pk: closure.words_of(*values)
            for pk, *values in Contact.objects.values_list(*closure.WORD_FIELDS)
        }
        self.simplified = {one.pk: simplified(one.name) for one in world.contacts}

    def expected(self, looker: "Looker", q: str) -> set[int]:
        """Who is found: by the beginning of the name, by words, or by a node of his that the looker may know."""
        query = parse_query(q)
        if query is None:
            return set()
        named = {pk for pk, node in self.nodes.items() if self.named(node, q, query)}
        every, shown = holding(query.tsquery), holding(query.shown_tsquery)
        return {
            one.pk
            for one in looker.visible
            if not looker.known[one.pk].isdisjoint(named)
            or self.found(looker, one, query, every, shown)
        }

    def found(
        self, looker: "Looker", one: Contact, query: Query, every: "Holds", shown: "Holds"
    ) -> bool:
        if query.recheck and query.recheck not in self.simplified[one.pk]:
            return False
        if query.sort_prefix and one.sort_key.startswith(query.sort_prefix):
            return True
        words = self.words[one.pk]
        if not query.exact_terms or shown(words) or not every(words):
            return every(words)
        return role_on(looker.viewer, one.pk) >= Role.EDITOR

    def named(self, node: Node, q: str, query: Query) -> bool:
        """Whether the node is what the words name."""
        if query.kind == "digits":
            return False
        if simplified(q.strip()).lower() in node.name.lower():
            return True
        organization = parse_query(q, surname=False)
        if query.kind != "latin" or organization is None or not organization.sort_prefix:
            return False
        latin = organization.sort_prefix
        return node.sort_key.startswith(latin) or node.initials.startswith(latin)

    def known_nodes(self, viewer: Viewer, contact: Contact) -> set[int]:
        """Those at or above his memberships: all in maintained dimensions, else on the way to or below a range."""
        found = set()
        for place in self.world.places[contact.pk]:
            above = worlds.upwards(self.nodes, place)
            counts = contact.enabled and all(node.enabled for node in above)
            if viewer.scope.maintains(above[-1].pk) or (
                counts and viewer.scope.ranges_over(self.nodes[place].path)
            ):
                found |= {node.pk for node in above}
        return found


class Looker:
    """Somebody, whom he sees, and the nodes by which he may find each of them."""

    def __init__(self, plain: Plain, user: User) -> None:
        self.user, self.viewer = user, viewer_of(user)
        self.visible = [one for one in plain.world.contacts if worlds.sees(plain.world, user, one)]
        self.known = {one.pk: plain.known_nodes(self.viewer, one) for one in self.visible}

    def obvious(self, q: str) -> set[int]:
        """What anybody would expect of Chinese and of the last digits, without a word about how it is looked for."""
        if q.isdigit():
            return {one.pk for one in self.visible if len(q) == 4 and one.mobile.endswith(q)}
        if not all(map(is_ideograph, q)):
            return set()
        return (
            {one.pk for one in self.visible if simplified(q) in simplified(one.name)}
            if q
            else set()
        )


Holds = Callable[[list[str]], bool]


def holding(asked: str) -> Holds:
    """Whether words satisfy a tsquery: every quoted term becomes True or False."""

    def truth(term: re.Match[str]) -> str:
        word = term[1].replace("''", "'").replace("\\\\", "\\")
        return f"any({f'w.startswith({word!r})' if term[2] else f'w == {word!r}'} for w in words)"

    text = TERM.sub(truth, asked).replace(" & ", " and ").replace(" | ", " or ")
    return eval(f"lambda words: {text or 'False'}")


def queries(world: worlds.World, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Kind → what people type: parts of names, pinyin, initials, digits, places, and nonsense; each kind in turn."""
    kinds: list[str] = []
    while True:
        contact, node = rng.choice(world.contacts), rng.choice(world.nodes)
        start = rng.randrange(len(contact.name))
        mobile, sort_key = contact.mobile[3:], contact.sort_key
        made = {
            "name": contact.name, "part of a name": contact.name[start:], "one character": contact.name[:1],
            "one character inside": contact.name[1], "given name": contact.name[1:3],
            "two letters": contact.initials[:2], "two letters of pinyin": sort_key[:2],
            "pinyin": sort_key[: rng.randrange(3, 9)], "initials": contact.initials,
            "mixed": f"{contact.initials[:1]}{contact.name[1:]}", "three digits": mobile[:3],
            "last digits": mobile[-4:], "mobile": mobile, "masked mobile": f"{mobile[:3]}****{mobile[-4:]}",
            "code": contact.code or "GYS0", "e-mail": contact.email or "nobody@wai.example",
            "company": node.name, "company without its number": node.name.rstrip("0123456789"),
            "company word": node.name[start % 2 * 2 :][:2], "end of a company": node.name[-4:],
            "company in pinyin": node.sort_key[:6], "company in initials": node.initials[:4],
            "name and digits": f"{contact.name[:1]} {mobile[-4:]}",
            "nonsense": rng.choice(("龘龘", "zz", "qx", "%", "_伟", "o'neil", "\\", "***", "")),
        }  # fmt: skip
        kinds = kinds or rng.sample(list(made), len(made))
        kind = kinds.pop()
        yield kind, made[kind]


def test_search_finds_what_looking_at_everybody_finds(client) -> None:
    """All of it, or a part and a notice; never anybody else."""
    world = worlds.build(5, contacts=CONTACTS, users=10, nodes=NODES)
    closure.settle()  # as the product does after a bulk write
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plain, rng = Plain(world), random.Random(6)
    lookers = [Looker(plain, user) for user in world.users if not user.is_external]
    seen = [looker for looker in lookers if looker.visible]
    assert len(seen) > len(lookers) / 2
    asked, found, cut = Counter[str](), Counter[str](), Counter[str]()
    for number, (kind, q) in enumerate(islice(queries(world, rng), QUERIES)):
        looker = rng.choice(seen if number % 8 else lookers)
        hits, expected = search(looker.viewer, q), plain.expected(looker, q)
        assert len(hits.ids) == len(set(hits.ids))
        assert set(hits.ids) <= expected, (q, looker.viewer)
        assert looker.obvious(q) <= expected, (q, looker.viewer)
        if not hits.capped:
            assert set(hits.ids) == expected, (q, looker.viewer, len(hits.ids), len(expected))
        if looker.user.is_active and q and number % 5 == 0:
            client.force_login(looker.user)
            page = client.get("/contacts/", {"q": q}).content.decode()
            assert (CUT in page) == hits.capped, (q, looker.viewer)
            cut["shown"] += hits.capped
        asked[kind], found[kind] = asked[kind] + 1, found[kind] + bool(expected)
        cut["answers"] += hits.capped
    assert asked.total() == QUERIES
    assert min(asked.values()) >= QUERIES // len(asked)
    assert found.total() > QUERIES / 4
    assert {kind for kind in asked if not found[kind]} <= {"e-mail", "mobile", "nonsense"}
    assert cut["answers"] > QUERIES / 20
    assert cut["shown"]


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
    assert CUT in client.get("/contacts/", {"q": "139"}).content.decode()
    under = search(viewer_of(holder), "139", node=few)
    assert (set(under.ids), under.capped) == (set(below), False)


def test_more_places_than_can_be_looked_at_are_said(client, monkeypatch) -> None:
    """The first places that are called so have nobody: that is no reason to say that nobody is there."""
    monkeypatch.setattr("contacts.search.ORGANIZATION_CAP", 2)
    dimension, holder = org.make_dimension(), org.make_holder()
    places = [org.make_organization(dimension, f"远景包装{number}") for number in range(3)]
    one = make_contact(places[2])
    hits = search(viewer_of(holder), "远景")
    assert (hits.ids, hits.capped) in (([one.pk], False), ([], True))
    client.force_login(holder)
    assert CUT in client.get("/contacts/", {"q": "远景"}).content.decode()
