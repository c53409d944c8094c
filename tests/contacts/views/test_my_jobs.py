"""我的任务: one's own jobs of all kinds in one list (SPEC CON-5, CON-6; SECURITY T06; matrix row 35)."""

import datetime
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.models import BulkJob, Contact, ExportJob, ImportJob
from contacts.selectors import my_jobs
from contacts.selectors.my_jobs import Position
from contacts.services import places
from orgs.models import NodeUserGrant, Restructuring, RestructuringBatch
from orgs.services import nodes
from tests.factories import orgs as org
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db
URL = "/console/jobs/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def world() -> SimpleNamespace:
    dimension = org.make_dimension("供应商")
    return SimpleNamespace(
        dimension=dimension, by=org.make_maintainer(dimension), node=org.make_organization(dimension, "恒拓"),
        target=org.make_organization(dimension, "海川"), channels=org.make_dimension("渠道"),
    )  # fmt: skip


def one_of_each(world: SimpleNamespace, number: int = 0, **more: object) -> None:
    values = {"owner": world.by} | more
    dimension = world.dimension
    BulkJob.objects.create(node=world.node, action="tag", total=400, **values)
    export = {
        "node": dimension,
        "what": "contacts",
        "columns": ["name"],
        "file_name": f"导出{number}.csv",
    }
    ExportJob.objects.create(dimension=dimension, **export, **values)
    ImportJob.objects.create(dimension=dimension, file_name=f"导入{number}.xlsx", **values)
    where = {"status": "succeeded", **values}
    Restructuring.objects.create(node=world.node, action="move", parent=world.target, **where)
    batch = RestructuringBatch.objects.create(dimension=dimension, **values)
    for node in (world.node, world.target):
        Restructuring.objects.create(node=node, action="disable", batch=batch, **where)


def test_all_kinds_of_ones_own(world, as_) -> None:
    one_of_each(world)
    one_of_each(world, 7, owner=org.make_maintainer(world.dimension))
    client = as_(world.by)
    body = client.get(URL).content.decode()
    for words in (
        "添加标签：“恒拓”的 400 名联系人", "导出：导出0.csv", "导入：导入0.xlsx", "把“恒拓”移动到“海川”下",
        "停用 2 个组织", "2 项大型变更中已完成 2 项",
    ):  # fmt: skip
        assert words in body, words
    assert "导入7" not in body
    assert body.count('role="row"') == 6
    assert "data-poll" in body
    cancel = reverse("contacts:bulk-cancel", args=[BulkJob.objects.get(owner=world.by).pk])
    assert f'action="{cancel}"' in body
    client.post(cancel)
    assert cancel not in client.get(URL, headers=HTMX).content.decode()
    assert 'href="/console/jobs/"' in client.get("/console/orgs/", follow=True).content.decode()


def test_what_was_in_a_dimension_that_is_no_longer_maintained_is_gone(world, as_) -> None:
    one_of_each(world)
    org.let_maintain(world.by, world.channels)
    client = as_(world.by)
    assert client.get(URL).content.decode().count('role="row"') == 6
    NodeUserGrant.objects.filter(content_object=world.dimension).delete()
    assert "您还没有任务" in as_(world.by).get(URL).content.decode()


@pytest.mark.parametrize(
    "noise", ["x", "~", "20260101T000000.0~x~1", "9" * 90, "20260101T000000.0~1~-4"]
)
def test_noise_is_the_first_page(world, as_, noise: str) -> None:
    assert as_(world.by).get(URL, {"after": noise, "before": noise}).status_code == 200


def test_pages_in_both_directions(world) -> None:
    """Every job once, whatever moments they share; back is the way one came."""
    now = timezone.now()
    for number in range(4):
        one_of_each(world, number)
        moment = now - datetime.timedelta(minutes=number // 2)  # two of each kind in one moment
        for model in (BulkJob, ExportJob, ImportJob, Restructuring, RestructuringBatch):
            row = model.objects.order_by("-pk").values("pk")[:1]
            model.objects.filter(pk__in=row).update(created_at=moment)
        Restructuring.objects.filter(batch=None).order_by("-pk").update(created_at=moment)
    seen, pages, after = [], [], None
    while True:
        page = my_jobs.page(world.by, after=after, size=3)
        pages.append([str(job) + type(job).__name__ for job in page.jobs])
        seen += [(type(job), job.pk) for job in page.jobs]
        if page.next is None:
            break
        after = Position.read(str(page.next))
    assert len(seen) == len(set(seen)) == 20
    back, before = [pages[-1]], page.previous
    while before is not None:
        page = my_jobs.page(world.by, before=Position.read(str(before)), size=3)
        back.insert(0, [str(job) + type(job).__name__ for job in page.jobs])
        before = page.previous
    assert back == pages


def test_the_number_of_queries_does_not_grow(world, as_) -> None:
    client = as_(world.by)
    counted = []
    for number in range(2):
        for extra in range(1 + 8 * number):
            one_of_each(world, extra)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]


def test_problems_show_only_whom_the_owner_sees_now(world, as_) -> None:
    kept, lost = make_contact(world.node, "林一"), make_contact(world.node, "周二")
    problems = [
        {"id": one.pk, "name": one.name, "reason": "不可以"} for one in (kept, lost)
    ]  # fmt: skip
    job = BulkJob.objects.create(
        owner=world.by, node=world.dimension, action="tag", status="done", done=2, refused=2, problems=problems
    )  # fmt: skip
    page = reverse("contacts:bulk-detail", args=[job.pk])
    client = as_(world.by)
    assert "周二" in client.get(page).content.decode()
    moved = org.make_organization(world.dimension, "要走的")
    Contact.objects.filter(pk=kept.pk).update(name="林壹")
    holder = org.make_holder()
    places.move(by=holder, contact=lost, node=moved)
    nodes.move(by=holder, node=moved, parent=world.channels)
    body = client.get(page).content.decode()
    assert "周二" not in body
    assert f"/console/contacts/{lost.pk}/" not in body
    assert "您已无权查看的联系人" in body
    assert "林壹" in body
