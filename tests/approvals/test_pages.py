"""Each address as each role: a stranger, nobody logged in, the wrong method, nothing there, noise; what it shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import jobs as account_jobs
from accounts.models import InitialSecret, User
from approvals import jobs, services, tables, urls
from approvals.models import Application
from contacts.models import Contact
from core.models import AuditEntry, OutboxEntry
from tests.approvals.conftest import Place
from tests.factories import orgs
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
HTMX = {"HX-Request": "true"}

GETS = {
    "console/applications/": {"maintainer", "holder", "administrator", "neighbour"},
    "console/applications/badge/": {
        "maintainer", "holder", "administrator", "creator", "sharer", "viewer", "stranger", "neighbour",
    },
    "console/applications/{pk}/": {"maintainer", "holder", "administrator"},
    "console/applications/{pk}/approve/": {"maintainer", "holder", "administrator"},
    "applications/mine/": {
        "maintainer", "holder", "administrator", "creator", "sharer", "viewer", "stranger", "neighbour",
    },
    "applications/{pk}/": {"maintainer", "holder", "administrator", "creator"},
    "applications/contact/{contact}/": {
        "maintainer", "holder", "administrator", "creator", "sharer",
    },
}  # fmt: skip
POSTS = {
    "console/applications/export/": {"format": "csv"},
    "console/applications/bulk/": {"action": "approve", "ids": "{pk}:1"},
    "applications/{pk}/decide/": {"approve": "1", "version": "1"},
    "applications/{pk}/withdraw/": {},
    "applications/{pk}/remind/": {},
    "applications/contact/{contact}/apply/": {"remark": "x"},
}
ROLES = (
    "maintainer", "holder", "administrator", "creator", "sharer", "viewer", "stranger", "neighbour",
    "external",
)  # fmt: skip


def address(door: str, application: Application) -> str:
    return "/" + door.format(pk=application.pk, contact=application.contact_id)


def send(client: Client, door: str, application: Application, **more: object) -> int:
    values = {key: value.format(pk=application.pk) for key, value in POSTS[door].items()}
    return client.post(address(door, application), values, **more).status_code  # type: ignore[arg-type]


def test_every_address_is_asked_here() -> None:
    known = {
        door.replace("{pk}", "<int:application_id>")
        .replace("{contact}", "<int:contact_id>")
        .replace("/approve/", "/<slug:what>/")
        for door in (*GETS, *POSTS)
    }
    assert known == {
        str(entry.pattern) for entry in urls.urlpatterns if isinstance(entry, URLPattern)
    }


@pytest.mark.parametrize("door", GETS)
def test_who_opens_what(door: str, place: Place, application: Application, as_: As) -> None:
    for role in ROLES:
        client = as_(getattr(place, role))
        expected = 200 if role in GETS[door] else 404
        for headers in ({}, HTMX):
            answer = client.get(address(door, application), headers=headers)
            assert answer.status_code == expected, (role, headers)
            if expected == 200 and headers and "badge" not in door and "mine" not in door:
                assert "HX-Request" in answer.headers["Vary"], role
                assert "<html" not in answer.content.decode(), role
            if expected == 200:
                assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("door", [*GETS, *POSTS])
def test_nobody_gets_in_without_logging_in(door: str, application: Application) -> None:
    client = Client()
    url = address(door, application)
    assert client.get(url).status_code == 302
    assert client.get(url, headers=HTMX).status_code == 401


@pytest.mark.parametrize("door", [door for door in (*GETS, *POSTS) if "{" in door])
def test_nothing_there_reads_like_nothing_seen(
    door: str, place: Place, application: Application, as_: As
) -> None:
    gone = "/" + door.format(pk=10**12, contact=10**12)
    client, stranger = as_(place.holder), as_(place.stranger)
    if door in GETS:
        assert client.get(gone).status_code == 404
        there = stranger.get(address(door, application), headers=HTMX).content
        assert there == stranger.get(gone, headers=HTMX).content
    else:
        assert client.post(gone, POSTS[door]).status_code == 404
        assert send(stranger, door, application) == 404


@pytest.mark.parametrize(
    "door", [door for door in POSTS if not door.endswith(("apply/", "export/"))]
)
def test_looking_changes_nothing(
    door: str, place: Place, application: Application, as_: As
) -> None:
    assert as_(place.holder).get(address(door, application)).status_code == 405
    application.refresh_from_db()
    assert application.status == "pending"


@pytest.mark.parametrize("door", GETS)
def test_pages_take_no_posts(door: str, place: Place, application: Application, as_: As) -> None:
    assert as_(place.holder).post(address(door, application)).status_code == 405


@pytest.mark.parametrize("door", POSTS)
def test_without_the_token_of_the_form_nothing_happens(
    door: str, place: Place, application: Application
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(place.holder, backend="accounts.backends.LoginBackend")
    assert send(client, door, application) == 403
    application.refresh_from_db()
    assert application.status == "pending"


@pytest.mark.parametrize(
    "noise",
    [
        {}, {"approve": "2", "version": "1"}, {"approve": "1"}, {"approve": "1", "version": "x"},
        {"approve": "1", "version": "-1"}, {"approve": "1", "version": "9" * 40},
        {"approve": "1", "version": "1", "view": "<b>"},
    ],
)  # fmt: skip
def test_noise_decides_nothing(
    noise: dict[str, str], place: Place, application: Application, as_: As
) -> None:
    answer = as_(place.holder).post(address("applications/{pk}/decide/", application), noise)
    assert answer.status_code == 422
    application.refresh_from_db()
    assert application.status == "pending"


@pytest.mark.parametrize("ids", [[], ["x"], ["1"], ["1:x"], [":"], ["1:1:1"], ["9" * 40 + ":1"]])
def test_noise_in_bulk(ids: list[str], place: Place, application: Application, as_: As) -> None:
    answer = as_(place.holder).post(
        "/console/applications/bulk/", {"action": "approve", "ids": ids}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "query", ["?status=nonsense", "?page=x", "?page=999", "?q=%27%22", "?q=" + "长" * 500]
)
def test_noise_in_the_list(query: str, place: Place, application: Application, as_: As) -> None:
    client = as_(place.holder)
    assert client.get(f"/console/applications/{query}").status_code == 200
    assert client.get(f"/applications/mine/{query}").status_code == 200
    url = address("console/applications/{pk}/", application)
    assert client.get(f"{url}nonsense/").status_code == 404


# --- what they do -----------------------------------------------------------------------------------------------------


def decide(client: Client, application: Application, **values: str) -> tuple[int, str]:
    given = {"approve": "1", "version": str(application.contact.version)} | values
    url = address("applications/{pk}/decide/", application)
    answer = client.post(url, given, headers=HTMX)
    return answer.status_code, answer.content.decode()


def test_the_card_decides_and_the_second_reads_who(
    place: Place, application: Application, as_: As
) -> None:
    first, second = as_(place.maintainer), as_(place.holder)
    card = address("applications/{pk}/", application)
    look = first.get(card, headers=HTMX).content.decode().split("look=")[1][:10]
    assert first.get(f"{card}?look={look}", headers=HTMX).status_code == 204
    status, text = decide(first, application)
    assert status == 200
    assert Contact.objects.get(pk=application.contact_id).user.username in text
    assert "同意 林晓彤" not in text
    status, text = decide(second, application, approve="0", reason="不行")
    assert status == 409
    assert "李敏" in text
    assert "已同意" in text
    assert first.get(f"{card}?look={look}", headers=HTMX).status_code == 200
    assert Application.objects.get().decided_by == place.maintainer


def test_the_page_of_an_application_leads_back_to_its_list(
    place: Place, application: Application, as_: As
) -> None:
    ways = (
        (place.maintainer, "console/applications/{pk}/", 'href="/console/applications/"'),
        (place.creator, "applications/{pk}/", 'href="/applications/mine/"'),
    )
    for who, door, way in ways:
        text = as_(who).get(address(door, application)).content.decode()
        assert way in text.split('class="crumb')[1].split("</nav>")[0], door


def test_a_refusal_without_a_reason_opens_the_box(
    place: Place, application: Application, as_: As
) -> None:
    status, text = decide(as_(place.holder), application, approve="0", reason=" ")
    assert status == 422
    assert 'aria-invalid="true"' in text
    assert "hidden>" not in text.split('class="acard-x"')[1].split(">")[0]
    status, text = decide(as_(place.holder), application, approve="0", reason="长" * 201)
    assert status == 422
    assert "长" * 201 in text


def test_what_changed_is_said_on_the_card(place: Place, application: Application, as_: As) -> None:
    Contact.objects.filter(pk=place.contact.pk).update(version=5)
    status, text = decide(as_(place.holder), application)
    assert status == 409
    assert 'role="alert"' in text
    assert 'name="version" value="5"' in text
    application.contact.version = 5
    assert decide(as_(place.holder), application)[0] == 200


def test_the_first_credentials_are_offered_to_decider_and_applicant_alone(
    place: Place, application: Application, as_: As
) -> None:
    decide(as_(place.maintainer), application)
    entry = OutboxEntry.objects.get(task="accounts.issue_credentials")
    account_jobs.issue_credentials(**entry.arguments)
    reveal = f"/credentials/application:{application.pk}/reveal/"
    for role, sees in {"maintainer": True, "creator": True, "holder": False}.items():
        page = as_(getattr(place, role)).get(address("applications/{pk}/", application))
        assert (reveal in page.content.decode()) is sees, role
    answer = as_(place.creator).post(reveal, headers=HTMX)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    secret = InitialSecret.objects.get()
    assert secret.revealed_at
    assert as_(place.maintainer).post(reveal, headers=HTMX).status_code == 409


def test_the_account_of_a_contact_in_each_state(
    place: Place, application: Application, as_: As
) -> None:
    url = address("applications/contact/{contact}/", application)
    page = as_(place.creator).get(url).content.decode()
    assert application.number in page
    assert "撤回申请" in page
    assert "撤回申请" not in as_(place.sharer).get(url).content.decode()
    services.withdraw(application_id=application.pk, by=place.creator)
    assert "申请开通" in as_(place.sharer).get(url).content.decode()
    assert "你可以直接开通" in as_(place.maintainer).get(url).content.decode()
    again = make_application(place.contact)
    decide(as_(place.holder), again, approve="0", reason="资料不全")
    page = as_(place.creator).get(url).content.decode()
    assert "资料不全" in page
    assert "重新申请" in page
    form = as_(place.creator).get(f"{url}apply/").content.decode()
    assert again.remark in form
    last = make_application(place.contact)
    decide(as_(place.holder), last)
    user = Contact.objects.get(pk=place.contact.pk).user
    assert user.username in as_(place.creator).get(url).content.decode()
    assert place.contact.mobile not in as_(place.creator).get(url).content.decode()


def test_applying_and_its_refusals(place: Place, as_: As) -> None:
    url = f"/applications/contact/{place.contact.pk}/apply/"
    client = as_(place.creator)
    assert client.post(url, {"remark": " "}, headers=HTMX).status_code == 422
    assert client.post(url, {"remark": "长" * 201}, headers=HTMX).status_code == 422
    answer = client.post(url, {"remark": "要对账"}, headers=HTMX)
    assert answer.status_code == 204
    assert "dialog-close" in answer.headers["HX-Trigger"]
    assert client.post(url, {"remark": "again"}, headers=HTMX).status_code == 409
    assert as_(place.maintainer).get(url).status_code == 403
    assert as_(place.sharer).post(url, {"remark": "again"}).status_code == 409


def test_reminding_and_withdrawing(place: Place, application: Application, as_: As) -> None:
    client = as_(place.creator)
    remind = address("applications/{pk}/remind/", application)
    assert client.post(remind, headers=HTMX).status_code == 204
    assert client.post(remind, headers=HTMX).status_code == 409
    assert as_(place.holder).post(remind, headers=HTMX).status_code == 403
    withdraw = address("applications/{pk}/withdraw/", application)
    assert as_(place.maintainer).post(withdraw).status_code == 403
    assert client.post(withdraw).headers["Location"] == address("applications/{pk}/", application)
    assert client.post(withdraw, headers=HTMX).status_code == 409


def test_in_bulk_each_for_itself(place: Place, application: Application, as_: As) -> None:
    other = make_application(make_contact(place.organization, created_by=place.creator))
    foreign = make_application(
        make_contact(orgs.make_organization(place.other), created_by=place.creator)
    )
    client, url = as_(place.maintainer), "/console/applications/bulk/"
    ids = [f"{row.pk}:{row.contact.version}" for row in (application, other, foreign)]
    question = client.post(url, {"action": "refuse", "ids": ids}, headers=HTMX)
    assert foreign.number not in question.content.decode().split("dlg-b")[1]
    values = {"action": "refuse", "ids": ids, "confirmed": "1"}
    assert client.post(url, values, headers=HTMX).status_code == 422
    services.decide(
        application_id=other.pk, approve=True, version=other.contact.version, by=place.holder
    )
    done = client.post(url, values | {"reason": "重复"}, headers=HTMX)
    text = done.content.decode()
    assert "1 项成功，2 项未处理" in text
    assert "吴凯" in text
    assert foreign.number not in text
    assert "#applications" in done.headers["HX-Trigger"]


def test_own_applications_of_a_maintainer_are_not_his_to_decide(
    place: Place, application: Application, as_: As
) -> None:
    User.objects.filter(pk=place.creator.pk).update(is_holder=True)
    client = as_(User.objects.get(pk=place.creator.pk))
    page = client.get("/console/applications/").content.decode()
    assert "同意<span" not in page.split("<tbody")[1]
    url = address("console/applications/{pk}/approve/", application)
    assert client.get(url).status_code == 403
    assert decide(client, application)[0] == 403


def test_the_list_costs_the_same_with_more_rows(
    place: Place, as_: As, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def more(count: int) -> None:
        for _ in range(count):
            creator = orgs.make_person()
            orgs.make_internal_department("", creator)
            make_application(make_contact(place.organization, created_by=creator))

    for url, user in (
        ("/console/applications/", place.maintainer),
        ("/applications/mine/", place.creator),
    ):
        more(2)
        make_application(make_contact(place.organization, created_by=place.creator))
        client = as_(user)
        client.get(url)
        with django_assert_max_num_queries(40) as first:
            client.get(url)
        more(6)
        make_application(make_contact(place.organization, created_by=place.creator))
        with django_assert_max_num_queries(len(first)):
            client.get(url)


def test_the_applicant_reminds_and_withdraws_on_the_page_of_his_application(
    place: Place, as_: As
) -> None:
    application = place.apply()
    page, remind = (
        address(door, application) for door in ("applications/{pk}/", "applications/{pk}/remind/")
    )
    withdraw = address("applications/{pk}/withdraw/", application)
    client = as_(place.creator)
    first = client.get(page).content.decode()
    assert f'action="{remind}"' in first
    assert client.post(remind).headers["Location"] == page
    second = client.get(page).content.decode()
    assert (remind in second, f'action="{withdraw}"' in second) == (False, True)
    assert withdraw not in as_(place.holder).get(page).content.decode()
    assert client.post(withdraw).headers["Location"] == page
    assert withdraw not in client.get(page).content.decode()


def test_filters_and_the_file_of_what_they_leave(
    place: Place, application: Application, as_: As
) -> None:
    other = make_application(make_contact(place.organization, "=cmd", created_by=place.creator))
    services.decide(
        application_id=other.pk, approve=True, version=other.contact.version, by=place.holder
    )
    client, url = as_(place.maintainer), "/console/applications/"
    assert client.get(f"{url}export/").status_code == 200
    assert client.post(f"{url}export/").status_code == 422
    assert not AuditEntry.objects.filter(action="application.export").exists()
    today = f"{timezone.localdate()}"
    for query, numbers in {
        f"since={today}&until={today}": {application.number, other.number},
        "until=2020-01-01": set(), f"dimension={place.dimension.pk}": {application.number, other.number},
        f"dimension={place.other.pk}": set(), "applicant=周明": {application.number, other.number},
        "applicant=无人": set(),
        "decider=吴凯": {other.number}, "dimension=x&since=y": {application.number, other.number},
    }.items():  # fmt: skip
        answer = client.post(f"{url}export/?status=all&{query}", {"format": "csv"})
        lines = b"".join(answer).decode("utf-8-sig").splitlines()[1:]
        assert {line.split(",")[0] for line in lines} == numbers, query
        page = client.get(f"{url}?status=all&{query}").content.decode()
        assert page.count('role="row" data-row') == len(numbers), query
    assert "'=cmd" in lines[0] + lines[1]
    noted = AuditEntry.objects.filter(action="application.export").latest("id")
    assert noted.after["count"] == 2
    assert place.contact.mobile[-8:] not in "".join(lines)


def test_the_whole_course_and_nobody_to_ask(
    place: Place, application: Application, as_: As
) -> None:
    url = address("console/applications/{pk}/", application)
    client = as_(place.administrator)
    services.remind(application_id=application.pk, by=place.creator)
    page = client.get(url).content.decode()
    assert "催办" in page.split("全部过程")[1]
    assert "已请系统管理员" not in page
    User.objects.filter(pk__in=[place.holder.pk, place.maintainer.pk]).update(is_active=False)
    assert "已请系统管理员" in client.get(url).content.decode()
    jobs.route()
    assert AuditEntry.objects.get(action="application.route").after == {"count": 1}
    assert jobs.route() == 0
    User.objects.filter(pk=place.administrator.pk).update(is_active=False)
    assert "没有人可以审批" in tables.steps(application, [])[1].lines[0]
