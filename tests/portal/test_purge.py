"""Done items of other systems are forgotten after a while (SPEC POR-4)."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from pytest_django import Settings

from portal import jobs
from portal.models import PushedTodo, TodoSystem
from tests.factories.contacts import make_contact
from tests.factories.orgs import make_dimension, make_organization

pytestmark = pytest.mark.django_db


def test_what_is_done_for_long_goes_in_batches(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TODO_DAYS = 30
    monkeypatch.setattr(jobs, "BATCH", 2)
    system = TodoSystem.objects.create(name="OA", token_hash="x", hosts=["oa.example"])
    contact = make_contact(make_organization(make_dimension(), "华信"))
    now = timezone.now()
    for number, (done, days) in enumerate([(True, 31)] * 5 + [(True, 29), (False, 400), (True, 0)]):
        row = PushedTodo.objects.create(
            system=system, external_id=f"n{number}", contact=contact, title="x", done=done
        )
        PushedTodo.objects.filter(pk=row.pk).update(updated_at=now - datetime.timedelta(days=days))
    assert jobs.purge_todos() == 5
    assert jobs.purge_todos() == 0
    left = PushedTodo.objects.order_by("pk").values_list("external_id", flat=True)
    assert list(left) == ["n5", "n6", "n7"]
