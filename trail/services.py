"""Asking for a walk over the chain, and noting an export (SPEC OPS-3; matrix row 57)."""

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit, outbox
from core.errors import Conflict
from trail import permissions, selectors
from trail.models import AuditCheck
from trail.selectors import Asked

CHECK_LOCK = 72_031


@transaction.atomic
def check(*, by: User) -> AuditCheck:
    """Has the worker walk over the chain. Raises Denied for all but administrators, Conflict while one is under way."""
    permissions.require_administrator(by)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHECK_LOCK])
    if selectors.check_under_way():
        raise Conflict(_("The check is under way already."))
    row = AuditCheck.objects.create(asked_by=by.name)
    audit.record(action="audit.check", obj=row, by=by, label=str(_("Audit trail")))
    outbox.enqueue(task="trail.verify", dedupe_key=f"audit-check:{row.pk}", check_id=row.pk)
    return row


@transaction.atomic
def note_export(*, by: User, asked: Asked, format_: str, count: int) -> None:
    """Writes down that rows leave: how many and which. Raises Denied for all but administrators as they are now."""
    fresh = User.objects.get(pk=by.pk)
    permissions.require_administrator(fresh)
    after = {"format": format_, "count": count, "filters": asked.query()}
    audit.record(action="audit.export", obj=fresh, by=fresh, after=after)
