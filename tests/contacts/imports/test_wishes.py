"""How a person wants his file to be read: its columns, what finds contacts again, which rows are left out (CON-6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from contacts import import_jobs
from contacts.import_columns import LEVELS, headings, template
from contacts.models import Contact, ImportColumns, ImportJob
from contacts.services import imports
from core.errors import Conflict, Invalid
from core.importing.jobs import bad_rows_name
from core.sheets import read_rows
from orgs.models import Node
from tests.contacts.imports.conftest import directory, told
from tests.contacts.imports.test_jobs import upload
from tests.contacts.imports.test_pages import enter
from tests.factories.contacts import make_contact
from tests.factories.orgs import make_dimension, make_organization

ODD = "往来单位全称,联系人大名,手机,微信\n华信,张三,15400000001,wx1\n华信,李四,15400000002,wx2\n"
MIXED = "组织,姓名,手机,内部备注\n" + "".join(
    f"公司{n % 3},人{n},{'12' if n % 5 == 4 else f'1540000{n:04d}'},私{n}\n" for n in range(20)
)


def checked(job: ImportJob) -> ImportJob:
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    return job


def imported(job: ImportJob, by: User, *, partly: bool = False) -> ImportJob:
    imports.confirm(by=by, job=job, partly=partly)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return job


# --- Columns --------------------------------------------------------------------------------------------------------


def test_unknown_columns_are_asked_about_and_remembered(maintainer: User, dimension: Node) -> None:
    job = checked(upload(maintainer, dimension, ODD))
    assert (job.status, Contact.objects.count()) == ("mapping", 0)
    assert [(one["heading"], one["key"]) for one in job.header] == [
        ("往来单位全称", ""), ("联系人大名", ""), ("手机", "mobile"), ("微信", ""),
    ]  # fmt: skip
    assert job.header[1]["samples"] == ["张三", "李四"]
    for wrong in (
        {0: "organization"}, {0: "organization", 1: "organization"}, {0: "organization", 1: "password"},
        {0: "organization", 1: "name", 2: "name"},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            imports.assign(by=maintainer, job=job, columns=wrong)
    imports.assign(by=maintainer, job=job, columns={0: "organization", 1: "name", 2: "mobile"})
    assert checked(job).status == "checked"
    assert job.counts["created"] == 2
    imported(job, maintainer)
    assert set(Contact.objects.values_list("name", "mobile")) == {
        ("张三", "+8615400000001"), ("李四", "+8615400000002"),
    }  # fmt: skip
    with pytest.raises(Conflict):
        imports.assign(by=maintainer, job=job, columns={0: "organization", 1: "name"})
    # The same headings in another order: read as he said, not asked again. Somebody else is asked.
    turned = "微信,手机,联系人大名,往来单位全称\nwx3,15400000003,王五,华信\n"
    assert checked(upload(maintainer, dimension, turned)).counts["created"] == 1
    assert ImportColumns.objects.get().owner == maintainer


def test_a_column_there_twice_is_asked_about(maintainer: User, dimension: Node) -> None:
    twice = checked(
        upload(maintainer, dimension, "组织,姓名,手机,手机号\n华信,张三,15400000001,\n")
    )
    assert twice.status == "mapping"


def test_the_page_of_columns(maintainer: User, dimension: Node) -> None:
    client = enter(maintainer)
    job = checked(upload(maintainer, dimension, ODD))
    page = client.get(reverse("contacts:import-detail", args=[job.pk])).content.decode()
    assert "往来单位全称" in page
    assert "张三" in page
    url = reverse("contacts:import-columns", args=[job.pk])
    refused = client.post(url, {"c0": "organization"})
    assert refused.status_code == 422
    assert "姓名" in refused.content.decode()
    sent = client.post(url, {"c0": "organization", "c1": "name", "c3": ""})
    assert sent.status_code == 302
    assert checked(job).status == "checked"
    # It can be said anew until it is confirmed.
    assert client.get(url).status_code == 200
    imported(job, maintainer)
    assert client.get(url).status_code == 302


# --- Good rows only -------------------------------------------------------------------------------------------------


def test_only_the_good_rows(maintainer: User, dimension: Node, tmp_path: Path) -> None:
    ImportColumns.objects.all().delete()
    job = upload(maintainer, dimension, MIXED.replace("内部备注", "备注"))
    checked(job)
    assert (job.status, job.total, len(job.left_out), job.good_rows) == (
        "refused",
        20,
        4,
        16,
    )
    assert job.counts["created"] == 16
    page = enter(maintainer).get(reverse("contacts:import-detail", args=[job.pk])).content.decode()
    assert "仅导入无误的 16 行" in page
    assert "4 行有错误，将不导入" in page
    with pytest.raises(Conflict):
        imports.confirm(by=maintainer, job=job)
    imported(job, maintainer, partly=True)
    assert (job.status, job.done, job.counts["done"]["created"]) == ("done", 16, 16)
    assert Contact.objects.count() == 16
    over = enter(maintainer).get(reverse("contacts:import-detail", args=[job.pk])).content.decode()
    assert "有 4 行因错误未导入" in over
    # Their file has the columns of the original, and comes back as it is once it is mended.
    rows = list(read_rows(default_storage.path(bad_rows_name(job))))
    assert rows[0] == ["组织", "姓名", "手机", "备注", "原文件行号", "未导入原因"]
    assert rows[1][:5] == ["公司1", "人4", "12", "私4", "6"]
    assert rows[1][5].startswith("手机")
    again = checked(
        upload(maintainer, dimension, Path(default_storage.path(bad_rows_name(job))).read_bytes())
    )  # fmt: skip
    assert (again.status, again.total) == ("refused", 4)


def test_what_only_refused_rows_name_is_not_created(maintainer: User, dimension: Node) -> None:
    elsewhere = make_organization(make_dimension())
    make_contact(elsewhere, "秘密人", mobile="+8615400000009")
    text = "组织,姓名,手机\n华信,张三,15400000001\n只有错误行,秘密人,15400000009\n"
    job = checked(upload(maintainer, dimension, text))
    assert (job.status, job.counts["organizations"], job.left_out) == ("refused", 1, [3])
    imported(job, maintainer, partly=True)
    assert job.status == "done"
    assert not Node.objects.filter(name="只有错误行").exists()


def test_a_file_without_good_rows_cannot_be_confirmed(maintainer: User, dimension: Node) -> None:
    job = checked(upload(maintainer, dimension, "组织,姓名,手机\n华信,张三,12\n"))
    with pytest.raises(Conflict):
        imports.confirm(by=maintainer, job=job, partly=True)


def test_findings_are_narrowed(maintainer: User, dimension: Node) -> None:
    job = checked(upload(maintainer, dimension, "组织,姓名,手机,邮箱\n华信,甲,12,\n华信,乙,,x@\n"))
    url = reverse("contacts:import-detail", args=[job.pk])
    client = enter(maintainer)
    mobile = client.get(url, {"field": "mobile"}).content.decode()
    assert (">12<" in mobile, "x@<" in mobile) == (True, False)
    assert "x@<" in client.get(url, {"q": "乙"}).content.decode()
    for odd in ({"field": "nonsense"}, {"q": "没有这个"}, {"page": "x"}):
        assert client.get(url, odd).status_code == 200


# --- What finds contacts again --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "row", "outcome"),
    [
        # With the mobile as key a new code is taken over; automatically the code would decide.
        ("mobile", "华信,张三,P9,15400000001,", ("checked", "updated")),
        ("mobile", "华信,张三,P9,,a@example.com", ("refused", "required")),
        ("mobile", "华信,别人,P1,15400000077,", ("refused", "taken")),
        ("email", "华信,张三,,,a@example.com", ("checked", "unchanged")),
        ("email", "华信,别人,,15400000001,b@example.com", ("refused", "taken")),
        ("email", "华信,别人,,,b@example.com", ("checked", "created")),
        ("code", "华信,张三丰,P1,,", ("checked", "updated")),
        ("code", "华信,别人,P2,15400000001,", ("refused", "taken")),
        ("code", "华信,张三,,15400000001,", ("refused", "required")),
        ("code", "华信,别人,H1,,", ("refused", "hidden")),
        ("mobile", "华信,别人,,15400000099,", ("refused", "hidden")),
    ],
)
def test_keys(
    key: str, row: str, outcome: tuple[str, str], maintainer: User, dimension: Node
) -> None:
    make_contact(
        make_organization(dimension, "华信"), "张三", code="P1", mobile="+8615400000001", email="a@example.com"
    )  # fmt: skip
    elsewhere = make_organization(make_dimension())
    make_contact(elsewhere, "秘密人", code="H1", mobile="+8615400000099")
    before = directory()
    text = f"组织,姓名,编码,手机,邮箱\n{row}\n"
    job = upload(maintainer, dimension, text, key=key)
    checked(job)
    assert job.status == outcome[0], told(job)
    if job.status == "refused":
        assert told(job)[0]["kind"] == outcome[1]
        assert "秘密人" not in str(told(job))
    else:
        assert job.counts[outcome[1]] == 1
        imported(job, maintainer)
        assert job.status == "done"
        assert (directory() == before) == (outcome[1] == "unchanged")


def test_a_key_that_does_not_exist(maintainer: User, dimension: Node) -> None:
    with pytest.raises(Invalid):
        upload(maintainer, dimension, key="password")


# --- Templates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_templates(
    level: str, language: str, tmp_path: Path, maintainer: User, dimension: Node
) -> None:
    path = tmp_path / "template.xlsx"
    with translation.override(language):
        path.write_bytes(template(level))
    header = next(iter(read_rows(path)))
    assert header == headings(level, english=language == "en")
    example = {
        "organization": "华信",
        "organization_code": "SUP-1",
        "department": "采购部",
        "name": "甲",
    }
    row = [example.get(key, "") for key in LEVELS[level]]
    job = checked(upload(maintainer, dimension, f"{','.join(header)}\n{','.join(row)}\n"))
    assert (job.status, job.counts["organizations"]) == ("checked", 1), told(job)
    assert job.counts["people"] == (level in ("contacts", "all"))
