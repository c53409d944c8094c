"""What rows become: matched, created, changed, joined, refused (SPEC CON-4, CON-6; SECURITY T06, T13)."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from bench import bad_rows, compose_directory
from contacts import closure
from contacts.imports import apply
from contacts.imports.plan import Counts, Plan, chunks
from contacts.models import Contact, Membership
from core.errors import Hidden
from core.models import AuditEntry
from orgs import tree_check
from orgs.models import Node, Tag
from tests.contacts.imports.conftest import carry_out, counts, directory, problems
from tests.factories.orgs import (
    make_dimension,
    make_holder,
    make_maintainer,
    make_organization,
    make_person,
)

Done = Callable[..., Counts]
Planned = Callable[..., Plan]
HUAXIN = {"organization": "华信机电", "organization_code": "SUP-1"}
SHAN = {
    **HUAXIN, "department": "销售中心/华东区", "name": "单田芳", "code": "P1", "mobile": "154 0000 0001",
    "email": "shan@example.com", "position": "经理", "gender": "男", "tags": "重点;华东", "security_level": "-3",
}  # fmt: skip


def test_everything_of_a_row_arrives(done: Done, maintainer: User, dimension: Node) -> None:
    found = done([SHAN, {**HUAXIN, "name": "欧阳锋"}])
    assert found.as_dict() == counts(rows=2, created=2, organizations=1, departments=2)
    shan = Contact.objects.get(code="P1")
    assert (shan.mobile, shan.email, shan.position) == (
        "+8615400000001",
        "shan@example.com",
        "经理",
    )
    assert (shan.gender, shan.security_level, shan.source) == ("m", -3, "file")
    assert (shan.sort_key, shan.initials, shan.live) == ("shantianfang", "stf", True)
    assert shan.created_by == maintainer
    assert [row.user for row in shan.visible_staff.all()] == [maintainer]
    assert sorted(tag.name for tag in shan.tags.all()) == ["华东", "重点"]
    assert shan.main_node.name == "华东区"
    assert shan.main_node.parent.parent.code == "SUP-1"
    assert shan.main_node.parent.parent.parent == dimension
    assert not closure.problems()
    assert not tree_check.problems()


def test_every_change_has_one_audit_row_of_the_person(done: Done, maintainer: User) -> None:
    done([SHAN])
    rows = AuditEntry.objects.filter(actor_id=str(maintainer.pk))
    assert sorted(rows.values_list("action", flat=True)) == [
        "contact.create", "node.create", "node.create", "node.create",
    ]  # fmt: skip
    written = rows.get(action="contact.create")
    assert written.after["mobile"] == "+86154****0001"
    assert written.object_label == "单田芳"


def test_the_second_run_changes_nothing(done: Done, planned: Planned) -> None:
    rows = [SHAN, {**HUAXIN, "name": "欧阳锋"}, {"organization": "独一家"}]
    done(rows)
    before, audited = directory(), AuditEntry.objects.count()
    assert planned(rows).empty
    assert done(rows).as_dict() == counts(rows=3, unchanged=2)
    assert directory() == before
    assert AuditEntry.objects.count() == audited


def test_empty_cells_change_nothing_and_tags_are_added(done: Done) -> None:
    done([SHAN])
    found = done(
        [{**HUAXIN, "department": "销售中心/华东区", "name": "单田芳", "code": "P1", "tags": "新"}]
    )
    assert found.updated == 1
    shan = Contact.objects.get(code="P1")
    assert (shan.mobile, shan.version) == ("+8615400000001", 1)
    assert sorted(tag.name for tag in shan.tags.all()) == ["华东", "新", "重点"]


def test_matched_by_code_then_mobile_then_email_then_place(done: Done) -> None:
    done([
        SHAN,
        {**HUAXIN, "name": "手机人", "mobile": "15400000002"},
        {**HUAXIN, "name": "邮箱人", "email": "Mail@example.com"},
        {**HUAXIN, "name": "名字人"},
    ])  # fmt: skip
    found = done([
        {**SHAN, "name": "单田方", "mobile": "15400000009"},
        {**HUAXIN, "name": "手机人改名", "mobile": "+86 154-0000-0002", "code": "P2"},
        {**HUAXIN, "name": "邮箱人", "email": "mail@EXAMPLE.com", "telephone": "010-1"},
        {**HUAXIN, "name": "名字人", "office": "三层"},
    ])  # fmt: skip
    assert found.as_dict() == counts(rows=4, updated=4)
    assert Contact.objects.count() == 4
    assert Contact.objects.get(code="P1").sort_key == "shantianfang"
    assert Contact.objects.get(code="P1").version == 2
    assert Contact.objects.get(code="P2").name == "手机人改名"
    assert not closure.problems()


def test_somebody_who_stands_elsewhere_gets_a_further_place(done: Done) -> None:
    done([SHAN])
    found = done([{"organization": "第二家", "name": "单田芳", "code": "P1", "position": "顾问"}])
    assert (found.joined, found.organizations) == (1, 1)
    shan = Contact.objects.get()
    assert shan.position == "经理"
    assert {(m.node.name, m.is_main, m.position) for m in shan.memberships.all()} == {
        ("华东区", True, ""), ("第二家", False, "顾问"),
    }  # fmt: skip
    again = done([{"organization": "第二家", "name": "单田芳", "code": "P1", "position": "总顾问"}])
    assert again.updated == 1
    assert Membership.objects.get(is_main=False).position == "总顾问"
    assert not closure.problems()


def test_a_shared_mailbox_is_several_people(done: Done, planned: Planned) -> None:
    rows = [
        {**HUAXIN, "name": "甲一", "email": "info@example.com"},
        {**HUAXIN, "name": "乙二", "email": "INFO@example.com"},
    ]
    assert done(rows).created == 2
    assert planned(rows).empty
    twins = [
        {**HUAXIN, "name": "甲一", "email": "info@example.com", "department": d} for d in "一二"
    ]
    assert problems(planned(twins)) == [(3, "email", "duplicate")]


def test_what_lies_outside_is_answered_without_a_name(
    done: Done, planned: Planned, maintainer: User
) -> None:
    other = make_dimension("别的维度")
    boss = make_maintainer(other)
    done(
        [{**SHAN, "organization": "秘密公司", "organization_code": "SECRET"}],
        dimension=other,
        by=boss,
    )
    found = planned([
        {"organization": "新家", "name": "甲", "code": "P1"},
        {"organization": "新家", "name": "乙", "mobile": "15400000001"},
        {"organization": "新家", "name": "丙", "email": "shan@example.com"},
        {"organization": "新家2", "organization_code": "SECRET"},
    ])  # fmt: skip
    assert problems(found) == [
        (2, "code", "hidden"), (3, "mobile", "hidden"), (4, "email", "hidden"), (5, "organization_code", "taken"),
    ]  # fmt: skip
    said = " ".join(str(error.reason) for error in found.problems)
    for secret in ("单田芳", "秘密公司", "别的维度", "P1"):
        assert secret not in said
    with pytest.raises(apply.ChangedMeanwhile):
        apply.run(plan=found, by=maintainer, report=lambda _delta, _done: None)


def test_what_cannot_be_decided_is_refused(done: Done, planned: Planned) -> None:
    done([{**HUAXIN, "name": n, "email": "two@example.com"} for n in ("甲", "乙")])
    done([SHAN, {**HUAXIN, "name": "无编码", "mobile": "15400000007"}])
    Contact.objects.filter(name="甲").update(mobile="+8615400000007")
    found = planned([
        {**HUAXIN, "name": "别人", "mobile": "15400000007"},
        {**HUAXIN, "name": "另一个", "code": "P9", "mobile": "15400000001"},
    ])  # fmt: skip
    assert problems(found) == [(2, "mobile", "ambiguous"), (3, "mobile", "taken")]
    assert found.counts.errors == 2
    found = planned([
        {**HUAXIN, "name": "单田芳", "mobile": "15400000001"},
        {**HUAXIN, "name": "重复", "code": "P1"},
    ])  # fmt: skip
    assert problems(found) == [(3, "code", "duplicate")]
    Contact.objects.filter(code="P1").update(deleted_at=timezone.now())
    assert problems(planned([{**HUAXIN, "name": "甲", "code": "P1"}])) == [(2, "code", "binned")]


def test_organizations_by_code_else_by_name(done: Done, planned: Planned, dimension: Node) -> None:
    group = make_organization(dimension, "集团", code="G-1")
    below = make_organization(group, "子公司")
    done([{"organization": "集团改名", "organization_code": "G-1", "name": "甲"}])
    done([{"organization": "子公司", "organization_code": "G-2", "name": "乙"}])
    assert Node.objects.filter(kind=1).count() == 2
    assert Node.objects.get(pk=below.pk).code == "G-2"
    assert AuditEntry.objects.get(action="node.edit").object_id == str(below.pk)
    make_organization(dimension, "重名")
    make_organization(group, "重名")
    assert not planned([{"organization": "重名"}]).problems
    make_organization(group, "二重")
    make_organization(below, "二重")
    found = planned([
        {"organization": "二重"},
        {"organization": "集团", "organization_code": "G-9"},
        {"organization": "集团改名", "organization_code": "G-1"},
        {"organization": "子公司"},
    ])  # fmt: skip
    assert problems(found) == [
        (2, "organization", "ambiguous"), (3, "organization_code", "conflict"),
    ]  # fmt: skip


def test_only_those_who_maintain_the_dimension(planned: Planned) -> None:
    with pytest.raises(Hidden):
        planned([SHAN], by=make_person())
    with pytest.raises(Hidden):
        planned([SHAN], by=make_maintainer(make_dimension()))
    inactive = make_holder()
    inactive.is_active = False
    inactive.save(update_fields=["is_active"])
    with pytest.raises(Hidden):
        planned([SHAN], by=inactive)


def test_a_further_place_asks_for_the_main_dimension(
    done: Done, planned: Planned, dimension: Node
) -> None:
    other = make_dimension("主维度")
    done([{**HUAXIN, "name": "两处", "code": "P5"}], dimension=other, by=make_holder())
    contact = Contact.objects.get(code="P5")
    Membership.objects.create(contact=contact, node=make_organization(dimension, "这里"))
    closure.refresh([contact.pk])
    assert problems(planned([{"organization": "别处", "name": "两处", "code": "P5"}])) == [
        (2, "organization", "main_dimension")
    ]
    # Where he stands already his fields may be changed (matrix row 22).
    assert (
        done([{"organization": "这里", "name": "两处", "code": "P5", "office": "北京"}]).updated
        == 1
    )
    assert AuditEntry.objects.get(action="contact.edit").dimension_id == other.pk


def test_a_right_lost_between_plan_and_writing(planned: Planned, maintainer: User) -> None:
    found = planned([SHAN])
    User.objects.filter(pk=maintainer.pk).update(is_active=False)
    with pytest.raises(Hidden):
        carry_out(found, maintainer)
    assert not Contact.objects.exists()
    assert not Node.objects.filter(kind=1).exists()


def test_a_match_that_appears_after_the_plan_stops_the_import(
    planned: Planned, done: Done, maintainer: User
) -> None:
    found = planned([{**HUAXIN, "name": "甲", "code": "P7"}])
    done([{**HUAXIN, "name": "乙", "code": "P7"}], dimension=make_dimension(), by=make_holder())
    with pytest.raises(apply.ChangedMeanwhile):
        carry_out(found, maintainer)
    assert Contact.objects.get(code="P7").name == "乙"


# --- Bad rows ---------------------------------------------------------------------------------------------------------


def test_every_kind_of_bad_row_is_refused_and_nothing_is_written(
    dimension: Node, maintainer: User, tmp_path: Path
) -> None:
    path = tmp_path / "bad.xlsx"
    bad_rows.compose(path)
    before = directory()
    out = io.StringIO()
    with pytest.raises(CommandError, match=str(len(bad_rows.BAD))):
        call_command(
            "import_directory", str(path), dimension="供应商", by=maintainer.username, stdout=out
        )
    lines = out.getvalue().splitlines()
    reported = [line.split("\t") for line in lines[:-1]]
    assert [
        (int(row), field.rpartition("(")[2].rstrip(")"), kind)
        for row, field, _value, kind, _reason in reported
    ] == list(bad_rows.EXPECTED)
    assert len({(field, kind) for _row, field, kind in bad_rows.EXPECTED}) >= 18
    assert json.loads(lines[-1])["errors"] == len(bad_rows.BAD)
    assert directory() == before


# --- Killed anywhere --------------------------------------------------------------------------------------------------


class Killed(Exception):
    pass


def rows_at_random(rng: random.Random, count: int) -> list[dict[str, str]]:
    """People with a code, a mobile, an address, several or none of them, in some organizations."""
    rows = []
    for number in range(count):
        organization = rng.randint(1, 12)
        row = {
            "organization": f"公司{organization}",
            "organization_code": f"C-{organization}" if organization % 3 else "",
            "department": rng.choice(["", "销售部", "研发/测试"]),
            "name": f"{rng.choice('赵钱孙李单')}{number}",
            "tags": rng.choice(["", "甲", "甲;乙"]),
        }
        for key, value in (
            ("code", f"P-{number}"), ("mobile", f"154{number:08d}"), ("email", f"p{number % 40}@example.com"),
        ):  # fmt: skip
            if rng.random() < 0.5:
                row[key] = value
        rows.append(row)
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_random_and_run_again(
    seed: int, planned: Planned, maintainer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection, transaction

    monkeypatch.setattr(apply, "chunks", lambda rows: chunks(rows, 40))
    rng = random.Random(seed)
    rows = rows_at_random(rng, 150)
    statements = 0

    def counting(execute: Any, *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*arguments)

    with transaction.atomic():
        found = planned(rows)
        with connection.execute_wrapper(counting):
            carry_out(found, maintainer)
        undisturbed = directory()
        transaction.set_rollback(True)
    assert not Contact.objects.exists()

    deadly = 0

    def dying(execute: Any, *arguments: Any) -> Any:
        nonlocal deadly
        deadly -= 1
        if deadly == 0:
            raise Killed
        return execute(*arguments)

    for _ in range(6):
        found = planned(rows)
        deadly = rng.randint(1, statements)
        try:
            with connection.execute_wrapper(dying):
                carry_out(found, maintainer)
        except Killed:
            continue
    carry_out(planned(rows), maintainer)
    assert directory() == undisturbed
    assert planned(rows).empty
    assert not closure.problems()
    assert not tree_check.problems()


# --- Size -------------------------------------------------------------------------------------------------------------


def test_two_thousand_rows_through_the_command(
    dimension: Node, maintainer: User, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    path = tmp_path / "people.xlsx"
    compose_directory.compose(path, organization_count=200, people_count=2000, seed=1, folder=None)
    options = {"dimension": "供应商", "by": maintainer.username}
    first, second = io.StringIO(), io.StringIO()
    with django_assert_max_num_queries(120):
        call_command("import_directory", str(path), **options, stdout=first, stderr=io.StringIO())
    assert json.loads(first.getvalue())["created"] == 2000
    assert Tag.objects.exists()
    before = directory()
    with django_assert_max_num_queries(40):
        call_command("import_directory", str(path), **options, stdout=second, stderr=io.StringIO())
    assert json.loads(second.getvalue())["unchanged"] == 2000
    assert directory() == before
    assert not closure.problems()
