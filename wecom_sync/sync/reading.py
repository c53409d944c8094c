"""One downstream corp as its token shows it: a forest of departments, people in several of them (SECURITY T70).

What comes is somebody else's input: names are cleaned, circles are cut, ids are kept as they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from core.text import clean
from wecom_sync.gateway import Department, Downstream, Member, Permanent, Reaction

# The root of a chain, and the root department of a corp: here they are the target of the chain and the corp itself.
ROOT: Final = 1
INACTIVE: Final = frozenset({2, 5})  # disabled there, left


@dataclass(frozen=True, slots=True)
class Place:
    """A department; `parent` is ROOT where it stands in the corp itself."""

    id: int
    parent: int
    name: str


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


def read(corp: Downstream) -> Found:
    """Everything that the app may see of a corp. Raises WeComError."""
    agent = corp.agent()
    visible = corp.departments()
    found = Found()
    people: dict[str, Member] = {}
    for department in visible:
        people |= {one.userid: one for one in corp.members(department.id)}
    singly = dict.fromkeys(agent.userids)
    for tag in agent.tags:
        try:
            singly |= dict.fromkeys(corp.tag(tag).userids)
        except Permanent as error:
            found.unknown = _("Whom a tag makes visible cannot be read: nobody is taken for gone")
            found.unknown += f" ({error.code})"
    for userid in singly:
        if userid not in people:
            _single(corp, userid, people)
    _place(found, visible)
    found.people = [_person(one, found.depths) for one in people.values()]
    return found


def _single(corp: Downstream, userid: str, people: dict[str, Member]) -> None:
    try:
        people[userid] = corp.member(userid)
    except Permanent as error:
        if error.reaction != Reaction.SKIP:
            raise


def _place(found: Found, visible: Iterable[Department]) -> None:
    rows = [one for one in visible if one.id != ROOT]
    found.depths = depths({one.id: one.parent for one in rows}, top=ROOT)
    found.departments = [
        Place(one.id, above(one.id, one.parent, found.depths), name(one.name, one.id))
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
    seen = departments_of(member, depths_of) or (ROOT,)
    return Person(
        member.userid, name(member.name, member.userid), seen, member.status not in INACTIVE
    )


def departments_of(member: Member, depths_of: Mapping[int, int]) -> tuple[int, ...]:
    """Those of his departments that are to be seen, the main one first."""
    main = member.main_department
    ordered = [main, *member.departments] if main in member.departments else [*member.departments]
    return tuple(dict.fromkeys(pk for pk in ordered if pk in depths_of or pk == ROOT))


def name(text: str, instead: int | str) -> str:
    """A name as it may be stored; the id where there is none."""
    return clean(text, 100) or str(instead)
