"""Rows that look like somebody who is there: offered, chosen, checked again, carried out once (SPEC CON-4, CON-6)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from contacts import import_jobs
from contacts.imports import apply
from contacts.imports.plan import chunks
from contacts.models import Contact, ImportFinding, ImportJob, Membership
from contacts.services import imports
from contacts.services.import_choices import choose
from core.errors import Conflict, Hidden, Invalid
from orgs.models import Node
from orgs.services import grants
from tests.contacts.imports.conftest import directory, told
from tests.contacts.imports.test_jobs import upload
from tests.contacts.imports.test_pages import detail, enter
from tests.contacts.imports.test_wishes import checked, imported
from tests.factories.contacts import make_contact
from tests.factories.orgs import (
    make_department,
    make_dimension,
    make_holder,
    make_maintainer,
    make_organization,
)

HEAD = "组织,部门,姓名,编码,手机,邮箱,职务\n"


@pytest.fixture
def huaxin(dimension: Node) -> Node:
    return make_organization(dimension, "华信")


@pytest.fixture
def known(huaxin: Node) -> Contact:
    return make_contact(
        huaxin, "张三", code="P1", mobile="+8615400000001", email="a@example.com", position="经理"
    )


def job_of(by: User, dimension: Node, *rows: str) -> ImportJob:
    return checked(upload(by, dimension, HEAD + "".join(f"{row}\n" for row in rows)))


def outcome(job: ImportJob) -> tuple[str, int, int, int]:
    return job.status, job.counts["created"], job.counts["updated"], job.counts["joined"]


@pytest.mark.parametrize(
    ("row", "field", "kind", "before", "same", "different"),
    [
        # Same name at the organization, nothing that decides: a new contact unless he says otherwise.
        ("华信,,张三,,15400000009,,总监", "name", "alike", (1, 0, 0), (0, 1, 0), (1, 0, 0)),
        ("华信,采购部,张三,P9,,,", "name", "alike", (1, 0, 0), (0, 0, 1), (1, 0, 0)),
        # Same address, another mobile.
        ("华信,,李四,,15400000009,a@example.com,", "email", "alike", (1, 0, 0), (0, 1, 0), (1, 0, 0)),
        # Same mobile, another code: refused until he says which it is.
        ("华信,,张三,P9,15400000001,,", "mobile", "taken", (0, 0, 0), (0, 1, 0), (1, 0, 0)),
        # The mobile decides, but the name would be changed; and one who has only a name.
        ("华信,,李四,,15400000001,,", "mobile", "alike", (0, 1, 0), (0, 1, 0), (1, 0, 0)),
        ("华信,,张三,,,,总监", "name", "alike", (0, 1, 0), (0, 1, 0), (1, 0, 0)),
    ],
)  # fmt: skip
def test_one_row(
    row: str, field: str, kind: str, before: tuple[int, ...], same: tuple[int, ...], different: tuple[int, ...],
    maintainer: User, dimension: Node, known: Contact,
) -> None:  # fmt: skip
    job = job_of(maintainer, dimension, row)
    assert outcome(job)[1:] == before
    (found,) = told(job)
    assert (found["row"], found["field"], found["kind"], found["contact_ids"]) == (
        2,
        field,
        kind,
        [known.pk],
    )
    assert "张三" not in found["reason"] or kind == "taken"
    for said, counts in ((str(known.pk), same), ("0", different), (str(known.pk), same)):
        choose(by=maintainer, job=job, answers={2: said})
        assert (outcome(checked(job)), job.findings.count()) == (("checked", *counts), 1)
    choose(by=maintainer, job=job, answers={2: ""})
    assert (outcome(checked(job))[1:], job.choices) == (before, {})
    choose(by=maintainer, job=job, answers={2: "0"})
    imported(checked(job), maintainer)
    assert (job.status, Contact.objects.count()) == ("done", 2)
    known.refresh_from_db()
    assert (known.name, known.code, known.position) == ("张三", "P1", "经理")


def test_several_at_once(maintainer: User, dimension: Node, huaxin: Node, known: Contact) -> None:
    twin = make_contact(huaxin, "张三", mobile="+8615400000001")
    job = job_of(
        maintainer, dimension,
        "华信,,张三,,15400000001,,", "华信,,王五,,15400000005,a@example.com,", "别家,,张三,P8,,,",
        "华信,,旁人,,15400000006,,",
    )  # fmt: skip
    assert [(one["row"], one["kind"], one["contact_ids"]) for one in told(job)] == [
        (2, "ambiguous", [known.pk, twin.pk]), (3, "alike", [known.pk]),
    ]  # fmt: skip
    assert job.counts["alike"] == 2
    # "The same" is clear where one alone is meant.
    choose(by=maintainer, job=job, answers={}, every="same")
    assert outcome(checked(job)) == ("refused", 2, 1, 0)
    choose(by=maintainer, job=job, answers={}, every="different")
    assert outcome(checked(job)) == ("checked", 4, 0, 0)
    for wrong in ({2: str(10**6)}, {3: str(twin.pk)}, {3: "x"}):
        with pytest.raises(Invalid):
            choose(by=maintainer, job=job, answers=wrong)
    with pytest.raises(Invalid):
        choose(by=maintainer, job=job, answers={}, every="nonsense")
    # Two rows cannot be one contact.
    choose(by=maintainer, job=job, answers={2: str(known.pk), 3: str(known.pk)})
    assert [one["kind"] for one in told(checked(job))] == ["alike", "duplicate", "alike"]


def test_whom_he_does_not_maintain_is_neither_offered_nor_named(
    maintainer: User, dimension: Node, huaxin: Node, known: Contact
) -> None:
    make_contact(
        make_organization(make_dimension()),
        "秘密人",
        email="h@example.com",
        mobile="+8615400000099",
    )
    job = job_of(
        maintainer, dimension, "华信,,甲,,15400000010,h@example.com,", "华信,,张三,,15400000011,,"
    )
    assert [(one["row"], one["contact_ids"]) for one in told(job)] == [(3, [known.pk])]
    client = enter(maintainer)
    assert "<b>张三 · 华信</b>" in client.get(detail(job)).content.decode()
    assert "秘密人" not in client.get(detail(job)).content.decode()
    # He goes to a dimension that somebody else maintains: his name is gone at once, and the choice with him.
    choose(by=maintainer, job=job, answers={3: str(known.pk)})
    assert checked(job).status == "checked"
    elsewhere = make_organization(make_dimension(), "绝密公司")
    Membership.objects.filter(contact=known).update(node=elsewhere)
    page = client.get(detail(job)).content.decode()
    assert ("张三 · " in page, "绝密公司" in page) == (False, False)
    imports.confirm(by=maintainer, job=job)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, told(job)[0]["kind"]) == ("failed", "gone")
    assert Contact.objects.count() == 2


def test_who_may_choose_and_until_when(maintainer: User, dimension: Node, known: Contact) -> None:
    job = job_of(maintainer, dimension, "华信,,张三,,15400000009,,")
    other = make_maintainer(dimension)
    with pytest.raises(Conflict):
        choose(by=other, job=job, answers={2: "0"})
    imported(job, maintainer)
    with pytest.raises(Conflict):
        choose(by=maintainer, job=job, answers={2: str(known.pk)})
    grants.remove_maintainer(by=make_holder(), dimension=dimension, to=maintainer)
    with pytest.raises(Hidden):
        choose(by=maintainer, job=job, answers={})


def test_choices_survive_a_kill(
    maintainer: User, dimension: Node, huaxin: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "chunks", lambda rows: chunks(rows, 2))
    make_department(huaxin, "采购部")
    for number in range(8):
        make_contact(huaxin, f"人{number}", email=f"p{number}@example.com")
    rows = [f"华信,采购部,人{n},,,{f'p{n}@example.com' if n % 2 else ''}," for n in range(8)]
    job = job_of(maintainer, dimension, *rows)
    by_row = {one["row"]: one["contact_ids"][0] for one in told(job)}
    # Those with an address are found by it and need no question; those without look like one of the same name.
    assert sorted(by_row) == [2, 4, 6, 8]
    choose(by=maintainer, job=job, answers={2: str(by_row[2]), 4: "0", 6: str(by_row[6])})
    assert outcome(checked(job)) == ("checked", 2, 0, 6)
    imports.confirm(by=maintainer, job=job)
    real, dead = import_jobs._progress, {1, 3}
    runs = 0

    def progress(*arguments: Any) -> None:
        nonlocal runs
        runs += 1
        if runs in dead:
            raise RuntimeError("the worker is gone")
        real(*arguments)

    monkeypatch.setattr(import_jobs, "_progress", progress)
    for _death in dead:
        with pytest.raises(RuntimeError):
            import_jobs.run(job_id=job.pk)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    done = job.counts["done"]
    assert (job.status, done["created"], done["joined"], Contact.objects.count()) == (
        "done",
        2,
        6,
        10,
    )
    before = directory()
    ImportJob.objects.filter(pk=job.pk).update(status="running")
    import_jobs.run(job_id=job.pk)
    assert directory() == before


def test_the_page(maintainer: User, dimension: Node, known: Contact) -> None:
    job = job_of(maintainer, dimension, "华信,,张三,,15400000009,,", "华信,,乙,,12,,")
    client = enter(maintainer)
    page = client.get(detail(job), {"kind": "alike"}).content.decode()
    assert ("同一人：张三 · 华信" in page, ">12<" in page) == (True, False)
    assert ">12<" in client.get(detail(job), {"kind": "error"}).content.decode()
    url = reverse("contacts:import-choices", args=[job.pk])
    sent = client.post(f"{url}?kind=alike", {"c2": str(known.pk), "cx": "1", "c": "", "other": "x"})
    assert (sent.status_code, sent.headers["Location"]) == (302, f"{detail(job)}?kind=alike")
    job.refresh_from_db()
    assert (job.status, job.choices) == ("uploaded", {"2": known.pk})
    checked(job)
    assert f'<option value="{known.pk}" selected>' in client.get(detail(job)).content.decode()
    refused = client.post(url, {"c2": "4711"})
    assert (refused.status_code, "第 2 行" in refused.content.decode()) == (422, True)


def test_thousands_of_findings_have_pages(maintainer: User, dimension: Node) -> None:
    job = job_of(maintainer, dimension, "华信,,甲,,,,")
    ImportFinding.objects.bulk_create(
        ImportFinding(
            job=job, row=row, name=f"人{row}", field="mobile" if row % 2 else "email", kind="invalid", reason="x"
        )
        for row in range(2, 3002)
    )  # fmt: skip
    ImportJob.objects.filter(pk=job.pk).update(status="refused", left_out=list(range(2, 3002)))
    client = enter(maintainer)
    asked = {}
    for page in (1, 60):
        with CaptureQueriesContext(connection) as queries:
            text = client.get(detail(job), {"page": page}).content.decode()
        asked[page] = len(queries)
        assert text.count('<tr role="row">') == 51
    assert "人3001" in text
    assert "人2951" not in text
    assert asked[1] == asked[60]
    mobile = client.get(detail(job), {"field": "mobile", "page": 30}).content.decode()
    assert ("人2999" in mobile, "人3000" in mobile, "field=mobile&amp;page=2" in mobile) == (
        True,
        False,
        True,
    )
    assert "人1777" in client.get(detail(job), {"q": "1777"}).content.decode()
