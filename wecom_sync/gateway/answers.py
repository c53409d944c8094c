"""What the gateway takes and gives: frozen, typed, nothing of the protocol's own shapes.

Ids are kept exactly as WeCom writes them: the corp ids that an upstream corp sees differ in case alone (doc 96516), and
what a downstream corp is called differs from one upstream corp to another. A userid means something only with its corp.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """One self-built app of one corp. The secret stands in no text made of it."""

    corpid: str
    agentid: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """One 上下游空间 of the corp."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a chain; the root is number 1 and has parent 0. Bigger order stands first."""

    id: int
    name: str
    parent: int
    order: int


@dataclass(frozen=True, slots=True)
class Corp:
    """A corp of a chain. Joined: `corpid`; not yet: `pending_corpid`. Only `custom_id` links the one to the other."""

    name: str
    group: int
    joined: bool
    corpid: str = ""
    pending_corpid: str = ""
    custom_id: str = ""
    inviter: str = ""


@dataclass(frozen=True, slots=True)
class CorpDetail:
    """One corp of a chain by itself. qualification: 1 not verified, 2 verified, 3 certified, 0 not told."""

    name: str
    group: int
    joined: bool
    custom_id: str = ""
    qualification: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """The app is shared with this joined corp, where it has an agentid of its own."""

    corpid: str
    name: str
    agentid: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A 对接规则: these departments and people of the corp with those groups and corps of the chain."""

    id: str
    departments: tuple[int, ...]
    userids: tuple[str, ...]
    groups: tuple[int, ...]
    corpids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """The app as its token sees it: what may be read is at or below `departments`, and `userids` and `tags`."""

    id: int
    name: str
    closed: bool
    userids: tuple[str, ...]
    departments: tuple[int, ...]
    tags: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Department:
    """`parent` may be a department that is not to be seen: what comes is a forest. Bigger order stands first."""

    id: int
    name: str
    parent: int
    order: int
    leaders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DepartmentNode:
    """A department without its name."""

    id: int
    parent: int
    order: int


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a corp. Of downstream people come userid, name, departments and status alone; `name` may be the id.

    status: 1 active, 2 disabled, 4 not activated, 5 left, 0 not told. `orders` and `leads` go with `departments` one by
    one or are empty.
    """

    userid: str
    name: str
    departments: tuple[int, ...]
    status: int = 0
    main_department: int | None = None
    orders: tuple[int, ...] = ()
    leads: tuple[bool, ...] = ()
    superiors: tuple[str, ...] = ()
    position: str = ""
    alias: str = ""
    mobile: str = ""
    telephone: str = ""
    email: str = ""
    biz_email: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """Who is in a tag, as far as the token sees it."""

    id: int
    name: str
    userids: tuple[str, ...]
    departments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who comes with a login code. Staff: `corpid` is the corp's own. Downstream: the corp as this upstream sees it.

    Neither: `userid` is empty, and nobody may be logged in; `openid` says that somebody was there.
    """

    corpid: str
    userid: str
    openid: str = ""

    @property
    def known(self) -> bool:
        return bool(self.userid)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that WeCom has taken. `missed` are receivers it did not reach, as they were given.

    `response_code` updates the card once within 72 hours.
    """

    msgid: str
    missed: tuple[str, ...] = ()
    response_code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when it ends."""

    value: str = field(repr=False)
    ends: datetime.datetime
