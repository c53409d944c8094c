"""To whom an app is open (SPEC POR-3): the rule in SQL against the same in plain Python, and whatever asks it."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from contacts import events
from contacts.models import Contact
from core.actors import SystemActor
from core.errors import Denied, Hidden, Invalid
from core.models import AuditEntry
from orgs.models import Category, Node, OrganizationDetail
from portal import rule, selectors, services
from portal.models import App, AppOpening
from tests.factories import orgs
from tests.factories.accounts import ExternalUserFactory
from tests.factories.contacts import give_login, make_contact
from tests.portal.conftest import Place

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
BY = SystemActor("tests")


def app_named(key: str = "crm", **values: object) -> App:
    given = {"name": key, "address": "https://crm.example.com/"} | values
    return services.create_app(by=BY, key=key, fields=given)


# --- the rule ---------------------------------------------------------------------------------------------------------


def plain(app: App, contact: Contact) -> tuple[bool, bool]:
    """The rule as a person would say it: (desktop, phone)."""
    if not app.enabled or not app.connected:
        return False, False
    places = [
        (node, member.node.live)
        for member in contact.memberships.all()
        for node in above(member.node)
    ]
    if not contact.enabled:
        places = [(node, False) for node, _live in places]
    desktop = phone = app.open_by_default
    for line in app.openings.all():
        concerned = [live for node, live in places if has(line, node)]
        if line.contact_id == contact.pk or (
            line.category_id and line.category_id == contact.category_id
        ):
            concerned.append(True)
        if line.exclude and concerned:
            return False, False
        if any(concerned):
            desktop, phone = desktop or line.desktop, phone or line.phone
    return app.desktop and desktop, app.phone and phone


def above(node: Node | None) -> list[Node]:
    return [] if node is None else [node, *above(node.parent)]


def has(line: AppOpening, node: Node) -> bool:
    if line.node_id == node.pk:
        return True
    detail = OrganizationDetail.objects.filter(node=node).first()
    return bool(line.category_id and detail and detail.category_id == line.category_id)


@pytest.mark.parametrize("seed", range(3))
def test_sql_and_plain_rule_agree(seed: int) -> None:
    rng = random.Random(seed)
    labels = [Category.objects.create(name=f"类{n}") for n in range(3)]
    nodes = [orgs.make_dimension()]
    for _n in range(7):
        under = rng.choice(nodes)
        made = (
            orgs.make_organization(under, enabled=rng.random() > 0.15) if under.kind < 2 else under
        )
        OrganizationDetail.objects.update_or_create(
            node=made, defaults={"category": rng.choice([None, *labels])}
        )
        nodes.append(made if rng.random() > 0.3 else orgs.make_department(made))
    people = [
        make_contact(
            nodes[rng.randrange(1, 8)],
            category=rng.choice([None, None, *labels]),
            enabled=rng.random() > 0.1,
        )
        for _n in range(8)
    ]
    apps = [
        app_named(
            f"a{n}", open_by_default=rng.random() < 0.3, enabled=rng.random() > 0.2, desktop=rng.random() > 0.2,
            phone=rng.random() > 0.2, address=rng.choice(["", "https://a.example.com/", "https://b.example.com/"]),
        )
        for n in range(5)
    ]  # fmt: skip
    for app in apps:
        for target in rng.sample([*nodes[:4], *labels, *people[:4]], 5):
            surfaces = rng.choice([(True, True), (True, False), (False, True)])
            services.open_app(
                by=BY,
                app_id=app.pk,
                to=[target],
                exclude=rng.random() < 0.3,
                desktop=surfaces[0],
                phone=surfaces[1],
            )
    for person in people[::2]:
        give_login(person, ExternalUserFactory())
    seen = 0
    for app in App.objects.filter(pk__in=[app.pk for app in apps]):
        expected = {person.pk: plain(app, person) for person in people}
        found = {pk: rule.open_to(pk).get(app.key) for pk in expected}
        assert {
            pk: (one.desktop, one.phone) if one else (False, False) for pk, one in found.items()
        } == expected
        usable = [expected[one.pk] for one in people[::2] if Contact.objects.get(pk=one.pk).live]
        numbers = (sum(map(any, usable)), sum(d for d, _p in usable), sum(p for _d, p in usable))
        assert rule.count(app.pk) == numbers
        seen += sum(map(any, expected.values()))
    assert 0 < seen < len(people) * len(apps)


# --- who asks it ------------------------------------------------------------------------------------------------------


def test_a_built_in_app_that_is_not_open_is_missing(place: Place, as_: As) -> None:
    client = as_(place.external)
    nowhere = client.get("/portal/no/such/page/").content
    messages, people = App.objects.get(key="messages"), App.objects.get(key="people")
    services.open_app(by=BY, app_id=messages.pk, to=[place.contact], exclude=True)
    services.edit_app(by=BY, app_id=people.pk, fields={"enabled": False})
    for url in (
        "/portal/messages/",
        "/portal/messages/settings/",
        "/portal/people/",
        "/portal/people",
    ):
        answer = client.get(url)
        assert (answer.status_code, len(answer.content)) == (404, len(nowhere)), url
    assert (
        client.post("/portal/messages/start/", {"target": str(place.known.pk)}).status_code == 404
    )
    home = client.get("/portal/").content.decode()
    for gone in ("/portal/messages/", "/portal/people/", "周明宇"):
        assert gone not in home, gone
    for url in ("/portal/profile/", "/portal/todo/", "/account/password/"):
        assert client.get(url).status_code == 200, url
    services.edit_app(by=BY, app_id=people.pk, fields={"enabled": True})
    assert client.get("/portal/people/").status_code == 200


def test_desktop_and_phone_are_told_apart_in_the_menu_and_the_server_admits_both(
    place: Place, as_: As
) -> None:
    app = app_named(name="客户系统")
    services.open_app(by=BY, app_id=app.pk, to=[place.organization], desktop=False)
    messages = App.objects.get(key="messages")
    services.edit_app(by=BY, app_id=messages.pk, fields={"phone": False})
    client = as_(place.external)
    page = client.get("/portal/").content.decode()
    assert page.count('<li class="only-m"><a class="app" href="https://crm.example.com/"') == 1
    bars = page.split('class="tabbar')
    assert ("/portal/messages/" in bars[0], "/portal/messages/" in bars[1]) == (True, False)
    assert client.get("/portal/messages/").status_code == 200


def test_the_rule_costs_one_queries(
    place: Place, as_: As, django_assert_num_queries: object
) -> None:
    for number in range(6):
        app = app_named(f"x{number}")
        services.open_app(
            by=BY, app_id=app.pk, to=[place.organization, place.contact, place.department]
        )
    with django_assert_num_queries(1):
        assert len(rule.open_to(place.contact.pk)) == 4 + 6


# --- the back office --------------------------------------------------------------------------------------------------


def test_opening_and_closing_says_for_how_many(place: Place, as_: As) -> None:
    client, app = as_(place.holder), app_named(name="客户系统")
    url = reverse("portal-console:openings", args=[app.pk])
    assert "现在有 0 位" in client.get(url).content.decode()
    assert client.post(url, {"how": "open", "desktop": "on"}).status_code == 422
    assert client.post(url, {"how": "open", "nodes": "999999", "desktop": "on"}).status_code == 422
    assert client.post(url, {"how": "open", "nodes": str(place.organization.pk)}).status_code == 422
    sent = {"how": "open", "nodes": str(place.organization.pk), "desktop": "on", "phone": "on"}
    assert client.post(url, sent).status_code == 303
    assert "现在有 1 位" in client.get(url).content.decode()
    asked = client.get(url, {"contact": place.contact.pk}).content.decode()
    assert "林晓彤可以使用" in asked
    assert f"通过组织“{place.organization.name}”开放" in asked
    sent = {"how": "exclude", "contacts": str(place.contact.pk)}
    client.post(url, sent)
    assert "现在有 0 位" in client.get(url).content.decode()
    asked = client.get(url, {"contact": place.contact.pk}).content.decode()
    assert "林晓彤不能使用" in asked
    assert "被排除：联系人“林晓彤”" in asked
    line = AppOpening.objects.get(app=app, exclude=True)
    client.post(reverse("portal-console:opening-close", args=[app.pk, line.pk]))
    assert rule.count(app.pk).total == 1
    assert (
        client.post(reverse("portal-console:opening-close", args=[app.pk, line.pk])).status_code
        == 404
    )
    actions = AuditEntry.objects.filter(object_type="portal.app").values_list("action", flat=True)
    assert {"portal.open", "portal.exclude", "portal.close"} <= set(actions)
    found = client.get(reverse("portal-console:people-results"), {"q": "林晓彤"}).content.decode()
    assert f'data-value="{place.contact.pk}"' in found


def test_other_staff_open_nothing(place: Place) -> None:
    app = app_named()
    with pytest.raises(Denied):
        services.open_app(by=place.known, app_id=app.pk, to=[place.contact])
    with pytest.raises(Invalid):
        services.open_app(by=place.holder, app_id=app.pk, to=[])
    with pytest.raises(Hidden):
        services.close(by=place.holder, app_id=app.pk, opening_id=999_999)


def test_what_was_said_about_a_merged_contact_goes_on(place: Place) -> None:
    former, app, other = make_contact(place.department, "林晓"), app_named(), app_named("two")
    services.open_app(by=BY, app_id=app.pk, to=[former], exclude=True)
    services.open_app(by=BY, app_id=app.pk, to=[place.contact])
    services.open_app(by=BY, app_id=other.pk, to=[former])
    events.announce_gone(contact_id=former.pk, reason="merged", by=BY, into=place.contact.pk)
    assert set(rule.open_to(place.contact.pk)) & {"crm", "two"} == {"two"}
    assert not AppOpening.objects.filter(contact=former).exists()


def test_a_link_app_from_its_birth_to_its_end(place: Place, as_: As) -> None:
    client = as_(place.holder)
    new, values = (
        reverse("portal-console:app-new"),
        {"key": "crm", "name": "客户系统", "icon": "briefcase"},
    )
    for wrong in (
        {"address": "http://crm.example.com/"},
        {"key": "a b"},
        {"key": "todo"},
        {"icon": "no-icon"},
    ):
        assert client.post(new, values | wrong).status_code == 422, wrong
    client.post(
        new, values | {"address": "https://crm.example.com/", "phone": "on", "enabled": "on"}
    )
    app = App.objects.get(key="crm")
    assert (app.own, app.desktop, app.phone, app.open_by_default) == (True, False, True, False)
    assert list(App.objects.values_list("key", flat=True))[-1] == "crm"
    client.post(reverse("portal-console:app-shift", args=[app.pk, "up"]))
    assert [row.key for row in selectors.registry()][-2:] == ["crm", "funds"]
    assert (
        client.post(reverse("portal-console:app-shift", args=[app.pk, "aside"])).status_code == 404
    )
    client.post(reverse("portal-console:app-enabled", args=[app.pk]), {"on": "0"})
    listed = client.get(reverse("portal-console:apps"), {"state": "off"}).content.decode()
    assert ("客户系统" in listed, "个人待办" in listed) == (True, False)
    services.open_app(by=BY, app_id=app.pk, to=[place.contact])
    builtin = reverse("portal-console:app-delete", args=[App.objects.get(key="orders").pk])
    assert (client.get(builtin).status_code, client.post(builtin).status_code) == (403, 403)
    gone = reverse("portal-console:app-delete", args=[app.pk])
    assert "不可撤销" in client.get(gone).content.decode()
    client.post(gone)
    assert not App.objects.filter(key="crm").exists()
    assert selectors.registry(q="客户系统") == []


def test_whether_messages_are_open_is_told_to_those_who_send_mail(place: Place) -> None:
    app = App.objects.get(key="messages")
    contact = Contact.objects.get(user=place.external)
    assert selectors.messages_open(place.external)
    AppOpening.objects.create(app=app, contact=contact, exclude=True)
    assert not selectors.messages_open(place.external)
    assert not selectors.messages_open(ExternalUserFactory())
