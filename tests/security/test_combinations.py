"""People who are two things at once; single roles hide these bugs (SECURITY part 3, "Test combinations too")."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Department, User
from accounts.services import access, departments
from approvals import selectors
from approvals.models import Application
from contacts.models import Contact
from core.actors import SystemActor
from orgs.models import Node
from tests.factories.accounts import PASSWORD, DepartmentFactory, HolderFactory, StaffFactory
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact
from tests.factories.orgs import let_maintain, let_view
from tests.matrix.world import Matrix, login

pytestmark = pytest.mark.django_db
BY = SystemActor("tests")


def as_(person: User) -> Client:
    return login(Client(raise_request_exception=False), person)


def sent(client: Client, name: str, /, *args: Any, **data: Any) -> int:
    """The status of a form's answer."""
    return int(client.post(reverse(name, args=args), data).status_code)


def got(client: Client, name: str, /, *args: Any, **query: Any) -> HttpResponse:
    response: HttpResponse = client.get(reverse(name, args=args), query)
    return response


def words(response: HttpResponse) -> str:
    """What a person reads, highlighting left out."""
    return re.sub(r"<[^>]*>", "", response.content.decode())


def person(matrix: Matrix, role: str) -> User:
    found = matrix.people[role]
    assert found is not None
    return found


def node(matrix: Matrix, kind: str, side: str = "inside") -> Node:
    return Node.objects.get(pk=getattr(matrix, side)[kind]["SA"])


@pytest.fixture(autouse=True)
def _undone(matrix: Matrix) -> Any:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_a_maintainer_with_a_visible_range_elsewhere_does_not_maintain_there(
    matrix: Matrix,
) -> None:
    """He sees the other dimension's people as plain staff do."""
    maintainer, other = person(matrix, "DM"), matrix.outside["contact"]["SA"]
    let_view(maintainer, node(matrix, "organization", "outside"))
    client = as_(maintainer)
    assert got(client, "contacts:contact", other).status_code == 302
    assert sent(client, "contacts:edit", other, name="改") == 403
    assert sent(client, "contacts:reveal", other, "mobile") == 403
    for name in ("disable", "delete", "account-open", "move"):
        assert sent(client, f"contacts:{name}", other) == 404
    assert got(client, "contacts:console-contact", other).status_code == 404
    for name in ("orgs:node", "orgs:node-ranges", "orgs:node-edit", "contacts:console-list"):
        assert got(client, name, matrix.outside["organization"]["SA"]).status_code == 404
    assert sent(client, "contacts:import-new", dimension=matrix.outside["dimension"]["SA"]) == 404
    assert (
        sent(
            client, "approvals:decide", matrix.outside["application"]["SA"], approve="1", version=1
        )
        == 404
    )


def test_pulling_and_pushing_across_dimensions_is_for_those_who_maintain_both(
    matrix: Matrix,
) -> None:
    """Not even a maintainer of both moves a branch across: holders and administrators do (matrix row 14; T20)."""
    own, other = node(matrix, "empty_department"), node(matrix, "organization", "outside")
    foreign = matrix.outside["empty_department"]["SA"]
    client = as_(person(matrix, "DM"))
    assert sent(client, "orgs:node-move", own.pk, parent=other.pk, confirmed="1") == 404
    assert (
        sent(
            client,
            "orgs:node-move",
            foreign,
            parent=matrix.inside["organization"]["SA"],
            confirmed="1",
        )
        == 404
    )
    let_maintain(person(matrix, "DM"), node(matrix, "dimension", "outside"))
    assert sent(client, "orgs:node-move", own.pk, parent=other.pk, confirmed="1") in (403, 422)
    assert Node.objects.get(pk=own.pk).dimension_id == own.dimension_id
    assert (
        sent(as_(person(matrix, "GM")), "orgs:node-move", own.pk, parent=other.pk, confirmed="1")
        == 303
    )


def test_a_holder_does_not_decide_the_application_he_made_before(matrix: Matrix) -> None:
    applicant = person(matrix, "CR")
    application = matrix.inside["application"]["CR"]
    User.objects.filter(pk=applicant.pk).update(is_holder=True)
    client, version = as_(User.objects.get(pk=applicant.pk)), matrix.inside["version"]["CR"]
    assert sent(client, "approvals:decide", application, approve="1", version=version) == 403
    line = matrix.inside["application_line"]["CR"]
    sent(client, "approvals:bulk", action="approve", ids=line, confirmed="1")
    assert Application.objects.get(pk=application).status == "pending"
    assert (
        sent(as_(HolderFactory()), "approvals:decide", application, approve="1", version=version)
        == 303
    )


def test_an_administrator_does_not_decide_his_own_either(matrix: Matrix) -> None:
    applicant = StaffFactory()
    contact = make_contact(node(matrix, "department"), created_by=applicant)
    application = make_application(contact, applicant)
    User.objects.filter(pk=applicant.pk).update(is_superuser=True)
    client = as_(User.objects.get(pk=applicant.pk))
    assert (
        sent(client, "approvals:decide", application.pk, approve="1", version=contact.version)
        == 403
    )
    # Opening directly is his right; the application lapses.
    assert sent(client, "contacts:account-open", contact.pk, way="random") == 303
    application.refresh_from_db()
    assert application.status == "lapsed"


def test_a_department_that_is_taken_away_takes_its_people_out_of_sight_at_once(
    matrix: Matrix,
) -> None:
    """Mid-session, with the next request: card, list, count, search, tree (SPEC VIS-5; T12)."""
    member = StaffFactory()
    outer: Department = DepartmentFactory(name="上级部门")
    inner: Department = DepartmentFactory(name="下级部门", parent=outer)
    departments.add_member(department=inner, user=member, by=BY)
    let_view(outer, node(matrix, "organization"))
    contact = make_contact(node(matrix, "department"), "欧阳可见")
    client = as_(member)
    assert got(client, "contacts:contact", contact.pk).status_code == 302
    assert "欧阳可见" in words(got(client, "contacts:index", q="欧阳可"))
    departments.remove_member(department=inner, user=member, by=BY)
    assert got(client, "contacts:contact", contact.pk).status_code == 404
    assert got(client, "contacts:node", contact.main_node_id).status_code == 404
    for query in ({}, {"q": "ouyangkejian"}, {"q": "oykj"}):
        assert "欧阳可见" not in words(got(client, "contacts:index", **query))
    assert "组织A" not in words(got(client, "contacts:index"))


def test_one_human_inside_and_outside_has_two_logins_that_know_nothing_of_each_other(
    matrix: Matrix,
) -> None:
    """Same name, number and address: each session has its own side's rights and nothing of the other's (T27, T71)."""
    staff, external = person(matrix, "CR"), person(matrix, "EC")
    same = {"name": "同一个人", "mobile": "+8613911112222", "email": "same@example.com"}
    User.objects.filter(pk__in=[staff.pk, external.pk]).update(**same)
    Contact.objects.filter(user=external).update(**same)
    inside, outside = as_(staff), as_(external)
    assert got(inside, "portal:home").status_code == 403
    assert got(outside, "portal:home").status_code == 200
    for name in ("contacts:index", "orgs:home", "approvals:mine", "im:index", "accounts:picker"):
        assert got(outside, name).status_code == 404
    identity = matrix.identities["EC"]
    assert got(inside, "contacts:contact", identity).status_code == 404
    access.disable(user=external, by=BY)
    assert got(inside, "contacts:index").status_code == 200
    assert got(outside, "portal:home").status_code == 302


def test_the_beneficiary_is_no_decider(matrix: Matrix) -> None:
    """A login that the account is for never decides, whatever rights it holds (SECURITY T32)."""
    holder = HolderFactory()
    application = Application.objects.get(pk=matrix.inside["application"]["SA"])
    Contact.objects.filter(pk=application.contact_id).update(user=holder, account="opening")
    status = sent(
        as_(holder),
        "approvals:decide",
        application.pk,
        approve="1",
        version=matrix.inside["version"]["SA"],
    )
    assert status == 403
    assert Application.objects.get(pk=application.pk).status == "pending"


def test_a_disabled_maintainer_leaves_a_dimension_that_others_still_decide_for(
    matrix: Matrix,
) -> None:
    """The last seat is held by somebody who is disabled: holders are asked, then administrators; he can do nothing."""
    maintainer, application = (
        person(matrix, "DM"),
        Application.objects.get(pk=matrix.inside["application"]["SA"]),
    )
    client = as_(maintainer)
    asked = {"contact_id": application.contact_id, "applicant_id": application.applicant_id}
    assert maintainer.has_perm("orgs.maintain_node", node(matrix, "dimension"))
    assert maintainer in selectors.asked(**asked)
    assert sent(as_(person(matrix, "SA")), "accounts:staff-act", maintainer.pk, "disable") == 303
    assert maintainer not in selectors.asked(**asked)
    assert person(matrix, "GM") in selectors.asked(**asked)
    assert sent(client, "approvals:decide", application.pk, approve="1", version=1) == 302
    gone = User.objects.get(pk=maintainer.pk)
    assert not gone.has_perm("orgs.maintain_node", node(matrix, "dimension"))
    refused = Client().post(
        reverse("accounts:login"), {"username": maintainer.username, "password": PASSWORD}
    )
    assert refused.status_code == 422
    User.objects.filter(is_holder=True).update(is_active=False)
    assert person(matrix, "SA") in selectors.asked(**asked)


def test_a_contact_in_two_dimensions_belongs_to_the_maintainers_of_the_main_one(
    matrix: Matrix,
) -> None:
    """Those of the further dimension see, edit and decide; the rest asks for the main one."""
    second = StaffFactory()
    let_maintain(second, node(matrix, "dimension", "outside"))
    applicant = person(matrix, "CR")
    contact = make_contact(
        node(matrix, "department"),
        places=[node(matrix, "department", "outside")],
        created_by=applicant,
    )
    application = make_application(contact, applicant)
    client = as_(second)
    assert got(client, "contacts:contact", contact.pk).status_code == 302
    assert sent(client, "contacts:edit", contact.pk, name="两处的人") in (200, 303)
    assert sent(client, "contacts:reveal", contact.pk, "mobile") == 200
    for name in (
        "contacts:disable",
        "contacts:delete",
        "contacts:account-open",
        "contacts:console-delete",
    ):
        assert sent(client, name, contact.pk) == 403
    target = node(matrix, "organization", "outside")
    assert sent(client, "contacts:move", contact.pk, node=target.pk) == 403
    assert sent(client, "contacts:membership-remove", contact.pk, contact.main_node_id) in (
        403,
        404,
        409,
        422,
    )
    contact.refresh_from_db()
    assert contact.enabled
    assert contact.deleted_at is None
    assert contact.main_node_id == matrix.inside["department"]["SA"]
    version = contact.version
    assert (
        sent(
            client,
            "approvals:decide",
            application.pk,
            approve="0",
            reason="资料不全",
            version=version,
        )
        == 303
    )


@pytest.mark.parametrize("action", ["tag", "disable", "share", "move"])
def test_a_selection_with_one_foreign_contact_does_nothing_at_all(
    action: str, matrix: Matrix
) -> None:
    """All of them or none (matrix row 25; T05)."""
    own, foreign = matrix.inside["contact"]["DM"], matrix.outside["contact"]["SA"]
    data = {
        "action": action, "ids": [str(own), str(foreign)], "confirmed": "1", "tags": "整批", "level": "view",
        "holders": matrix.inside["staff_choice"]["SA"], "node": matrix.inside["organization"]["SA"],
    }  # fmt: skip
    before = _state(own, foreign)
    status = sent(
        as_(person(matrix, "DM")), "contacts:console-bulk", matrix.inside["node"]["DM"], **data
    )
    assert status in (403, 404, 422)
    assert _state(own, foreign) == before
    alone = data | {"ids": [str(own)]}
    assert (
        sent(
            as_(person(matrix, "DM")), "contacts:console-bulk", matrix.inside["node"]["DM"], **alone
        )
        == 303
    )
    assert _state(own, foreign) != before


def _state(*ids: int) -> list[Any]:
    rows = Contact.objects.filter(pk__in=ids).order_by("pk")
    return [
        (
            row.enabled,
            row.main_node_id,
            sorted(row.tags.values_list("name", flat=True)),
            _shares(row),
        )
        for row in rows
    ]


def _shares(contact: Contact) -> int:
    return int(contact.contactusergrant_set.count())


def test_nobody_gives_rights_to_himself_or_beyond_his_own(matrix: Matrix) -> None:
    """T25, T29: a creator does not share with himself, a maintainer appoints nobody, a holder makes no holder."""
    creator, maintainer, holder = (person(matrix, role) for role in ("CR", "DM", "GM"))
    own = matrix.inside["contact"]["CR"]
    assert sent(as_(creator), "contacts:share-add", own, "edit", people=f"p{creator.pk}") == 403
    external = matrix.inside["external_user"]["SA"]
    assert sent(as_(creator), "contacts:share-add", own, "edit", people=f"p{external}") in (
        404,
        422,
    )
    dimension = matrix.inside["dimension"]["DM"]
    assert (
        sent(
            as_(maintainer),
            "orgs:node-grant",
            dimension,
            "maintainer",
            holders=matrix.inside["staff_choice"]["DM"],
        )
        == 403
    )
    assert (
        sent(as_(holder), "accounts:staff-act", matrix.inside["staff"]["GM"], "holder-grant") == 403
    )
    assert sent(
        as_(person(matrix, "SA")), "accounts:staff-act", person(matrix, "SA").pk, "disable"
    ) in (403, 409, 422)
    assert person(matrix, "SA").is_active
