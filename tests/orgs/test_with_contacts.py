"""What the tree says about the people in it, with the app above in place (SPEC ORG-5, ORG-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session, User
from contacts.models import Contact
from core.errors import Invalid
from core.models import AuditEntry
from orgs import counting, tree_check
from orgs.models import Category, Tag
from orgs.services import nodes
from tests.factories.contacts import make_contact
from tests.factories.orgs import let_view, make_external, make_person
from tests.orgs.conftest import AS, Directory


@pytest.fixture
def contacts(directory: Directory) -> list[Contact]:
    return [make_contact(directory.department, name) for name in ("林晓彤", "赵六")]


def test_contacts_keep_their_node_the_bin_included(
    directory: Directory, contacts: list[Contact]
) -> None:
    Contact.objects.filter(pk=contacts[0].pk).update(deleted_at=timezone.now())
    with pytest.raises(Invalid, match="2"):
        nodes.delete(by=directory.maintainer, node=directory.department)
    assert tree_check.problems() == []


def test_tree_and_preview_count_people(
    directory: Directory, contacts: list[Contact], as_: AS
) -> None:
    client = as_(directory.maintainer)
    page = client.get(reverse("orgs:node", args=[directory.organization.pk])).content.decode()
    assert '<span class="n">2</span>' in page
    viewer = make_person("韩雪")
    let_view(viewer, directory.department)
    why = reverse("orgs:node-why", args=[directory.organization.pk])
    body = client.get(f"{why}?person={viewer.pk}").content.decode()
    assert "韩雪 只能看到“恒拓精密”的一部分" in body
    assert "此人能看到这里和下级的 2 名联系人" in body
    assert body.count(reverse("contacts:console-contact", args=[contacts[0].pk])) == 1
    assert "赵六" in body


def test_search_finds_people_of_what_one_maintains_only(
    directory: Directory, contacts: list[Contact], as_: AS
) -> None:
    make_contact(directory.foreign, "林远东", created_by=directory.maintainer)
    let_view(directory.maintainer, directory.foreign)
    hx = {"HX-Request": "true", "HX-Target": "tree-body"}

    def hits(user: User, q: str) -> str:
        body = as_(user).get(reverse("orgs:search"), {"q": q}, headers=hx).content.decode()
        return body.partition('id="people-hits"')[2]

    for q in ("林晓", "lxt", "linxiaotong"):
        assert "战略供应商 / 恒拓精密 / 采购部" in hits(directory.maintainer, q), q
    assert "<mark>林</mark>远东" in hits(directory.holder, "林")
    assert "远东" not in hits(directory.maintainer, "林")


def test_disabling_says_what_it_touches(
    directory: Directory, contacts: list[Contact], as_: AS
) -> None:
    elsewhere = make_contact(directory.department, "两处", places=[directory.foreign])
    logins = [make_external() for _ in range(3)]
    for contact, login in zip([*contacts, elsewhere], logins, strict=True):
        Contact.objects.filter(pk=contact.pk).update(account="active", user=login)
    as_(logins[0]).get("/")
    as_(logins[2]).get("/")
    address = reverse("orgs:node-disable", args=[directory.organization.pk])
    asked = as_(directory.maintainer).get(address).content.decode()
    numbers = [int(part.partition("<")[0]) for part in asked.split("<dd>")[1:6]]
    # Two organizations, one department, two people who stand nowhere else, their logins, one of them logged in.
    assert numbers == [2, 1, 2, 2, 1]
    assert counting.impact([directory.organization]) == counting.Impact(2, 2, 1, cap=99_999)
    as_(directory.maintainer).post(address)
    assert counting.impact([directory.organization]) == counting.Impact(0, 0, 0, cap=99_999)
    assert not Session.objects.filter(user_id=logins[0].pk).exists()
    assert Session.objects.filter(user_id=logins[2].pk).exists()


@pytest.mark.parametrize("kind", ["category", "tag"])
def test_merging_a_label_follows_organizations_and_contacts(
    directory: Directory, contacts: list[Contact], as_: AS, kind: str
) -> None:
    model: Any = Category if kind == "category" else Tag
    source, target = model.objects.create(name="供货商"), model.objects.create(name="供应商")
    if isinstance(source, Tag):
        nodes.edit(
            by=directory.holder, node=directory.organization, fields={"tags": ["供货商", "供应商"]}
        )
        contacts[0].tags.add(source)
    else:
        nodes.edit(by=directory.holder, node=directory.organization, fields={"category": source})
        Contact.objects.filter(pk=contacts[0].pk).update(category=source)
    client = as_(directory.holder)
    page = client.get(reverse("orgs:categories")).content.decode()
    assert page.count('data-l="联系人">1<') == 1
    address = reverse(f"orgs:{kind}-merge", args=[source.pk])
    assert "供应商" in client.get(address).content.decode()
    assert client.post(address, {"target": source.pk}).status_code == 422
    assert client.post(address, {"target": target.pk}).status_code == 303
    assert not model.objects.filter(name="供货商").exists()
    assert counting.labelled(model) == {target.pk: 1}
    assert target.organizationdetail_set.get().node_id == directory.organization.pk
    entry = AuditEntry.objects.get(action=f"{kind}.merge")
    assert (entry.before["name"], entry.after["name"]) == ("供货商", "供应商")


def test_categories_take_another_place(directory: Directory, as_: AS) -> None:
    first, second, third = (Category.objects.create(name=name) for name in ("甲", "乙", "丙"))
    client = as_(directory.holder)
    for row, way in ((third, "up"), (first, "up"), (third, "down")):
        assert client.post(reverse("orgs:category-shift", args=[row.pk, way])).status_code == 303
    assert list(Category.objects.all()) == [first, second, third]
    client.post(reverse("orgs:category-shift", args=[first.pk, "down"]))
    assert list(Category.objects.all()) == [second, first, third]
    assert client.post(reverse("orgs:category-shift", args=[first.pk, "x"])).status_code == 404
    assert AuditEntry.objects.filter(action="category.reorder").count() == 3
