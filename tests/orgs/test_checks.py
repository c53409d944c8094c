"""Each damage to rights or audit trail is found; the command names it and exits with 1 (invariants I1, I5, I6)."""

from __future__ import annotations

import datetime
import io

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from core import audit
from core.models import AuditEntry, AuditHead
from orgs import rights_check
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, NodeVisibleStaff
from tests.factories.orgs import (
    let_maintain,
    let_view,
    make_dimension,
    make_external,
    make_internal_department,
    make_organization,
    make_person,
)

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("check_invariants", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def fails(*arguments: str) -> str:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("check_invariants", *arguments, stdout=out, stderr=err)
    assert error.value.returncode == 1
    return err.getvalue()


@pytest.fixture
def dimension() -> Node:
    dimension = make_dimension()
    let_maintain(make_person(), dimension)
    let_view(make_internal_department("采购中心", make_person()), make_organization(dimension))
    return dimension


def permission(codename: str) -> Permission:
    return Permission.objects.get(codename=codename, content_type__model="node")


def external_with_range(dimension: Node) -> None:
    let_view(make_external(), dimension)


def external_as_visible_staff(dimension: Node) -> None:
    NodeVisibleStaff.objects.create(node=dimension, user=make_external())


def maintained_organization(dimension: Node) -> None:
    NodeUserGrant.objects.create(
        user=make_person(),
        permission=permission("maintain_node"),
        content_object=make_organization(dimension),
    )


def foreign_permission(dimension: Node) -> None:
    other = Permission.objects.exclude(content_type__model="node").first()
    NodeUserGrant.objects.bulk_create(
        [NodeUserGrant(user=make_person(), permission=other, content_object=dimension)]
    )


def plain_group(dimension: Node) -> None:
    NodeGroupGrant.objects.create(
        group=Group.objects.create(name="x"),
        permission=permission("view_node"),
        content_object=dimension,
    )


def right_without_object(dimension: Node) -> None:
    make_person().user_permissions.add(permission("view_node"))


@pytest.mark.parametrize(
    "damage",
    [
        external_with_range,
        external_as_visible_staff,
        maintained_organization,
        foreign_permission,
        plain_group,
        right_without_object,
    ],
)
def test_a_stray_right_is_found_and_taken_away(dimension: Node, damage: object) -> None:
    assert rights_check.problems() == []
    damage(dimension)  # type: ignore[operator]
    assert fails("--only", "rights").startswith("rights: ")
    out, err = run("--only", "rights", "--repair")
    assert "1 rows mended" in out
    assert err == ""
    assert NodeUserGrant.objects.count() == 1
    assert NodeGroupGrant.objects.count() == 1


def test_all_checks_pass_on_a_sound_world(dimension: Node) -> None:
    out, err = run("--only", "tree,rights,audit")
    assert out.count(": ok") == 3
    assert err == ""


def test_tree_damage_is_named_and_mended(dimension: Node) -> None:
    Node.objects.filter(pk=dimension.pk).update(path="9.9.")
    assert f"node {dimension.pk} has a wrong path" in fails("--only", "tree")
    run("--only", "tree", "--repair")


def test_an_unknown_check_stops() -> None:
    with pytest.raises(CommandError, match="known are tree"):
        call_command("check_invariants", "--only", "weather")


@pytest.fixture
def trail() -> list[AuditEntry]:
    dimension, person = make_dimension(), make_person()
    with transaction.atomic():
        for number in range(5):
            audit.record(action="node.edit", obj=dimension, by=person, after={"order": number})
    assert audit.seal() >= 5
    return list(AuditEntry.objects.order_by("seq"))


def test_a_whole_trail_verifies(trail: list[AuditEntry]) -> None:
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert f"{len(trail)} rows, 0 not sealed" in out.getvalue()


@pytest.mark.parametrize("column", ["action", "actor_label", "object_label", "after", "ip"])
def test_an_altered_row_is_named(trail: list[AuditEntry], column: str) -> None:
    value = {"order": 99} if column == "after" else "forged"
    AuditEntry.objects.filter(pk=trail[2].pk).update(**{column: value})
    with pytest.raises(CommandError, match=f"row id {trail[2].pk} .*was altered"):
        call_command("verify_audit")
    assert f"row id {trail[2].pk}" in fails("--only", "audit")


def test_a_missing_row_is_named(trail: list[AuditEntry]) -> None:
    AuditEntry.objects.filter(pk=trail[1].pk).delete()
    with pytest.raises(CommandError, match="seq 2 is missing"):
        call_command("verify_audit")


def test_rows_cut_off_the_end_are_missed(trail: list[AuditEntry]) -> None:
    AuditEntry.objects.filter(pk__in=[trail[-1].pk, trail[-2].pk]).delete()
    with pytest.raises(CommandError, match="missing"):
        call_command("verify_audit")


def test_a_rechained_forgery_is_found_by_the_head(trail: list[AuditEntry]) -> None:
    AuditEntry.objects.all().update(seq=None, hash="", previous_hash="")
    AuditEntry.objects.filter(pk=trail[0].pk).delete()
    head = AuditHead.objects.get()
    AuditHead.objects.update(seq=0, hash="0" * 64)
    audit.seal()
    AuditHead.objects.update(seq=head.seq, hash=head.hash)
    with pytest.raises(CommandError):
        call_command("verify_audit")


def test_rows_that_wait_too_long_raise_an_alarm(trail: list[AuditEntry]) -> None:
    with transaction.atomic():
        audit.record(action="node.edit", obj=make_dimension(), by=make_person())
    assert run("--only", "audit")[1] == ""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_auditentry SET at = %s WHERE seq IS NULL",
            [timezone.now() - datetime.timedelta(minutes=3)],
        )
    assert "wait for the sealer" in fails("--only", "audit")
