"""Back office of staff and departments, choosers, and the panel of first credentials."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts import jobs, throttle
from accounts.models import Department, InitialSecret, LoginThrottle, User
from accounts.selectors import picked, search_departments, search_staff
from accounts.services import credentials, departments
from core.actors import SystemActor
from core.errors import Invalid
from core.models import OutboxEntry
from tests.factories.accounts import (
    AdminFactory,
    DepartmentFactory,
    ExternalUserFactory,
    HolderFactory,
    StaffFactory,
)

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]
BY = SystemActor("tests")
HX = {"HX-Request": "true"}


def console_urls(user: User, department: Department) -> list[str]:
    one, other = f"/console/staff/{user.pk}", f"/console/departments/{department.pk}"
    actions = (
        "disable",
        "enable",
        "reissue",
        "unlock",
        "end-sessions",
        "holder-grant",
        "holder-revoke",
    )
    return [
        "/console/staff/", "/console/staff/new/", f"{one}/", f"{one}/edit/",
        *(f"{one}/{action}/" for action in (*actions, "admin-grant", "admin-revoke")),
        "/console/departments/", "/console/departments/new/", f"{other}/", f"{other}/rename/", f"{other}/move/",
        f"{other}/delete/",
    ]  # fmt: skip


def post_only_urls(user: User, department: Department) -> list[str]:
    other = f"/console/departments/{department.pk}"
    return [f"{other}/members/", f"{other}/members/{user.pk}/remove/"]


@pytest.mark.parametrize(
    ("factory", "status"),
    [(AdminFactory, 200), (HolderFactory, 403), (StaffFactory, 403), (ExternalUserFactory, 404)],
)
def test_who_opens_the_back_office(enter: Enter, factory: type, status: int) -> None:
    target, department = StaffFactory(), DepartmentFactory()
    client = enter(factory())
    for url in console_urls(target, department):
        assert client.get(url).status_code == status, url
        if status != 200:
            assert client.post(url, {"name": "x"}).status_code == status, url
    for url in post_only_urls(target, department):
        assert client.get(url).status_code in (405, status)
        assert client.post(url).status_code == (
            status if status != 200 else 303 if "remove" not in url else 302
        )


def test_anonymous_visitors_log_in_first(client: Client) -> None:
    for url in console_urls(StaffFactory(), DepartmentFactory()):
        assert client.get(url)["Location"].startswith("/login/")


def test_missing_and_external_people_are_not_staff(enter: Enter) -> None:
    client = enter(AdminFactory())
    outside = ExternalUserFactory()
    for pk in (outside.pk, 999_999):
        for end in ("", "edit/", "disable/", "admin-grant/"):
            assert client.get(f"/console/staff/{pk}/{end}").status_code == 404
    assert client.get(f"/console/staff/{StaffFactory().pk}/explode/").status_code == 404


def test_list_searches_and_pages(
    enter: Enter, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = enter(AdminFactory(name="管理员"))
    department = DepartmentFactory(name="采购中心")
    people = [StaffFactory(name=f"员工{n:03}", department=department) for n in range(60)]
    shan = StaffFactory(name="单小雪", username="dan.xx")
    page = client.get("/console/staff/")
    assert page.context["pager"].pages == 2
    for q in ("单小", "shanxiao", "sxx", "dan.x", "單小雪"):
        assert [row.user.pk for row in client.get("/console/staff/", {"q": q}).context["rows"]] == [
            shan.pk
        ], q
    fragment = client.get("/console/staff/", {"q": "sxx"}, headers=HX)
    assert "<html" not in fragment.content.decode()
    assert "HX-Request" in fragment["Vary"]
    with django_assert_max_num_queries(16):
        client.get("/console/staff/", {"page": "2"})
    people[0].is_active = False
    people[0].save()
    assert len(client.get("/console/staff/", {"state": "disabled"}).context["rows"]) == 1


def test_create_with_random_password_shown_once(enter: Enter) -> None:
    admin, department = AdminFactory(), DepartmentFactory()
    client = enter(admin)
    bad = client.post("/console/staff/new/", {"name": "", "username": "x"})
    assert bad.status_code == 422
    data = {
        "name": "王五",
        "username": "wangwu",
        "department_ids": [department.pk],
        "mobile": "13812342691",
    }
    assert client.post("/console/staff/new/", data).status_code == 303
    user = User.objects.get(username="wangwu")
    assert (user.mobile, user.departments.get()) == ("+8613812342691", department)
    assert client.post("/console/staff/new/", data).status_code == 422
    assert "password" not in str(OutboxEntry.objects.values_list("arguments", flat=True))
    secret = InitialSecret.objects.get(user=user)
    panel = f"/credentials/{secret.issue_key}/"
    assert "delay:2s" in client.get(panel, headers=HX).content.decode()
    assert client.post(f"{panel}reveal/").status_code == 409
    jobs.issue_credentials(user_id=user.pk, issue_key=secret.issue_key)
    assert f"{panel}reveal/" in client.get(f"/console/staff/{user.pk}/").content.decode()
    stranger = enter(AdminFactory())
    for url in (panel, f"{panel}reveal/"):
        assert (
            stranger.post(url).status_code == 404
            if "reveal" in url
            else stranger.get(url).status_code == 404
        )
    assert client.get(f"{panel}reveal/").status_code == 405
    shown = client.post(f"{panel}reveal/", headers=HX)
    assert shown["Cache-Control"] == "no-store"
    user.refresh_from_db()
    password = next(s.value for s in shown.context["secrets"] if user.check_password(s.value))
    assert client.post(f"{panel}reveal/").status_code == 409
    assert password not in client.get(panel).content.decode()


def test_create_with_a_chosen_password(enter: Enter) -> None:
    client = enter(AdminFactory())
    data = {"name": "王五", "username": "wangwu", "password": "Wolken-Treppe 7 grün"}
    assert client.post("/console/staff/new/", data).status_code == 303
    user = User.objects.get(username="wangwu")
    assert user.must_change_password
    assert (
        enter(user, "Wolken-Treppe 7 grün").get("/console/staff/")["Location"]
        == "/account/password/"
    )


def test_edit_moves_departments_and_touches_no_right(enter: Enter) -> None:
    client, user = enter(AdminFactory()), StaffFactory(department=DepartmentFactory())
    target = DepartmentFactory()
    url = f"/console/staff/{user.pk}/edit/"
    data = {
        "name": "新名字",
        "username": user.username,
        "department_ids": [target.pk],
        "is_superuser": "1",
        "is_active": "",
    }
    assert client.post(url, data).status_code == 303
    user.refresh_from_db()
    assert (user.name, user.is_superuser, user.is_active) == ("新名字", False, True)
    assert [d.pk for d in user.departments.all()] == [target.pk]
    assert client.post(url, data | {"mobile": "123"}).status_code == 422
    taken = StaffFactory()
    assert client.post(url, data | {"username": taken.username.upper()}).status_code == 422


def test_actions_ask_then_do(enter: Enter) -> None:
    admin, user = AdminFactory(), StaffFactory()
    client = enter(admin)
    url = f"/console/staff/{user.pk}/"
    dialog = client.get(f"{url}reissue/", headers=HX).content.decode()
    assert "<dialog" in dialog
    assert user.name in dialog
    assert user.name in client.get(f"{url}disable/").content.decode()  # a page: see test_leaving
    answer = client.post(f"{url}disable/", headers=HX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, url)
    for action, field, value in (
        ("enable", "is_active", True),
        ("holder-grant", "is_holder", True),
        ("holder-revoke", "is_holder", False),
        ("admin-grant", "is_superuser", True),
        ("admin-revoke", "is_superuser", False),
    ):
        assert client.post(f"{url}{action}/").status_code == 303
        user.refresh_from_db()
        assert getattr(user, field) is value
    own = f"/console/staff/{admin.pk}/admin-revoke/"
    assert client.post(own).status_code == 403
    assert client.post(own, headers=HX).status_code == 422
    assert f"{admin.pk}/disable/" not in client.get(f"/console/staff/{admin.pk}/").content.decode()


def test_department_pages(enter: Enter) -> None:
    client = enter(AdminFactory())
    assert client.post("/console/departments/new/", {"name": "总部"}).status_code == 303
    top = Department.objects.get(name="总部")
    assert (
        client.post(f"/console/departments/new/?parent={top.pk}", {"name": "采购中心"}).status_code
        == 303
    )
    below = Department.objects.get(name="采购中心")
    again = client.post(
        f"/console/departments/new/?parent={top.pk}", {"name": "采购中心"}, headers=HX
    )
    assert again.status_code == 422
    url = f"/console/departments/{below.pk}/"
    user = StaffFactory()
    assert client.post(f"{url}members/", {"user_ids": [user.pk, "x"]}).status_code == 303
    assert set(user.groups.all()) == {top.group, below.group}
    assert client.get(url).context["rows"] == [user]
    assert client.post(f"{url}rename/", {"name": "采购部"}).status_code == 303
    into_itself = client.post(f"/console/departments/{top.pk}/move/", {"parent": below.pk})
    assert into_itself.status_code == 422
    assert client.post(f"{url}move/", {"parent": "", "order": "3"}).status_code == 303
    assert set(user.groups.all()) == {below.group}
    assert client.post(f"{url}delete/").status_code == 409
    assert client.post(f"{url}members/{user.pk}/remove/").status_code == 302
    assert client.post(f"{url}delete/").status_code == 303
    assert client.get(url).status_code == 404


def test_chooser_gives_staff_and_departments_to_staff_only(enter: Enter) -> None:
    top = departments.create(by=BY, name="采购中心")
    user, gone = (
        StaffFactory(name="单小雪", department=top),
        StaffFactory(name="单小雨", is_active=False),
    )
    outside = ExternalUserFactory(name="单小云")
    client = enter(user)
    dialog = client.get(
        "/pick/people/?kind=both&name=people&multiple=1&into=field&title=选择"
    ).content.decode()
    assert "选择" in dialog
    assert f'data-value="p{user.pk}"' in dialog
    assert f'data-value="d{top.pk}"' in dialog
    found = client.get("/pick/people/results/?kind=person&q=danx").content.decode()
    assert user.name not in found
    found = client.get("/pick/people/results/?kind=person&q=shanx").content.decode()
    assert user.name in found
    assert f'data-value="{user.pk}"' in found
    assert gone.name not in found
    assert outside.name not in found
    evil = client.get(
        "/pick/people/?action=https://evil.example/&name=%22onload&into=a%20b"
    ).content.decode()
    assert "evil" not in evil
    assert "onload" not in evil
    assert enter(outside).get("/pick/people/").status_code == 404
    assert enter(outside).get("/pick/people/results/").status_code == 404


def test_search_by_name_pinyin_initials_and_login() -> None:
    user = StaffFactory(name="张三丰", username="fengzs")
    StaffFactory.create_batch(3)
    for q in ("张三", "三丰", "zhangs", "zsf", "FENGZ", "zhang san", "ZSF"):
        assert [row.pk for row in search_staff(q)] == [user.pk], q
    assert search_staff("没有这个人") == []
    top = departments.create(by=BY, name="销售一部")
    departments.add_member(
        department=departments.create(by=BY, name="销售二组", parent=top), user=user, by=BY
    )
    assert [(row.name, row.people) for row in search_departments("xsyb")] == [("销售一部", 1)]


def test_what_a_chooser_sent() -> None:
    user, department = StaffFactory(), DepartmentFactory()
    found = picked([f"p{user.pk}", f"d{department.pk}", f"p{user.pk}"])
    assert (found.users, found.departments) == ([user], [department])
    outside, gone = ExternalUserFactory(), StaffFactory(is_active=False)
    for wrong in ("7", "x7", "p", "px", f"p{outside.pk}", f"p{gone.pk}", "d999999", "p" + "9" * 30):
        with pytest.raises(Invalid):
            picked([wrong])


def test_reissue_shows_the_panel_on_the_page(enter: Enter) -> None:
    admin, user = AdminFactory(), StaffFactory()
    client = enter(admin)
    assert client.post(f"/console/staff/{user.pk}/reissue/").status_code == 303
    assert "data-issue" in client.get(f"/console/staff/{user.pk}/").content.decode()
    credentials.reissue(user=user, reader_ids=[admin.pk], by=admin)
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_only_what_would_do_something_is_offered(enter: Enter) -> None:
    admin, user = AdminFactory(), StaffFactory()
    client, url = enter(admin), f"/console/staff/{user.pk}/"
    page = client.get(url).content.decode()
    assert f"{url}unlock/" not in page
    assert f"{url}end-sessions/" not in page
    enter(user)
    assert f"{url}end-sessions/" in client.get(url).content.decode()
    LoginThrottle.objects.create(
        key=throttle.account_key(user.username), failures=50, window_started_at=timezone.now(),
        locked_until=timezone.now() + datetime.timedelta(minutes=5),
    )  # fmt: skip
    assert f"{url}unlock/" in client.get(url).content.decode()
    client.post(f"{url}end-sessions/")
    client.post(f"{url}unlock/")
    page = client.get(url).content.decode()
    assert f"{url}unlock/" not in page
    assert f"{url}end-sessions/" not in page
