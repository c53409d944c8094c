"""Log-in with 企业微信 against the stand-in: who comes in, and who does not (SPEC WEC-7; T40 to T50, T71)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LoginThrottle, Session, User
from accounts.services import access
from contacts.models import Contact
from contacts.permissions import active_identity
from core.errors import Conflict, Denied, Hidden
from core.models import AuditEntry, OutboxEntry
from tests.accounts.test_second_factor import with_app
from tests.factories.accounts import PASSWORD, AdminFactory, ExternalUserFactory, StaffFactory
from tests.factories.contacts import give_login, make_contact
from tests.portal.conftest import Place, make_place
from tests.wecom_sync.equal import connect
from wecom_sync.models import Connection, OwnPerson, PlanItem, RemotePerson, Run
from wecom_sync.services import connections, own_links
from wecom_sync.standin.remote import StandIn

pytestmark = pytest.mark.django_db
HOME, SECURITY = "/account/sessions/", "/account/security/"
INSIDE = {"HTTP_USER_AGENT": "Mozilla/5.0 (iPhone) MicroMessenger/7.0 wxwork/4.1.36"}


@pytest.fixture
def connection(standin: StandIn, settings: Settings) -> Connection:
    settings.BASE_URL = "http://testserver"
    one = connect(standin)[0]
    connections.set_doors(by=AdminFactory(), connection=one, login=True, notify=False)
    one.refresh_from_db()
    return one


def member(standin: StandIn, connection: Connection, number: int = 0) -> str:
    truth = next(u for u in standin.truth()["upstreams"] if u["corpid"] == connection.corp_id)
    return str(truth["members"][number]["userid"])


def partner(standin: StandIn, connection: Connection) -> tuple[str, str]:
    """Corp and user id of somebody downstream."""
    truth = next(u for u in standin.truth()["upstreams"] if u["corpid"] == connection.corp_id)
    corps = [corp for chain in truth["chains"] for corp in chain["corps"] if corp.get("members")]
    return corps[0]["corpid"], corps[0]["members"][0]["userid"]


def come(
    standin: StandIn, connection: Connection, who: str, client: Client | None = None, path: str = "", **more: Any
) -> Any:  # fmt: skip
    """The answer to somebody who returns from WeCom; `browser` of it is his."""
    client = client or Client()
    go = client.get(path or reverse("wecom-login:begin", args=[connection.pk]), **more)["Location"]
    answer = client.get(returning(standin, connection, who, go))
    answer.browser = client
    return answer


def returning(standin: StandIn, connection: Connection, who: str, go: str) -> str:
    """Where WeCom sends the browser back to."""
    asked = {key: values[0] for key, values in parse_qs(urlsplit(go).query).items()}
    code = standin.act("code", corpid=connection.corp_id, who=who)["code"]
    return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"


def linked(connection: Connection, user: User, member_id: str) -> None:
    own_links.link_own(user=user, connection=connection, member_id=member_id, keep_session=None)


def test_staff_come_in_by_scan_or_from_inside(standin: StandIn, connection: Connection) -> None:
    user, who = StaffFactory(), member(standin, connection)
    linked(connection, user, who)
    assert "企业微信登录" in Client().get("/login/?next=/messages/").content.decode()
    answer = come(standin, connection, who)
    assert answer["Location"] == "/"
    assert answer.browser.get(HOME).status_code == 200
    session = Session.objects.get(pk=answer.browser.session.session_key)
    assert session.user_id == user.pk
    assert AuditEntry.objects.filter(after={"method": "wecom"}, object_id=str(user.pk)).exists()
    assert "企业微信" in answer.browser.get(HOME).content.decode()
    client, begin = Client(), reverse("wecom-login:begin", args=[connection.pk])
    scan, inside = client.get(begin)["Location"], client.get(begin, **INSIDE)["Location"]
    assert (urlsplit(scan).path, urlsplit(inside).path) == (
        "/wwlogin/sso/login",
        "/connect/oauth2/authorize",
    )
    evil = ("//evil.example/", "https://evil.example/")
    for path, then in (("/messages/", "/messages/"), *((one, "/") for one in evil)):
        wanted = f"{begin}?{urlencode({'next': path})}"
        answer = come(standin, connection, who, path=wanted)
        assert answer["Location"] == then, path
        assert answer.browser.get(wanted)["Location"] == then  # logged in already: straight on


def test_a_person_of_a_downstream_corp_comes_into_the_portal(
    standin: StandIn, connection: Connection
) -> None:
    place: Place = make_place()
    corp, who = partner(standin, connection)
    person = f"{corp}/{who}"
    assert "没有" in come(standin, connection, person).content.decode()
    row = RemotePerson.objects.create(
        connection=connection, corp_id=corp, user_id=who, contact=place.contact
    )
    answer = come(standin, connection, person)
    assert answer["Location"] == "/portal/"
    assert answer.browser.get("/portal/").status_code == 200
    # Of two identities of one login he acts as the one that came.
    first = give_login(
        make_contact(place.organization, "林晓彤", opened_at=timezone.now()), place.external
    )
    assert active_identity(place.external.pk) == first.pk
    again = come(standin, connection, person).browser
    assert Session.objects.get(pk=again.session.session_key).identity_id == place.contact.pk
    # The same number in the corp itself is another person.
    assert come(standin, connection, member(standin, connection)).status_code == 403
    Contact.objects.filter(pk=place.contact.pk).update(
        expires_at=timezone.now() - timedelta(days=1)
    )
    refused = come(standin, connection, person)
    assert refused.status_code == 422
    assert "已过期" in refused.content.decode()
    Contact.objects.filter(pk=place.contact.pk).update(expires_at=None)
    RemotePerson.objects.filter(pk=row.pk).update(gone_at=timezone.now())
    assert come(standin, connection, person).status_code == 403


def test_nobody_is_found_by_a_name_and_outsiders_are_refused(
    standin: StandIn, connection: Connection
) -> None:
    who = member(standin, connection)
    boss = AdminFactory(username=who)
    answer = come(standin, connection, who)
    assert answer.status_code == 403
    assert who in answer.content.decode()
    assert answer.browser.get(HOME).status_code == 302
    outside = come(standin, connection, "")
    assert outside.status_code == 403
    assert outside.browser.get(HOME).status_code == 302
    # A staff link to an external login opens nothing, whoever wrote it.
    OwnPerson.objects.create(connection=connection, member_id=who, user=ExternalUserFactory())
    assert come(standin, connection, who).status_code == 403
    assert not OwnPerson.objects.filter(user=boss).exists()


def test_the_rules_of_every_door_hold(standin: StandIn, connection: Connection) -> None:
    user, who = StaffFactory(), member(standin, connection)
    linked(connection, user, who)
    with_app(user)
    assert come(standin, connection, who)["Location"] == "/login/code/"
    access.disable(user=user, by=AdminFactory())
    refused = come(standin, connection, who)
    assert (refused.status_code, "停用" in refused.content.decode()) == (422, True)
    first, other = StaffFactory(must_change_password=True), member(standin, connection, 1)
    linked(connection, first, other)
    assert come(standin, connection, other).browser.get(HOME)["Location"] == "/account/password/"
    connections.set_doors(by=AdminFactory(), connection=connection, login=False, notify=False)
    assert Client().get(reverse("wecom-login:begin", args=[connection.pk])).status_code == 404
    assert "企业微信" not in Client().get("/login/").content.decode()


def test_an_answer_belongs_to_one_question_of_one_browser_and_of_one_corp(
    standin: StandIn, connection: Connection
) -> None:
    user, who = StaffFactory(), member(standin, connection)
    linked(connection, user, who)
    client, thief = Client(), Client()
    begin = reverse("wecom-login:begin", args=[connection.pk])
    go = client.get(begin)["Location"]
    back = returning(standin, connection, who, go)
    thief.get(begin)
    assert thief.get(back).status_code == 422
    other = Connection.objects.exclude(pk=connection.pk).get()
    Connection.objects.filter(pk=other.pk).update(login=True)
    elsewhere = back.replace(f"/{connection.pk}/", f"/{other.pk}/")
    assert client.get(elsewhere).status_code == 422
    assert client.get(back)["Location"] == "/"
    client.post("/logout/")
    assert client.get(back).status_code == 422
    late = client.get(begin)["Location"]
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert client.get(returning(standin, connection, who, late)).status_code == 422
    for query in ("", "?error=access_denied", "?state=x&code=y", "?code=y", "?state=&code="):
        assert Client().get(f"{begin}back/{query}").status_code == 422, query
    tried = list(LoginThrottle.objects.values_list("failures"))
    answer = Client().get(f"{begin}back/?state=x&code=y", HTTP_SEC_FETCH_DEST="image")
    assert answer.status_code == 422
    assert list(LoginThrottle.objects.values_list("failures")) == tried != []
    for number in range(50):
        answer = Client().get(f"{begin}back/?state={number}&code=y")
    assert answer.status_code == 429


def test_whatever_wecom_answers_is_a_sentence(standin: StandIn, connection: Connection) -> None:
    who = member(standin, connection)
    for fault, said in (
        ({"kind": "code", "code": 40029}, "请重新登录"),
        ({"kind": "code", "code": 60020}, "暂时无法"),
        ({"kind": "html"}, "暂时无法"),
    ):
        standin.fault(api="auth/getuserinfo", **fault)
        answer = come(standin, connection, who)
        assert answer.status_code == 422
        assert said in answer.content.decode(), fault
        standin.clear()
    Connection.objects.filter(pk=connection.pk).update(secret_cipher=b"of another installation")
    assert Client().get(reverse("wecom-login:begin", args=[connection.pk])).status_code == 422


def test_linked_by_oneself(standin: StandIn, connection: Connection) -> None:
    user, who = StaffFactory(email="li@example.com"), member(standin, connection)
    client, other = Client(), Client()
    for one in (client, other):
        one.post("/login/", {"username": user.username, "password": PASSWORD})
    link, confirm, unlink = (
        reverse(f"wecom-login:{name}", args=[connection.pk]) for name in ("link", "confirm", "unlink")
    )  # fmt: skip
    assert link in client.get(SECURITY).content.decode()
    partner_id = "/".join(partner(standin, connection))
    for nobody in (partner_id, ""):
        assert come(standin, connection, nobody, client, link)["Location"] == SECURITY
        assert client.get(confirm)["Location"] == SECURITY
    assert come(standin, connection, who, client, link)["Location"] == confirm
    assert who in client.get(confirm).content.decode()
    assert not OwnPerson.objects.exists()
    key = client.session.session_key
    assert client.post(confirm)["Location"] == SECURITY
    assert client.session.session_key != key
    assert other.get(HOME).status_code == 302
    assert OwnPerson.objects.get().user_id == user.pk
    assert AuditEntry.objects.filter(action="login.wecom_link", object_id=str(user.pk)).exists()
    assert OutboxEntry.objects.filter(task="accounts.tell_of_change").exists()
    assert come(standin, connection, who)["Location"] == "/"
    with pytest.raises(Conflict):
        linked(connection, user, member(standin, connection, 1))
    with pytest.raises(Conflict):
        linked(connection, StaffFactory(), who)
    with pytest.raises(Hidden):
        linked(connection, ExternalUserFactory(), member(standin, connection, 1))
    assert client.post(unlink).status_code == 303
    assert come(standin, connection, who).status_code == 403


def test_the_last_way_in_cannot_be_taken_away(connection: Connection) -> None:
    user = StaffFactory()
    linked(connection, user, "somebody")
    User.objects.filter(pk=user.pk).update(password="!")
    with pytest.raises(Conflict):
        own_links.unlink_own(user=user, connection=connection, keep_session=None)


def notice(connection: Connection, user: User, member_id: str) -> PlanItem:
    run = Run.objects.create(connection=connection, trigger="manual", status="ready", dry=True)
    return PlanItem.objects.create(
        run=run, stage=0, key=f"u:{member_id}", name=user.name, after={"user": user.pk}, message="same_login"
    )  # fmt: skip


def test_an_administrator_says_that_a_login_of_the_same_name_is_the_member(
    standin: StandIn, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(sync_staff=True)
    user, who = StaffFactory(email="wu@example.com"), member(standin, connection)
    item = notice(connection, user, who)
    with pytest.raises(Denied):
        own_links.link_staff(by=StaffFactory(is_holder=True), item=item)
    assert own_links.link_staff(by=AdminFactory(), item=item).member_id == who
    user.refresh_from_db()
    item.refresh_from_db()
    assert (user.kept, item.status, item.after["linked"]) == ("name place", "done", True)
    assert OutboxEntry.objects.filter(task="accounts.tell_of_change").exists()
    with pytest.raises(Conflict):
        own_links.link_staff(by=AdminFactory(), item=item)
    off = StaffFactory(is_active=False)
    for nobody in (notice(connection, off, "x1"), notice(connection, ExternalUserFactory(), "x2")):
        with pytest.raises(Hidden):
            own_links.link_staff(by=AdminFactory(), item=nobody)
    assert come(standin, connection, who)["Location"] == "/"
