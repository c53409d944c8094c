"""Reads on connections and runs. Whoever may look at them sees the whole directory, so names are not asked for one by
one (matrix row 53); where a record comes from is shown by pages that have let somebody see the record.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode

from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from contacts.models import Contact
from core.text import clean
from orgs.models import Node
from orgs.selectors.below import number
from wecom_sync.models import (
    Chain,
    Connection,
    LogLine,
    OwnDepartment,
    OwnPerson,
    PlanItem,
    PulledPerson,
    PulledPlace,
    RemotePerson,
    RemotePlace,
    Run,
)
from wecom_sync.permissions import may_run

PAGE: Final = 50
HISTORY: Final = 20
LINES: Final = 500
CHUNK: Final = 1000
# A plan says what the world looked like; after this it is made anew.
PLAN_HOURS: Final = 24
MANY: Final = 100
Stage = PlanItem.Stage
Key = tuple[int, str]
# What a counter of the run page stands for.
GROUPS: Final[dict[str, tuple[int, ...]]] = {
    "new": (Stage.PLACE_ADD, Stage.PERSON_ADD, Stage.DEPARTMENT_ADD, Stage.STAFF_ADD, Stage.RANGE_ADD),
    "change": (
        Stage.PLACE_JOIN, Stage.PLACE_CHANGE, Stage.PERSON_CHANGE, Stage.DEPARTMENT_CHANGE, Stage.STAFF_CHANGE,
    ),
    "leave": PlanItem.LEAVING,
    "notice": (Stage.NOTICE,),
}  # fmt: skip
# What is on the internal side; its places and people stand in no chain.
OWN: Final = frozenset(stage for stage in Stage if stage >= Stage.DEPARTMENT_ADD)


@dataclass(frozen=True, slots=True)
class Line:
    """A connection with what its list says of it."""

    connection: Connection
    chains: int
    people: int
    last: Run | None
    good: Run | None


def connections() -> list[Line]:
    """Every connection; six queries."""
    rows = list(Connection.objects.order_by("name", "pk"))
    chains, people = (
        _numbers(Chain.objects.filter(gone_at=None)),
        _numbers(RemotePerson.objects.filter(gone_at=None)),
    )
    newest = Run.objects.order_by("connection_id", "-pk").distinct("connection_id")
    last = {run.connection_id: run for run in newest}
    good = {run.connection_id: run for run in newest.filter(status=Run.Status.DONE)}
    old = outdated([run.pk for run in last.values()])
    for run in last.values():
        run.status = Run.Status.STALE if run.pk in old else run.status
    return [
        Line(one, chains.get(one.pk, 0), people.get(one.pk, 0), last.get(one.pk), good.get(one.pk))
        for one in rows
    ]


def _numbers(rows: "QuerySet[Any]") -> dict[int, int]:
    return dict(rows.order_by().values_list("connection_id").annotate(n=Count("pk")))


def chains_of(connection: Connection) -> list[Chain]:
    """The chains of a connection with what came by them: `corps` and `gone` are set on each."""
    rows = Chain.objects.filter(connection=connection).select_related("target")
    corps = Count("places", filter=Q(places__gone_at=None, places__key__startswith="c:"))
    return list(rows.annotate(corps=corps).order_by("gone_at", "pk"))


def history(connection: Connection, *, before: int | None) -> tuple[list[Run], int | None]:
    """Runs of a connection, newest first, and where the next page begins."""
    rows = Run.objects.filter(connection=connection).select_related("owner").order_by("-pk")
    found = list((rows.filter(pk__lt=before) if before else rows)[: HISTORY + 1])
    return found[:HISTORY], found[HISTORY - 1].pk if len(found) > HISTORY else None


def current(connection: Connection) -> Run | None:
    """The run that is under way, or waits for a person."""
    open_ones = Q(status__in=Run.UNDER_WAY) | Q(pk__in=waiting().values("pk"))
    return Run.objects.filter(open_ones, connection=connection).order_by("-pk").first()


def outdated(run_ids: Collection[int]) -> set[int]:
    """Which of these plans wait for a person in name only: what they say may not be so any more."""
    ready = Run.objects.filter(pk__in=run_ids, status=Run.Status.READY)
    return set(ready.exclude(pk__in=waiting().values("pk")).values_list("pk", flat=True))


def waiting() -> "QuerySet[Run]":
    """The plans that wait for a person and say what is so: neither a day old, nor was another run of their connection
    carried out or a policy of it changed since they were made.
    """
    others = Run.objects.filter(connection=OuterRef("connection"), applied_at__isnull=False)
    newest = others.exclude(pk=OuterRef("pk")).order_by("-applied_at").values("applied_at")[:1]
    policies = Chain.objects.filter(
        connection=OuterRef("connection"), policy_at__gt=OuterRef("planned_at")
    )
    young = timezone.now() - timedelta(hours=PLAN_HOURS)
    rows = Run.objects.filter(status=Run.Status.READY, planned_at__gte=young).order_by()
    rows = rows.annotate(written=Coalesce(Subquery(newest), F("planned_at")))
    return rows.filter(~Exists(policies), written__lte=F("planned_at"))


def waiting_count() -> int:
    """How many they are, for the badge; no further than MANY."""
    return int(waiting()[:MANY].count())


# --- Items of a plan -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a run asks for of its items. `kind`: one of GROUPS, or "all"."""

    kind: str = ""
    status: str = ""
    q: str = ""
    after: tuple[int, int] | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """From the query of an address; what makes no sense is not asked."""
        kind, status = given.get("kind", ""), given.get("status", "")
        stage, _dash, pk = given.get("after", "").partition("-")
        place = number(stage), number(pk)
        return cls(
            kind=kind if kind in GROUPS or kind == "all" else "",
            status=status if status in PlanItem.Status.values else "",
            q=clean(given.get("q", ""), 100),
            after=(place[0], place[1]) if place[0] is not None and place[1] is not None else None,
        )

    def query(self, **more: str) -> str:
        """The same as the query of an address, from the first item on."""
        values = {"kind": self.kind, "status": self.status, "q": self.q} | more
        return urlencode({name: value for name, value in values.items() if value})


@dataclass(frozen=True, slots=True)
class Page:
    """Some items; `after` is where the next ones begin."""

    items: list[PlanItem]
    after: str = ""


def page(run: Run, asked: Asked) -> Page:
    """The items that were asked for, in the order in which they are carried out."""
    rows = narrowed(run, asked)
    if asked.after:
        stage, pk = asked.after
        rows = rows.filter(Q(stage__gt=stage) | Q(stage=stage, pk__gt=pk), stage__gte=stage)
    found = list(rows[: PAGE + 1])
    if len(found) <= PAGE:
        return Page(found)
    last = found[PAGE - 1]
    return Page(found[:PAGE], f"{last.stage}-{last.pk}")


def narrowed(run: Run, asked: Asked) -> "QuerySet[PlanItem]":
    """The items that were asked for, all of them."""
    rows = PlanItem.objects.filter(run=run).order_by("stage", "pk")
    if asked.kind in GROUPS:
        rows = rows.filter(stage__in=GROUPS[asked.kind])
    if asked.status:
        rows = rows.filter(status=asked.status)
    if asked.q:
        rows = rows.filter(Q(name__icontains=asked.q) | Q(key=asked.q))
    return rows


def failed(run: Run) -> dict[str, int]:
    """How many items of a run were left alone, by what became of them."""
    rows = PlanItem.objects.filter(run=run, status__in=("skipped", "failed")).order_by()
    return dict(rows.values_list("status").annotate(n=Count("pk")))


def everything(run: Run, asked: Asked) -> Iterator[tuple[PlanItem, "Names"]]:
    """All items that were asked for, with the names that their words need; CHUNK at a time, each by a query that ends,
    so that whoever reads slowly holds nothing open.
    """
    rows = narrowed(run, asked)
    for stage in Stage:
        last = 0
        while some := list(rows.filter(stage=stage, pk__gt=last)[:CHUNK]):
            known, last = names(run, some), some[-1].pk
            yield from ((one, known) for one in some)


@dataclass(frozen=True, slots=True)
class Names:
    """What keys and nodes are called, as far as it is known."""

    places: dict[Key, str] = field(default_factory=dict)
    nodes: dict[int, str] = field(default_factory=dict)
    above: dict[int, str] = field(default_factory=dict)

    def place(self, chain: int | None, key: str) -> str:
        """Name of a place of WeCom, or of staff without a chain; the key where nobody knows it any more.

        "" is the target of the chain.
        """
        return self.places.get((chain or 0, key), key)


def names(run: Run, items: Collection[PlanItem]) -> Names:
    """Four queries, however many items."""
    wanted = {pair for item in items for pair in keys_of(item)}
    chains, keys = {chain for chain, _key in wanted}, {key for _chain, key in wanted}
    pulled = PulledPlace.objects.filter(run=run, chain__in=chains, key__in=keys)
    known = RemotePlace.objects.filter(chain__in=chains, key__in=keys)
    found: dict[Key, str] = {
        (chain, key): name
        for chain, key, name in known.values_list("chain_id", "key", "node__name")
    }
    found |= {
        (chain, key): name for chain, key, name in pulled.values_list("chain_id", "key", "name")
    }
    targets = Chain.objects.filter(pk__in=chains, target__isnull=False)
    found |= {(pk, ""): name for pk, name in targets.values_list("pk", "target__name")}
    found |= _own(run, {key for chain, key in wanted if not chain})
    ids = {pk for item in items for pk in (item.node_id, *(item.before.get("nodes") or ())) if pk}
    nodes = list(Node.objects.filter(pk__in=ids).values_list("pk", "name", "parent__name"))
    above = {pk: name for pk, _name, name in nodes if name}
    return Names(found, {pk: name for pk, name, _above in nodes}, above)


def _own(run: Run, keys: Collection[str]) -> dict[Key, str]:
    """Departments ("o:<number>") and members ("u:<id>") of the corp itself, as they were read, or as they are here."""
    if not keys:
        return {}
    numbers = [int(key[2:]) for key in keys if key.startswith("o:") and key[2:].isdigit()]
    members = [key[2:] for key in keys if key.startswith("u:")]
    here = OwnDepartment.objects.filter(connection=run.connection, number__in=numbers)
    found = {f"o:{number}": name for number, name in here.values_list("number", "department__name")}
    people = OwnPerson.objects.filter(connection=run.connection, member_id__in=members)
    found |= {f"u:{member}": name for member, name in people.values_list("member_id", "user__name")}
    read = PulledPlace.objects.filter(run=run, chain=None, key__in=keys)
    found |= dict(read.values_list("key", "name"))
    new = PulledPerson.objects.filter(run=run, corp_id=run.connection.corp_id, user_id__in=members)
    found |= {f"u:{member}": name for member, name in new.values_list("user_id", "name")}
    return {(0, key): name for key, name in found.items()}


def keys_of(item: PlanItem) -> Iterable[Key]:
    """The places and members that the words of an item name."""
    if item.stage in OWN:
        yield from _keys_of_own(item)
        return
    chain = item.chain_id or 0
    yield (
        chain,
        item.key if item.key[:2] in ("c:", "d:", "g:") else f"c:{item.key.partition('/')[0]}",
    )
    if item.key.startswith("d:"):
        yield chain, f"c:{item.key[2:].partition('/')[0]}"
    if "parent" in item.after:
        yield chain, item.after["parent"]
    yield from zip(item.after.get("chains", ()), item.after.get("places", ()), strict=False)


def _keys_of_own(item: PlanItem) -> Iterable[Key]:
    if "holder" in item.after:
        yield 0, item.after["holder"]
        yield item.chain_id or 0, item.after["place"]
    for values in (item.before, item.after):
        for key in (values.get("parent"), *(values.get("places") or ())):
            if key:
                yield 0, key


def leaving_from(run: Run, *, most: int = 3) -> list[tuple[str, int]]:
    """The corps from which most people would leave, and how many."""
    rows = PlanItem.objects.filter(run=run, stage=Stage.PERSON_LEAVE).order_by()
    corp = Func(F("key"), Value("/"), Value(1), function="split_part", output_field=CharField())
    found = rows.annotate(corp=corp).values_list("chain_id", "corp").annotate(n=Count("pk"))
    top = list(found.order_by("-n", "corp")[:most])
    known = RemotePlace.objects.filter(key__in=[f"c:{one}" for _chain, one, _n in top])
    named = {
        (chain, key): name
        for chain, key, name in known.values_list("chain_id", "key", "node__name")
    }
    return [(named.get((chain, f"c:{one}"), one), n) for chain, one, n in top]


def accounts_leaving(run: Run) -> int:
    """How many logins of those who would be disabled are open, staff included."""
    gone = PlanItem.objects.filter(run=run, after__enabled=False, before__enabled=True)
    leaving, staff = gone.filter(stage=Stage.PERSON_LEAVE), gone.filter(stage=Stage.STAFF_LEAVE)
    rows = Contact.objects.filter(
        pk__in=leaving.values("contact_id"), account=Contact.Account.ACTIVE
    )
    return int(rows.count()) + staff.count()


# --- Log -------------------------------------------------------------------------------------------------------------


def lines(run: Run, *, level: int = 0, q: str = "", after: int = 0) -> list[LogLine]:
    """The newest lines, oldest first; `after` asks for those that came since."""
    rows = LogLine.objects.filter(run=run)
    if level:
        rows = rows.filter(level__gte=level)
    if q:
        rows = rows.filter(text__icontains=q)
    if after:
        rows = rows.filter(pk__gt=after)
    return list(reversed(rows.order_by("-pk")[:LINES]))


def readable(user: User, ids: Collection[int]) -> set[int]:
    """Which of these runs `user` may look at (settings.IM_CARD_READERS)."""
    if not may_run(user):
        return set()
    return set(Run.objects.filter(pk__in=ids).values_list("pk", flat=True))


# --- Where a record comes from ---------------------------------------------------------------------------------------


def origins_of_node(node_id: int) -> list[RemotePlace]:
    """The corps and chains that a node comes from."""
    rows = RemotePlace.objects.filter(node=node_id).select_related("chain__connection")
    return list(rows.order_by("gone_at", "pk"))


def origins_of_contact(contact_id: int) -> list[tuple[RemotePerson, str]]:
    """The members that a contact is, each with the chains that bring him."""
    rows = RemotePerson.objects.filter(contact=contact_id).select_related("connection")
    found = list(rows.order_by("gone_at", "pk"))
    keys = [f"c:{row.corp_id}" for row in found]
    places = RemotePlace.objects.filter(key__in=keys).select_related("chain", "node")
    named: dict[Key, str] = {}
    for place in places.order_by("-chain_id"):
        named[place.chain.connection_id, place.key] = f"{place.chain.name} · {place.node.name}"
    return [(row, named.get((row.connection_id, f"c:{row.corp_id}"), "")) for row in found]
