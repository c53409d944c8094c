"""Where links and notices of a login go: e-mail and mobile, changed apart from the data of a contact (SECURITY T27)."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from accounts.models import ActivationLink, FormerAddress, InitialSecret, User
from core import audit, context, outbox
from core.actors import Actor

WAYS: Final = ("email", "mobile")
CHANNELS: Final = {"email": InitialSecret.Channel.LINK, "mobile": InitialSecret.Channel.SMS}


@transaction.atomic
def change(*, user: User, by: Actor, email: str, mobile: str) -> bool:
    """Other addresses for a login; False when they are the same. The caller has decided that `by` may do this.

    Links that went to a former address die, and whoever reads there is told.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    old, new = audit.changes(
        {way: getattr(user, way) for way in WAYS}, {"email": email, "mobile": mobile}
    )
    if not new:
        return False
    for way, value in new.items():
        setattr(user, way, value)
    user.save(update_fields=list(new))
    moved(user, before=old, by=by)
    return True


def moved(user: User, *, before: Mapping[str, Any], by: Actor) -> None:
    """What follows when addresses of a login were changed; `before` holds the former ones, and may hold more.

    For the transaction of the change.
    """
    former = {way: before[way] for way in WAYS if way in before}
    if not former:
        return
    _revoke_sent(user, former)
    after = {way: getattr(user, way) for way in former}
    audit.record(action="login.address", obj=user, by=by, before=former, after=after)
    if any(former.values()):
        ip = context.current().ip[:45]
        row = FormerAddress.objects.create(user=user, **former)
        outbox.enqueue(task="accounts.tell_former", former_id=row.pk, ip=ip)


def _revoke_sent(user: User, former: Mapping[str, Any]) -> None:
    """What lies in a former mailbox opens nothing any more. Links for a new password go by e-mail where they can."""
    sent = InitialSecret.objects.filter(user=user, channel__in=[CHANNELS[way] for way in former])
    revoked = sent.filter(revoked_at=None).update(revoked_at=timezone.now())
    if revoked or "email" in former or not user.email:
        ActivationLink.revoke(user)
