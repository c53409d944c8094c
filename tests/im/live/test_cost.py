"""What one message costs, asked of the real directory through everything that stands before the view."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from im import services
from im.models import Conversation
from im.services import groups
from tests.factories.accounts import AdminFactory, StaffFactory
from tests.im.live.people import ask_the_directory, outside, party

pytestmark = pytest.mark.django_db


def talks() -> dict[str, tuple[User, Conversation]]:
    """Who writes, and where."""
    admin, colleague, third = AdminFactory(), StaffFactory(), StaffFactory()
    guest = outside(sees=(admin,))
    direct = services.open_direct(by=admin, other=party(colleague))
    abroad = services.open_direct(by=admin, other=party(guest))
    crowd = [party(StaffFactory()) for _ in range(20)]
    inside = groups.create(by=admin, others=crowd, client_id="group-0001", title="群")
    mixed = [party(one) for one in (colleague, third, guest)]
    shared = groups.create(by=admin, others=mixed, client_id="group-0002", title="群")
    return {
        "to a colleague": (admin, direct), "to an external person": (admin, abroad),
        "from an external person": (guest, abroad), "in a group": (admin, inside),
        "in a group with an external person": (admin, shared), "from him": (guest, shared),
    }  # fmt: skip


ALLOWED = {
    "to a colleague": 12, "to an external person": 15, "from an external person": 17, "in a group": 11,
    "in a group with an external person": 15, "from him": 21,
}  # fmt: skip


def test_queries_of_a_message(settings: Settings) -> None:
    ask_the_directory(settings)
    cost = {}
    for name, (by, talk) in talks().items():
        client = Client(headers={"HX-Request": "true"})
        client.force_login(by, backend="accounts.backends.LoginBackend")
        place = "/portal" if by.is_external else ""
        for number in range(2):  # the first one fills what is kept by the process
            said = {"body": "你好", "client_id": f"{by.pk}-client-{number}", "after": talk.last_seq}
            with CaptureQueriesContext(connection) as asked:
                answer = client.post(f"{place}/messages/{talk.pk}/send/", said)
            assert answer.status_code == 200, name
        kept = [one["sql"] for one in asked if "SAVEPOINT" not in one["sql"]]
        cost[name] = len(kept)
    assert not {name: number for name, number in cost.items() if number > ALLOWED[name]}
