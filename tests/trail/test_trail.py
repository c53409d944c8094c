"""审计日志: who reads what, every filter, paging that goes on where it stopped, the file, the chain (SPEC OPS-3)."""

from __future__ import annotations

import ast
import datetime
import io
import re
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from accounts.models import User
from core import audit, context
from core.models import AuditEntry, OutboxEntry
from im.models import Message
from orgs.models import Node
from tests.architecture.sources import parsed, sources
from tests.factories import orgs
from tests.factories.contacts import make_contact
from trail import jobs, selectors, words
from trail.models import AuditCheck

pytestmark = pytest.mark.django_db
URL = "/console/audit/"


@pytest.fixture
def people() -> dict[str, User]:
    return {
        "admin": orgs.make_administrator(),
        "holder": orgs.make_person("李敏", is_holder=True),
        "maintainer": orgs.make_person("吴凯"),
    }


@pytest.fixture
def place(people: dict[str, User]) -> Iterator[Node]:
    """Two dimensions with rows of their own and some of none."""
    mine, other = orgs.make_dimension("供应商"), orgs.make_dimension("渠道")
    orgs.let_maintain(people["maintainer"], mine)
    contact = make_contact(orgs.make_organization(mine, "恒拓"), "林晓彤")
    with transaction.atomic(), context.use(context.Context(ip="10.1.2.3")):
        write(
            "node.edit",
            mine,
            people["holder"],
            mine,
            before={"name": "旧名"},
            after={"name": "供应商"},
        )
        write(
            "contact.edit", contact, people["maintainer"], mine, after={"position": "=HYPERLINK(1)"}
        )
    with transaction.atomic():
        write("node.edit", other, people["admin"], other, after={"name": "渠道"})
        write("session.start", people["admin"], people["admin"], None, after={"method": "password"})
    return mine


def write(
    action: str, obj: object, by: User, dimension: Node | None, **values: object
) -> AuditEntry:
    pk = dimension.pk if dimension else None
    return audit.record(action=action, obj=obj, by=by, dimension_id=pk, **values)


def shown(client: Client, query: str = "") -> list[str]:
    page = client.get(f"{URL}?{query}").content.decode()
    found = re.findall(r'href="/console/audit/(\d+)/"', page)
    return [AuditEntry.objects.get(id=pk).action for pk in found]


As = Callable[[User], Client]


def test_everybody_reads_what_concerns_him(place: Node, people: dict[str, User], as_: As) -> None:
    assert {"session.start", "node.edit"} <= set(shown(as_(people["admin"])))
    holder = shown(as_(people["holder"]), "group=structure")
    assert holder == ["node.edit", "node.edit"]
    assert "session.start" not in shown(as_(people["holder"]))
    assert shown(as_(people["maintainer"])) == ["contact.edit", "node.edit"]
    foreign = AuditEntry.objects.get(action="session.start")
    assert as_(people["maintainer"]).get(f"{URL}{foreign.pk}/").status_code == 404
    detail = as_(people["holder"]).get(
        f"{URL}{AuditEntry.objects.filter(action='node.edit').earliest('id').pk}/"
    )
    text = detail.content.decode()
    assert "旧名" in text
    assert "10.1.2.3" in text
    assert "变更前" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=吴凯", ["contact.edit"]), ("group=session", ["session.start"]),
        ("kind=contacts.contact", ["contact.edit"]),
        ("q=林晓", ["contact.edit"]), ("ip=10.1.2.3", ["contact.edit", "node.edit"]), ("who=没有这个人", []),
        ("until=2020-01-01", []), ("since=2999-01-01", []), ("ip=10.1.2.3&group=structure", ["node.edit"]),
        ("group=session&who=吴凯", []), ("before=1", []),
    ],
)  # fmt: skip
def test_each_filter(
    place: Node, people: dict[str, User], as_: As, query: str, found: list[str]
) -> None:
    assert shown(as_(people["admin"]), query) == found


def test_a_period_holds_rows_that_were_written_out_of_order(place: Node) -> None:
    first, second = AuditEntry.objects.order_by("id")[:2]
    yesterday = timezone.now() - datetime.timedelta(days=1)
    move(first, yesterday + datetime.timedelta(minutes=5))
    move(second, yesterday)
    day = timezone.localdate(yesterday)
    found = selectors.page(everything(), selectors.Asked(since=day, until=day))
    assert {row.pk for row in found.entries} == {first.pk, second.pk}


def everything() -> selectors.Scope:
    return selectors.Scope(0, active_staff=True, everything=True, administrator=True)


def move(entry: AuditEntry, at: datetime.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_auditentry SET at = %s WHERE id = %s", [at, entry.pk])


def test_what_is_rare_is_found_step_by_step(
    place: Node, people: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "WINDOW", 5)
    with transaction.atomic():
        for number in range(12):
            write("node.edit", place, people["holder"], place, after={"order": number})
    asked = selectors.Asked(q="林晓彤")
    first = selectors.page(everything(), asked)
    assert first.entries == []
    assert first.looked_until
    steps = list(selectors.everything(everything(), asked, size=50, windows=20))
    assert [row.action for row in steps] == ["contact.edit"]
    rows = list(selectors.everything(everything(), selectors.Asked(), size=3, windows=20))
    assert [row.pk for row in rows] == sorted((row.pk for row in rows), reverse=True)
    assert len(rows) == AuditEntry.objects.count()
    several = list(
        selectors.everything(everything(), selectors.Asked(group="structure"), size=4, windows=20)
    )
    assert len(several) == 14


def test_the_file_holds_what_was_asked_for_and_is_written_down(
    place: Node, people: dict[str, User], as_: As
) -> None:
    url = f"{URL}export/?group=contact"
    answer = as_(people["admin"]).post(url, {"format": "csv"})
    text = b"".join(answer).decode("utf-8-sig")
    assert "林晓彤" in text
    assert ",=" not in text
    assert answer.headers["Cache-Control"] == "no-store"
    file = b"".join(as_(people["admin"]).post(url, {"format": "xlsx"}))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0).to_python()
    assert [row[5] for row in rows] == ["对象", "林晓彤"]
    noted = AuditEntry.objects.filter(action="audit.export").latest("id")
    assert noted.after == {"format": "xlsx", "count": 1, "filters": "group=contact"}
    assert as_(people["holder"]).post(url, {"format": "csv"}).status_code == 403
    assert as_(people["admin"]).post(url, {"format": "pdf"}).status_code == 422


def test_a_broken_chain_stands_in_red_and_administrators_are_told(
    place: Node, people: dict[str, User], as_: As
) -> None:
    client = as_(people["admin"])
    audit.seal()
    assert client.post(f"{URL}check/").status_code == 303
    assert client.post(f"{URL}check/").status_code == 409
    entry = OutboxEntry.objects.get(task="trail.verify")
    jobs.walk(**entry.arguments)
    assert "完整" in client.get(URL).content.decode()
    assert not Message.objects.filter(card_kind="trail.check").exists()
    forged = AuditEntry.objects.filter(seq__isnull=False).order_by("seq")[1]
    AuditEntry.objects.filter(pk=forged.pk).update(actor_label="别人")
    jobs.nightly()
    page = client.get(URL).content.decode()
    assert "note-bad" in page
    assert f"记录 {forged.pk}（链上第 2 条）" in page
    told = Message.objects.filter(card_kind="trail.check")
    assert [row.conversation.key for row in told] == [f"system:{people['admin'].pk}"]
    check = AuditCheck.objects.latest("id")
    jobs.walk(check_id=check.pk)
    assert told.count() == 1
    assert "链完整性" not in as_(people["holder"]).get(URL).content.decode()


def test_every_action_of_the_code_has_a_word_and_a_group() -> None:
    written = set()
    for file in sources():
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Call):
                written |= {
                    keyword.value.value for keyword in node.keywords
                    if keyword.arg == "action" and isinstance(keyword.value, ast.Constant)
                    and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", str(keyword.value.value))
                }  # fmt: skip
    assert len(written) > 60
    assert not written - words.ACTIONS.keys()
    nouns = {name for _label, names in words.GROUPS.values() for name in names}
    assert {action.partition(".")[0] for action in words.ACTIONS} == nouns
