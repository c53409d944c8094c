"""What the log-in page and the page of one's own account offer of 企业微信 (settings.LOGIN_DOORS, OWN_DOORS)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.hooks import Door, OwnDoor
from accounts.models import User
from wecom_sync.models import Connection, OwnPerson


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


def _own(connection: Connection, member_id: str, *, named: bool) -> OwnDoor:
    url = reverse(f"wecom-login:{'unlink' if member_id else 'link'}", args=[connection.pk])
    return OwnDoor(_label(connection, named=named), url, member_id)


def _label(connection: Connection, *, named: bool) -> str:
    label = _("Log in with WeCom")
    return f"{label} · {connection.name}" if named else label
