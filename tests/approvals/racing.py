"""Acts begun together in threads that keep their connection, and what must be true of a contact after each race."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from django.db import connection
from django.db.models import QuerySet

from accounts.models import InitialSecret
from approvals import checks
from approvals.models import Application
from contacts.models import Contact
from core.errors import UserError
from core.models import AuditEntry, OutboxEntry

Act = Callable[[], object]
Race = Callable[..., list[object]]
Status = Application.Status
ISSUE = "accounts.issue_credentials"
# What the trail says of an application that is over, and how often.
ENDS = {
    Status.APPROVED: "application.approve", Status.REFUSED: "application.refuse",
    Status.WITHDRAWN: "application.withdraw", Status.LAPSED: "application.lapse",
}  # fmt: skip

# After each of these the decider has to look again, or has nothing left to decide.
CHANGES = [
    f"contact.{what}" for what in ("edit", "move", "disable", "delete", "merge", "merged_away")
]


@contextmanager
def lanes(count: int) -> Iterator[Race]:
    """race(act, …, ahead=s): what each act returned or raised, in order; the first begins `ahead` seconds before the
    others, or after them.
    """
    gate, over = Barrier(count), Barrier(count)

    def run(act: Act, wait: float) -> object:
        gate.wait(30)
        time.sleep(wait)
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - the test wants to see everything
            return error

    def leave() -> None:
        over.wait(30)  # one for each thread
        connection.close()

    with ThreadPoolExecutor(count) as pool:

        def race(*acts: Act, ahead: float = 0.0) -> list[object]:
            waits = [max(0.0, -ahead)] + [max(0.0, ahead)] * (count - 1)
            begun = [pool.submit(run, act, wait) for act, wait in zip(acts, waits, strict=True)]
            return [one.result() for one in begun]

        try:
            yield race
        finally:
            for one in [pool.submit(leave) for _ in range(count)]:
                one.result()


def race(*acts: Act) -> list[object]:
    """What each returned or raised, all begun at the same moment."""
    with lanes(len(acts)) as run:
        return run(*acts)


def unexpected(results: list[object]) -> list[object]:
    """Errors that nobody is meant to read."""
    return [
        found
        for found in results
        if isinstance(found, BaseException) and not isinstance(found, UserError)
    ]


def unsound(contact_ids: list[int], application_ids: list[int]) -> list[str]:
    """What does not fit together of these contacts, which nobody else has to do with, and these applications."""
    found = checks.problems()
    secrets = {
        row.issue_key: row
        for row in InitialSecret.objects.select_related("user").filter(
            user__username__in=_login_names(contact_ids)
        )
    }
    held = {pk for pk in _contacts(contact_ids).values_list("user_id", flat=True) if pk}
    for application in Application.objects.filter(pk__in=application_ids):
        found += _wrong_application(application, secrets.get(application.issue_key), held)
    alive = [row.user_id for row in secrets.values() if row.user.is_active]
    if sorted(alive) != sorted(held):
        found.append(f"open logins {alive}, those of the contacts {held}")
    asked = OutboxEntry.objects.filter(
        task=ISSUE, arguments__user_id__in=[row.user_id for row in secrets.values()]
    )
    keys = [f"accounts.issue:{key}" for key in secrets]
    if sorted(asked.values_list("dedupe_key", flat=True)) != sorted(keys):
        found.append(f"the worker is asked for {list(asked.values_list('dedupe_key'))}, not {keys}")
    trail = _trail("contacts.contact", contact_ids)
    if _approved_unseen(contact_ids, application_ids):
        found.append("approved after a change that the decider had not seen")
    opened, closed = trail["account.open"], trail["account.close"]
    if (opened, closed) != (len(secrets), len(secrets) - len(alive)):
        found.append(f"the trail says {opened} opened, {closed} closed; {len(secrets)} were made")
    return found


def _contacts(contact_ids: list[int]) -> QuerySet[Contact]:
    return Contact.objects.filter(pk__in=contact_ids)


def _login_names(contact_ids: list[int]) -> list[str]:
    """Every login that was ever made for these contacts, as the trail of its opening names it."""
    rows = AuditEntry.objects.filter(
        object_type="contacts.contact", object_id__in=map(str, contact_ids), action="account.open"
    )
    return [after["login_name"] for after in rows.values_list("after", flat=True)]


def _wrong_application(
    application: Application, mine: InitialSecret | None, held: set[int]
) -> list[str]:
    name, found = f"application {application.status}", []
    trail = _trail("approvals.application", [application.pk])
    ends = {action: trail[action] for action in ENDS.values() if trail[action]}
    wanted = {} if application.status == Status.PENDING else {ENDS[Status(application.status)]: 1}
    if ends != wanted:
        found.append(f"{name}: the trail says {ends}")
    told = OutboxEntry.objects.filter(dedupe_key=f"application:{application.pk}:lapsed").count()
    if told != (application.status == Status.LAPSED):
        found.append(f"{name}: the applicant is told {told} times")
    if (mine is not None) != (application.status == Status.APPROVED):
        found.append(f"{name}: credentials {mine}")
    # Whatever came after closed the account that was opened a moment before.
    closed = mine is not None and mine.user_id not in held
    if closed and mine and (mine.user.is_active or mine.revoked_at is None):
        found.append(f"{name}: its login lives beside that of the contact")
    return found


def _approved_unseen(contact_ids: list[int], application_ids: list[int]) -> bool:
    """Whoever changes or decides holds the contact, so that the trail is in their order."""
    rows = AuditEntry.objects.filter(object_id__in=map(str, application_ids))
    approved = rows.filter(action=ENDS[Status.APPROVED]).values_list("id", flat=True).first()
    rows = AuditEntry.objects.filter(object_id__in=map(str, contact_ids), action__in=CHANGES)
    changed = rows.order_by("id").values_list("id", flat=True).first()
    return bool(approved and changed and changed < approved)


def _trail(kind: str, ids: list[int]) -> Counter[str]:
    rows = AuditEntry.objects.filter(object_type=kind, object_id__in=map(str, ids))
    return Counter(rows.values_list("action", flat=True))
