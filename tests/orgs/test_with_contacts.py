"""What the tree says about the people in it, with the app above in place (SPEC ORG-5, ORG-9)."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts import closure
from contacts.models import Contact
from core.errors import Invalid
from orgs import tree_check
from orgs.services import nodes
from tests.factories.orgs import let_view, make_person
from tests.matrix.world import make_contact
from tests.orgs.conftest import AS, Directory


@pytest.fixture
def contacts(directory: Directory) -> list[Contact]:
    made = [make_contact(name, directory.department) for name in ("林晓彤", "赵六")]
    closure.refresh([contact.pk for contact in made])
    return made


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
