"""What log-in page, own account and back office offer of 企业微信 (settings.LOGIN_DOORS, OWN_DOORS, HELD_DOORS)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.hooks import Door, OwnDoor
from accounts.models import User
from wecom_sync.models import Connection, OwnPerson, RemotePerson


def at_login() -> list[Door]:
    """One for each corp that is switched on for it; the corp is named where there are several."""
    found = list(Connection.objects.filter(enabled=True, login=True))
    named = len(found) > 1
    return [Door(_label(one, named=named), reverse("wecom-login:begin", args=[one.pk])) for one in found]  # fmt: skip


def own(user: User) -> list[OwnDoor]:
    """What a member of staff has linked with his login, or may link; external people come with the synchronization."""
    if user.is_external:
        return []
    mine = {
        row.connection_id: row.member_id
        for row in OwnPerson.objects.filter(user=user, gone_at=None)
    }
    found = list(Connection.objects.filter(enabled=True, login=True))
    return [_own(one, mine.get(one.pk, ""), named=len(found) > 1) for one in found]


def held(user: User, identity_id: int | None = None) -> list[OwnDoor]:
    """What is linked with somebody else's login, of an external person with that identity: it leads to taking it away,
    or to giving it back (`linked_as` is empty then).
    """
    if not user.is_external:
        rows = list(
            OwnPerson.objects.filter(user=user, unlinked_at=None).select_related("connection")
        )
        return [_staffs(one, named=len(rows) > 1) for one in rows]
    known = RemotePerson.objects.filter(contact=identity_id, contact__user=user, gone_at=None)
    linked = known.filter(unlinked_at=None).first()
    if linked is None and not known.exists():
        return []
    if linked is None:
        url = reverse("wecom_sync:contact-link", args=[identity_id])
        return [OwnDoor(_("Link WeCom again"), url, "")]
    url = reverse("wecom_sync:contact-unlink", args=[identity_id])
    return [OwnDoor(_("Unlink WeCom"), url, linked.user_id)]


def _staffs(row: OwnPerson, *, named: bool) -> OwnDoor:
    label = f"{_('Unlink WeCom')} · {row.connection.name}" if named else _("Unlink WeCom")
    url = reverse("wecom_sync:staff-unlink", args=[row.connection_id, row.user_id])
    return OwnDoor(label, url, row.member_id)


def _own(connection: Connection, member_id: str, *, named: bool) -> OwnDoor:
    url = reverse(f"wecom-login:{'unlink' if member_id else 'link'}", args=[connection.pk])
    return OwnDoor(_label(connection, named=named), url, member_id)


def _label(connection: Connection, *, named: bool) -> str:
    label = _("Log in with WeCom")
    return f"{label} · {connection.name}" if named else label
