"""Which login a member of a connected corp is: he says so himself, or an administrator; no name does (SECURITY T71)."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import require_other
from accounts.services import access, notices
from core import audit
from core.actors import Actor
from core.errors import Conflict, Hidden
from wecom_sync.models import Connection, OwnPerson, PlanItem
from wecom_sync.permissions import require_connect
from wecom_sync.sync import own_apply, own_plan


@transaction.atomic
def link_own(
    *, user: User, connection: Connection, member_id: str, keep_session: str | None
) -> OwnPerson:
    """Links one's own login with the member that one is there. All other log-ins end.

    Raises Hidden for external people, Conflict where either side is linked already.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_external or not user.is_active:
        raise Hidden(_("Not found"))
    row = _link(user, connection, member_id)
    access.end_others(user, keep=keep_session)
    _record("login.wecom_link", row, by=user, after=_told(row))
    return row


@transaction.atomic
def unlink_own(*, user: User, connection: Connection, keep_session: str | None) -> None:
    """Takes the link away. Raises Hidden without one, Conflict where nothing else would open the login."""
    user = User.objects.select_for_update().get(pk=user.pk)
    row = linked(user, connection)
    if not _other_ways(user, row):
        raise Conflict(_("Nothing else opens your login: add a passkey first"))
    _unlink(row, by=user, keep_session=keep_session)


@transaction.atomic
def unlink_staff(*, by: Actor, user: User, connection: Connection) -> None:
    """An administrator takes the link of somebody else away; all his log-ins end. He is told.

    Raises Denied for anybody else and for one's own link, Hidden without one.
    """
    require_connect(by)
    require_other(by, user)
    user = User.objects.select_for_update().get(pk=user.pk)
    _unlink(linked(user, connection), by=by, keep_session=None)


def linked(user: User, connection: Connection) -> OwnPerson:
    """The link of a login with a corp. Raises Hidden without one."""
    rows = OwnPerson.objects.filter(user=user, connection=connection, unlinked_at=None)
    row = rows.select_related("connection", "user").first()
    if row is None:
        raise Hidden(_("Not found"))
    return row


def _unlink(row: OwnPerson, *, by: Actor, keep_session: str | None) -> None:
    user, row.unlinked_at = row.user, timezone.now()
    row.gone_at, row.put_off = row.gone_at or row.unlinked_at, False
    row.save(update_fields=["unlinked_at", "gone_at", "put_off"])
    own_apply.take_ranges(row)
    own_apply.let_go([user.pk])
    access.end_others(user, keep=keep_session)
    _record("login.wecom_unlink", row, by=by, before=_told(row))


def _other_ways(user: User, row: OwnPerson) -> bool:
    passkeys = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    others = OwnPerson.objects.filter(
        user=user, gone_at=None, connection__enabled=True, connection__login=True
    ).exclude(pk=row.pk)
    found = (passkeys, SocialAccount.objects.filter(user_id=user.pk), others)
    return user.has_usable_password() or any(rows.exists() for rows in found)


@transaction.atomic
def link_staff(*, by: Actor, item: PlanItem) -> OwnPerson:
    """An administrator says that the member of a notice is the login of that name, or the one he was linked with; that
    person is told.

    From the next run on his name and departments follow WeCom. Raises Denied, Hidden for any other item or a login
    that is gone, disabled or external, Conflict where it was decided already or either side is linked.
    """
    require_connect(by)
    items = PlanItem.objects.select_for_update(of=("self",)).select_related("run__connection")
    fresh = items.get(pk=item.pk)
    people = User.objects.select_for_update().filter(pk=fresh.after.get("user", 0))
    user = people.filter(is_active=True).first()
    if fresh.message not in own_plan.LOGIN_HINTS or user is None or user.is_external:
        raise Hidden(_("There is no such hint."))
    if fresh.status != PlanItem.Status.OPEN:
        raise Conflict(_("This was decided already"), code="decided")
    connection, member_id = fresh.run.connection, fresh.key.removeprefix("u:")
    row = _link(user, connection, member_id)
    fresh.status, fresh.after = PlanItem.Status.DONE, fresh.after | {"linked": True}
    fresh.save(update_fields=["status", "after"])
    _record("login.wecom_link", row, by=by, after=_told(row))
    return row


def _link(user: User, connection: Connection, member_id: str) -> OwnPerson:
    of_either = Q(user=user) | Q(member_id=member_id)
    try:
        with transaction.atomic():
            # Links that open nothing any more make room, whoever the login or the member was linked with.
            OwnPerson.objects.filter(of_either, connection=connection).exclude(
                gone_at=None
            ).delete()
            row = OwnPerson.objects.create(connection=connection, member_id=member_id, user=user)
    except IntegrityError as error:
        mine = OwnPerson.objects.filter(connection=connection, user=user).exists()
        raise Conflict(
            _("This login is linked already; unlink it first") if mine
            else _("This WeCom account is linked with another login; ask an administrator"), code="linked",
        ) from error  # fmt: skip
    if connection.sync_staff:
        User.objects.filter(pk=user.pk).update(kept=own_apply.KEPT)
    return row


def _told(row: OwnPerson) -> dict[str, str]:
    return {"connection": row.connection.name, "account": row.member_id}


def _record(
    action: str, row: OwnPerson, *, by: Actor,
    before: dict[str, str] | None = None, after: dict[str, str] | None = None,
) -> None:  # fmt: skip
    audit.record(action=action, obj=row.user, by=by, before=before, after=after)
    notices.tell(row.user, action)
