"""Whether the corp's own departments, staff and rules come along (SPEC WEC-6, WEC-7; matrix row 54)."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Department
from core import audit
from core.actors import Actor
from core.errors import Hidden, Invalid
from wecom_sync.models import Connection, Run
from wecom_sync.permissions import require_connect
from wecom_sync.services import runs


@transaction.atomic
def set_inside(
    *, by: Actor, connection: Connection, sync_staff: bool, staff_under: Department | None, sync_rules: bool
) -> Connection:  # fmt: skip
    """From the next run on; what came along stays when it is switched off. Plans that were made before are outdated.

    Raises Denied, Hidden, Invalid with its field, Conflict while a run writes.
    """
    require_connect(by)
    fresh = Connection.objects.select_for_update(of=("self",)).filter(pk=connection.pk).first()
    if fresh is None:
        raise Hidden(_("There is no such connection."))
    if sync_staff and staff_under is None:
        raise Invalid(
            _("Choose the internal department that stands for the corp"), field="staff_under"
        )
    if sync_rules and not sync_staff:
        raise Invalid(
            _("Rules name staff: let departments and staff come along, too"), field="sync_rules"
        )
    if fresh.runs.filter(status=Run.Status.APPLYING).exists():
        raise runs.under_way()
    given = {"sync_staff": sync_staff, "staff_under": staff_under, "sync_rules": sync_rules}
    before, after = audit.changes({name: getattr(fresh, name) for name in given}, given)
    if after:
        for name, value in given.items():
            setattr(fresh, name, value)
        fresh.save(update_fields=list(given))
        runs.outdate(fresh)
        audit.record(action="wecom.inside", obj=fresh, by=by, before=before, after=after)
    return fresh
