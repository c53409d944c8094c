"""What bench.wecom does inside a process with settings."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from resource import RUSAGE_SELF, getrusage
from typing import Any

from django.db import connection, transaction
from django.test import RequestFactory

from accounts.models import User
from accounts.services import departments
from bench.names import companies
from bench.names import people as names_of
from bench.own_site import LOGIN
from contacts import closure
from contacts.models import Contact
from core.actors import SystemActor
from core.copying import copy_rows
from orgs import tree_check
from orgs.models import Node
from orgs.services import dimensions
from wecom_sync.models import Chain, Connection, PlanItem, PulledPerson, PulledPlace, Run
from wecom_sync.sync import apply, plan
from wecom_sync.views import files

BY = SystemActor("bench")
DEPARTMENTS = 20  # of a corp, in three levels


def pulled(people: str, corps: str, changed: str) -> dict[str, Any]:
    """The rows of a run that has read a WeCom of this size; of `changed` people a thousand something is different."""
    chain = Chain.objects.first() or connect()
    run = Run.objects.create(connection=chain.connection, trigger="manual", status="planning")
    names = names_of(int(people), random.Random(7))
    with transaction.atomic():
        copy_rows(PulledPlace, _places(run, chain, int(corps)))
        copy_rows(PulledPerson, _people(run, names, int(corps), int(changed)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"run": run.pk}


def connect() -> Chain:
    """A corp with one chain that lands in a dimension of its own."""
    one = Connection(name="总部", corp_id="ww1", agent_id=1)
    one.keep_secret("s" * 43)
    one.save()
    target = dimensions.create(by=BY, fields={"name": "上下游"})
    return Chain.objects.create(
        connection=one, chain_id="1", name="供应链", owned=list(Chain.KEEPS), target=target
    )


def _places(run: Run, chain: Chain, corps: int) -> Iterator[dict[str, Any]]:
    common = {"run_id": run.pk, "chain_id": chain.pk, "custom_id": "", "message": ""}
    for number, name in enumerate(companies(corps, random.Random(7))):
        yield common | {
            "key": f"c:wp{number}", "parent": "", "depth": 1, "name": name, "share": "shared", "complete": True,
        }  # fmt: skip
        for place in range(2, DEPARTMENTS + 2):
            above = place // 3
            yield common | {
                "key": f"d:wp{number}/{place}", "parent": f"d:wp{number}/{above}" if above > 1 else f"c:wp{number}",
                "depth": 2 + _level(place), "name": f"部门{place}", "share": "", "complete": False,
            }  # fmt: skip


def _level(place: int) -> int:
    above = place // 3
    return 1 + _level(above) if above > 1 else 0


def _people(run: Run, names: list[str], corps: int, changed: int) -> Iterator[dict[str, Any]]:
    for number, name in enumerate(names):
        corp, place = number % corps, 2 + number // corps % DEPARTMENTS
        differs = number % 1000 < changed
        yield {
            "run_id": run.pk, "corp_id": f"wp{corp}", "user_id": f"wo{number}", "active": True,
            "name": name[:-1] + "新" if differs and number % 2 else name,
            "places": [f"d:wp{corp}/{2 if differs and not number % 2 else place}"],
        }  # fmt: skip


def staff(count: str, changed: str) -> dict[str, Any]:
    """The rows of a run that has read another corp without chains; every tenth is different if `changed`."""
    run = Run.objects.create(
        connection=_inside(), trigger="manual", status="planning", staff_read=True
    )
    differs = set(range(0, int(count), 10)) if int(changed) else set()
    copy_rows(PulledPlace, (
        {
            "run_id": run.pk, "chain_id": None, "key": f"o:{place}", "parent": f"o:{max(1, place // 3)}",
            "depth": _level(place), "name": f"部门{place}", "custom_id": "", "share": "", "complete": False,
            "message": "",
        }
        for place in range(2, 52)
    ))  # fmt: skip
    copy_rows(PulledPerson, (
        {
            "run_id": run.pk, "corp_id": run.connection.corp_id, "user_id": f"staff{number}", "active": True,
            "name": f"{name[:-1]}新" if number in differs and number % 20 else name,
            "places": [f"o:{2 + (number + (number in differs)) % 50}"],
        }
        for number, name in enumerate(names_of(int(count), random.Random(9)))
    ))  # fmt: skip
    return {"run": run.pk}


def _inside() -> Connection:
    """A corp whose own departments and staff come along."""
    found = Connection.objects.filter(corp_id="ww2").first()
    if found is None:
        under = departments.create(by=BY, name="总部")
        found = Connection(
            name="总部", corp_id="ww2", agent_id=1, sync_staff=True, staff_under=under
        )
        found.keep_secret("s" * 43)
        found.save()
    return found


def compared() -> dict[str, Any]:
    """Plans the newest run."""
    run = plan.make(run=Run.objects.select_related("connection").latest("pk"))
    return {"items": PlanItem.objects.filter(run=run).count()}


def applied() -> dict[str, Any]:
    """Carries the newest plan out."""
    run = Run.objects.select_related("connection").latest("pk")
    apply.run(run=run, report=lambda _count: None, between=lambda: None)
    Run.objects.filter(pk=run.pk).update(status="done")
    left = PlanItem.objects.filter(run=run).exclude(status="done").count()
    return {"left": left, "contacts": Contact.objects.count(), "nodes": Node.objects.count()}


def sound() -> dict[str, Any]:
    """What the checks complain about."""
    return {"problems": [*tree_check.problems(), *closure.problems()][:5]}


def handed_out() -> dict[str, Any]:
    """The plan of the first run as a file: when it begins, how long it takes, what it takes of memory."""
    request, run = RequestFactory().post("?kind=all"), Run.objects.earliest("pk")
    request.user = User.objects.get(username=LOGIN)
    before, began = getrusage(RUSAGE_SELF).ru_maxrss, time.perf_counter()
    answer: Any = files.plan_file(request, run.pk)
    parts = iter(answer.streaming_content)
    size = len(next(parts)) + len(next(parts))
    first = time.perf_counter() - began
    lines = 0
    for part in parts:
        size, lines = size + len(part), lines + part.count(b"\n")
    grown = (getrusage(RUSAGE_SELF).ru_maxrss - before) // 1024
    return {
        "status": answer.status_code, "first_byte_ms": round(first * 1000), "lines": lines, "mb": size // 1_000_000,
        "grown_mb": grown,
    }  # fmt: skip


def called(token: str, aes_key: str) -> dict[str, Any]:
    """A corp that takes callbacks."""
    one = connect().connection
    one.keep_callback(token, aes_key)
    one.save()
    return {"connection": one.pk}
