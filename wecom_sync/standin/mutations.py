"""Changes to the world, by its dice: what changed, and the events that WeCom would send about it.

Each takes one company as an upstream corp sees it, and gives lines for the answer and fields of events. A change that
the world has nothing left for (nobody to leave, nothing pending) changes nothing and says so by an empty list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wecom_sync.standin.generate import attach, new_department, new_person, new_rule
from wecom_sync.standin.names import Names
from wecom_sync.standin.world import (
    ROOT,
    Chain,
    Company,
    Department,
    Link,
    Person,
    Upstream,
    View,
    World,
)

Fields = dict[str, Any]


@dataclass(slots=True)
class Change:
    """What a mutation works on, and what it leaves behind. `view` is None for the upstream corp itself."""

    world: World
    upstream: Upstream
    view: View | None
    share: float = 0.3
    lines: list[Fields] = field(default_factory=list)
    events: list[Fields] = field(default_factory=list)

    @property
    def company(self) -> Company:
        return self.view.company if self.view else self.upstream.company

    @property
    def corpid(self) -> str:
        return self.view.corpid if self.view else self.upstream.corpid

    def id_of(self, person: Person) -> str:
        return self.view.id_of(person.userid) if self.view else person.userid

    def anybody(self) -> Person | None:
        """Somebody in the visible range."""
        scope = self.view.scope if self.view else self.upstream.app.scope
        found = self.company.visible(scope)[1]
        return self.company.people[self.world.dice.choice(found)] if found else None

    def note(self, what: str, **more: Any) -> None:
        self.lines.append({"what": what, "corpid": self.corpid, **more})

    def tell(self, event: str, change: str = "", **fields: Any) -> None:
        marks = {"ChangeType": change} if change else {}
        self.events.append({"ToUserName": self.corpid, "Event": event, **marks, **fields})

    def tell_of(self, person: Person, change: str, **more: Any) -> None:
        self.tell(
            "change_contact", change, UserID=self.id_of(person),
            Department=",".join(map(str, person.departments)), Name=person.name, **more,
        )  # fmt: skip


def mutate(
    world: World, kind: str, *, corpid: str = "", count: int = 1, share: float = 0.3
) -> tuple[list[Fields], list[tuple[Upstream, Fields]]]:
    """Carries out a kind of change so many times; corpid names a corp, an upstream one too, or the dice choose."""
    lines: list[Fields] = []
    events: list[tuple[Upstream, Fields]] = []
    for _one in range(count):
        change = _where(world, kind, corpid, share)
        if change is None:
            break
        KINDS[kind](change)
        change.company.changed()
        lines += change.lines
        events += [(change.upstream, one) for one in change.events]
    return lines, events


def _where(world: World, kind: str, corpid: str, share: float) -> Change | None:
    """Where it happens; the dice choose among what fits."""
    for upstream in world.upstreams.values():
        if corpid == upstream.corpid and kind in WITHIN:
            return Change(world, upstream, None, share)
        if corpid in upstream.views:
            return Change(world, upstream, upstream.views[corpid], share)
    known = corpid in world.upstreams
    upstream = (
        world.upstreams[corpid] if known else world.dice.choice(list(world.upstreams.values()))
    )
    if corpid and not known:
        raise ValueError("corpid: not known")
    fits = FITS.get(kind, Upstream.open_views)(upstream)
    return Change(world, upstream, world.dice.choice(fits), share) if fits else None


# --- people
def join(change: Change) -> None:
    numbers = change.company.below(
        (change.view.scope if change.view else change.upstream.app.scope).departments
    )
    person = new_person(change.world, Names(change.world.dice), change.company, numbers)
    change.note("join", userid=change.id_of(person))
    change.tell_of(person, "create_user")


def leave(change: Change) -> None:
    if person := change.anybody():
        _gone(change, person)
        change.note("leave", userid=change.id_of(person))


def _gone(change: Change, person: Person) -> None:
    del change.company.people[person.userid]
    change.company.gone.append(person)
    change.company.changed()
    change.tell("change_contact", "delete_user", UserID=change.id_of(person))


def rejoin(change: Change) -> None:
    if change.company.gone:
        person = change.company.gone.pop()
        person.departments = [
            one for one in person.departments if one in change.company.departments
        ] or [ROOT]
        change.company.people[person.userid] = person
        change.note("rejoin", userid=change.id_of(person))
        change.tell_of(person, "create_user")


def rename(change: Change) -> None:
    if person := change.anybody():
        person.name = Names(change.world.dice).person() + "新"
        change.note("rename", userid=change.id_of(person), name=person.name)
        change.tell_of(person, "update_user")


def move(change: Change) -> None:
    """To another visible department."""
    scope = change.view.scope if change.view else change.upstream.app.scope
    person, numbers = change.anybody(), change.company.below(scope.departments)
    others = [one for one in numbers if person and one not in person.departments]
    if person and others:
        person.departments = [change.world.dice.choice(others)]
        change.note("move", userid=change.id_of(person), departments=person.departments)
        change.tell_of(person, "update_user")


def disappear(change: Change) -> None:
    """A share of the corp's people at once."""
    people = list(change.company.people.values())
    for person in change.world.dice.sample(people, round(len(people) * change.share)):
        _gone(change, person)
        change.note("leave", userid=change.id_of(person))


# --- departments
def add_department(change: Change) -> None:
    scope = change.view.scope if change.view else change.upstream.app.scope
    parent = change.world.dice.choice(change.company.below(scope.departments))
    one = new_department(change.company, Names(change.world.dice).department() + "新", parent)
    change.note("new_department", id=one.id, name=one.name)
    change.tell(
        "change_contact", "create_party", Id=one.id, Name=one.name, ParentId=parent, Order=one.order
    )


def _below_root(change: Change) -> list[int]:
    scope = change.view.scope if change.view else change.upstream.app.scope
    return [one for one in change.company.below(scope.departments) if one != ROOT]


def rename_department(change: Change) -> None:
    if numbers := _below_root(change):
        one = change.company.departments[change.world.dice.choice(numbers)]
        one.name = Names(change.world.dice).department() + "改"
        change.note("rename_department", id=one.id, name=one.name)
        change.tell("change_contact", "update_party", Id=one.id, Name=one.name)


def move_department(change: Change) -> None:
    for number in change.world.dice.sample(found := _below_root(change), len(found)):
        below = set(change.company.below([number]))
        one = change.company.departments[number]
        targets = [t for t in found if t not in below and t != one.parentid]
        if targets:
            one.parentid = change.world.dice.choice(targets)
            change.note("move_department", id=one.id, parentid=one.parentid)
            change.tell("change_contact", "update_party", Id=one.id, ParentId=one.parentid)
            return


def drop_department(change: Change) -> None:
    """One without people and departments, which WeCom demands; its people go to the one above first."""
    leaves = [one for one in _below_root(change) if change.company.below([one]) == [one]]
    if not leaves:
        return
    one = change.company.departments[change.world.dice.choice(leaves)]
    for person in change.company.of_department(one.id):
        person.departments = [one.parentid]
        change.tell_of(person, "update_user")
    del change.company.departments[one.id]
    change.note("drop_department", id=one.id)
    change.tell("change_contact", "delete_party", Id=one.id)


# --- corps
def _links(upstream: Upstream) -> list[tuple[Chain, Link]]:
    return [(chain, link) for chain in upstream.chains.values() for link in chain.links]


def _chain_event(change: Change, kind: str, *, corpids: bool) -> None:
    for chain, link in _links(change.upstream):
        if link.view is change.view:
            marks: Fields = {"ChainId": chain.id, "GroupIds": [("GroupId", link.group)]}
            if corpids:
                marks["CorpIds"] = [("CorpId", change.corpid)]
            change.tell("change_chain", kind, **marks)
            change.events[-1]["ToUserName"] = change.upstream.corpid


def rename_corp(change: Change) -> None:
    change.company.name = Names(change.world.dice).corp(change.world.dice.randrange(10**4)) + "新"
    change.note("rename_corp", name=change.company.name)
    _chain_event(change, "update_corp", corpids=True)


def corp_pending(change: Change) -> None:
    """Another corp is invited."""
    number = sum(len(one.views) for one in change.world.upstreams.values()) + 1000
    company = Company(f"ww{number:016x}", Names(change.world.dice).corp(number))
    company.departments[ROOT] = Department(ROOT, company.name, 0, 100000000)
    for _one in range(3):
        new_person(change.world, Names(change.world.dice), company, [ROOT])
    link = attach(change.world, change.upstream, company, number, joined=False)
    change.note("corp_pending", pending_corpid=link.pending_corpid, custom_id=link.custom_id)


def corp_joins(change: Change) -> None:
    """A pending one joins: only its custom_id says that it is the same."""
    for _chain, link in _links(change.upstream):
        if link.view is change.view:
            link.joined = True
            change.note("corp_joins", pending_corpid=link.pending_corpid, custom_id=link.custom_id)
    _chain_event(change, "corp_join", corpids=True)
    _share_event(change)


def corp_leaves(change: Change) -> None:
    _chain_event(change, "remove_corp", corpids=True)
    for chain in change.upstream.chains.values():
        chain.links = [link for link in chain.links if link.view is not change.view]
    change.note("corp_leaves")
    _share_event(change)


def _share_event(change: Change) -> None:
    change.tell("share_chain_change", AgentID=change.upstream.app.agentid)
    change.events[-1]["ToUserName"] = change.upstream.corpid


def share(change: Change) -> None:
    _set_shared(change, shared=True)


def unshare(change: Change) -> None:
    _set_shared(change, shared=False)


def _set_shared(change: Change, *, shared: bool) -> None:
    if change.view is not None:
        change.view.shared = shared
        change.note("share" if shared else "unshare")
        _share_event(change)


# --- rules
def add_rule(change: Change) -> None:
    chain = next(iter(change.upstream.chains.values()))
    number = max(chain.rules, default=0) + 1
    chain.rules[number] = new_rule(change.world, change.upstream, chain, number)
    change.note("new_rule", chain_id=chain.id, rule_id=number)


def drop_rule(change: Change) -> None:
    chain = next(iter(change.upstream.chains.values()))
    if chain.rules:
        change.note("drop_rule", chain_id=chain.id, rule_id=chain.rules.popitem()[0])


WITHIN: dict[str, Callable[[Change], None]] = {
    "join": join, "leave": leave, "rename": rename, "move": move, "disappear": disappear, "rejoin": rejoin,
    "new_department": add_department, "rename_department": rename_department, "move_department": move_department,
    "drop_department": drop_department,
}  # fmt: skip
KINDS: dict[str, Callable[[Change], None]] = {
    **WITHIN, "rename_corp": rename_corp, "corp_pending": corp_pending, "corp_joins": corp_joins,
    "corp_leaves": corp_leaves, "share": share, "unshare": unshare, "new_rule": add_rule, "drop_rule": drop_rule,
}  # fmt: skip


def _pending(upstream: Upstream) -> list[View]:
    return [link.view for _chain, link in _links(upstream) if not link.joined]


def _unshared(upstream: Upstream) -> list[View]:
    return [one for one in upstream.views.values() if not one.shared and upstream.joined(one)]


def _with_gone(upstream: Upstream) -> list[View]:
    return [one for one in upstream.open_views() if one.company.gone]


FITS: dict[str, Callable[[Upstream], list[View]]] = {
    "corp_joins": _pending, "share": _unshared, "rejoin": _with_gone,
}  # fmt: skip
