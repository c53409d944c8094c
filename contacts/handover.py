"""Contacts that a staff member follows, when he is disabled (settings.HAND_OVER; SPEC ACC-6)."""

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.handover import Hanging
from accounts.models import User
from accounts.permissions import is_admin
from contacts.models import Contact
from contacts.services import bulk
from contacts.services.bulk_jobs import AT_ONCE
from core import outbox
from core.actors import Actor
from im.services import notify

NAMES = 5


class Followed:
    """His contacts get another follower: some at once, many by the worker."""

    key, label = "followed", gettext_lazy("Who follows the contacts from now on")

    def hanging(self, user: User) -> list[Hanging]:
        rows = Contact.objects.alive().filter(follower=user).order_by("sort_key", "pk")
        names = list(rows.values_list("name", flat=True)[:NAMES])
        note = gettext_lazy("Without a successor they keep him as their follower.")
        return [Hanging(gettext_lazy("Contacts he follows"), rows.count(), names, note)]

    def hand_over(self, *, user: User, to: User, by: Actor) -> int:
        ids = _followed(user.pk)
        count: int = Contact.objects.alive().filter(follower=user).count()
        if not ids:
            return 0
        if count <= AT_ONCE:
            return bulk.set_follower(by=by, contact_ids=ids, follower=to)
        person = User.objects.get(pk=by.actor_id)
        outbox.enqueue(
            task="contacts.hand_over_followed", former_id=user.pk, to_id=to.pk, by_id=person.pk,
            epoch=person.session_epoch,
        )  # fmt: skip
        return count

    def left(self, user: User) -> None:
        """Nothing is to be said."""


def _followed(user_id: int) -> list[int]:
    rows = Contact.objects.alive().filter(follower=user_id).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def carry_on(*, former_id: int, to_id: int, by_id: int, epoch: int) -> None:
    """Gives all contacts that the former one follows to his successor, a batch in each transaction; started again it
    goes on. It ends where the former one was enabled meanwhile, or one of the others may not do it any more; `epoch`
    is the session epoch of who asked (SECURITY T45).
    """
    people = User.objects.in_bulk([former_id, to_id, by_id])
    if len(people) != 3:
        return
    former, to, by = people[former_id], people[to_id], people[by_id]
    moved = 0
    while (ids := _followed(former_id)) and _may_go_on(former, to, by, epoch):
        moved += bulk.set_follower(by=by, contact_ids=ids, follower=to)
    rest = Contact.objects.alive().filter(follower=former_id).count()
    with translation.override(by.language):
        said = _("Contacts were handed over: %(n)s; left: %(rest)s") % {"n": moved, "rest": rest}
    key = f"hand_over:{former_id}:{to_id}:{former.session_epoch}"
    notify(user_ids=[by_id], card_kind="", card_ref="", body=said, dedupe_key=key)


def _may_go_on(former: User, to: User, by: User, epoch: int) -> bool:
    """All three as they are in this moment."""
    for person in (former, to, by):
        person.refresh_from_db()
    return not former.is_active and to.is_active and is_admin(by) and by.session_epoch == epoch
