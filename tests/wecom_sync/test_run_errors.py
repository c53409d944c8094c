"""Whatever WeCom answers, the run ends as the table says, tells why in Chinese, and removes nobody (SPEC WEC-4; T72).

One small world for all of it; each case is undone. Every code comes from the table of the gateway, so that a new one
is tried as soon as it stands there.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from pytest_django import DjangoDbBlocker

from accounts.models import User
from contacts.models import Contact, Membership
from core.models import OutboxEntry
from orgs.models import Node, NodeGroupGrant
from tests.factories.accounts import DepartmentFactory
from tests.wecom_sync.equal import connect, full
from wecom_sync import access
from wecom_sync.gateway import Patience, Reaction, client, codes, shared
from wecom_sync.models import OwnPerson, RemotePerson, Run
from wecom_sync.standin.remote import StandIn
from wecom_sync.sync import work

pytestmark = pytest.mark.django_db
SIZES = {
    "seed": 8, "upstreams": 1, "corps": 4, "people": 28, "staff": 6, "groups": 2, "pending": 1, "rules": 1, "scoped": 3,
}  # fmt: skip
HASTY = Patience(connect=1, read=0.15, total=1, tries=2, pause=0.001, per_minute=0)
CHINESE = re.compile(r"[一-鿿]{4}")
PEOPLE = ("contacts", "links", "logins", "staff")
SHARES, CHAINS, GROUPS, CORPS, RULES, PLACES, LIST, PERSON = (
    "corpgroup/corp/list_app_share_info", "corpgroup/corp/get_chain_list", "corpgroup/corp/get_chain_group",
    "corpgroup/corp/get_chain_corpinfo_list", "corpgroup/rule/list_ids", "department/list", "user/list", "user/get",
)  # fmt: skip


class World:
    """A connection that was read once. `own` is the corp itself, `first` one of the others, `corp` one of which some
    people are visible by themselves.
    """

    def __init__(self, standin: StandIn, patch: pytest.MonkeyPatch) -> None:
        self.standin, self.patch = standin, patch
        self.connection = connect(standin)[0]
        self.connection.sync_staff = self.connection.sync_rules = True
        self.connection.staff_under = DepartmentFactory(name="总部")
        self.connection.save()
        self.forget()
        assert full(self.connection).status == "done"
        open_ones = [
            one
            for one in standin.truth()["upstreams"][0]["chains"][0]["corps"]
            if one.get("agentid")
        ]
        self.own, self.first = self.connection.corp_id, open_ones[0]["corpid"]
        self.corp = next(
            one["corpid"]
            for one in open_ones
            if not all(who["departments"] for who in one["members"])
        )
        self.before = self.there()

    def forget(self) -> None:
        """Neither tokens nor open breakers are remembered."""
        self.patch.setattr(shared, "PREFIX", f"wl:wecom:{uuid.uuid4().hex}:")
        shared._of.cache_clear()

    def there(self) -> dict[str, set[Any]]:
        """Everybody who is there, and where."""
        return {
            "contacts": set(Contact.objects.filter(live=True).values_list("pk", flat=True)),
            "links": set(RemotePerson.objects.filter(gone_at=None).values_list("pk", flat=True)),
            "logins": set(User.objects.filter(is_active=True).values_list("pk", flat=True)),
            "staff": set(OwnPerson.objects.filter(gone_at=None).values_list("pk", flat=True)),
            "ranges": set(NodeGroupGrant.objects.values_list("content_object_id", "group_id")),
            "places": set(Membership.objects.values_list("contact_id", "node_id")),
            "nodes": set(Node.objects.filter(enabled=True).values_list("pk", flat=True)),
        }

    @contextmanager
    def struck(self, kind: str, **more: Any) -> Iterator[Run]:
        """A full run into this fault; what it wrote is undone afterwards."""
        self.forget()
        self.standin.fault(kind, **({"times": 0} | more))
        with transaction.atomic():
            try:
                run = full(self.connection)
                now = self.there()
                assert [key for key in now if not self.before[key] <= now[key]] == []
                assert [key for key in PEOPLE if self.before[key] != now[key]] == []
                yield run
            finally:
                self.standin.clear()
                transaction.set_rollback(True)

    def well_again(self, run: Run) -> None:
        """WeCom is, and the time to wait is over: the run that waits goes on, after any other comes the next one."""
        self.standin.clear()
        self.forget()
        if run.status == "pulling":
            work.go(run_id=run.pk)
            run.refresh_from_db()
        else:
            run = full(self.connection)
        assert run.status == "done"


@pytest.fixture(scope="module")
def world(
    process: StandIn, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[World]:
    process.act("reset", **SIZES)
    with (
        django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch,
        override_settings(WECOM_API_BASE=process.base, WECOM_ALLOW_LOOPBACK=True),
    ):  # fmt: skip
        patch.setattr(access, "PATIENCE", HASTY)
        patch.setattr(client, "PAGE", 2)
        yield World(process, patch)
        transaction.set_rollback(True)
    shared._of.cache_clear()


def said(run: Run) -> str:
    """What the run tells people, warnings and worse."""
    lines = run.lines.filter(level__gt=20).values_list("text", flat=True)
    return "\n".join([run.message, *lines]).strip()


def ended(run: Run, how: str) -> None:
    """Stopped for a person, retried by itself, or finished with a corp put aside; never without words of its own."""
    status = {"stopped": "failed", "retried": "pulling", "aside": "done"}[how]
    assert run.status == status, said(run)
    assert run.in_part == (how == "aside")
    told = said(run)
    with translation.override("zh-hans"):
        fault = _(
            "A fault of this system ended the run. Its log has the details; nothing is half written"
        )
    assert CHINESE.search(told)
    assert fault not in told
    later = OutboxEntry.objects.filter(
        task="wecom_sync.run", arguments__run_id=run.pk, available_at__gt=timezone.now()
    )
    assert later.exists() == (how == "retried")


def sentence(code: int, api: str, *, downstream: bool = False) -> str:
    """What the table has to say of it (it is there in Chinese: test_errors)."""
    with translation.override("zh-hans"):
        return str(codes.error(code, api=api, downstream=downstream).sentence)


def of_code(code: int, *, own: bool) -> str:
    """The column of docs/wecom.md, for our own corp and for one of the others."""
    reaction = codes.MEANINGS[code].reaction
    if own:
        return "retried" if reaction is Reaction.AGAIN else "stopped"
    return "stopped" if reaction is Reaction.BUG or code == 60020 else "aside"


@pytest.mark.parametrize("code", codes.MEANINGS)
def test_every_code_ends_a_run_as_the_table_says_and_removes_nobody(
    world: World, code: int
) -> None:
    with world.struck("code", api=CHAINS, code=code) as run:
        ended(run, of_code(code, own=True))
        assert sentence(code, CHAINS) in said(run)
        if run.status == "pulling":
            world.well_again(run)
    # Whom the range names by himself is asked for by himself: there a SKIP is about nobody else.
    for api in (LIST, PERSON) if codes.MEANINGS[code].reaction is Reaction.SKIP else (LIST,):
        with world.struck("code", api=api, code=code, corpid=world.corp) as run:
            ended(run, of_code(code, own=False))
            assert sentence(code, api, downstream=True) in said(run)


# --- answers that are none, or are not what was asked for


@pytest.mark.parametrize("kind", ["timeout", "reset", "cut", "html", "http", "truncated"])
def test_what_is_no_answer_is_tried_again_and_removes_nobody(world: World, kind: str) -> None:
    with world.struck(kind, api=CHAINS) as run:
        ended(run, "retried")
        world.well_again(run)
    with world.struck(kind, api=LIST, corpid=world.corp) as run:
        ended(run, "aside")


FAULTS = [
    # Pages that are missing or come twice, lists without contents, another corp's data.
    ("repeat", SHARES, {}, "retried"), ("skip", SHARES, {}, "aside"), ("empty", SHARES, {}, "aside"),
    ("repeat", CORPS, {}, "retried"), ("skip", CORPS, {}, "stopped"), ("empty", CORPS, {}, "stopped"),
    ("foreign", CORPS, {}, "retried"), ("empty", CHAINS, {}, "stopped"), ("empty", GROUPS, {}, "stopped"),
    ("empty", PLACES, {}, "aside"), ("foreign", PLACES, {}, "aside"), ("foreign", PERSON, {}, "aside"),
    ("empty", RULES, {}, "aside"), ("empty", LIST, {}, "aside"), ("empty", "*", {}, "stopped"),
    ("foreign", "*", {}, "retried"),
    # One department's people alone; of the first corp, of all.
    ("foreign", LIST, {"corpid": "first"}, "aside"), ("empty", LIST, {"corpid": "first", "times": 1}, "aside"),
    ("empty", LIST, {"corpid": "own", "times": 1}, "aside"), ("code", LIST, {"code": 45009}, "retried"),
    # A token that never lives, an address that is not trusted, a share that ended, a corp that withdrew.
    ("code", "*", {"code": 40014}, "stopped"), ("code", "agent/get", {"code": 60020}, "stopped"),
    ("code", "corpgroup/corp/gettoken", {"code": 670001}, "aside"), ("code", PLACES, {"code": 670099}, "stopped"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "api", "more", "how"), FAULTS)
def test_what_is_not_what_was_asked_for_removes_nobody_and_is_forgotten_by_the_next_run(
    world: World, kind: str, api: str, more: dict[str, Any], how: str
) -> None:
    if "corpid" in more:
        more = more | {"corpid": getattr(world, more["corpid"])}
    with world.struck(kind, api=api, **more) as run:
        ended(run, how)
        world.well_again(run)
        assert world.there() == world.before
