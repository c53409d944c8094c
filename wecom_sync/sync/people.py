"""Items of a plan that are about people. Each function returns the items it had to pass over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from contacts import closure
from contacts.models import Membership
from contacts.services import synced
from core.copying import copy_rows
from wecom_sync.models import PlanItem, RemotePerson, Run
from wecom_sync.sync import kept, places
from wecom_sync.sync.world import ACTOR, World


def _wanted_places(world: World, items: Sequence[PlanItem]) -> dict[int, list[int]]:
    """Item → nodes, the main one first; items whose places are not all there are missing."""
    keys = {one.pk: list(zip(one.after["chains"], one.after["places"], strict=True))
            for one in items if "places" in one.after}  # fmt: skip
    world.read([pair for pairs in keys.values() for pair in pairs])
    return {
        pk: list(dict.fromkeys(world.nodes[pair] for pair in pairs))
        for pk, pairs in keys.items()
        if all(pair in world.nodes for pair in pairs)
    }


def add(world: World, items: Sequence[PlanItem]) -> list[int]:
    there = _remote(world.run, items)
    found = _wanted_places(world, items)
    new = [one for one in items if one.key not in there and one.pk in found]
    for chain_id in dict.fromkeys(one.chain_id for one in new):
        some = [one for one in new if one.chain_id == chain_id]
        ids = synced.create_many(
            by=ACTOR, people=[synced.NewPerson(one.name, found[one.pk]) for one in some],
            kept=kept.words_of_person(world.chains[chain_id or 0]),
        )  # fmt: skip
        copy_rows(RemotePerson, (
            {
                "connection_id": world.run.connection_id, "corp_id": corp, "user_id": user, "contact_id": pk,
                "places": where, "put_off": False,
            }
            for pk, (corp, user), where in zip(
                ids, (_split(one.key) for one in some), (found[one.pk] for one in some), strict=True
            )
        ))  # fmt: skip
    return [one.pk for one in items if one.pk not in found]


def _split(key: str) -> tuple[str, str]:
    corp_id, _slash, user_id = key.partition("/")
    return corp_id, user_id


def _remote(run: Run, items: Sequence[PlanItem]) -> dict[str, RemotePerson]:
    """The rows of these people, locked."""
    pairs = [_split(one.key) for one in items]
    rows = RemotePerson.objects.select_for_update().filter(
        connection=run.connection, corp_id__in={corp for corp, _user in pairs},
        user_id__in={user for _corp, user in pairs},
    )  # fmt: skip
    wanted = {one.key for one in items}
    found = {f"{row.corp_id}/{row.user_id}": row for row in rows.order_by("pk")}
    return {key: row for key, row in found.items() if key in wanted}


def change(world: World, items: Sequence[PlanItem]) -> list[int]:
    rows = _remote(world.run, items)
    found = _wanted_places(world, items)
    known = [
        one for one in items if one.key in rows and ("places" not in one.after or one.pk in found)
    ]
    stand = _Standing.of(world, [rows[one.key] for one in known])
    off = _put_off([rows[one.key] for one in known if "gone" in one.after])
    wanted = []
    for one in known:
        row = rows[one.key]
        row.places = found.get(one.pk, row.places)
        back = "gone" in one.after and row.contact_id in off
        where = stand.moved(row, found[one.pk]) if one.pk in found else {}
        wanted.append(
            synced.Wanted(
                row.contact_id, name=one.after.get("name"), enabled=True if back else None, **where
            )
        )
        if "gone" in one.after:
            row.gone_at, row.put_off = None, False
    changed = set(synced.change_many(by=ACTOR, wanted=wanted))
    done = [one for one in known if rows[one.key].contact_id in changed]
    fields = ["places", "gone_at", "put_off"]
    RemotePerson.objects.bulk_update([rows[one.key] for one in done], fields, batch_size=500)
    RemotePerson.objects.filter(contact__in=off & changed, put_off=True).update(put_off=False)
    did = {one.pk for one in done}
    return [one.pk for one in items if one.pk not in did]


def _put_off(rows: Sequence[RemotePerson]) -> set[int]:
    """Contacts whom a run disabled, of this corp or of another that had them, too."""
    ids = [row.contact_id for row in rows]
    off = RemotePerson.objects.filter(contact_id__in=ids, put_off=True)
    return set(off.values_list("contact_id", flat=True))


@dataclass(slots=True)
class _Standing:
    """Where contacts stand now: by this connection, by their main place, and where other corps want them.

    `second` are those whom another corp saw before: that one decides about the main place.
    """

    own: dict[int, set[int]]
    mains: dict[int, int]
    others: dict[int, set[int]]
    second: set[int]

    @classmethod
    def of(cls, world: World, rows: Sequence[RemotePerson]) -> "_Standing":
        ids = [row.contact_id for row in rows]
        mine = {row.pk: row.contact_id for row in rows}
        others: dict[int, set[int]] = {}
        second: set[int] = set()
        seen = RemotePerson.objects.filter(contact_id__in=ids, gone_at=None).exclude(pk__in=mine)
        for pk, contact_id, where in seen.values_list("pk", "contact_id", "places"):
            others.setdefault(contact_id, set()).update(where)
            second.update(
                contact_id for own, contact in mine.items() if contact == contact_id and pk < own
            )
        return cls(_own_places(world, ids), _mains(ids), others, second)

    def moved(self, row: RemotePerson, node_ids: Sequence[int]) -> dict[str, Any]:
        """What changes when he is to stand at these nodes, the main one first."""
        contact, now = row.contact_id, self.own.get(row.contact_id, set())
        gone = now - set(node_ids) - self.others.get(contact, set())
        main = self.mains.get(contact)
        decides = main in gone or (main in now and contact not in self.second)
        return {
            "add": [pk for pk in node_ids if pk not in now], "remove": gone,
            "main": node_ids[0] if decides else None,
        }  # fmt: skip

    def left(self, row: RemotePerson) -> set[int]:
        """The places that he loses with this corp."""
        return self.own.get(row.contact_id, set()) - self.others.get(row.contact_id, set())


def _own_places(world: World, contact_ids: Sequence[int]) -> dict[int, set[int]]:
    """Contact → nodes of this connection where he stands now."""
    rows = Membership.objects.filter(
        contact_id__in=contact_ids, node__remote_places__chain__connection=world.run.connection
    )
    found: dict[int, set[int]] = {}
    for contact_id, node_id in rows.values_list("contact_id", "node_id"):
        found.setdefault(contact_id, set()).add(node_id)
    return found


def _mains(contact_ids: Sequence[int]) -> dict[int, int]:
    rows = Membership.objects.filter(contact_id__in=contact_ids, is_main=True)
    return dict(rows.values_list("contact_id", "node_id"))


def leave(world: World, items: Sequence[PlanItem]) -> list[int]:
    rows = _remote(world.run, items)
    elsewhere = _elsewhere(
        [rows[one.key] for one in items if one.key in rows and one.after.get("detached")]
    )
    known = [
        one for one in items
        if one.key in rows and (not one.after.get("detached") or rows[one.key].contact_id in elsewhere)
    ]  # fmt: skip
    stand = _Standing.of(world, [rows[one.key] for one in known])
    wanted, off = [], []
    for one in known:
        row = rows[one.key]
        now = stand.left(row)
        if one.after.get("detached"):
            wanted.append(_detached(row.contact_id, now))
        elif one.after.get("moved"):
            bucket = places.left(world.chains[one.chain_id or 0])
            wanted.append(
                synced.Wanted(
                    row.contact_id, add=[bucket], remove=now - {bucket}, main=bucket, enabled=False
                )
            )
        elif one.after.get("enabled") is False:
            wanted.append(synced.Wanted(row.contact_id, enabled=False))
        if one.after.get("enabled") is False and one.before.get("enabled"):
            off.append(row.pk)
    synced.change_many(by=ACTOR, wanted=wanted)
    gone = RemotePerson.objects.filter(pk__in=[rows[one.key].pk for one in known])
    gone.update(gone_at=timezone.now())
    gone.filter(pk__in=off).update(put_off=True)
    did = {one.pk for one in known}
    return [one.pk for one in items if one.pk not in did]


def _elsewhere(rows: Sequence[RemotePerson]) -> set[int]:
    """Contacts, locked from now on, that another corp has, too. Whom none has any more the next run finds anew."""
    locked = closure.lock(contact_ids=[row.contact_id for row in rows])
    others = RemotePerson.objects.filter(contact__in=locked, gone_at=None)
    return set(others.exclude(pk__in=[row.pk for row in rows]).values_list("contact_id", flat=True))


def _detached(contact_id: int, now: set[int]) -> synced.Wanted:
    """Somebody who is still there by another corp loses the places of this one, as long as he has another."""
    others = (
        Membership.objects.filter(contact_id=contact_id)
        .exclude(node_id__in=now)
        .order_by("-is_main", "pk")
    )
    main = others.values_list("node_id", flat=True).first()
    return synced.Wanted(contact_id, remove=now if main else (), main=main)
