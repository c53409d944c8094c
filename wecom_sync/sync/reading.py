"""One downstream corp as its token shows it: a forest of departments, people in several of them (SECURITY T70).

What comes is somebody else's input: names are cleaned, circles are cut, ids are kept as they are.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from core.text import clean
from wecom_sync.gateway import Agent, Department, Directory, Member, Permanent, Reaction

# The root of a chain, and the root department of a corp: here they are the target of the chain and the corp itself.
ROOT: Final = 1
# In WeCom the bigger number stands first, up to 2^32; ours are whole numbers of four bytes.
MOST: Final = 2**31 - 1
INACTIVE: Final = frozenset({2, 5})  # disabled there, left
# How a chain, a corp or a rule is refused that is not there is not documented; the stand-in answers 40058.
NOT_THERE: Final = (Reaction.SKIP, Reaction.BUG)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A department; `parent` is ROOT where it stands in the corp itself, of siblings the least `order` stands first."""

    id: int
    parent: int
    name: str
    order: int


@dataclass(frozen=True, slots=True)
class Person:
    """`departments`: the main one first; ROOT alone where none of his is to be seen."""

    userid: str
    name: str
    departments: tuple[int, ...]
    active: bool


@dataclass(slots=True)
class Found:
    """A whole corp. `unknown` says why nobody may be missed in it, "" when everything was read."""

    departments: list[Place] = field(default_factory=list)
    depths: dict[int, int] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    unknown: str = ""

    def key(self, corpid: str, department: int) -> str:
        """The remote key of a department, or of the corp."""
        return f"d:{corpid}/{department}" if department in self.depths else f"c:{corpid}"


def read(corp: Directory, known: Collection[str]) -> Found:
    """Everything that the app may see of a corp, downstream or our own. `known` are the people of the last time: a list
    may have holes, so whoever is missing in it is asked for by himself (SECURITY T72). Raises WeComError.
    """
    agent, visible = corp.agent(), corp.departments()
    found = Found()
    people: dict[str, Member] = {}
    for department in visible:
        people |= {one.userid: one for one in corp.members(department.id)}
    found.unknown = _singly(corp, agent, people) or _hole(corp, people, known)
    _place(found, visible)
    found.people = [_person(one, found.depths) for one in people.values()]
    return found


def _singly(corp: Directory, agent: Agent, people: dict[str, Member]) -> str:
    """Takes in whom the range or a tag names. Returns why nobody may be missed, "" where all of them were read."""
    unknown, named = "", dict.fromkeys(agent.userids)
    for tag in agent.tags:
        try:
            named |= dict.fromkeys(corp.tag(tag).userids)
        except Permanent as error:
            text = _("Whom a tag makes visible cannot be read: nobody is taken for gone")
            unknown = f"{text} ({error})"
    for userid in [one for one in named if one not in people]:
        try:
            people[userid] = corp.member(userid)
        except Permanent as error:
            if error.reaction != Reaction.SKIP:
                raise
            text = _("Somebody who is visible by himself cannot be read: nobody is taken for gone")
            unknown = f"{text} ({error})"
    return unknown


def _hole(corp: Directory, people: Mapping[str, Member], known: Collection[str]) -> str:
    """The same for those who are missing in the lists: whether they are really not there."""
    if known and not people:
        return _("The list of people is empty, although there were some: nobody is taken for gone")
    for userid in sorted(set(known) - people.keys()):
        found = missing(partial(corp.member, userid), Reaction.SKIP)
        if found is not None and found.userid == userid:
            return _(
                "The list of people has holes: one who is there is missing in it. Nobody is taken for gone"
            )
    return ""


def missing(ask: Callable[[], T], *gone: Reaction) -> T | None:
    """What WeCom says of something that a list leaves out; None where these reactions say that it is not there either.

    Raises WeComError.
    """
    try:
        return ask()
    except Permanent as error:
        if error.reaction not in gone:
            raise
    return None


def holes(sentence: str, api: str, corpid: str = "") -> Permanent:
    """For a list that has left out what is there."""
    return Permanent(sentence, code="holes", api=api, corpid=corpid, reaction=Reaction.AGAIN)


def _place(found: Found, visible: Iterable[Department]) -> None:
    rows = [one for one in visible if one.id != ROOT]
    found.depths = depths({one.id: one.parent for one in rows}, top=ROOT)
    found.departments = [
        Place(
            one.id,
            above(one.id, one.parent, found.depths),
            name(one.name, one.id),
            -min(one.order, MOST),
        )
        for one in sorted(rows, key=lambda one: found.depths[one.id])
    ]


def depths(parents: Mapping[int, int], *, top: int) -> dict[int, int]:
    """How far each stands under the top, 1 for those whose parent is not there; those in a circle stand at the top."""
    found: dict[int, int] = {}
    for start in parents:
        chain: list[int] = []
        here = start
        while here in parents and here != top and here not in found and here not in chain:
            chain.append(here)
            here = parents[here]
        depth = 0 if here in chain else found.get(here, 0)
        for one in reversed(chain):
            depth += 1
            found[one] = depth
    return found


def above(place: int, parent: int, depths_of: Mapping[int, int]) -> int:
    """The parent of a place, ROOT where that is not there or would close a circle."""
    return parent if depths_of.get(parent, 0) == depths_of[place] - 1 > 0 else ROOT


def _person(member: Member, depths_of: Mapping[int, int]) -> Person:
    seen = _departments_of(member, depths_of) or (ROOT,)
    return Person(
        member.userid, name(member.name, member.userid), seen, member.status not in INACTIVE
    )


def _departments_of(member: Member, depths_of: Mapping[int, int]) -> tuple[int, ...]:
    """Those of his departments that are to be seen, the main one first."""
    main = member.main_department
    ordered = [main, *member.departments] if main in member.departments else [*member.departments]
    return tuple(dict.fromkeys(pk for pk in ordered if pk in depths_of or pk == ROOT))


def name(text: str, instead: int | str) -> str:
    """A name as it may be stored; the id where there is none."""
    return clean(text, 100) or str(instead)
