"""Pages to look at: what stands on them, for whom, with and without htmx, at what cost (SPEC ORG-7, ORG-8)."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from orgs.models import Node
from orgs.services import nodes
from tests.factories.orgs import (
    let_view,
    make_administrator,
    make_department,
    make_external,
    make_organization,
    make_person,
)
from tests.orgs.conftest import AS, Directory

HX = {"HX-Request": "true"}
TABS = ["node", "node-organizations", "node-departments", "node-ranges", "node-history"]


def url(name: str, *args: Any) -> str:
    return reverse(f"orgs:{name}", args=args)


def text(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


# --- Home and switch ------------------------------------------------------------------------------------------------


def test_home_opens_the_first_dimension_one_maintains(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    assert client.get(url("console")).headers["Location"] == url("home")
    assert client.get(url("home")).headers["Location"] == url("node", directory.dimension.pk)


def test_the_switch_goes_where_one_may_go(directory: Directory, as_: AS) -> None:
    address = f"{url('home')}?dimension={directory.other.pk}"
    assert as_(directory.holder).get(address).headers["Location"] == url("node", directory.other.pk)
    assert as_(directory.maintainer).get(address).status_code == 404
    assert as_(directory.maintainer).get(f"{url('home')}?dimension=x").status_code == 302


def test_one_dimension_has_no_switch(directory: Directory, as_: AS) -> None:
    address = url("node", directory.dimension.pk)
    assert 'name="dimension"' not in text(as_(directory.maintainer), address)
    both = text(as_(directory.holder), address)
    assert 'name="dimension"' in both
    assert "渠道伙伴" in both


def test_the_menu_shows_what_one_may_open(directory: Directory, as_: AS) -> None:
    address = url("node", directory.dimension.pk)
    assert url("dimensions") not in text(as_(directory.maintainer), address)
    assert url("settings") not in text(as_(directory.holder), address)
    admin = text(as_(make_administrator()), address)
    assert url("dimensions") in admin
    assert url("settings") in admin


# --- Node pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABS)
@pytest.mark.parametrize("where", ["dimension", "organization", "department"])
def test_every_tab_answers_as_page_and_as_fragment(
    directory: Directory, as_: AS, name: str, where: str
) -> None:
    client, node = as_(directory.maintainer), getattr(directory, where)
    page = client.get(url(name, node.pk))
    fragment = client.get(url(name, node.pk), headers=HX)
    assert page.status_code == fragment.status_code == 200
    assert "<!doctype html>" in page.content.decode()
    assert "<!doctype html>" not in fragment.content.decode()
    assert node.name in fragment.content.decode()
    assert "HX-Request" in fragment.headers["Vary"]
    assert fragment.headers["Cache-Control"] == "no-store"
    restored = client.get(url(name, node.pk), headers={**HX, "HX-History-Restore-Request": "true"})
    assert "<!doctype html>" in restored.content.decode()


@pytest.mark.parametrize("name", TABS)
def test_a_foreign_and_a_missing_node_answer_alike(
    directory: Directory, as_: AS, name: str
) -> None:
    client = as_(directory.maintainer)
    foreign = client.get(url(name, directory.foreign.pk))
    missing = client.get(url(name, 999_999))
    assert foreign.status_code == missing.status_code == 404
    assert plain(foreign, directory.foreign.pk) == plain(missing, 999_999)


def plain(response: Any, number: int) -> str:
    """An answer without tokens and without the number that was asked for."""
    body = re.sub(
        r'(RFToken":|RFToken&quot;:|value=)"?[A-Za-z0-9]{64}"?', "", response.content.decode()
    )
    return body.replace(str(number), "")


def test_staff_and_external_people_find_nothing(directory: Directory, as_: AS) -> None:
    viewer = make_person()
    let_view(viewer, directory.organization)
    for user in (viewer, make_person()):
        assert as_(user).get(url("home")).status_code == 403
        assert as_(user).get(url("node", directory.organization.pk)).status_code == 404
    assert as_(make_external()).get(url("home")).status_code in (302, 404)


def test_names_are_never_markup(directory: Directory, as_: AS) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    node = nodes.create(
        by=directory.holder, parent=directory.organization, kind=1,
        fields={"name": evil, "full_name": evil, "code": "<b>", "tags": ["<i>x"], "remark": evil},
    )  # fmt: skip
    client = as_(directory.holder)
    pages = [url(name, node.pk) for name in TABS]
    pages += [
        url("node-organizations", directory.organization.pk),
        url("node-children", directory.organization.pk),
    ]
    pages += [
        f"{url('search')}?q=<script>",
        f"{url('search')}?q=alert",
        url("node-edit", node.pk),
        url("node-delete", node.pk),
    ]
    pages += [
        f"{url('node-picker')}?kinds=1",
        f"{url('node-picker-results')}?under={directory.organization.pk}&q=alert",
    ]
    for address in pages:
        for headers in ({}, HX):
            body = text(client, address, **headers)
            assert "<script>alert" not in body, address
            assert "<img src=x" not in body, address


def test_a_disabled_node_is_marked(directory: Directory, as_: AS) -> None:
    nodes.set_enabled(by=directory.holder, node=directory.organization, enabled=False)
    body = text(as_(directory.maintainer), url("node", directory.department.pk))
    assert "上级已停用" in body
    assert "已停用" in text(as_(directory.maintainer), url("node", directory.organization.pk))


def test_the_list_below_filters_and_pages(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    for number in range(55):
        make_organization(directory.dimension, f"示例{number:02}")
    address = url("node-organizations", directory.dimension.pk)
    first = text(client, address)
    assert "苏州分公司" not in first.partition('id="node"')[2]
    assert "苏州分公司" in text(client, f"{address}?level=all&q=szfgs").partition('id="node"')[2]
    assert "page=2" in first
    assert "示例54" in text(client, f"{address}?page=2")
    assert "没有符合条件" in text(client, f"{address}?q=不存在")
    assert "示例01" not in text(client, f"{address}?state=disabled").partition('id="node"')[2]
    assert (
        "采购部"
        in text(client, url("node-departments", directory.dimension.pk)).partition('id="node"')[2]
    )


def test_history_shows_before_and_after(directory: Directory, as_: AS) -> None:
    for number in range(55):
        nodes.edit(
            by=directory.holder, node=directory.organization, fields={"remark": f"第{number}次"}
        )
    client = as_(directory.maintainer)
    body = text(client, url("node-history", directory.organization.pk))
    assert "<del>第53次</del>" in body
    assert "<ins>第54次</ins>" in body
    assert "持有乙" in body
    older = body.partition("?before=")[2].partition('"')[0]
    assert "第3次" in text(
        client, f"{url('node-history', directory.organization.pk)}?before={older}"
    )
    assert (
        client.get(f"{url('node-history', directory.organization.pk)}?before=zzz").status_code
        == 200
    )


def test_history_is_narrowed_by_who_what_and_when(directory: Directory, as_: AS) -> None:
    nodes.edit(by=directory.holder, node=directory.organization, fields={"remark": "持有乙写的"})
    nodes.edit(
        by=directory.maintainer, node=directory.organization, fields={"remark": "维护甲写的"}
    )
    nodes.shift(by=directory.maintainer, node=directory.department, step=1)
    nodes.delete(by=directory.maintainer, node=directory.branch)
    client = as_(directory.maintainer)

    def shown(node: Node, query: str) -> str:
        return text(client, f"{url('node-history', node.pk)}?{query}", **HX)

    def found(query: str) -> set[str]:
        body = shown(directory.organization, query)
        return {who for who in ("持有乙", "维护甲") if f"<ins>{who}写的</ins>" in body}

    assert found("") == {"持有乙", "维护甲"}
    assert found("q=持有") == {"持有乙"}
    assert found("what=edit&q=维护") == {"维护甲"}
    assert found("what=move") == set()
    today = timezone.localdate()
    tomorrow = today + datetime.timedelta(days=1)
    assert found(f"since={today}&until={today}") == {"持有乙", "维护甲"}
    assert (
        found(f"since={tomorrow}") == found(f"until={today - datetime.timedelta(days=1)}") == set()
    )
    assert found("since=2026-13-77&what=x&before=y&scope=all") == {"持有乙", "维护甲"}
    assert "苏州分公司" not in shown(directory.dimension, "what=delete")
    assert "苏州分公司" in shown(directory.dimension, "what=delete&scope=all")
    page = text(as_(directory.holder), url("node-history", directory.dimension.pk))
    assert url("dimensions") in page.partition('id="dimension"')[2].partition("</form>")[0]


# --- Tree -----------------------------------------------------------------------------------------------------------


def test_the_tree_opens_the_way_to_the_node(directory: Directory, as_: AS) -> None:
    body = text(as_(directory.maintainer), url("node", directory.department.pk))
    tree = body.partition('role="tree"')[2].partition("</section>")[0]
    assert tree.index("战略供应商") < tree.index("恒拓精密") < tree.index("采购部")
    assert tree.count('aria-current="true"') == 1
    assert "远东贸易" not in body


def test_a_long_level_comes_by_the_hundred(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    for number in range(230):
        make_department(directory.organization, f"部门{number:03}")
    address = url("node-children", directory.organization.pk)
    first = text(client, address)
    assert first.count('role="treeitem"') == 101
    assert f"{address}?after=100" in first
    assert text(client, f"{address}?after=200").count('role="treeitem"') == 32
    last = Node.objects.get(name="部门229")
    page = text(client, url("node", last.pk))
    assert page.count(f'id="tn-{last.pk}"') == 1
    assert "部门150" not in page
    more = f"{address}?after=100&amp;skip={last.pk}"
    assert more in page
    behind = text(client, f"{address}?after=200&skip={last.pk}")
    assert behind.count('role="treeitem"') == 31
    assert "部门229" not in behind


def test_a_long_level_is_narrowed_in_its_place(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    for number in range(105):
        make_department(
            directory.organization, f"车间{number:03}" if number < 103 else f"仓库{number}"
        )
    address = url("node-children", directory.organization.pk)
    assert f'hx-get="{address}"' in text(client, url("node", directory.organization.pk))
    assert 'id="level-q"' not in text(client, url("node", directory.dimension.pk))
    opened = text(client, address, **HX)
    assert 'hx-swap-oob="innerHTML"' in opened
    assert "107 个下级" in opened
    typed = {**HX, "HX-Trigger": "level-q"}
    assert "hx-swap-oob" not in text(client, address, **typed)
    for q, names in {"仓库": 2, "cangku": 2, "ck": 2, "车间10": 3, "昌库": 0}.items():
        found = text(client, f"{address}?q={q}", **typed)
        assert found.count('id="tn-') == names, q
        assert ("没有符合条件" in found) == (names == 0)
    assert f"{address}?after=100&amp;q=chejian" in text(client, f"{address}?q=chejian", **typed)
    assert text(client, f"{address}?q=chejian&after=100", **typed).count('id="tn-') == 3


def test_the_cost_of_a_page_does_not_grow_with_the_tree(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)

    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            text(client, address)
        return len(queries)

    addresses = [url(name, directory.organization.pk) for name in [*TABS, "node-children"]]
    addresses += [
        f"{url('search')}?q=bumen",
        url("node-picker"),
        f"{url('node-picker-results')}?q=bumen",
    ]
    make_department(directory.organization, "部门甲")
    few = {address: cost(address) for address in addresses}
    inner = directory.department
    for number in range(30):
        make_department(directory.organization, f"部门{number}")
        make_organization(directory.organization, f"公司{number}")
        inner = make_department(inner, f"部门内{number}")
    assert {address: cost(address) for address in addresses} == few


# --- Search ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "q",
    ["恒拓", "恆拓", "hengtuo", "htjm", "SUP-0042", "sup-00", "精密", "jingmi", " 恒拓 精密 "[:4]],
)
def test_search_by_name_pinyin_initials_and_code(directory: Directory, as_: AS, q: str) -> None:
    body = text(
        as_(directory.maintainer), f"{url('search')}?q={q}", **HX, **{"HX-Target": "tree-body"}
    )
    assert url("node", directory.organization.pk) in body
    assert "<!doctype html>" not in body


def test_search_finds_nothing_outside(directory: Directory, as_: AS) -> None:
    for q in ("远东", "ydmy", "CH-7", "yuandong"):
        body = text(as_(directory.maintainer), f"{url('search')}?q={q}")
        assert "远东贸易" not in body
        assert url("node", directory.foreign.pk) not in body
    found = text(as_(directory.holder), f"{url('search')}?q=yuandong")
    assert url("node", directory.foreign.pk) in found


def test_homophones_do_not_match_chinese(directory: Directory, as_: AS) -> None:
    make_organization(directory.dimension, "横拖井米")
    body = text(
        as_(directory.maintainer), f"{url('search')}?q=恒拓", **HX, **{"HX-Target": "tree-body"}
    )
    assert "横拖井米" not in body


def test_an_emptied_search_gives_the_tree_back(directory: Directory, as_: AS) -> None:
    address = f"{url('search')}?q=&at={directory.department.pk}"
    body = text(as_(directory.maintainer), address, **HX, **{"HX-Target": "tree-body"})
    assert 'role="tree"' in body
    outside = f"{url('search')}?q=&at={directory.foreign.pk}"
    assert as_(directory.maintainer).get(outside).status_code == 404


@pytest.mark.parametrize("q", ["%", "_", "'", '"', "\\", "a" * 500, "((", "😀"])
def test_strange_queries_are_answered(directory: Directory, as_: AS, q: str) -> None:
    for name in ("search", "node-picker-results"):
        assert as_(directory.holder).get(url(name), {"q": q}).status_code == 200
    assert (
        as_(directory.holder)
        .get(url("node-organizations", directory.dimension.pk), {"q": q})
        .status_code
        == 200
    )


# --- Chooser --------------------------------------------------------------------------------------------------------


def labels(client: Client, **query: Any) -> list[str]:
    body = text(
        client, url("node-picker-results") + "?" + "&".join(f"{k}={v}" for k, v in query.items())
    )
    return [part.partition('"')[0] for part in body.split('data-label="')[1:]]


def test_the_chooser_offers_what_one_maintains(directory: Directory, as_: AS) -> None:
    assert labels(as_(directory.maintainer)) == ["战略供应商"]
    assert labels(as_(directory.maintainer), under=directory.dimension.pk) == ["恒拓精密"]
    assert labels(as_(directory.maintainer), under=directory.other.pk) == []
    assert labels(as_(directory.maintainer), q="yuandong") == []
    assert labels(as_(make_person())) == []


def test_the_chooser_for_new_contacts_follows_ranges_and_the_setting(
    directory: Directory, as_: AS
) -> None:
    viewer = make_person()
    let_view(viewer, directory.organization)
    assert labels(as_(viewer), purpose="create") == ["外部联系人", "恒拓精密"]
    assert set(labels(as_(viewer), purpose="create", under=directory.organization.pk)) == {
        "苏州分公司",
        "采购部",
    }
    nodes.set_enabled(by=directory.holder, node=directory.organization, enabled=False)
    assert labels(as_(viewer), purpose="create") == ["外部联系人"]
    from orgs.services import lists

    lists.edit_settings(
        by=make_administrator(), staff_create_in_builtin=False, default_security_level=0
    )
    assert labels(as_(viewer), purpose="create") == []
    assert labels(as_(make_external_staff_twin()), purpose="create") == []


def make_external_staff_twin() -> Any:
    """A member of staff without anything."""
    return make_person()


def test_a_chooser_never_leads_elsewhere(directory: Directory, as_: AS) -> None:
    body = text(
        as_(directory.holder),
        f"{url('node-picker')}?action=https://evil.example/&name=x y&into=%23a b",
    )
    assert "evil.example" not in body
    assert 'data-name="node"' in body


def test_a_move_is_not_offered_into_itself(directory: Directory, as_: AS) -> None:
    found = labels(as_(directory.holder), without=directory.organization.pk)
    assert "恒拓精密" not in found
    assert found[0] == "战略供应商"
    assert "远东贸易" not in labels(
        as_(directory.maintainer), without=directory.organization.pk, q="yuan"
    )


def test_history_words_are_json_able(directory: Directory) -> None:
    nodes.edit(
        by=directory.holder,
        node=directory.organization,
        fields={"tags": ["a"], "owners": [directory.holder]},
    )
    from core.models import AuditEntry

    entry = AuditEntry.objects.latest("id")
    assert json.dumps(entry.after, ensure_ascii=False)
