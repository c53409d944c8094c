"""Switching the identity in the portal: what belongs to one is never seen as another, and stale pages do nothing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from contacts.models import Contact, ContactVisibleStaff, IdentityOffer
from contacts.services import accounts, identities, places
from core.actors import SystemActor
from core.models import AuditEntry
from im import services as im
from im.models import Topic
from im.reach import Party
from im.selectors.waiting import waiting
from orgs.services import nodes
from portal.models import App, AppOpening, PushedTodo, TodoSystem
from tests.factories import orgs
from tests.factories.contacts import give_login, make_contact
from tests.portal.conftest import Place

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
BY = SystemActor("tests")
AGO = datetime.timedelta(days=1)
NOW = re.compile(r'<div class="mi mi-2" aria-current="true">.*?<b>(.*?)</b>', re.S)


@dataclass
class Second:
    """The other identity of the same person, in an organization of another dimension, and whom it sees."""

    contact: Contact
    host: User


@pytest.fixture
def second(place: Place) -> Second:
    Contact.objects.filter(pk=place.contact.pk).update(opened_at=timezone.now())
    lab = orgs.make_organization(orgs.make_dimension("实验室"), "联创检测（示例）")
    contact = give_login(make_contact(lab, "林顾问", position="外聘顾问"), place.external)
    Contact.objects.filter(pk=contact.pk).update(opened_at=timezone.now())
    host = orgs.make_person("罗晨")
    ContactVisibleStaff.objects.create(contact=contact, user=host)
    return Second(contact, host)


def switch(client: Client, contact: Contact, **more: str) -> int:
    return client.post("/portal/identities/switch/", {"identity": contact.pk, **more}).status_code


def acts_as(client: Client) -> str:
    """The organization that the menu says."""
    return NOW.findall(client.get("/portal/").content.decode())[0]


FIRST, OTHER = "恒拓精密（示例）", "联创检测（示例）"


def test_switching(place: Place, second: Second, as_: As) -> None:
    client, elsewhere = as_(place.external), as_(place.external)
    assert (acts_as(client), acts_as(elsewhere)) == (FIRST, FIRST)
    former = client.session.session_key
    assert switch(client, second.contact) == 303
    assert client.session.session_key != former
    assert Session.objects.filter(user_id=place.external.pk).count() == 2
    assert (acts_as(client), acts_as(elsewhere)) == (OTHER, FIRST), "a matter of the session"
    assert acts_as(as_(place.external)) == OTHER, "a new one begins with what was chosen last"
    (entry,) = AuditEntry.objects.filter(action="session.identity")
    assert (entry.actor_id, entry.object_id) == (str(place.external.pk),) * 2
    assert OTHER in entry.after["identity"]
    assert FIRST in entry.before["identity"]
    page = client.get("/portal/").content.decode()
    assert "林顾问" in page
    assert "外聘顾问" in page
    assert switch(client, place.contact) == 303
    assert acts_as(client) == FIRST
    assert "切换身份" in client.get("/account/sessions/").content.decode()


def test_nothing_crosses(place: Place, second: Second, as_: As) -> None:
    """Conversations, to-dos, people, apps, profile; neither by address nor by sending."""
    system = TodoSystem.objects.create(name="订单系统", token_hash="-")
    for number, contact in enumerate((place.contact, second.contact)):
        words = ("甲方待办", "乙方待办")[number]
        PushedTodo.objects.create(
            system=system, external_id=str(number), contact=contact, title=words
        )
        app = App.objects.create(
            key=f"own-{number}", name=("甲方应用", "乙方应用")[number], address="https://a.example/"
        )
        AppOpening.objects.create(app=app, contact=contact)
        Contact.objects.filter(pk=contact.pk).update(office=("甲方办公", "乙方办公")[number])
    talks = []
    for host, contact in ((place.known, place.contact), (second.host, second.contact)):
        person = User.objects.get(pk=place.external.pk)
        person.acts_as = contact.pk
        talks.append(im.open_direct(by=person, other=Party(host.pk)))
    for talk, by, words in zip(
        talks, (place.known, second.host), ("甲方消息", "乙方消息"), strict=True
    ):
        im.send(conversation_id=talk.pk, body=words, client_id=f"client-{talk.pk:06}", by=by)
    client = as_(place.external)
    mine = [
        {"甲方待办", "甲方应用", "甲方办公", "甲方消息", "周明宇"},
        {"乙方待办", "乙方应用", "乙方办公", "乙方消息", "罗晨"},
    ]
    for here in (0, 1, 0):
        switch(client, (place.contact, second.contact)[here])
        paths = ("", "todo/", "people/", "profile/", "messages/", f"messages/{talks[here].pk}/")
        seen = "".join(client.get(f"/portal/{path}").content.decode() for path in paths)
        assert {word for word in mine[here] if word in seen} == mine[here]
        assert not {word for word in mine[1 - here] if word in seen}
        other = talks[1 - here].pk
        assert client.get(f"/portal/messages/{other}/").status_code == 404
        sent = {"body": "越界", "client_id": "client-crossing"}
        assert client.post(f"/portal/messages/{other}/send/", sent).status_code == 404
        own = {"telephone": f"0512-{here}", "office": ("甲方办公", "乙方办公")[here]}
        assert client.post("/portal/profile/", own).status_code == 303
    phones = Contact.objects.filter(user=place.external).values_list("telephone", flat=True)
    assert set(phones) == {"0512-0", "0512-1"}
    User.objects.filter(pk=place.external.pk).update(last_identity_id=None)
    told = waiting(user=User.objects.get(pk=place.external.pk), topics=[Topic.MESSAGES])
    assert told.messages == 2, "outside of the portal the person is told of all"


def test_a_page_of_the_former_identity_does_nothing(place: Place, second: Second, as_: As) -> None:
    client = as_(place.external)
    page = client.get("/portal/profile/").content.decode()
    assert f'name="acting_as" value="{place.contact.pk}"' in page
    assert f'"X-Acting-As":"{place.contact.pk}"' in page
    drawn_for = {"acting_as": str(place.contact.pk)}
    switch(client, second.contact)
    stale = client.post("/portal/profile/", {"telephone": "0512-1", **drawn_for})
    assert stale.status_code == 409
    assert "身份已切换" in stale.content.decode()
    headers = {"X-Acting-As": str(place.contact.pk), "HX-Request": "true"}
    sent = client.post("/portal/profile/", {"telephone": "0512-1"}, headers=headers)
    looked = client.get("/portal/messages/", headers=headers)
    assert (sent.status_code, looked.status_code, looked.content) == (409, 204, b"")
    assert "identity-switched" in sent.headers["HX-Trigger"]
    assert "identity-switched" in looked.headers["HX-Trigger"]
    assert "没有执行" in sent.content.decode()
    App.objects.filter(key="messages").update(enabled=False)
    assert client.get("/portal/messages/", headers=headers).status_code == 204
    assert client.get("/portal/messages/").status_code == 404
    assert client.get("/console/staff/", headers=headers).status_code == 404
    assert not Contact.objects.exclude(telephone="").exists()
    fresh = {"telephone": "0512-2", "acting_as": str(second.contact.pk)}
    assert client.post("/portal/profile/", fresh).status_code == 303
    assert switch(client, place.contact, **drawn_for) == 303
    assert client.post("/logout/", {"acting_as": "0"}).status_code == 303


def test_what_is_under_way_with_the_former_key(place: Place, second: Second, as_: As) -> None:
    """It opens nothing, sends nobody to the log-in, and does not take the new cookie away."""
    client, late = as_(place.external), Client()
    late.cookies["wl-session"] = client.session.session_key
    switch(client, second.contact)
    fragment = {"HX-Request": "true"}
    answers = [
        late.get("/portal/todo/?a=1"), late.get("/portal/todo/", headers=fragment),
        late.post("/portal/profile/", {"telephone": "1"}), late.post("/portal/profile/", headers=fragment),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [303, 204, 303, 409]
    assert [answer.headers.get("Location") for answer in answers] == [
        "/portal/todo/?a=1",
        None,
        "/",
        None,
    ]
    assert not any(answer.cookies for answer in answers)
    assert not Contact.objects.exclude(telephone="").exists()
    assert late.get("/login/").status_code == 200
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=11)):
        assert late.get("/portal/todo/").headers["Location"].startswith("/login/")
    assert acts_as(client) == OTHER


def test_only_own_and_usable_ones(place: Place, second: Second, as_: As) -> None:
    client = as_(place.external)
    foreign = give_login(make_contact(place.department), orgs.make_external())
    free = make_contact(place.department)
    places.set_enabled(by=BY, contact=second.contact, enabled=False)
    assert [switch(client, one) for one in (foreign, free, second.contact)] == [404, 404, 409]
    for nonsense in ("", "x", "9" * 30, "-1"):
        answer = client.post("/portal/identities/switch/", {"identity": nonsense})
        assert answer.status_code == 404
    assert acts_as(client) == FIRST
    assert not AuditEntry.objects.filter(action="session.identity").exists()
    for path in ("", "identities/"):
        page = client.get(f"/portal/{path}").content.decode()
        assert "已停用，请联系公司的联络人" in page
        assert f'name="identity" value="{second.contact.pk}"' not in page


@pytest.mark.parametrize("end", ["disabled", "expired", "organization", "closed"])
def test_the_active_one_ends_in_mid_session(
    place: Place, second: Second, as_: As, end: str
) -> None:
    client = as_(place.external)
    switch(client, second.contact)
    assert acts_as(client) == OTHER
    if end == "disabled":
        places.set_enabled(by=BY, contact=second.contact, enabled=False)
    elif end == "expired":
        Contact.objects.filter(pk=second.contact.pk).update(expires_at=timezone.now() - AGO)
    elif end == "organization":
        nodes.set_enabled(by=BY, node=second.contact.main_node, enabled=False)
    else:
        accounts.close(by=BY, contact=second.contact)
    stale = client.post("/portal/profile/", {"telephone": "1", "acting_as": second.contact.pk})
    assert stale.status_code == 409
    page = client.get("/portal/").content.decode()
    assert "已停用或过期，现在以“恒拓精密（示例）" in page
    assert OTHER not in page.partition("<main")[2]
    assert "已停用或过期" not in client.get("/portal/").content.decode(), "said once"
    assert AuditEntry.objects.filter(action="session.identity").count() == 2
    places.set_enabled(by=BY, contact=place.contact, enabled=False)
    assert client.get("/portal/").headers["Location"].startswith("/login/")


@pytest.mark.parametrize("asked", [{"HX-Request": "true"}, {"Sec-Fetch-Dest": "image"}])
def test_the_next_page_says_so_whatever_was_asked_before(
    place: Place, second: Second, as_: As, asked: dict[str, str]
) -> None:
    """An open page asks by itself, and its answer is dropped when he leaves it: the notice must not go with it."""
    client = as_(place.external)
    switch(client, second.contact)
    places.set_enabled(by=BY, contact=second.contact, enabled=False)
    client.get("/portal/", headers=asked)
    assert AuditEntry.objects.filter(action="session.identity").count() == 2
    client.cookies.pop("messages", None)
    assert "已停用或过期，现在以“恒拓精密（示例）" in client.get("/portal/").content.decode()
    assert "已停用或过期" not in client.get("/portal/").content.decode(), "said once"


def test_what_is_asked_before_he_agrees(place: Place, second: Second, as_: As) -> None:
    """The organization and nothing of the entry; for whoever it is not meant, nothing at all."""
    node = orgs.make_department(
        orgs.make_organization(orgs.make_dimension("秘密维度"), "新组织（示例）"), "秘密部门"
    )
    entry = make_contact(
        node, "秘密姓名", position="秘密职位", mobile="+8613700000077", email="secret@example.com"
    )
    row = identities.offer(by=place.administrator, contact=entry, through=place.contact)
    client, path = as_(place.external), f"/portal/identities/offers/{row.pk}/"
    pages = [
        client.get(one).content.decode()
        for one in ("/portal/", "/portal/todo/", "/portal/identities/", path)
    ]
    for page in pages:
        assert "新组织（示例）" in page
        assert "这也是您吗" in page
        for word in ("秘密", "13700000077", "secret@example.com", "管理员"):
            assert word not in page, word
    stranger = as_(give_login(make_contact(node), orgs.make_external()).user)
    missing = stranger.get("/portal/identities/offers/999999/").content
    assert (
        stranger.get(path).status_code == stranger.post(path, {"answer": "yes"}).status_code == 404
    )
    assert len(stranger.get(path).content) == len(missing)
    assert client.post(path, {"answer": "yes"}).status_code == 409, "not what he has read"
    agreed = {"answer": "yes", "organization": "新组织（示例）"}
    assert client.post(path, agreed).headers["Location"] == "/portal/identities/"
    assert "秘密姓名" in client.get("/portal/identities/").content.decode()
    assert acts_as(client) == FIRST, "he goes on as he was"
    assert client.post(path, agreed).status_code == 409
    assert client.get(path).status_code == 404


def test_somebody_of_no_organization_and_no(place: Place, as_: As) -> None:
    entry = make_contact(orgs.make_dimension("秘密维度"), "秘密姓名")
    row = identities.offer(by=place.administrator, contact=entry, through=place.contact)
    client, path = as_(place.external), f"/portal/identities/offers/{row.pk}/"
    page = client.get(path).content.decode()
    assert "秘密" not in page
    assert "未归属组织" in page
    for anything in ({"answer": "no"}, {}):
        client.post(path, anything)
    row.refresh_from_db()
    assert row.status == IdentityOffer.Status.REFUSED
    assert "没有增加身份" in client.get("/portal/identities/").content.decode()


def test_the_card_asks_and_takes_back(place: Place, as_: As) -> None:
    entry = make_contact(
        orgs.make_organization(orgs.make_dimension("实验室"), "联创"),
        "林顾问",
        mobile=place.contact.mobile,
    )
    place.external.username = "hengtuo-77"
    place.external.save(update_fields=["username"])
    client, path = as_(place.holder), f"/contacts/{entry.pk}/account/same/"
    page = client.get(path).content.decode()
    assert f'value="{place.contact.pk}"' in page
    assert place.external.username in page
    assert client.post(path, {"word": ""}).status_code == 422
    nobody = client.post(path, {"word": "nobody-here"})
    assert "没有使用该登录名或手机号" in nobody.content.decode()
    answer = client.post(
        path, {"word": place.external.username.upper(), "through": place.contact.pk}
    )
    assert answer.status_code == 303
    card = f"/contacts/?c={entry.pk}&tab=account"
    assert f"登录名为 {place.external.username}" in client.get(card).content.decode()
    beside = as_(orgs.make_maintainer(entry.main_node.dimension))
    seen = beside.get(card).content.decode()
    assert "等待本人确认" in seen
    assert place.external.username not in seen
    assert client.post(path, {"through": place.contact.pk}).status_code == 409
    assert beside.post(f"{path}withdraw/").status_code == 303
    assert "等待本人确认" not in client.get(card).content.decode()


def test_the_card_says_what_stays(place: Place, second: Second, as_: As) -> None:
    client, stays = as_(place.holder), "登录名仍可用于此人的其他组织"
    for question in ("account/close", "disable"):
        for contact, said in ((second.contact, True), (make_contact(place.department), False)):
            page = client.get(f"/contacts/{contact.pk}/{question}/").content.decode()
            assert (stays in page) == said


def test_the_menu_costs_the_same_with_more_identities(
    place: Place, second: Second, as_: As, django_assert_max_num_queries
) -> None:
    client = as_(place.external)
    client.get("/portal/todo/")
    with django_assert_max_num_queries(40) as first:
        client.get("/portal/todo/")
    for _ in range(4):
        give_login(make_contact(orgs.make_organization(orgs.make_dimension())), place.external)
    with django_assert_max_num_queries(len(first)):
        client.get("/portal/todo/")
