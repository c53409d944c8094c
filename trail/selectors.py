"""Reads on the audit trail. What a page costs does not depend on how long the trail is (SPEC OPS-3).

Rows are walked by an index, newest first, at most WINDOW of them for one page; whatever else narrows them is asked of
these. Where that finds less than a page, it says until when it has looked and goes on from there.
"""

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import F, Max, Min, Q, QuerySet
from django.db.models.functions import Now

from accounts.models import User
from accounts.permissions import is_admin
from core.models import AuditEntry, noun
from core.text import clean, simplified
from orgs.permissions import Scope
from orgs.selectors.below import number
from orgs.selectors.trail import day, midnight
from trail.models import AuditCheck
from trail.words import GROUPS, KINDS

Rows = QuerySet[AuditEntry]
PAGE = 50
WINDOW = 10_000
# A search by name goes over the rows of at most so many people.
MAX_PEOPLE = 8
# No statement that writes rows lasts longer: rows stand in order of time but for that.
SKEW = datetime.timedelta(hours=1)
# A walk that has not ended by then was killed.
CHECK_LASTS = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the trail asks for. Days are local ones, both included; `about`: "type:id" of one object."""

    who: str = ""
    group: str = ""
    kind: str = ""
    q: str = ""
    ip: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    about: str = ""
    before: int | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """From the query of an address; what makes no sense is not asked."""
        group, kind = given.get("group", ""), given.get("kind", "")
        return cls(
            who=clean(given.get("who", ""), 100),
            group=group if group in GROUPS else "",
            kind=kind if kind in KINDS else "",
            q=clean(given.get("q", ""), 100),
            ip=clean(given.get("ip", ""), 45),
            since=day(given.get("since", "")),
            until=day(given.get("until", "")),
            about=clean(given.get("about", ""), 90),
            before=number(given.get("before", "")),
        )

    def values(self) -> dict[str, str]:
        """What narrows it, as the query of an address keeps it."""
        names = ("q", "who", "group", "kind", "ip", "since", "until", "about")
        return {name: str(getattr(self, name)) for name in names if getattr(self, name)}

    def query(self, **more: Any) -> str:
        """The same as the query of an address, from the newest on."""
        return urlencode({**self.values(), **more})


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows; `before` is where the next ones begin. `looked_until`: it stopped there before the page was full."""

    entries: list[AuditEntry]
    before: int | None = None
    looked_until: datetime.datetime | None = None


def visible(scope: Scope) -> Rows:
    """All rows for administrators; for holders those that concern a dimension, for maintainers one of theirs (T19)."""
    rows = AuditEntry.objects.all()
    if scope.administrator:
        return rows
    if scope.everything:
        return rows.filter(dimension_id__isnull=False)
    return rows.filter(dimension_id__in=scope.maintained)


def page(scope: Scope, asked: Asked, *, size: int = PAGE) -> Page:
    """The rows that were asked for, newest first; at most nine queries."""
    bounds, ways = _bounds(asked), _ways(scope, asked)
    if bounds is None or not ways:
        return Page([])
    walked = AuditEntry.objects.filter(bounds)
    floor = _floor(walked, ways)
    rows = _narrowed(visible(scope).filter(bounds), asked)
    if floor is not None:
        rows = rows.filter(id__gte=floor)
    parts = [
        rows.filter(way).order_by("-id").values_list("id", flat=True)[: size + 1] for way in ways
    ]
    ids = sorted(_together(parts), reverse=True)[: size + 1]
    found = list(visible(scope).filter(id__in=ids).order_by("-id")) if ids else []
    if len(found) > size:
        return Page(found[:size], found[size - 1].pk)
    if floor is None:
        return Page(found)
    return Page(found, floor, AuditEntry.objects.filter(id=floor).values_list("at", flat=True)[0])


def everything(scope: Scope, asked: Asked, *, size: int, windows: int) -> Iterator[AuditEntry]:
    """All rows that were asked for, until `windows` pages were read."""
    for _turn in range(windows):
        found = page(scope, asked, size=size)
        yield from found.entries
        if found.before is None:
            return
        asked = replace(asked, before=found.before)


def one(scope: Scope, entry_id: int) -> AuditEntry | None:
    """A row that may be read."""
    return visible(scope).filter(id=entry_id).first()


def people(text: str) -> list[User]:
    """Whose name or login name it may be; one more than are searched for."""
    named = Q(simplified__icontains=simplified(text)) | Q(name__icontains=text)
    rows = User.objects.filter(named | Q(username__iexact=text)).order_by("sort_key", "id")
    return list(rows[: MAX_PEOPLE + 1])


def _ways(scope: Scope, asked: Asked) -> list[Q]:
    """Conditions that an index answers in order of the rows; a row is asked for where one of them holds."""
    if asked.about:
        kind, _colon, pk = asked.about.partition(":")
        return [Q(object_type=kind, object_id=pk)]
    if asked.who:
        found = [Q(actor_id=str(person.pk)) for person in people(asked.who)[:MAX_PEOPLE]]
        return [*found, Q(actor_id="", actor_label__icontains=asked.who)]
    if asked.ip:
        return [Q(ip=asked.ip)]
    if asked.group:
        return [Q(noun=name) for name in GROUPS[asked.group][1]]
    if not scope.everything and len(scope.maintained) <= MAX_PEOPLE:
        return [Q(dimension_id=pk) for pk in scope.maintained]
    return [Q()]


def _floor(walked: Rows, ways: list[Q]) -> int | None:
    """Where looking for one page ends; None where it comes to the end of the trail before."""
    place = WINDOW // len(ways)
    walked = walked.alias(noun=noun())
    ends = [
        walked.filter(_first(way)).order_by("-id").values_list("id", flat=True)[place : place + 1]
        for way in ways
    ]
    return max(_together(ends), default=None)


def _together(parts: Sequence["QuerySet[Any, int]"]) -> Iterable[int]:
    """Ids of one query: an "or" would make PostgreSQL leave the indexes of the parts."""
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]


def _first(way: Q) -> Q:
    """What of a way the index answers: the system has an empty id."""
    parts: dict[str, Any] = dict(child for child in way.children if isinstance(child, tuple))
    return Q(actor_id="") if parts.get("actor_id") == "" else way


def _narrowed(rows: Rows, asked: Asked) -> Rows:
    rows = rows.alias(noun=noun())
    if asked.group:
        rows = rows.filter(noun__in=GROUPS[asked.group][1])
    if asked.ip:
        rows = rows.filter(ip=asked.ip)
    if asked.kind:
        rows = rows.filter(object_type=asked.kind)
    if asked.q:
        rows = rows.filter(object_label__icontains=asked.q)
    return rows


def _bounds(asked: Asked) -> Q | None:
    """The period as ids beside times, so that an index of ids begins there; None where nothing happened in it."""
    found = Q(id__lt=asked.before) if asked.before else Q()
    rows = AuditEntry.objects.all()
    if asked.until:
        end = midnight(asked.until) + datetime.timedelta(days=1)
        last = rows.filter(at__lt=end).order_by("-at").values_list("at", flat=True).first()
        if last is None:
            return None
        # The sum keeps PostgreSQL from walking all ids instead of this hour.
        around = rows.filter(at__lte=last, at__gte=last - SKEW)
        found &= Q(at__lt=end, id__lte=around.aggregate(id=Max(F("id") + 0))["id"])
    if asked.since:
        start = midnight(asked.since)
        first = rows.filter(at__gte=start).order_by("at").values_list("at", flat=True).first()
        if first is None:
            return None
        around = rows.filter(at__gte=first, at__lte=first + SKEW)
        found &= Q(at__gte=start, id__gte=around.aggregate(id=Min(F("id") + 0))["id"])
    return found


def checks() -> QuerySet[AuditCheck]:
    """Walks over the chain, newest first. Administrators only."""
    return AuditCheck.objects.order_by("-id")


def last_check() -> AuditCheck | None:
    """The newest walk that has ended."""
    return checks().filter(finished_at__isnull=False).first()


def check_under_way() -> bool:
    """Whether a walk is going on."""
    waiting = AuditCheck.objects.filter(finished_at__isnull=True)
    return waiting.filter(started_at__gt=Now() - CHECK_LASTS).exists()


def checks_readable(user: User, ids: Collection[int]) -> set[int]:
    """Which of these walks `user` may see (settings.IM_CARD_READERS)."""
    if not is_admin(user):
        return set()
    return set(AuditCheck.objects.filter(pk__in=ids).values_list("pk", flat=True))
