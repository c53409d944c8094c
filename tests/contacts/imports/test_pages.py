"""The pages of an import as each person (matrix rows 32, 33)."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from contacts import import_jobs
from contacts.models import Contact, ImportJob
from orgs.models import Node
from tests.contacts.imports.test_jobs import PEOPLE
from tests.factories.orgs import make_dimension, make_external, make_maintainer, make_person

NEW = "/console/imports/new/"


def enter(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.LoginBackend")
    return client


def send(client: Client, dimension: Node, content: str = PEOPLE, name: str = "联系人.csv"):
    file = SimpleUploadedFile(name, content.encode())
    return client.post(NEW, {"dimension": dimension.pk, "file": file})


def detail(job: ImportJob) -> str:
    return reverse("contacts:import-detail", args=[job.pk])


def test_three_steps(maintainer: User, dimension: Node) -> None:
    client = enter(maintainer)
    page = client.get(NEW, {"dimension": dimension.pk})
    assert page.status_code == 200
    assert dimension.name in page.content.decode()
    template = client.get(reverse("contacts:import-template"))
    assert template.headers["Content-Disposition"].startswith("attachment")
    assert template.content[:2] == b"PK"
    answer = send(client, dimension)
    job = ImportJob.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, detail(job))
    waiting = client.get(detail(job)).content.decode()
    assert 'data-poll="2"' in waiting
    import_jobs.check(job_id=job.pk)
    checked = client.get(detail(job)).content.decode()
    assert 'data-poll="2"' not in checked
    assert reverse("contacts:import-confirm", args=[job.pk]) in checked
    assert client.post(reverse("contacts:import-confirm", args=[job.pk])).status_code == 302
    import_jobs.run(job_id=job.pk)
    over = client.get(detail(job), headers={"HX-Request": "true"})
    assert "<html" not in over.content.decode()
    assert "HX-Request" in over.headers["Vary"]
    assert Contact.objects.count() == 30
    again = client.post(reverse("contacts:import-confirm", args=[job.pk]))
    assert again.status_code == 409
    listed = client.get(reverse("contacts:import-list")).content.decode()
    assert job.file_name in listed


def test_refused_rows_on_the_page_and_as_a_file(maintainer: User, dimension: Node) -> None:
    client = enter(maintainer)
    send(client, dimension, "组织,姓名,手机\n华信,<b>甲</b>,12\n")
    job = ImportJob.objects.get()
    import_jobs.check(job_id=job.pk)
    page = client.get(detail(job)).content.decode()
    assert "&lt;b&gt;甲" in page
    assert "<b>甲" not in page
    bad = reverse("contacts:import-bad-rows", args=[job.pk])
    assert bad in page
    assert client.get(bad).content[:2] == b"PK"
    assert reverse("contacts:import-confirm", args=[job.pk]) not in page


def test_a_file_that_is_no_table_is_said_at_once(maintainer: User, dimension: Node) -> None:
    answer = send(enter(maintainer), dimension, "<html>")
    assert answer.status_code == 422
    assert not ImportJob.objects.exists()
    assert enter(maintainer).post(NEW, {"dimension": dimension.pk}).status_code == 422


def test_doors(maintainer: User, dimension: Node) -> None:
    send(enter(maintainer), dimension)
    job = ImportJob.objects.get()
    import_jobs.check(job_id=job.pk)
    job_pages = ["import-detail", "import-bad-rows", "import-card"]
    posts = ["import-confirm", "import-cancel"]
    lists = ["import-new", "import-list", "import-template"]
    staff, other = enter(make_person()), enter(make_maintainer(make_dimension()))
    outside = enter(make_external())
    for name in lists:
        assert staff.get(reverse(f"contacts:{name}")).status_code == 403
        assert other.get(reverse(f"contacts:{name}")).status_code == 200
        assert outside.get(reverse(f"contacts:{name}")).status_code in (302, 404)
    for name in job_pages:
        url = reverse(f"contacts:{name}", args=[job.pk])
        assert [c.get(url).status_code for c in (staff, other)] == [404, 404]
        assert Client().get(url).status_code == 302
    for name in posts:
        url = reverse(f"contacts:{name}", args=[job.pk])
        assert [c.post(url).status_code for c in (staff, other)] == [403, 404]
        assert enter(maintainer).get(url).status_code == 405
    assert other.get(NEW, {"dimension": dimension.pk}).status_code == 404
    assert send(other, dimension).status_code == 404
    for odd in ("x", "-1", "9" * 30):
        assert other.get(NEW, {"dimension": odd}).status_code == 404
    assert send(other, make_dimension()).status_code == 404


def test_the_card_of_a_notification(maintainer: User, dimension: Node) -> None:
    client = enter(maintainer)
    send(client, dimension)
    job = ImportJob.objects.get()
    import_jobs.check(job_id=job.pk)
    url = reverse("contacts:import-card", args=[job.pk])
    assert client.get(url).headers["Location"] == detail(job)
    card = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert job.file_name in card
    assert detail(job) in card


@pytest.mark.parametrize("act", ["cancel"])
def test_cancel(act: str, maintainer: User, dimension: Node) -> None:
    client = enter(maintainer)
    send(client, dimension)
    job = ImportJob.objects.get()
    assert client.post(reverse(f"contacts:import-{act}", args=[job.pk])).status_code == 302
    job.refresh_from_db()
    assert job.status == "cancelled"
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "cancelled"
    assert client.get(detail(job)).status_code == 200
