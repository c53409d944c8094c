"""Items that other systems put into 个人待办 (SPEC POR-4).

They have no audit rows: an item is itself the record of which system said what and when, nobody else changes it, and
the trail of the directory must not grow with every task of another system.
"""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from contacts.accounts_hooks import usable_identities
from contacts.models import Contact
from core.errors import Hidden, Invalid, Throttled
from portal.models import PushedTodo, TodoSystem
from portal.services.systems import hashed
from portal.todo_input import Given

RATE: Final = 600  # calls a minute of one token
OPEN_LIMIT: Final = 200  # open items of one system for one person
# One statement finds the token and counts the call, in PostgreSQL: it works the same with Redis away (SECURITY T43).
ENTER: Final = """
UPDATE portal_todosystem AS s SET
    calls = CASE WHEN t.over THEN 1 ELSE least(s.calls, %(rate)s) + 1 END,
    window_started_at = CASE WHEN t.over THEN clock_timestamp() ELSE s.window_started_at END
FROM (SELECT o.id, o.window_started_at <= clock_timestamp() - interval '1 minute' AS over
      FROM portal_todosystem o WHERE o.token_hash = %(hash)s AND o.enabled FOR UPDATE) AS t
WHERE s.id = t.id
RETURNING s.id, s.calls,
          ceil(extract(epoch FROM s.window_started_at + interval '1 minute' - clock_timestamp()))::int
"""


def enter(token: str) -> TodoSystem | None:
    """The enabled system of a token, with this call counted; None for any other. Raises Throttled."""
    with connection.cursor() as cursor:
        cursor.execute(ENTER, {"hash": hashed(token), "rate": RATE})
        row = cursor.fetchone()
    if row is None:
        return None
    pk, calls, left = row
    if calls > RATE:
        raise Throttled(_("Too many calls; wait a little."), retry_after=max(left, 1))
    system: TodoSystem = TodoSystem.objects.get(pk=pk)
    return system


@transaction.atomic
def put(*, system: TodoSystem, external_id: str, given: Given) -> tuple[PushedTodo, bool]:
    """The item as it was given, and whether it is new; the same twice is the same once.

    Raises Invalid for a person who is not there or has no usable account (the answer does not tell which), and where
    somebody has too many open ones of this system.
    """
    contact = _addressed(given)
    values = {
        "contact": contact, "title": given.title, "link": given.link, "due": given.due, "done": given.done,
    }  # fmt: skip
    others = PushedTodo.objects.filter(system=system, contact=contact, done=False)
    if (
        not given.done
        and others.exclude(external_id=external_id)[:OPEN_LIMIT].count() >= OPEN_LIMIT
    ):
        raise Invalid(
            _("This person has 200 open items of this system. Finish some first."), code="too_many"
        )
    return PushedTodo.objects.update_or_create(
        system=system, external_id=external_id, defaults=values
    )


def _addressed(given: Given) -> Contact:
    rows = usable_identities()
    rows = (
        rows.filter(pk=given.contact_id)
        if given.contact_id
        else rows.filter(code=given.contact_code)
    )
    contact: Contact | None = rows.first()
    if contact is None:
        message = _("There is nobody with a usable account under this id or code.")
        raise Invalid(
            message, field="contact_id" if given.contact_id else "contact_code", code="no_person"
        )
    return contact


def found(*, system: TodoSystem, external_id: str) -> PushedTodo:
    """An item of this very system; raises Hidden."""
    item: PushedTodo | None = PushedTodo.objects.filter(
        system=system, external_id=external_id
    ).first()
    if item is None:
        raise Hidden(_("This system has no such item."))
    return item


def finish(*, system: TodoSystem, external_id: str) -> PushedTodo:
    """Marks an item as done; a second time changes nothing. Raises Hidden."""
    item = found(system=system, external_id=external_id)
    if not item.done:
        item.done = True
        item.save(update_fields=["done", "updated_at"])
    return item


def take_back(*, system: TodoSystem, external_id: str) -> None:
    """Deletes an item; raises Hidden."""
    found(system=system, external_id=external_id).delete()


def follow_merge(*, contact_id: int, into: int) -> None:
    """Items of a merged contact are those of the one that remains."""
    PushedTodo.objects.filter(contact_id=contact_id).update(contact_id=into)
