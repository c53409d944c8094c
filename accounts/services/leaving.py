"""Disabling a staff member with a hand-over of what hangs on him (SPEC ACC-6)."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import handover, permissions
from accounts.models import User
from accounts.services import access
from core import audit
from core.actors import Actor
from core.errors import Invalid


@transaction.atomic
def leave(*, user: User, by: Actor, successors: Mapping[str, User]) -> User:
    """Disables `user` and gives what hangs on him to others: key of a handover part → who takes it over. What has no
    successor stays with him. All or nothing; what is much is carried on by the worker.

    Administrators only, never oneself (Denied), never the last administrator (Conflict). Raises Invalid(field) for
    somebody who cannot take over, and what the parts raise.
    """
    permissions.require_admin(by)
    permissions.require_other(by, user)
    # In the order of ids, as everywhere.
    ids = sorted({user.pk, *(one.pk for one in successors.values())})
    rows = User.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in rows}
    told = {}
    for part in handover.parts():
        if part.key not in successors:
            continue
        to = locked[successors[part.key].pk]
        _require_able(part.key, user, to)
        count = part.hand_over(user=user, to=to, by=by)
        told[part.key] = f"{to.actor_label}: {count}"
    if told:
        audit.record(action="staff.hand_over", obj=user, by=by, after=told)
    return access.disable(user=user, by=by)


def _require_able(field: str, user: User, to: User) -> None:
    if to.pk == user.pk or to.is_external or not to.is_active:
        raise Invalid(_("Choose another active member of staff"), field=field)
