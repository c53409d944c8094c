"""All of a plan but what leaves is written first; what leaves goes on waiting for a person (SPEC WEC-3, WEC-4)."""

from __future__ import annotations

import datetime
import html

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from contacts.models import Contact
from core.errors import Conflict, Denied
from core.models import AuditEntry, OutboxEntry
from im.models import Message
from orgs.models import Node
from tests.factories import orgs
from tests.wecom_sync import worlds
from tests.wecom_sync.worlds import Corp
from wecom_sync import selectors
from wecom_sync.models import Chain, PlanItem, Run
from wecom_sync.services import runs, scheduled
from wecom_sync.sync import apply, work

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin() -> User:
    return orgs.make_administrator("李敏")


@pytest.fixture
def held() -> Run:
    """30 of 60 would leave with a department and a corp; one is renamed, one moved, a corp with its people is new; an
    organization of a name that is here already is a hint.
    """
    chain = worlds.connection()
    assert chain.target
    corp = Corp(
        "恒拓", departments={2: ("采购部", 0), 3: ("旧部门", 0)},
        people={f"u{n:03}": (f"张{n:03}", [2]) for n in range(60)},
    )  # fmt: skip
    worlds.applied(chain, {"wpA": corp, "wpOld": Corp("旧企业")})
    orgs.make_organization(chain.target, "海川")
    del corp.departments[3]
    corp.people = dict(list(corp.people.items())[30:])
    corp.people |= {"u040": ("改名", [2]), "u041": ("张041", [0])}
    run = worlds.planned(chain, {"wpA": corp, "wpB": Corp("海川", people={"b1": ("秦语嫣", [0])})})
    assert run.brake
    return run


def status(run: Run) -> dict[bool, set[str]]:
    """Whether it takes something away → what became of the items."""
    rows = PlanItem.objects.filter(run=run, stage__gt=0).values_list("stage", "status")
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for stage, word in rows:
        found[stage in PlanItem.LEAVING].add(word)
    return found


def go(run: Run) -> Run:
    work.go(run_id=run.pk)
    return Run.objects.get(pk=run.pk)


def told() -> list[str]:
    return list(Message.objects.filter(card_kind="wecom_sync.run").values_list("body", flat=True))


def test_exactly_the_rest_is_written_and_what_leaves_is_confirmed_later(
    admin: User, held: Run
) -> None:
    before = set(Contact.objects.values_list("pk", flat=True))
    writing = runs.confirm_rest(by=admin, run=held)
    assert (writing.status, writing.total) == ("applying", words_of(held))
    assert OutboxEntry.objects.filter(task="wecom_sync.run", arguments__run_id=held.pk).count() == 1
    waiting = go(held)
    assert (waiting.status, waiting.rest_first, waiting.finished_at) == ("ready", True, None)
    assert status(held) == {True: {"open"}, False: {"done"}}
    assert PlanItem.objects.get(run=held, stage=0).status == "open", "a hint is for people"
    assert not Contact.objects.filter(enabled=False).exists()
    assert not Node.objects.filter(enabled=False).exists()
    assert {one.name for one in Contact.objects.exclude(pk__in=before)} == {"秦语嫣"}
    assert worlds.person("u040").name == "改名"
    assert worlds.standing(worlds.person("u041")) == ["恒拓"]
    assert selectors.waiting_count() == 1
    assert told() == ["总部企业微信 同步：其余已写入，离开的人员和组织等待确认"]
    entries = AuditEntry.objects.filter(action__startswith="wecom.")
    assert [(one.action, one.after) for one in entries] == [
        ("wecom.rest", {"run": held.pk, "written": writing.total, "waiting": 32})
    ]
    with pytest.raises(Conflict) as whole:
        runs.confirm_rest(by=admin, run=held)
    assert whole.value.code == "whole"

    assert runs.confirm(by=admin, run=held).total == 32
    done = go(held)
    assert (done.status, done.rest_first) == ("done", False)
    assert status(held) == {True: {"done"}, False: {"done"}}
    gone = PlanItem.objects.filter(run=held, stage=PlanItem.Stage.PERSON_LEAVE)
    disabled = Contact.objects.filter(enabled=False).values_list("pk", flat=True)
    assert set(disabled) == set(gone.values_list("contact_id", flat=True))
    assert set(Node.objects.filter(enabled=False).values_list("name", flat=True)) == {"旧部门", "旧企业"}  # fmt: skip
    assert selectors.waiting_count() == 0


def words_of(run: Run) -> int:
    """How many items take nothing away."""
    return PlanItem.objects.filter(run=run, stage__gt=0).exclude(stage__in=PlanItem.LEAVING).count()


def test_the_same_ends_come_of_a_plan_in_one_and_in_two(admin: User, held: Run) -> None:
    runs.confirm_rest(by=admin, run=held)
    go(held)
    runs.confirm(by=admin, run=held)
    go(held)
    again = Run.objects.create(connection=held.connection, trigger="manual", status="planning")
    for model in ("pulled_places", "pulled_people"):
        for row in getattr(held, model).all():
            row.pk, row.run = None, again
            row.save()
    after = go(again)
    assert (after.status, after.items.filter(stage__gt=0).count()) == ("done", 0)


def test_what_waits_becomes_outdated_as_any_plan(admin: User, held: Run) -> None:
    runs.confirm_rest(by=admin, run=held)
    go(held)
    assert not runs.stale(Run.objects.get(pk=held.pk)), "not by what it wrote itself"
    Chain.objects.update(policy_at=timezone.now())
    with pytest.raises(Conflict) as stale:
        runs.confirm(by=admin, run=held)
    assert stale.value.code == "stale"
    Chain.objects.update(policy_at=None)
    other = Run.objects.create(
        connection=held.connection, trigger="manual", status="done", applied_at=timezone.now()
    )
    assert runs.stale(Run.objects.get(pk=held.pk))
    other.delete()
    Run.objects.update(planned_at=timezone.now() - datetime.timedelta(hours=25))
    scheduled.purge()
    assert Run.objects.get(pk=held.pk).status == "stale"
    assert not Contact.objects.filter(enabled=False).exists()


def test_it_goes_on_where_it_was_stopped(
    admin: User, held: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "_SIZES", dict.fromkeys(apply._SIZES, 1))
    monkeypatch.setattr(work, "SLICE_SECONDS", -1)  # a slice is one batch
    total = runs.confirm_rest(by=admin, run=held).total
    for number in range(1, total):
        assert (go(held).status, Run.objects.get(pk=held.pk).done) == ("applying", number)
    while go(held).status == "applying":
        pass
    assert status(held) == {True: {"open"}, False: {"done"}}


def test_what_stands_against_it(admin: User, held: Run) -> None:
    with pytest.raises(Denied):
        runs.confirm_rest(by=orgs.make_person(), run=held)
    other = Run.objects.create(connection=held.connection, trigger="manual", status="pulling")
    with pytest.raises(Conflict) as busy:
        runs.confirm_rest(by=admin, run=held)
    other.delete()
    Chain.objects.update(policy_at=timezone.now())
    with pytest.raises(Conflict) as stale:
        runs.confirm_rest(by=admin, run=held)
    Chain.objects.update(policy_at=None)
    PlanItem.objects.filter(run=held).exclude(stage__in=PlanItem.LEAVING).delete()
    with pytest.raises(Conflict) as whole:
        runs.confirm_rest(by=admin, run=held)
    Run.objects.filter(pk=held.pk).update(status="cancelled")
    with pytest.raises(Conflict) as late:
        runs.confirm_rest(by=admin, run=held)
    codes = [one.value.code for one in (busy, stale, whole, late)]
    assert codes == ["under_way", "stale", "whole", "not_ready"]
    assert not AuditEntry.objects.filter(action="wecom.rest").exists()
    assert not Run.objects.filter(rest_first=True).exists()


def test_pages_say_what_is_written_and_what_waits(admin: User, held: Run, client: Client) -> None:
    client.force_login(admin, backend="accounts.backends.LoginBackend")
    url = f"/console/sync/runs/{held.pk}/"

    def page(tail: str = "", **more: str) -> str:
        return html.unescape(client.get(f"{url}{tail}", headers=more).content.decode())

    assert "先写入其余 4 项" in page()
    asked = page("rest/", **HTMX)
    assert "先写入其余 4 项" in asked
    assert "继续等待确认的项目" in asked
    assert client.post(f"{url}rest/", headers=HTMX).status_code == 204
    assert "写入中" not in page("?kind=leave", **HTMX), "what leaves waits meanwhile, too"
    go(held)
    now = page()
    assert "其余已写入" in now
    assert "有 1 条提示，写入前请先查看" in now
    assert "移出 30 人并写入其余 2 项" in now
    assert "先写入其余" not in now
    assert "张000" in now
    assert "秦语嫣" not in now
    assert "其余已写入" in html.unescape(
        client.get(f"/console/sync/{held.connection_id}/").content.decode()
    )
    refused = client.post(f"{url}rest/", headers=HTMX)
    assert refused.status_code == 422
    assert "没有可以先写入的其余项目" in html.unescape(refused.content.decode())
