"""Merging while somebody else merges the other way round, decides or edits (T31, T34)."""

import pytest

from approvals import checks
from approvals import services as approvals
from contacts import closure
from contacts.models import Contact, ContactMerge
from contacts.services import people
from contacts.services.merge import merge
from core.errors import UserError
from tests.contacts.test_threads import at_once
from tests.factories import orgs as org
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db(transaction=True)


def test_crosswise() -> None:
    one, two = org.make_dimension("甲"), org.make_dimension("乙")
    a, b = make_contact(one, "单晓彤"), make_contact(two, "单小彤")
    by = [org.make_maintainer(one, two) for _ in range(4)]
    pairs = [(a, b), (b, a), (a, b), (b, a)]
    done = at_once(
        *[
            lambda who=who, pair=pair: merge(by=who, contact=pair[0], other=pair[1], picks={})
            for who, pair in zip(by, pairs, strict=True)
        ]
    )
    assert [type(one) for one in done].count(Contact) == 1
    assert sum(isinstance(one, UserError) for one in done) == 3
    assert Contact.objects.alive().count() == 1
    assert ContactMerge.objects.count() == 1
    assert closure.problems() == []


@pytest.mark.parametrize("turn", range(3))
def test_deciding_and_editing_meanwhile(turn) -> None:
    node = org.make_dimension()
    mine, other = make_contact(node), make_contact(node, created_by=org.make_person())
    by, decider = org.make_maintainer(node), org.make_holder()
    application = make_application(other)
    version = other.version
    merged, decided, _edited = at_once(
        lambda: merge(by=by, contact=mine, other=other, picks={}),
        lambda: approvals.decide(
            application_id=application.pk, approve=True, version=version, by=decider
        ),
        lambda: people.edit(by=by, contact=other, fields={"office": f"{turn}"}),
    )
    assert isinstance(merged, Contact)
    application.refresh_from_db()
    mine.refresh_from_db()
    assert application.contact_id == mine.pk
    if isinstance(decided, UserError):
        assert (decided.status, application.status, mine.account) == (409, "lapsed", "none")
    else:
        assert (application.status, mine.account) == ("approved", "opening")
    assert checks.problems() == []
    assert closure.problems() == []
