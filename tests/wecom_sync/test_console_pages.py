"""Pages of the synchronization: what they show, what they refuse, what they cost (SPEC WEC-9; matrix rows 53, 54)."""

from __future__ import annotations

import csv
import datetime
import html
import io
import re
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Department, User
from contacts.models import Contact
from core.models import AuditEntry, OutboxEntry
from orgs.models import Node
from tests.factories import orgs
from tests.wecom_sync import worlds
from tests.wecom_sync.worlds import Corp
from wecom_sync import addresses, item_words, selectors, words
from wecom_sync.models import Chain, Connection, LogLine, PlanItem, PulledPerson, PulledPlace, Run
from wecom_sync.selectors import Asked

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(orgs.make_administrator("李敏"), backend="accounts.backends.LoginBackend")
    return client


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.LoginBackend")
    return client


def text(client: Client, url: str, **more: object) -> str:
    answer = client.get(url, **more)  # type: ignore[arg-type]
    assert answer.status_code == 200, url
    return html.unescape(answer.content.decode())


def crowd(n: int, corp: str = "恒拓") -> Corp:
    return Corp(
        corp,
        departments={2: ("采购部", 0)},
        people={f"u{k:03}": (f"张{k:03}", [2]) for k in range(n)},
    )


def url_of(run: Run, tail: str = "") -> str:
    return f"/console/sync/runs/{run.pk}/{tail}"


@pytest.fixture
def held() -> Run:
    """A plan that the brake holds: 30 of 60 would leave, one is renamed, a second corp is new."""
    chain = worlds.connection()
    corp = crowd(60)
    worlds.applied(chain, {"wpA": corp})
    corp.people = dict(list(corp.people.items())[30:])
    corp.people["u040"] = ("=HYPERLINK(1)", [2])
    return worlds.planned(chain, {"wpA": corp, "wpB": Corp("海川", people={"b1": ("秦语嫣", [0])})})


# --- connections -----------------------------------------------------------------------------------------------------


def test_the_list_says_what_to_do_first_and_how_each_is(client: Client) -> None:
    assert "尚未连接企业" in text(client, "/console/sync/")
    holder = as_(orgs.make_holder())
    assert "请联系系统管理员连接企业" in text(holder, "/console/sync/")
    Connection.objects.create(
        name="总部",
        corp_id="ww1",
        agent_id=1,
        secret_cipher=b"x",
        error_code=60020,
        error="地址不在企业可信IP中",
    )
    page = text(client, "/console/sync/")
    assert "异常" in page
    assert "地址不在企业可信IP中" in page
    assert "/console/sync/new/" not in text(holder, "/console/sync/")
    assert "/console/sync/new/" in page


def test_from_the_form_to_the_page_and_the_secret_never_comes_back(client: Client) -> None:
    given = {"name": "总部", "corp_id": "ww1a", "agent_id": "1000002", "secret": "geheim-4711"}
    refused = client.post("/console/sync/new/", given | {"corp_id": "not an id"}, headers=HTMX)
    assert refused.status_code == 422
    assert "geheim" not in refused.content.decode()
    made = client.post("/console/sync/new/", given, headers=HTMX)
    url = made.headers["HX-Redirect"]
    page = text(client, url)
    assert "暂无上下游" in page
    assert "暂无同步记录" in page
    for address in (url, f"{url}edit/"):
        assert "geheim" not in text(client, address)
    again = client.post("/console/sync/new/", given, headers=HTMX)
    assert "该企业已连接" in again.content.decode()
    asked = client.post(f"{url}edit/", given | {"corp_id": "ww2", "secret": ""}, headers=HTMX)
    assert asked.status_code == 422
    assert "请重新填写 Secret" in asked.content.decode()


def test_token_and_key_are_shown_this_one_time(client: Client) -> None:
    chain = worlds.connection()
    url = f"/console/sync/{chain.connection_id}/"
    assert "生成回调 Token" in text(client, f"{url}callback/", headers=HTMX)
    answer = client.post(f"{url}callback/", headers=HTMX)
    stored = Connection.objects.get()
    shown = answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert {stored.callback_token, stored.callback_key} <= set(
        re.findall(r"<code[^>]*>(.*?)</code>", shown)
    )
    assert f"/wecom/{stored.pk}/callback/" in shown
    page = text(client, url)
    assert stored.callback_key not in page
    assert f"一周内未收到<br>{addresses.callback(stored)}" in page
    stored.callbacks.create(replay="r", mark="m", kind="change_contact", corp_id="ww1")
    assert "最近收到：<time" in text(client, url)


def test_a_policy_is_set_by_its_form(client: Client) -> None:
    chain = worlds.connection()
    target = orgs.make_organization(orgs.make_dimension("客户"), "大客户")
    url = f"/console/sync/chains/{chain.pk}/"
    assert "总部企业微信的上下游" in text(client, url, headers=HTMX)
    given = {
        "target": target.pk,
        "leavers": "move",
        "owned": ["name"],
        "brake_percent": "5",
        "brake_people": "3",
    }
    assert client.post(url, given, headers=HTMX).status_code == 204
    chain.refresh_from_db()
    assert (chain.target, chain.leavers, chain.owned) == (target, "move", ["name"])
    assert (chain.brake_percent, chain.brake_people) == (5, 3)
    for wrong in (
        {"brake_percent": "101"},
        {"leavers": "delete"},
        {"owned": ["mobile"]},
        {"target": "999999"},
    ):
        assert client.post(url, given | wrong, headers=HTMX).status_code == 422, wrong


def test_what_is_linked_is_not_deleted(client: Client, held: Run) -> None:
    answer = client.post(f"/console/sync/{held.connection_id}/delete/", headers=HTMX)
    assert answer.status_code == 422
    assert "不能删除。可以停用" in answer.content.decode()


def test_a_start_shows_the_run_that_is_under_way(client: Client) -> None:
    chain = worlds.connection()
    url = f"/console/sync/{chain.connection_id}/start/"
    first = client.post(url, {"dry": "1"})
    run = Run.objects.get()
    assert (run.dry, first.headers["Location"]) == (True, url_of(run))
    assert OutboxEntry.objects.filter(task="wecom_sync.run", arguments__run_id=run.pk).exists()
    second = client.post(url)
    assert second.status_code == 409
    assert "该连接正在同步" in second.content.decode()
    assert Run.objects.count() == 1


# --- a run -----------------------------------------------------------------------------------------------------------


def test_a_held_plan_says_how_many_and_shows_who(client: Client, held: Run) -> None:
    page = text(client, url_of(held))
    assert "将有 30 人离开，占已同步 60 人的 50.0%，超过刹车线（10% 且 20 人）" in page
    assert "其中“恒拓”30 人。" in page
    assert "移出 30 人并写入其余 3 项" in page
    assert "张000" in page
    assert "秦语嫣" not in page
    everything = text(client, url_of(held, "?kind=all"))
    assert "海川" in everything
    question = text(client, url_of(held, "confirm/"), headers=HTMX)
    assert "移出 30 人并写入其余 3 项" in question
    assert client.post(url_of(held, "confirm/"), headers=HTMX).status_code == 204
    assert Run.objects.get(pk=held.pk).status == "applying"
    late = client.post(url_of(held, "confirm/"), headers=HTMX)
    assert late.status_code == 422
    assert "本次同步已不在等待确认" in late.content.decode()


def test_an_outdated_plan_offers_a_new_comparison(client: Client, held: Run) -> None:
    Chain.objects.update(policy_at=timezone.now())
    page = text(client, url_of(held))
    assert "计划已过时" in page
    assert "重新比对" in page
    assert "放弃本次" not in page
    connection = f"/console/sync/{held.connection_id}/"
    for shown in (page, text(client, connection), text(client, "/console/sync/")):
        assert "已过时" in shown
        assert "等待确认<" not in shown, "a plan that nobody can confirm waits for nobody"
    newer = going(held.connection, status="pulling")
    page = text(client, url_of(held))
    assert f"查看同步 #{newer.pk}" in page
    assert "重新比对" not in page
    newer.delete()
    assert "计划已过时" in html.unescape(
        client.post(url_of(held, "confirm/"), headers=HTMX).content.decode()
    )


def test_how_long_a_run_took_and_what_came_of_it_leaves_out_the_waiting(held: Run) -> None:
    begun = timezone.now() - datetime.timedelta(hours=9)
    after = dict(zip(("planned_at", "applied_at", "finished_at"), (20, 8000, 8010), strict=True))
    for name, seconds in {"created_at": 0, **after}.items():
        setattr(held, name, begun + datetime.timedelta(seconds=seconds))
    held.status, held.confirmed_by_label = "done", "李敏"
    assert (words.duration(held), words.outcome(held)) == ("30 秒", "新增 2，修改 1，离开 30")
    held.status, held.applied_at = "cancelled", None
    assert (words.duration(held), words.outcome(held)) == (
        "20 秒",
        "新增 2，修改 1，离开 30 · 未写入",
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?kind=leave&q=张00", [f"张{n:03}" for n in range(10)]),
        ("?kind=new", ["海川", "秦语嫣"]),
        ("?kind=change", ["=HYPERLINK(1)"]),
        ("?kind=all&q=wpA/u003", ["张003"]),
        ("?kind=leave&status=failed", []),
    ],
)
def test_items_are_narrowed_by_the_address(
    client: Client, held: Run, query: str, names: list[str]
) -> None:
    page = text(client, url_of(held, query), headers=HTMX)
    assert names_on(page) == names


def names_on(page: str) -> list[str]:
    return re.findall(r'<td class="c-who" role="cell"><div><b>(?:<a[^>]*>)?([^<]+)', page)


def test_paging_shows_every_item_once_in_their_order(client: Client) -> None:
    run = worlds.planned(worlds.connection(), {"wpC": crowd(120, "众人")})
    url, seen, pages = url_of(run, "?kind=all"), list[str](), 0
    while url:
        page = text(client, url, headers=HTMX)
        seen, pages = seen + names_on(page), pages + 1
        following = re.search(r'href="([^"]+)" rel="next"', page)
        url = following[1] if following else ""
    assert pages == 3
    assert seen == list(
        PlanItem.objects.filter(run=run).order_by("stage", "pk").values_list("name", flat=True)
    )


def test_what_a_person_would_become_stands_in_words(held: Run) -> None:
    items = list(PlanItem.objects.filter(run=held))
    known = selectors.names(held, items)
    said = {
        one.name: [(c.label, c.old, c.new) for c in item_words.changes(one, known)] for one in items
    }
    assert said["=HYPERLINK(1)"] == [("姓名", "张040", "=HYPERLINK(1)")]
    assert said["海川"] == [("上级", "", "总部企业微信的上下游"), ("共享", "", "已加入并共享应用")]
    assert said["秦语嫣"] == [("位置", "", "海川")]
    assert said["张000"] == [("企业微信", "存在", "已不存在"), ("状态", "已启用", "已停用")]


def test_the_plan_as_a_file_holds_no_formula_and_is_written_down(client: Client, held: Run) -> None:
    answer = client.post(url_of(held, "plan/file/?kind=change"))
    assert table(answer)[1:] == [
        [
            "联系人变更",
            "'=HYPERLINK(1)",
            "恒拓",
            "wpA/u040",
            "姓名",
            "张040",
            "'=HYPERLINK(1)",
            "等待确认",
        ]
    ]
    assert answer.headers["Cache-Control"] == "no-store"
    entry = AuditEntry.objects.get(action="wecom.export")
    assert entry.after == {"run": held.pk, "filters": "kind=change"}
    keys = PlanItem.objects.filter(run=held).values_list("key", flat=True)
    assert {row[3] for row in table(client.post(url_of(held, "plan/file/")))[1:]} == set(keys)


@pytest.mark.parametrize("asked", [Asked(), Asked(kind="leave", q="张00")])
def test_a_plan_is_read_in_parts_that_fit_together(
    held: Run, monkeypatch: pytest.MonkeyPatch, asked: Asked
) -> None:
    monkeypatch.setattr(selectors, "CHUNK", 4)
    read = [item.pk for item, _names in selectors.everything(held, asked)]
    assert read == list(selectors.narrowed(held, asked).values_list("pk", flat=True))
    assert len(read) > 8


def test_the_internal_side_stands_in_words_too(client: Client) -> None:
    chain = worlds.connection()
    run = worlds.planned(chain, {"wpA": Corp("恒拓")})
    PulledPlace.objects.create(
        run=run, chain=None, key="o:2", parent="o:1", depth=1, name="采购中心"
    )
    PulledPerson.objects.create(run=run, corp_id="ww1", user_id="li", name="李敏", places=["o:2"])
    for stage, key, before, after in (
        (8, "o:2", {}, {"parent": "o:1"}),
        (10, "u:li", {}, {"places": ["o:2"]}),
        (12, "u:wu", {"enabled": True}, {"enabled": False}),
        (13, "u:li>c:wpA", {}, {"holder": "u:li", "place": "c:wpA"}),
        (14, "o:2>", {}, {"holder": "o:2", "place": ""}),
    ):
        where = chain if "holder" in after else None
        PlanItem.objects.create(
            run=run, stage=stage, chain=where, key=key, name=key, before=before, after=after
        )
    items = list(PlanItem.objects.filter(run=run, stage__gte=8).order_by("stage"))
    known = selectors.names(run, items)
    lines = [item_words.line(run, one, known) for one in items]
    assert [
        (one.title, one.where, [(c.label, c.old, c.new) for c in one.changes]) for one in lines
    ] == [
        ("o:2", "内部部门", [("上级", "", "企业本身")]),
        ("u:li", "内部员工", [("部门", "", "采购中心")]),
        ("u:wu", "内部员工", [("企业微信", "存在", "已不存在"), ("状态", "已启用", "已停用")]),
        ("恒拓", "对接规则的可见范围", [("互相可见", "", "李敏")]),
        ("总部企业微信的上下游", "对接规则的可见范围", [("互相可见", "采购中心", "无")]),
    ]
    Run.objects.filter(pk=run.pk).update(
        counts={"staff_add": 1, "staff_leave": 1, "range_remove": 1}
    )
    page = text(client, url_of(run))
    assert "将有 1 名内部员工离开" not in page
    assert "移出 1 人并写入其余 2 项" in page


def test_a_hint_is_answered_on_its_page(client: Client) -> None:
    chain = worlds.connection()
    assert chain.target
    for name in ("恒拓", "海川"):
        orgs.make_organization(chain.target, name)
    run = worlds.applied(chain, {"wpA": Corp("恒拓"), "wpB": Corp("海川")})
    page = text(client, url_of(run, "?kind=notice"))
    one, two = PlanItem.objects.filter(run=run, message="same_name").order_by("key")
    assert f"hints/{one.pk}/" in page
    assert f"hints/{two.pk}/?answer=two" in page
    answers = ((one, "", "已确认为同一个组织", 1), (two, "?answer=two", "已确认不是同一个", 2))
    for item, query, said, left in answers:
        url = url_of(run, f"hints/{item.pk}/{query}")
        assert f'action="{url}"' in text(client, url, headers=HTMX)
        assert "已有组织的上级" in text(client, url, headers=HTMX)
        answered = client.post(url, headers=HTMX)
        assert answered.headers["HX-Redirect"] == url_of(run, "?kind=notice")
        assert "此提示已处理" in client.post(url, headers=HTMX).content.decode()
        assert said in text(client, url_of(run, "?kind=notice"))
        assert Node.objects.filter(name=item.name).count() == left
    assert client.get(url_of(run, "hints/999999/")).status_code == 404


def table(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def going(connection: Connection, **more: object) -> Run:
    values = {
        "trigger": "manual",
        "phase_at": timezone.now() - datetime.timedelta(seconds=30),
        "planned_at": timezone.now(),
    }
    return Run.objects.create(connection=connection, **(values | more))  # type: ignore[attr-defined]


def test_progress_has_speed_and_estimate(client: Client) -> None:
    chain = worlds.connection()
    run = going(
        chain.connection, status="applying", done=1284, total=3010, counts={"person_add": 3010}
    )
    page = text(client, url_of(run, "state/?was=applying"), headers=HTMX)
    assert "1,284 / 3,010 · 43 项/秒 · 约剩 41 秒" in page
    assert 'value="1284" max="3010"' in page
    assert "取消同步" in page
    unknown = going(
        worlds.connection("分部", "ww2").connection, status="planning", phase_at=timezone.now()
    )
    assert '<progress aria-labelledby="ph-2"></progress>' in text(
        client, url_of(unknown, "state/"), headers=HTMX
    )


def test_the_list_is_asked_for_again_when_the_phase_changes(client: Client) -> None:
    run = going(worlds.connection().connection, status="applying")
    same = client.get(url_of(run, "state/?was=applying"), headers=HTMX)
    assert "HX-Trigger" not in same.headers
    other = client.get(url_of(run, "state/?was=planning"), headers=HTMX)
    assert "#items-now" in other.headers["HX-Trigger"]
    assert client.get(url_of(run, "state/")).headers["Location"] == url_of(run)


def test_a_failed_run_says_why_and_offers_another_try(client: Client) -> None:
    chain = worlds.connection()
    run = Run.objects.create(
        connection=chain.connection, trigger="schedule", status="failed", message="地址不在企业可信IP中 (60020)",
        finished_at=timezone.now(),
    )  # fmt: skip
    for page in (text(client, url_of(run)), text(client, f"/console/sync/{chain.connection_id}/")):
        assert "地址不在企业可信IP中 (60020)" in page
        assert "重试" in page
    assert "本次同步未生成计划" in text(client, url_of(run))


def test_a_run_that_could_not_read_a_corp_is_finished_in_part(client: Client) -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"wpA": crowd(2), "wpB": crowd(2, "海川")})
    wall = Corp("海川", share="refused", complete=False, message="应用不再共享给这家企业")
    run = worlds.applied(chain, {"wpA": crowd(2), "wpB": wall})
    for page in (
        text(client, url_of(run)),
        text(client, f"/console/sync/{chain.connection_id}/"),
        text(client, "/console/sync/"),
        text(client, url_of(run, "card/"), headers=HTMX),
    ):
        assert "部分完成" in page
    assert "1 处未能读取" in text(client, url_of(run, "card/"), headers=HTMX)
    well = worlds.applied(chain, {"wpA": crowd(2), "wpB": crowd(2, "海川")})
    assert "部分完成" not in text(client, url_of(well))


# --- log -------------------------------------------------------------------------------------------------------------


def test_a_log_is_narrowed_followed_and_taken_away(client: Client) -> None:
    run = going(worlds.connection().connection, status="pulling")
    for level, line in ((20, "恒拓：3 个部门"), (30, "海川：没有回答"), (40, "渝科：<b>拒绝</b>")):
        LogLine.objects.create(run=run, level=level, text=line)
    url = url_of(run, "log/")
    assert all(word in text(client, url) for word in ("恒拓", "海川", "渝科"))
    warned = text(client, f"{url}?level=30", headers=HTMX)
    assert "恒拓" not in warned
    assert "海川" in warned
    assert "渝科" not in text(client, f"{url}?q=没有", headers=HTMX)
    assert "没有符合条件的结果" in text(client, f"{url}?q=nichts", headers=HTMX)
    assert "&lt;b&gt;" in client.get(url).content.decode()
    last = LogLine.objects.latest("pk").pk
    assert client.get(f"{url}?after={last}", headers=HTMX).status_code == 204
    LogLine.objects.create(run=run, text="下一家")
    followed = text(client, f"{url}?after={last}", headers=HTMX)
    assert "下一家" in followed
    assert "恒拓" not in followed
    assert f"?after={LogLine.objects.latest('pk').pk}" in followed
    file = client.get(url_of(run, "log/file/"))
    assert file.content.decode().count("\n") == 4
    Run.objects.update(status="failed")
    assert "hx-get" not in text(client, f"{url}?after={last}", headers=HTMX)


# --- what a record shows ---------------------------------------------------------------------------------------------


def test_kept_fields_are_locked_and_say_where_to_change_them(client: Client) -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"wpA": crowd(1)})
    person, node = worlds.person("u000"), Node.objects.get(name="恒拓")
    for url in (
        f"/console/orgs/{node.pk}/edit/",
        f"/console/contacts/{person.pk}/edit/",
        f"/contacts/{person.pk}/edit/",
    ):
        page = text(client, url)
        field = re.search(r'<input[^>]*name="name"[^>]*>', page)
        assert field, url
        assert "readonly" in field[0], url
        assert "由企业微信同步，请在企业微信修改" in page, url
    moves = {
        f"/console/orgs/{node.pk}/": f"/console/orgs/{node.pk}/move/",
        f"/console/contacts/{person.pk}/": f"/contacts/{person.pk}/move/",
    }
    assert not [page for page, move in moves.items() if move in text(client, page)]
    Node.objects.update(kept="")
    Contact.objects.update(kept="")
    assert not [page for page, move in moves.items() if move not in text(client, page)]
    assert "readonly" not in text(client, f"/console/orgs/{node.pk}/edit/")


def test_kept_names_of_staff_and_their_departments_are_locked_too(client: Client) -> None:
    staff, department = orgs.make_person(kept="name"), orgs.make_internal_department("采购中心")
    Department.objects.filter(pk=department.pk).update(kept="name")
    for url in (
        f"/console/staff/{staff.pk}/edit/",
        f"/console/departments/{department.pk}/rename/",
    ):
        field = re.search(r'<input[^>]*name="name"[^>]*>', text(client, url))
        assert field, url
        assert "readonly" in field[0], url


def test_maintainers_read_where_a_record_comes_from(client: Client) -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"wpA": crowd(1)})
    person, node = worlds.person("u000"), Node.objects.get(name="恒拓")
    assert chain.target
    maintainer = as_(orgs.make_maintainer(chain.target))
    for page, origin in (
        (f"/console/orgs/{node.pk}/", f"/console/sync/origin/node/{node.pk}/"),
        (f"/console/contacts/{person.pk}/", f"/console/sync/origin/contact/{person.pk}/"),
        (f"/contacts/o/{node.pk}/?c={person.pk}", f"/console/sync/origin/contact/{person.pk}/"),
    ):
        assert f'hx-get="{origin}"' in text(maintainer, page), page
        said = text(maintainer, origin)
        assert "来源：企业微信 · 总部企业微信 · 供应链" in said
        assert "由企业微信同步" in said
    by_hand = orgs.make_organization(chain.target, "手工")
    assert "/console/sync/origin/" not in text(client, f"/console/orgs/{by_hand.pk}/")


# --- badge -----------------------------------------------------------------------------------------------------------


def badge(client: Client) -> int:
    found = re.search(r'data-count="(\d+)"', text(client, "/console/sync/badge/", headers=HTMX))
    return int(found[1]) if found else 0


def test_the_menu_counts_what_waits_for_a_person(client: Client, held: Run) -> None:
    holder = as_(orgs.make_holder())
    assert 'hx-get="/console/sync/badge/"' in text(holder, "/console/sync/")
    dry = worlds.planned(worlds.connection("分部", "ww2"), {"wpC": crowd(1)})
    assert badge(client) == badge(holder) == 2
    assert "等待确认的同步" in text(client, "/console/sync/badge/", headers=HTMX)
    for values in (
        {"status": "applying"},
        {"planned_at": dry.created_at - datetime.timedelta(days=2)},
    ):
        with transaction.atomic():
            Run.objects.filter(pk=dry.pk).update(**values)
            assert badge(client) == 1, values
            transaction.set_rollback(True)
    going(held.connection, status="done", applied_at=timezone.now())
    assert badge(client) == 1, "another run was carried out"
    Chain.objects.filter(connection=dry.connection).update(policy_at=timezone.now())
    assert badge(client) == 0


def test_counting_costs_one_question_and_an_end(client: Client, held: Run) -> None:
    assert badge(client) == 1
    url = "/console/sync/badge/"
    few = queries(client, url)
    Run.objects.bulk_create(
        Run(
            connection=held.connection, trigger="callback", status="ready", planned_at=timezone.now(),
            only_corps=["wpA"],
        )
        for _one in range(selectors.MANY)
    )  # fmt: skip
    with CaptureQueriesContext(database) as captured:
        assert badge(client) == selectors.MANY
    assert len(captured) == few
    assert len([one for one in captured if "wecom_sync" in one["sql"]]) == 1


# --- queries ---------------------------------------------------------------------------------------------------------


def queries(client: Client, url: str) -> int:
    text(client, url)
    with CaptureQueriesContext(database) as captured:
        text(client, url)
    return len(captured)


def test_pages_cost_the_same_however_much_there_is(client: Client) -> None:
    chain = worlds.connection()
    run = worlds.planned(chain, {"wpA": crowd(2)})
    urls = ["/console/sync/", f"/console/sync/{chain.connection_id}/"]
    before = [queries(client, url) for url in [*urls, url_of(run, "?kind=all")]]
    for n in range(2, 6):
        other = worlds.connection(f"分部{n}", f"ww{n}")
        Run.objects.create(
            connection=other.connection, trigger="manual", status="done", finished_at=timezone.now()
        )
        Chain.objects.create(
            connection=chain.connection, chain_id=str(n), name=f"链{n}", target=chain.target
        )
        Run.objects.create(
            connection=chain.connection,
            trigger="schedule",
            status="failed",
            finished_at=timezone.now(),
        )
    people = {f"p{k}": (f"人{k}", [2, 0]) for k in range(4)}
    corps = {
        f"wp{n}": Corp(f"企业{n}", departments={2: ("部门", 0)}, people=people) for n in range(9)
    }
    large = worlds.planned(chain, corps)
    assert [queries(client, url) for url in [*urls, url_of(large, "?kind=all")]] == before
