"""Beginning and ending a look at the address book as somebody else (SPEC VIS-3); both are in that person's history."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.models import ViewAs
from core import audit
from core.actors import Actor
from core.errors import Denied, Invalid
from orgs.permissions import scope_for

LASTS = datetime.timedelta(minutes=15)


@transaction.atomic
def start(*, by: User, target: User) -> ViewAs:
    """Begins a view; one that is still open ends. What it shows is decided anew with each request.

    Raises Denied unless `by` maintains something, Invalid for oneself and for anybody but active staff.
    """
    User.objects.select_for_update().get(pk=by.pk)
    if not scope_for(by).maintains_any:
        raise Denied(_("Only those who maintain external contacts can view as somebody else."))
    if target.pk == by.pk:
        raise Invalid(_("Choose somebody other than yourself"), field="person")
    fresh = User.objects.active().staff().filter(pk=target.pk).first()
    if fresh is None:
        raise Invalid(_("This person is disabled; choose another one"), field="person")
    for row in ViewAs.objects.filter(by=by, ended_at=None).select_related("target"):
        end(by=by, view=row, reason="replaced")
    view = ViewAs.objects.create(by=by, target=fresh, until=timezone.now() + LASTS)
    audit.record(action="view_as.start", obj=fresh, by=by, after={"until": view.until})
    return view


@transaction.atomic
def end(*, by: Actor, view: ViewAs, reason: str) -> bool:
    """Ends a view once; False when it had ended before. `reason`: button, logout, replaced, time or right."""
    ended = ViewAs.objects.filter(pk=view.pk, ended_at=None).update(ended_at=timezone.now())
    if ended:
        audit.record(action="view_as.end", obj=view.target, by=by, after={"reason": reason})
    return bool(ended)


def end_overdue(*, by: Actor) -> int:
    """Ends the views whose time is over and that nobody came back to; returns how many. Safe to run twice."""
    rows = ViewAs.objects.filter(ended_at=None, until__lte=timezone.now()).select_related("target")
    return sum(end(by=by, view=row, reason="time") for row in rows[:500])
