"""What exists in the invented world: companies with departments and people, upstream corps, chains, shares.

A company knows itself by plain ids. An upstream corp sees it through a View: with a corp id and user ids of its own
making, other ones than the next upstream corp sees (fact sheet 0.7).
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

ROOT = 1


def opaque(kind: str, *parts: str | int) -> str:
    """An encrypted id: mixed case, meaningless, always the same for the same parts."""
    digest = hashlib.blake2b("\n".join(map(str, parts)).encode(), digest_size=21).digest()
    return kind + base64.b64encode(digest, altchars=b"Aa").decode()


@dataclass(slots=True)
class Department:
    id: int
    name: str
    parentid: int
    order: int


@dataclass(slots=True)
class Person:
    userid: str
    name: str
    departments: list[int]
    status: int = 1
    position: str = ""
    mobile: str = ""
    order: int = 0
    custom_id: str = ""
    leads: bool = False


@dataclass(slots=True)
class Scope:
    """The visible range of an app."""

    departments: list[int] = field(default_factory=lambda: [ROOT])
    userids: list[str] = field(default_factory=list)
    tags: dict[int, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Company:
    corpid: str
    name: str
    departments: dict[int, Department] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    gone: list[Person] = field(default_factory=list)
    next_number: int = 2
    _index: dict[int, list[Person]] | None = None
    _children: dict[int, list[int]] | None = None

    def changed(self) -> None:
        """What is derived is worked out anew."""
        self._index = self._children = None

    def of_department(self, number: int) -> list[Person]:
        if self._index is None:
            index: dict[int, list[Person]] = defaultdict(list)
            for person in self.people.values():
                for one in person.departments:
                    index[one].append(person)
            self._index = dict(index)
        return self._index.get(number, [])

    def below(self, tops: list[int]) -> list[int]:
        """These departments and all below them, parents first."""
        if self._children is None:
            children: dict[int, list[int]] = defaultdict(list)
            for one in self.departments.values():
                children[one.parentid].append(one.id)
            self._children = dict(children)
        found: dict[int, None] = {}
        waiting = [top for top in reversed(tops) if top in self.departments]
        while waiting:
            number = waiting.pop()
            if number not in found:
                found[number] = None
                waiting += reversed(self._children.get(number, []))
        return list(found)

    def visible(self, scope: Scope) -> tuple[list[int], list[str]]:
        """Departments of a scope in order, and the people in it whether by department, singly or by tag."""
        departments = self.below(scope.departments)
        people = dict.fromkeys(p.userid for one in departments for p in self.of_department(one))
        singly = [*scope.userids, *(one for tag in scope.tags.values() for one in tag)]
        people |= dict.fromkeys(one for one in singly if one in self.people)
        return departments, list(people)


@dataclass(slots=True)
class App:
    """A self-built app. `wide`: it stands in 上下游 → 可调用接口的应用."""

    agentid: int
    secret: str
    name: str
    token: str
    aes_key: str
    scope: Scope = field(default_factory=Scope)
    wide: bool = True
    closed: bool = False
    domain: str = ""
    callback: str = ""
    trusted_ips: list[str] | None = None


@dataclass(slots=True)
class View:
    """A company as one upstream corp sees it. agentid: of the shared app there."""

    company: Company
    corpid: str
    agentid: int
    salt: str
    shared: bool = True
    scope: Scope = field(default_factory=Scope)
    fixed: dict[str, str] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)
    _plain: dict[str, str] = field(default_factory=dict)

    def id_of(self, userid: str) -> str:
        """How a person of it is called here."""
        found = self._ids.get(userid)
        if found is None:
            found = self.fixed.get(userid) or opaque("wo", self.salt, self.company.corpid, userid)
            self._ids[userid], self._plain[found] = found, userid
        return found

    def person(self, given: str) -> Person | None:
        """Whom an id of here means."""
        for userid in () if given in self._plain else self.company.people:
            self.id_of(userid)
        return self.company.people.get(self._plain.get(given, ""))


@dataclass(slots=True)
class Link:
    """A place of a company in a chain."""

    view: View
    group: int
    joined: bool
    pending_corpid: str
    custom_id: str = ""


@dataclass(slots=True)
class Group:
    id: int
    name: str
    parentid: int
    order: int


@dataclass(slots=True)
class Rule:
    id: int
    departments: list[int]
    userids: list[str]
    groups: list[int]
    corpids: list[str]

    def body(self) -> dict[str, Any]:
        return {
            "owner_corp_range": {"departmentids": self.departments, "userids": self.userids},
            "member_corp_range": {"groupids": self.groups, "corpids": self.corpids},
        }


@dataclass(slots=True)
class Chain:
    id: str
    name: str
    groups: dict[int, Group] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    rules: dict[int, Rule] = field(default_factory=dict)


@dataclass(slots=True)
class Upstream:
    company: Company
    app: App
    chains: dict[str, Chain] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)

    @property
    def corpid(self) -> str:
        return self.company.corpid

    def joined(self, view: View) -> bool:
        return any(one.view is view and one.joined for c in self.chains.values() for one in c.links)

    def open_views(self) -> list[View]:
        """Those that the app is shared with, joined ones only."""
        return [one for one in self.views.values() if one.shared and self.joined(one)]


@dataclass(slots=True)
class World:
    seed: int
    dice: random.Random
    upstreams: dict[str, Upstream] = field(default_factory=dict)

    def upstream(self, corpid: str) -> Upstream:
        """The one named, or the first where none is."""
        return self.upstreams[corpid] if corpid else next(iter(self.upstreams.values()))
