"""What a file says about organizations beside name and code (SPEC ORG-3, CON-6)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from contacts import export_jobs, import_jobs
from contacts.exports.columns import ORGANIZATION_COLUMNS
from contacts.imports.plan import Counts, Plan
from contacts.services import exports, imports
from core.models import AuditEntry
from orgs.models import Category, Node, OrganizationDetail
from orgs.services.nodes import edit
from tests.contacts.imports.conftest import carry_out, counts, problems
from tests.contacts.imports.conftest import told as findings
from tests.factories.orgs import make_external, make_organization, make_person

Done = Callable[..., Counts]
Planned = Callable[..., Plan]
CODE = "91350211MA0000001T"
FULL = {
    "organization": "华信机电", "organization_code": "SUP-1", "organization_full_name": "华信机电设备有限公司",
    "credit_code": CODE.lower(), "organization_category": "制造", "organization_tags": "战略;年框",
    "organization_owners": "吴凯；LIU", "cooperation_from": "2024年1月31日", "cooperation_to": "2026/12/31",
    "organization_order": "7", "organization_remark": "第一行\n第二行",
}  # fmt: skip


@pytest.fixture
def manufacturing(db: None) -> Category:
    return Category.objects.create(name="制造")


@pytest.fixture
def wu(db: None) -> User:
    User.objects.create_user("liu", name="刘敏")
    return make_person(name="吴凯")


def told(name: str) -> dict[str, Any]:
    node = Node.objects.get(name=name)
    detail = OrganizationDetail.objects.get(node=node)
    return {
        "organization_full_name": node.full_name,
        "credit_code": detail.credit_code,
        "organization_category": detail.category.name if detail.category else "",
        "organization_tags": sorted(tag.name for tag in detail.tags.all()),
        "organization_owners": sorted(person.name for person in detail.owners.all()),
        "cooperation_from": detail.cooperation_from,
        "cooperation_to": detail.cooperation_to,
        "organization_order": node.order,
        "organization_remark": node.remark,
    }


WRITTEN = {
    "organization_full_name": "华信机电设备有限公司", "credit_code": CODE, "organization_category": "制造",
    "organization_tags": ["年框", "战略"], "organization_owners": ["刘敏", "吴凯"],
    "cooperation_from": datetime.date(2024, 1, 31), "cooperation_to": datetime.date(2026, 12, 31),
    "organization_order": 7, "organization_remark": "第一行\n第二行",
}  # fmt: skip


@pytest.mark.usefixtures("manufacturing", "wu")
def test_a_new_organization_has_all_of_it(
    done: Done, planned: Planned, dimension: Node, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:  # fmt: skip
    rows = [FULL, {"organization": "华信机电", "name": "甲", "organization_tags": "新"}]
    assert done(rows).as_dict() == counts(rows=2, created=1, organizations=1)
    assert told("华信机电") == WRITTEN | {"organization_tags": ["年框", "战略", "新"]}
    entry = AuditEntry.objects.get(action="node.create")
    assert (entry.after["credit_code"], entry.after["category"]) == (CODE, "制造")
    assert entry.after["cooperation_to"] == "2026-12-31"
    assert planned(rows).empty
    many = [{**FULL, "organization": f"公司{n}", "organization_code": f"C-{n}"} for n in range(60)]
    with django_assert_max_num_queries(45):
        done(many)


@pytest.mark.usefixtures("manufacturing", "wu")
def test_an_existing_one_is_changed_and_an_empty_cell_changes_nothing(
    done: Done, planned: Planned, dimension: Node, maintainer: User
) -> None:
    node = make_organization(dimension, "华信机电")
    edit(by=maintainer, node=node, fields={"full_name": "旧", "tags": ["老"], "remark": "留着"})
    some = {key: value for key, value in FULL.items() if key != "organization_remark"}
    AuditEntry.objects.all().delete()
    assert done([some]).as_dict() == counts(rows=1, organizations_updated=1)
    assert told("华信机电") == WRITTEN | {
        "organization_tags": ["年框", "战略", "老"], "organization_remark": "留着",
    }  # fmt: skip
    (entry,) = AuditEntry.objects.filter(action="node.edit")
    assert (entry.before["full_name"], entry.after["full_name"]) == ("旧", "华信机电设备有限公司")
    assert (entry.before["tags"], entry.after["tags"]) == (["老"], ["老", "战略", "年框"])
    assert (entry.after["code"], entry.dimension_id) == ("SUP-1", dimension.pk)
    assert planned([some]).empty


@pytest.mark.parametrize(
    ("values", "field", "kind"),
    [
        ({"credit_code": "91350211M000100Y4"}, "credit_code", "invalid"),
        ({"credit_code": CODE[:-1] + ("0" if CODE[-1] != "0" else "1")}, "credit_code", "invalid"),
        ({"organization_category": "没有的"}, "organization_category", "unknown"),
        ({"organization_tags": "标" * 31}, "organization_tags", "too_long"),
        ({"organization_owners": "没有这人"}, "organization_owners", "unknown"),
        ({"organization_owners": "外人"}, "organization_owners", "unknown"),
        ({"organization_owners": "重名"}, "organization_owners", "unknown"),
        ({"cooperation_from": "2024-02-30"}, "cooperation_from", "invalid"),
        ({"cooperation_to": "明年"}, "cooperation_to", "invalid"),
        ({"cooperation_from": "2024-02-02", "cooperation_to": "2024-02-01"}, "cooperation_to", "conflict"),
        ({"cooperation_from": "2031-01-01"}, "cooperation_from", "conflict"),
        ({"organization_order": "第一"}, "organization_order", "invalid"),
        ({"organization_order": "100000"}, "organization_order", "out_of_range"),
        ({"organization_full_name": "=1"}, "organization_full_name", "formula"),
        ({"organization_remark": "长" * 2001}, "organization_remark", "too_long"),
        ({"organization_tags": ";".join(f"多{n}" for n in range(19))}, "organization_tags", "conflict"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_with_its_row(
    values: dict[str, str], field: str, kind: str, planned: Planned, dimension: Node, maintainer: User
) -> None:  # fmt: skip
    node = make_organization(dimension, "华信机电")
    edit(
        by=maintainer, node=node,
        fields={"tags": ["甲", "乙"], "cooperation_to": datetime.date(2030, 1, 1)},
    )  # fmt: skip
    make_external(name="外人")
    for _twin in range(2):
        make_person("重名")
    found = planned(
        [{"organization": "好的", "name": "甲"}, {"organization": "华信机电", **values}]
    )
    assert problems(found) == [(3, field, kind)]
    assert str(found.problems[0].reason)
    assert not Category.objects.exists()


def test_two_rows_that_say_different_things(planned: Planned) -> None:
    found = planned([
        {"organization": "华信", "name": "甲", "organization_full_name": "华信一"},
        {"organization": "华信", "name": "乙", "organization_full_name": "华信一"},
        {"organization": "华信", "name": "丙", "organization_full_name": "华信二"},
    ])  # fmt: skip
    assert problems(found) == [(4, "organization_full_name", "conflict")]
    assert "2" in str(found.problems[0].reason)


@pytest.mark.usefixtures("manufacturing", "wu")
def test_an_export_of_organizations_comes_back_and_changes_nothing(
    done: Done, planned: Planned, dimension: Node, maintainer: User
) -> None:
    carry_out(planned([FULL]), maintainer)
    keys = [column.key for column in ORGANIZATION_COLUMNS]
    job = exports.create(by=maintainer, node=dimension, selection=None, format_="xlsx", keys=keys)
    export_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    with job.file.open("rb") as file:
        again = imports.upload(by=maintainer, dimension=dimension, file=file)
    import_jobs.check(job_id=again.pk)
    again.refresh_from_db()
    assert (again.status, findings(again)) == ("checked", [])
    assert again.counts["organizations_updated"] == again.counts["organizations"] == 0
