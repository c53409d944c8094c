"""Several organizations at once: the selection, the question, all or none, one audit row each (SPEC ORG-5 to ORG-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.errors import Hidden, Invalid
from core.models import AuditEntry
from orgs import tree_check
from orgs.models import Node, NodeUserGrant
from orgs.services import bulk, nodes
from tests.factories.orgs import (
    let_view,
    make_department,
    make_internal_department,
    make_organization,
    make_person,
)
from tests.orgs.conftest import AS, Directory

HX = {"HX-Request": "true"}


@pytest.fixture
def three(directory: Directory) -> list[Node]:
    return [make_organization(directory.dimension, name) for name in ("海川", "立衡", "明远")]


def address(directory: Directory, query: str = "") -> str:
    return reverse("orgs:node-bulk", args=[directory.dimension.pk]) + query


def send(client: Client, where: str, **data: Any) -> HttpResponse:
    return client.post(where, data, headers=HX)


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("id"))


def test_moving_asks_who_loses_sight_and_moves_all(
    directory: Directory, three: list[Node], as_: AS
) -> None:
    client, ids = as_(directory.maintainer), [node.pk for node in three[:2]]
    let_view(
        make_internal_department("物流部", make_person(), make_person()), directory.organization
    )
    chooser = send(client, address(directory), action="move", ids=ids)
    assert chooser.status_code == 303
    assert reverse("orgs:node-picker") in chooser["Location"]
    back = address(directory, f"?ids={ids[0]},{ids[1]}&action=move")
    asked = send(client, back, node=directory.organization.pk).content.decode()
    assert "将 2 个组织移动到“恒拓精密”下？" in asked
    assert "移动后新增可见：物流部（2 人）；共 2 名员工" in asked
    done = send(client, address(directory), action="move", confirmed="1", ids=ids,
                node=directory.organization.pk)  # fmt: skip
    assert done.status_code == 204
    assert {Node.objects.get(pk=pk).parent_id for pk in ids} == {directory.organization.pk}
    assert [entry.object_label for entry in entries("node.move")] == ["海川", "立衡"]
    assert tree_check.problems() == []


def test_one_that_cannot_go_there_keeps_all_where_they_are(
    directory: Directory, three: list[Node], as_: AS
) -> None:
    make_organization(three[2], "恒拓精密")
    ids = [three[0].pk, directory.organization.pk]
    done = send(as_(directory.maintainer), address(directory), action="move", confirmed="1",
                ids=ids, node=three[2].pk)  # fmt: skip
    assert done.status_code == 422
    assert "“恒拓精密”" in done.content.decode()
    assert Node.objects.get(pk=three[0].pk).parent_id == directory.dimension.pk
    assert not entries("node.move")


def test_what_stands_below_a_chosen_one_goes_along(directory: Directory, three: list[Node]) -> None:
    chosen = [directory.organization.pk, directory.branch.pk]
    assert bulk.move(by=directory.maintainer, node_ids=chosen, parent=three[0]) == 1
    assert Node.objects.get(pk=directory.branch.pk).parent_id == directory.organization.pk


@pytest.mark.parametrize("action", ["enable", "disable", "tag", "untag", "range-add"])
def test_a_foreign_id_in_the_body_changes_nothing(
    directory: Directory, three: list[Node], as_: AS, action: str
) -> None:
    ids = [three[0].pk, directory.foreign.pk]
    sent = send(as_(directory.maintainer), address(directory), action=action, confirmed="1",
                ids=ids, tags="核心", holders=f"p{make_person().pk}")  # fmt: skip
    assert sent.status_code == 404
    assert not AuditEntry.objects.exists()
    with pytest.raises(Hidden):
        bulk.set_enabled(by=directory.maintainer, node_ids=ids, enabled=False)


def test_all_that_match_and_only_those(directory: Directory, three: list[Node], as_: AS) -> None:
    client = as_(directory.maintainer)
    for node in three:
        make_organization(directory.organization, f"{node.name}分公司")
    where = address(directory, "?level=all&q=分公司")
    asked = send(client, where, action="disable", all="1").content.decode()
    assert "停用 4 个组织？" in asked
    assert 'name="n" value="4"' in asked
    make_organization(directory.organization, "后来的分公司")
    changed = {"action": "disable", "all": "1", "n": "4", "confirmed": "1"}
    assert send(client, where, **changed).status_code == 409
    assert send(client, where, **{**changed, "n": "5"}).status_code == 204
    off = set(Node.objects.filter(enabled=False).values_list("name", flat=True))
    assert off == {"海川分公司", "立衡分公司", "明远分公司", "苏州分公司", "后来的分公司"}
    assert len(entries("node.disable")) == 5


def test_tags_are_added_and_removed(directory: Directory, three: list[Node], as_: AS) -> None:
    by, ids = directory.maintainer, [node.pk for node in three]
    nodes.edit(by=by, node=three[0], fields={"tags": ["核心"]})
    send(as_(by), address(directory), action="tag", confirmed="1", ids=ids, tags="核心，华东")
    changes = [(entry.before, entry.after) for entry in entries("node.edit")[1:]]
    assert changes[0] == ({"tags": ["核心"]}, {"tags": ["核心", "华东"]})
    assert len(changes) == 3
    assert bulk.untag(by=by, node_ids=ids, names=["核心"]) == 3
    assert bulk.untag(by=by, node_ids=ids, names=["核心"]) == 0
    empty = send(as_(by), address(directory), action="tag", confirmed="1", ids=ids, tags="，")
    assert empty.status_code == 422
    with pytest.raises(Invalid):
        bulk.tag(by=by, node_ids=ids, names=[f"标签{number}" for number in range(20)])


def test_visible_ranges_are_given_and_taken(
    directory: Directory, three: list[Node], as_: AS
) -> None:
    client, ids = as_(directory.maintainer), [node.pk for node in three]
    reader, team = make_person("韩雪"), make_internal_department("质量组")
    let_view(reader, three[0])
    holders = [f"p{reader.pk}", f"d{team.pk}"]
    asked = send(client, address(directory), action="range-add", ids=ids, holders=holders)
    assert "韩雪、质量组" in asked.content.decode()
    what = {"confirmed": "1", "ids": ids, "holders": holders}
    assert send(client, address(directory), action="range-add", **what).status_code == 204
    given = [entry.after["holder"] for entry in entries("range.add")]
    assert [len(one) for one in given] == [1, 2, 2]
    send(client, address(directory), action="range-remove", **what)
    assert not NodeUserGrant.objects.filter(user=reader).exists()
    assert len(entries("range.remove")) == 3
    own = send(client, address(directory), action="range-add", confirmed="1", ids=ids,
               holders=[f"p{directory.maintainer.pk}"])  # fmt: skip
    assert own.status_code == 403


def test_a_range_kept_by_a_rule_stays(directory: Directory, three: list[Node], as_: AS) -> None:
    reader = make_person("韩雪")
    for node in three[:2]:
        let_view(reader, node)
    NodeUserGrant.objects.filter(content_object=three[1]).update(source="wecom")
    what = {"confirmed": "1", "ids": [node.pk for node in three], "holders": f"p{reader.pk}"}
    sent = send(as_(directory.maintainer), address(directory), action="range-remove", **what)
    assert sent.status_code == 403
    assert "立衡" in sent.content.decode()
    assert NodeUserGrant.objects.filter(user=reader).count() == 2


def test_nothing_chosen_and_unknown_actions(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    assert send(client, address(directory), action="disable").status_code == 422
    assert send(client, address(directory), action="delete", ids="1").status_code == 404
    assert send(client, address(directory), action="tag", ids="x").status_code == 422


def test_lists_sort_and_filter_at_a_constant_cost(
    directory: Directory, three: list[Node], as_: AS
) -> None:
    by, client = directory.maintainer, as_(directory.maintainer)
    nodes.edit(by=by, node=three[1], fields={"tags": ["核心"], "owners": [by], "code": "A-1"})
    where = reverse("orgs:node-organizations", args=[directory.dimension.pk])

    def found(query: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            body = client.get(f"{where}?{query}", headers=HX).content.decode()
        costs.add(len(queries))
        return [part.partition('"')[0] for part in body.split('data-check aria-label="选择 ')[1:]]

    costs: set[int] = set()
    tag_id = Node.objects.get(pk=three[1].pk).organization_detail.tags.get().pk
    assert found("") == found("sort=name")
    assert found("sort=-name") == found("sort=name")[::-1]
    assert found("sort=nonsense") == found("")
    for number in range(40):
        make_department(make_organization(directory.dimension, f"组织{number}"), "部")
    assert found("sort=code")[:2] == ["立衡", "恒拓精密"]
    assert len(costs) == 1
    for query in (f"tag={tag_id}", f"owner={by.pk}", "q=lh", "q=A-1"):
        assert found(query) == ["立衡"], query
    assert found("source=wecom") == found("tag=999999") == []
    assert found("q=利恒") == []
