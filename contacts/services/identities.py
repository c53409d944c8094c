"""Several identities on one login (SPEC ACC-1, VIS-4; SECURITY T14, T32, T71).

Whoever may open accounts for both says that a contact is the person behind a login that exists; that person agrees
or not. Which identity is active belongs to the session; each change of it stands in the audit trail.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import notices
from contacts import closure, events
from contacts.accounts_hooks import is_usable, usable_identities
from contacts.models import Contact, IdentityOffer
from contacts.permissions import Role, role_on, viewer_of
from contacts.selectors.identities import organizations_of
from contacts.selectors.places import places_of
from contacts.services import accounts
from contacts.services.shared import claim, claim_pair, record
from core import audit, live
from core.errors import Conflict, Hidden

if TYPE_CHECKING:
    from core.actors import Actor

Status = IdentityOffer.Status
# In the session until a page has said that he goes on as another one.
WENT_ON = "went_on_as_another"


@transaction.atomic
def offer(*, by: User, contact: Contact, through: Contact) -> IdentityOffer:
    """Asks the person behind `through`, an identity with an open account, whether `contact` is he, too.

    Raises Hidden or Denied unless `by` maintains the main dimension of both, Conflict when the contact has an account
    or is disabled, is being asked about already, or when nobody can log in as `through` now.
    """
    fresh, same = claim_pair(by=by, first=contact, second=through)
    accounts.require_openable(fresh)
    user = same.user
    if user is None or not (user.is_active and user.is_external and is_usable(same)):
        raise Conflict(_("%(name)s cannot log in now") % {"name": same.name})
    pending = IdentityOffer.objects.filter(contact=fresh, status=Status.PENDING)
    if pending.open().exists():
        raise Conflict(_("The person behind %(name)s is asked already") % {"name": fresh.name})
    pending.update(status=Status.LAPSED)
    row = IdentityOffer.objects.create(
        contact=fresh, user=user, through=same, offered_by=by, offered_by_label=by.actor_label[:200],
        expires_at=timezone.now() + IdentityOffer.LIFETIME,
    )  # fmt: skip
    # Without the login: who maintains this contact need not know of the other dimension.
    record(by=by, contact=fresh, action="account.offer", after={"until": row.expires_at})
    live.tell([user.pk], "badge")
    return row


@transaction.atomic
def withdraw(*, by: Actor, contact: Contact) -> None:
    """Takes the question back. Raises Hidden or Denied unless `by` maintains the main dimension of the contact,
    Conflict when it was answered meanwhile.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    pending = IdentityOffer.objects.filter(contact=fresh, status=Status.PENDING)
    if not pending.update(status=Status.WITHDRAWN, answered_at=timezone.now()):
        raise _over()
    record(by=by, contact=fresh, action="account.offer_withdraw")


def _over() -> Conflict:
    return Conflict(_("This question is over: it was answered, withdrawn or has lapsed."))


@transaction.atomic
def answer(*, by: User, offer_id: int, agree: bool, organization: str = "") -> IdentityOffer:
    """What the person says. Agreeing makes the contact an identity of his login and supersedes an application for it.

    `organization` is what he has read. Where whoever asked has lost the right meanwhile the question lapses: see
    `status` of what is returned. Raises Hidden for a question to somebody else, Conflict for one that is over, and when
    the contact stands in another organization by now (SECURITY T33).
    """
    row = IdentityOffer.objects.filter(pk=offer_id, user=by).first()
    if row is None or not by.is_external:
        raise Hidden(_("There is no such question."))
    fresh = closure.lock(contact_ids=[row.contact_id, row.through_id]).get(row.contact_id)
    user = User.objects.select_for_update().get(pk=by.pk)
    open_ = IdentityOffer.objects.select_for_update(of=("self",)).filter(pk=row.pk).open()
    row = open_.select_related("through", "offered_by").first()
    if fresh is None or row is None:
        raise _over()
    if agree and organizations_of([fresh])[fresh.pk] != organization:
        raise Conflict(_("This has changed meanwhile. Read it again, then answer."))
    row.status, row.answered_at = _outcome(row, agree=agree), timezone.now()
    row.save(update_fields=["status", "answered_at"])
    asked = {"asked_by": row.offered_by_label}
    if row.status == Status.ACCEPTED:
        accounts.attach(fresh, user, Contact.Account.ACTIVE)
        login = {"login_name": user.username}
        record(by=by, contact=fresh, action="account.attach", after=login | asked)
        events.announce_opened(contact_id=fresh.pk, user_id=user.pk, by=by)
        audit.record(action="login.identity_add", obj=user, by=by)
        notices.tell(user, "login.identity_add")
    else:
        record(by=by, contact=fresh, action=f"account.offer_{_VERBS[row.status]}", after=asked)
    return row


_VERBS = {Status.REFUSED: "refuse", Status.LAPSED: "lapse"}


def _outcome(row: IdentityOffer, *, agree: bool) -> IdentityOffer.Status:
    if not agree:
        return Status.REFUSED
    return Status.ACCEPTED if _still_entitled(row) else Status.LAPSED


def _still_entitled(row: IdentityOffer) -> bool:
    """Whether whoever asked could ask now (SECURITY T32), and `through` is still this login."""
    asker = row.offered_by
    if asker is None or row.through.user_id != row.user_id:
        return False
    viewer = viewer_of(asker)
    both = (role_on(viewer, pk) for pk in (row.contact_id, row.through_id))
    return all(role == Role.MAIN_MAINTAINER for role in both)


@transaction.atomic
def switch(*, by: User, identity_id: int, session: Any) -> Contact:
    """From now on `by` acts as this identity in this session, which gets a new key; new sessions begin with it.

    Raises Hidden for what is no identity of his, Conflict for one that cannot be used now.
    """
    mine = Contact.objects.alive().filter(pk=identity_id, user=by)
    contact = usable_identities().filter(pk__in=mine).first()
    if contact is None:
        if mine.exists():
            raise Conflict(_("This identity cannot be used now."))
        raise Hidden(_("There is no such identity."))
    former = by.acts_as
    if former != contact.pk:
        User.objects.filter(pk=by.pk).update(last_identity_id=contact.pk)
        session.act_as(contact.pk)
        session.cycle_key()
        _note(by, former, contact.pk)
    return contact


@transaction.atomic
def settle(*, by: User, session: Any) -> None:
    """Keeps in the session as whom `by` acts, so that what he chooses elsewhere does not change it here; and WENT_ON,
    for the next page to say, when the identity that was kept cannot be used any more and he goes on as another one.
    """
    former, now = by.chosen_identity, by.acts_as
    if now is None or former == now:
        return
    session.act_as(now)
    by.chosen_identity = now
    if former is None:
        return
    _note(by, former, now, reason="not usable")
    session[WENT_ON] = True
    with suppress(UpdateError):  # he logged out meanwhile: the end of the request deals with it
        session.save()  # with the change: whoever reads it meanwhile sees both or neither


def _note(by: User, former: int | None, now: int, **more: Any) -> None:
    by.chosen_identity = by.acts_as = now
    named = {
        row.pk: f"{row.name} · {places_of([row.main_node])[row.main_node_id].line}"
        for row in Contact.objects.filter(pk__in=[former, now]).select_related("main_node")
    }
    before, after = {"identity": named.get(former, "")}, {"identity": named[now], **more}
    audit.record(action="session.identity", obj=by, by=by, before=before, after=after)
