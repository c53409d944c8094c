"""Staff from a file, from the first byte to the first passwords, and back into one (SPEC ACC-3, ACC-6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts import import_jobs, jobs
from accounts.imports import apply
from accounts.imports.table import TABLE
from accounts.models import Department, InitialSecret, StaffImport, User
from accounts.services import imports
from core.errors import Conflict, Denied, Hidden
from core.importing.jobs import bad_rows_name
from core.models import AuditEntry, OutboxEntry
from core.sheets import read_rows
from im.models import Message
from tests.factories.accounts import (
    AdminFactory,
    DepartmentFactory,
    ExternalUserFactory,
    StaffFactory,
    UserFactory,
)
from tests.tables import every_table

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]
HEAD = "姓名,登录名,工号,邮箱,手机,职务,部门,启用\n"
NEW = "/console/staff/imports/new/"


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def admin() -> User:
    user: User = AdminFactory(name="管理员", username="root")
    return user


def upload(by: User, rows: str, **more: Any) -> StaffImport:
    file = ContentFile((HEAD + rows).encode(), name="员工.csv")
    return checked(imports.upload(by=by, file=file, **more))


def checked(job: StaffImport) -> StaffImport:
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    return job


def done(job: StaffImport, *, partly: bool = False) -> StaffImport:
    imports.confirm(by=job.owner, job=job, partly=partly)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return job


def told(job: StaffImport) -> list[tuple[int, str, str]]:
    return list(job.findings.order_by("row", "id").values_list("row", "field", "kind"))


def issue_all() -> None:
    """What the worker does after the import."""
    for entry in OutboxEntry.objects.filter(task="accounts.issue_credentials"):
        jobs.issue_credentials(**entry.arguments)


def places(user: User) -> list[str]:
    rows = user.department_memberships.order_by("-is_main", "pk")
    return list(rows.values_list("department__name", flat=True))


def test_new_people_changes_and_moves(admin: User) -> None:
    group = DepartmentFactory(name="集团")
    buying = DepartmentFactory(name="采购中心", parent=group)
    same: User = StaffFactory(username="Same.Name", name="不变", department=buying)
    moved: User = StaffFactory(username="mover", name="搬走", department=group, employee_code="E7")
    renamed: User = UserFactory(
        username="old.name", name="改名", employee_code="E8", email="a@example.com"
    )
    job = upload(
        admin,
        "新人,new.one,E1,New@Example.com,15400000001,经理,集团/采购中心;集团/质量部,是\n"
        "不变,SAME.NAME,,,,,集团/采购中心,\n"
        ",MOVER,,,,,集团/采购中心,\n"
        "改名,new.name,E8,b@example.com,,,,\n",
        new_departments=True,
    )  # fmt: skip
    assert (job.status, job.total) == ("checked", 4)
    numbers = ("created", "updated", "moved", "unchanged", "departments", "errors")
    assert [job.counts[key] for key in numbers] == [1, 1, 1, 1, 1, 0]
    assert (User.objects.count(), Department.objects.count()) == (4, 2)
    job = done(job)
    assert (job.status, job.done) == ("done", 4)
    assert job.counts["done"] == {"created": 1, "updated": 1, "moved": 1, "departments": 1}
    new = User.objects.get(username="new.one")
    assert (new.name, new.email, new.mobile, new.position, new.employee_code) == (
        "新人", "New@example.com", "+8615400000001", "经理", "E1",
    )  # fmt: skip
    assert places(new) == ["采购中心", "质量部"]
    assert Department.objects.get(name="质量部").parent == group
    assert new.groups.count() == 3  # both, and the one above them
    assert places(moved) == ["采购中心"]
    renamed.refresh_from_db()
    assert (renamed.username, renamed.email) == ("new.name", "b@example.com")
    # An empty cell changes nothing, nor does another spelling of the same login name.
    same.refresh_from_db()
    assert same.username == "Same.Name"
    actions = AuditEntry.objects.filter(action__startswith="staff_import.").order_by("id")
    assert [row.action.rpartition(".")[2] for row in actions] == ["upload", "confirm", "run"]
    cards = Message.objects.filter(conversation__key=f"system:{admin.pk}")
    assert set(cards.values_list("card_kind", "card_ref")) == {
        ("accounts.staff_import", str(job.pk))
    }


def test_first_credentials_by_mail_or_once_to_whoever_imported(
    admin: User, settings: Settings, enter: Enter
) -> None:
    settings.MAIL_ENABLED = True
    done(
        upload(
            admin,
            "有邮箱,with.mail,,to@example.com,,,,\n无邮箱,without.mail,,,,,,\n停用,off.one,,,,,,否\n",
        )
    )
    issue_all()
    assert [letter.to for letter in mail.outbox] == [["to@example.com"]]
    with_mail, without = (User.objects.get(username=name) for name in ("with.mail", "without.mail"))
    assert not with_mail.has_usable_password()
    off = User.objects.get(username="off.one")
    assert not off.is_active
    assert not InitialSecret.objects.filter(user=off).exists()
    job = StaffImport.objects.get()
    client = enter(admin)
    page = client.get(f"/console/staff/imports/{job.pk}/").content.decode()
    assert "1 个初始密码可查看一次" in page
    url = f"/console/staff/imports/{job.pk}/credentials/"
    answer = client.post(url)
    text = answer.content.decode()
    password = re.search(r"<code id=\"once-1\">([^<]+)</code>", text)
    assert password is not None
    assert "无邮箱 without.mail" in text
    assert answer.headers["Cache-Control"] == "no-store"
    without.refresh_from_db()
    assert without.check_password(password[1])
    assert without.must_change_password
    # Once: nobody, and no table, has it any more.
    assert client.post(url).status_code == 409
    assert password[1] not in client.get(f"/console/staff/imports/{job.pk}/").content.decode()
    assert password[1] not in every_table()
    other: User = AdminFactory(name="别人")
    assert enter(other).post(url).status_code == 404
    with pytest.raises(Hidden):
        imports.own(by=other, job_id=job.pk)


# Rows that cannot be taken, each with the column and the kind of its refusal; "" for those that can.
ROWS = (
    ("好人,good.one,,,,,,", "", ""),
    ("没有登录名,,,,,,,", "username", "required"),
    (",no.name,,,,,,", "name", "required"),
    ("甲,ab,,,,,,", "username", "invalid"),
    ("甲,=cmd,,,,,,", "username", "invalid"),
    ("甲,mail.one,,nomail,,,,", "email", "invalid"),
    ("甲,mobile.one,,,12,,,", "mobile", "invalid"),
    ("甲,place.one,,,,,没有的部门,", "departments", "unknown"),
    ("甲,path.one,,,,,集团//部,", "departments", "invalid"),
    ("甲,active.one,,,,,,大概", "active", "invalid"),
    ("甲,outside,,,,,,", "username", "taken"),
    ("甲,one.login,E2,,,,,", "employee_code", "conflict"),
    ("甲,twice.one,E7,,,,,", "", ""),
    ("乙,TWICE.one,,,,,,", "username", "duplicate"),
    ("丙,three.login,,,,,,", "", ""),
    ("丁,,E3,,,,,", "username", "duplicate"),
    ("=HYPERLINK(1),formula.one,,,,,,", "name", "formula"),
    (",root,,,,,,否", "active", "denied"),
)


def test_what_cannot_be_taken(admin: User) -> None:
    ExternalUserFactory(username="Outside")
    for number, name in enumerate(("one.login", "two.login", "three.login"), start=1):
        UserFactory(username=name, employee_code=f"E{number}")
    before = User.objects.count()
    job = upload(admin, "\n".join(row for row, _field, _kind in ROWS) + "\n")
    wanted = [
        (at, field, kind) for at, (_row, field, kind) in enumerate(ROWS, start=2) if field
    ]  # fmt: skip
    assert (job.status, told(job)) == ("refused", wanted)
    with pytest.raises(Conflict):
        imports.confirm(by=admin, job=job)
    assert User.objects.count() == before
    lines = list(read_rows(default_storage.path(bad_rows_name(job))))
    assert lines[0][-2:] == ["原文件行号", "未导入原因"]
    assert [line[-2] for line in lines[1:]] == [str(at) for at, _field, _kind in wanted]
    # The good rows alone.
    job = done(job, partly=True)
    assert (job.status, job.counts["done"]) == ("done", {"created": 2, "updated": 1})


def test_what_a_synchronization_keeps_is_left_to_it(admin: User) -> None:
    synced, ours = (
        DepartmentFactory(name="同步部", kept="name place"),
        DepartmentFactory(name="自建部"),
    )
    person: User = StaffFactory(username="synced.one", name="同步人", department=synced)
    User.objects.filter(pk=person.pk).update(kept="name")
    job = upload(
        admin,
        "改名,synced.one,,,,,,\n新人,new.one,,,,,同步部,\n别人,other.one,,,,,自建部,\n",
    )
    assert told(job) == [(2, "name", "kept"), (3, "departments", "kept")]
    assert told(upload(admin, ",synced.one,,,,,自建部,\n")) == [(2, "departments", "kept")]
    both = upload(admin, ",synced.one,,s@example.com,,经理,同步部;自建部,\n")
    assert (done(both).status, places(person)) == ("done", ["同步部", ours.name])


def test_disabled_and_enabled_and_the_last_administrator(admin: User, enter: Enter) -> None:
    other: User = AdminFactory(username="second.admin")
    person: User = UserFactory(username="leaver")
    session = enter(person)
    sleeper: User = UserFactory(username="sleeper", is_active=False, password=None)
    job = done(upload(admin, ",leaver,,,,,,离职\n,sleeper,,,,,,在职\n,second.admin,,,,,,停用\n"))
    assert (job.status, job.counts["done"]) == ("done", {"disabled": 2, "enabled": 1})
    for user in (other, person, sleeper):
        user.refresh_from_db()
    assert [other.is_active, person.is_active, sleeper.is_active] == [False, False, True]
    assert session.get("/account/sessions/").status_code == 302
    # Enabled for the first time: only now there is something to hand over.
    assert InitialSecret.objects.filter(user=sleeper).exists()
    with pytest.raises(Denied):
        upload(other, ",root,,,,,,否\n")
    assert told(upload(admin, ",root,,,,,,否\n")) == [(2, "active", "denied")]


def test_two_administrators_of_a_file_are_not_both_disabled(admin: User) -> None:
    AdminFactory(username="b.admin")
    importer: User = AdminFactory(username="c.admin")
    job = upload(importer, ",root,,,,,,否\n,b.admin,,,,,,否\n")
    assert job.status == "checked"
    User.objects.filter(pk=importer.pk).update(is_superuser=False)
    imports.confirm(by=importer, job=job)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "failed"
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 2


def test_killed_and_started_again(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "BATCH", 10)
    rows = "".join(f"人{n},person.{n},P{n},,,,甲/乙{n % 2},\n" for n in range(30))
    job = upload(admin, rows, new_departments=True)
    imports.confirm(by=admin, job=job)
    real, left = import_jobs.WORK.progress, [3]

    def progress(*arguments: Any) -> None:
        real(*arguments)
        left[0] -= 1
        if left[0] == 0:
            raise RuntimeError("the worker is gone")

    monkeypatch.setattr(import_jobs.WORK, "progress", progress)
    with pytest.raises(RuntimeError):
        import_jobs.run(job_id=job.pk)
    assert User.objects.filter(username__startswith="person.").count() == 10
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.counts["done"]["created"], job.counts["done"]["departments"]) == (
        "done", 30, 3,
    )  # fmt: skip
    assert AuditEntry.objects.filter(action="staff.create").count() == 30
    assert InitialSecret.objects.count() == 30


def test_columns_are_assigned_and_remembered(admin: User) -> None:
    text = "员工大名,域账号,备用\n张三,zhang.san,x\n"
    job = checked(imports.upload(by=admin, file=ContentFile(text.encode(), name="a.csv")))
    assert (job.status, [one["key"] for one in job.header]) == ("mapping", ["", "", ""])
    imports.assign(by=admin, job=job, columns={0: "name", 1: "username"})
    assert checked(job).status == "checked"
    again = checked(imports.upload(by=admin, file=ContentFile(text.encode(), name="a.csv")))
    assert again.status == "checked"


def test_the_pages(admin: User, enter: Enter) -> None:
    client, staff = enter(admin), enter(UserFactory())
    assert staff.get(NEW).status_code == 403
    assert client.get(NEW).status_code == 200
    assert client.get("/console/staff/imports/template/").content[:2] == b"PK"
    assert client.post(NEW, {}).status_code == 422
    file = SimpleUploadedFile(
        "员工.csv", (HEAD + "<b>甲</b>,jia.one,,x,,,,\n乙,yi.one,,,,,,\n").encode()
    )
    answer = client.post(NEW, {"file": file, "new_departments": "1"})
    job = checked(StaffImport.objects.get())
    url = f"/console/staff/imports/{job.pk}/"
    assert (answer.status_code, answer.headers["Location"]) == (303, url)
    page = client.get(url).content.decode()
    assert "&lt;b&gt;甲" in page
    assert client.get(f"{url}bad-rows/").content[:2] == b"PK"
    assert client.get(f"{url}?field=email&q=2").status_code == 200
    assert client.get(f"{url}columns/").status_code == 200
    assert client.post(f"{url}confirm/", {"partly": "1"}).status_code == 302
    import_jobs.run(job_id=job.pk)
    assert "个正在生成" in client.get(url).content.decode()
    issue_all()
    part = client.get(f"{url}credentials/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "hx-get" not in part
    assert job.file_name in client.get("/console/jobs/").content.decode()
    assert (
        job.file_name in client.get(f"{url}card/", headers={"HX-Request": "true"}).content.decode()
    )


def test_an_export_comes_back_as_unchanged(admin: User, enter: Enter) -> None:
    group = DepartmentFactory(name="集团/华东")
    person: User = UserFactory(
        username="full.one", name="周全", employee_code="E1", email="z@example.com", mobile="+8615400000001",
        position="经理",
    )  # fmt: skip
    from accounts.services import departments

    below = DepartmentFactory(name="采购", parent=group)
    departments.set_departments(user=person, department_ids=[below.pk, group.pk], by=admin)
    UserFactory(username="off.one", name="=停用", is_active=False)
    client = enter(admin)
    assert client.get("/console/staff/export/").status_code == 200
    answer = client.post("/console/staff/export/?state=", {"format": "xlsx"})
    content = b"".join(answer.streaming_content)
    assert AuditEntry.objects.get(action="staff.export").after["count"] == 3
    job = checked(imports.upload(by=admin, file=ContentFile(content, name="staff.xlsx")))
    # A name that looks like a formula leaves as text and does not come back as one.
    assert told(job) == [(4, "name", "formula")] or [one[1:] for one in told(job)] == [
        ("name", "formula")
    ]
    assert (job.counts["unchanged"], job.counts["updated"], job.counts["moved"]) == (2, 0, 0)
    narrowed = client.post("/console/staff/export/?state=disabled", {"format": "csv"})
    assert len(b"".join(narrowed.streaming_content).decode("utf-8-sig").splitlines()) == 2


def test_only_administrators(admin: User) -> None:
    for user in (UserFactory(), ExternalUserFactory()):
        with pytest.raises(Denied):
            imports.upload(by=user, file=ContentFile(HEAD.encode(), name="a.csv"))
    assert list(TABLE.headings()) == HEAD.strip().split(",")
