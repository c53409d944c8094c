"""Contacts with their memberships, and what derives from them: the closure's own SQL and words, all at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from accounts.models import User
from bench import names
from bench.compose_directory import POSITIONS
from bench.scale import rows
from bench.scale.places import Place, Places, shares
from contacts import closure, counts
from contacts.models import Contact, Membership
from core.text import pinyin, simplified
from orgs.models import Category

POOL = 30_000
CHUNK = 20_000
# Nobody has these ranges.
RANGES = ("154", "142", "143", "160", "161", "163", "164", "168", "169", "194")
ACCOUNTS = 0.02
SEARCH = (
    """INSERT INTO contacts_contactsearch (contact_id, words, anc, live_anc)
       SELECT s.contact_id, array_to_tsvector(f.words), array_agg(s.node_id ORDER BY s.node_id),
              coalesce(array_agg(s.node_id ORDER BY s.node_id) FILTER (WHERE s.live), '{}')
       FROM contacts_contactscope s JOIN fresh f ON f.contact_id = s.contact_id GROUP BY s.contact_id, f.words""",
    "DROP TABLE fresh",
)


def write(*, count: int, places: Places, staff: Sequence[int], folder: Path | None) -> None:
    """Writes `count` contacts, about a fifth of them in two or three places."""
    rng = random.Random(13)
    persons = Persons(rng, folder)
    homes = _homes(count, places, rng)
    categories = [Category.objects.create(name=f"分类{n}").pk for n in range(8)]
    columns = rows.defaults(Contact) | {"source": "file"}
    with rows.bare("contacts_contact", "contacts_membership", "accounts_user"):
        first_login = rows.run("SELECT max(id) + 1 FROM accounts_user")[0][0]
        logins = itertools.count(first_login)
        for start in range(1, count + 1, CHUNK):
            numbers = range(start, min(start + CHUNK, count + 1))
            made = [persons.contact(pk, homes[pk - 1], staff, categories, logins) for pk in numbers]
            _logins([one for one in made if one["user_id"]])
            rows.copy_rows(Contact, (columns | one for one in made))
            rows.copy_rows(Membership, _memberships(numbers, homes))
        rows.continue_ids(User)
        rows.continue_ids(Contact)
    derive(count)


def derive(count: int) -> None:
    """The scope closure by the statement that also proves it, and the search words by the function that makes them."""
    with rows.bare("contacts_contactscope", "contacts_contactsearch"):
        rows.run(
            "INSERT INTO contacts_contactscope (node_id, sort_key, contact_id, live)"
            f" SELECT node_id, sort_key, contact_id, live FROM ({closure.WANTED.format(only='')}) w ORDER BY 1, 2, 3"
        )
        rows.run("CREATE TEMP TABLE fresh (contact_id bigint, words text[])")
        with connection.cursor() as cursor:
            for start in range(0, count, CHUNK):
                found = Contact.objects.filter(pk__gt=start, pk__lte=start + CHUNK)
                people = list(found.values_list(*closure.WORD_FIELDS))
                with cursor.cursor.copy("COPY fresh FROM STDIN") as copy:
                    for pk, *values in people:
                        copy.write_row([pk, closure.words_of(*values)])
        for statement in SEARCH:
            rows.run(statement)
    counts.recount()


def _homes(count: int, places: Places, rng: random.Random) -> list[list[Place]]:
    """The places of each contact, the main one first: spread over the dimensions by their shares."""
    dimensions = [one for one in places.dimensions if places.by_dimension.get(one)]
    weights = shares(len(places.dimensions))[: len(dimensions)]
    everywhere = [place for nodes in places.by_dimension.values() for place in nodes]
    homes = []
    for dimension_id in rng.choices(dimensions, weights, k=count):
        mine = places.by_dimension[dimension_id]
        more = rng.choices((0, 1, 2), (0.82, 0.15, 0.03))[0]
        found = {place.id: place for place in [rng.choice(mine), *rng.choices(everywhere, k=more)]}
        homes.append(list(found.values()))
    return homes


def _memberships(numbers: range, homes: Sequence[Sequence[Place]]) -> Iterator[dict[str, Any]]:
    for pk in numbers:
        for order, place in enumerate(homes[pk - 1]):
            yield {
                "contact_id": pk,
                "node_id": place.id,
                "is_main": not order,
                "position": "",
                "order": order,
            }


def _logins(people: Sequence[dict[str, Any]]) -> None:
    common = rows.defaults(User) | {"kind": "external", "password": "!"}
    rows.copy_rows(User, (
        common | {
            "id": one["user_id"], "username": f"ext{one['user_id']}", "name": one["name"],
            "simplified": one["simplified"], "sort_key": one["sort_key"], "initials": one["initials"],
        }
        for one in people
    ))  # fmt: skip


class Persons:
    """Names as frequent as in life, and the other fields of a person."""

    def __init__(self, rng: random.Random, folder: Path | None) -> None:
        self.rng = rng
        pool = names.people(POOL, rng, folder)
        # Surnames stand in the order of how common they are.
        rank = {char: place for place, char in enumerate(names.SURNAMES)}
        self.weights = list(itertools.accumulate(1 / (8 + rank.get(name[0], 90)) for name in pool))
        self.columns = [
            {
                "name": name, "simplified": simplified(name), "sort_key": pinyin(name).sort_key,
                "initials": pinyin(name).initials,
            }
            for name in pool
        ]  # fmt: skip

    def contact(
        self,
        pk: int,
        home: Sequence[Place],
        staff: Sequence[int],
        categories: Sequence[int],
        logins: Iterator[int],
    ) -> dict[str, Any]:
        """The columns of one contact; 1 in 100 is disabled, 2 in 100 have an account, 1 in 10 were made by somebody."""
        rng = self.rng
        enabled, active = rng.random() > 0.01, rng.random() < ACCOUNTS
        named = rng.choices(self.columns, cum_weights=self.weights)[0]
        return named | {
            "id": pk, "main_node_id": home[0].id, "enabled": enabled,
            "live": enabled and any(place.live for place in home),
            "mobile": f"+86{rng.choice(RANGES)}{rng.randrange(10**8):08d}",
            "code": f"P{pk:07d}" if rng.random() < 0.6 else None,
            "email": f"p{pk}@o{home[0].id}.example.com" if rng.random() < 0.4 else "",
            "position": rng.choice(POSITIONS) if rng.random() < 0.8 else "",
            "category_id": rng.choice(categories) if rng.random() < 0.3 else None,
            "created_by_id": rng.choice(staff) if rng.random() < 0.1 else None,
            "follower_id": rng.choice(staff) if rng.random() < 0.1 else None,
            "user_id": next(logins) if active else None, "account": "active" if active else "none",
        }  # fmt: skip
