"""From somebody whom WeCom names to a login of ours, and back (SPEC WEC-7, WEC-8; SECURITY T71)."""

from dataclasses import dataclass

from accounts.models import User
from contacts.accounts_hooks import usable_identities
from wecom_sync.gateway import Identity
from wecom_sync.models import Connection, OwnPerson, RemotePerson


@dataclass(frozen=True, slots=True)
class Whom:
    """A login. `usable` is False where the very identity that came may not be used now."""

    user: User
    contact_id: int | None = None
    usable: bool = True


def find(connection: Connection, identity: Identity) -> Whom | None:
    """Whose login is linked with this member of this corp; None for nobody, and for those who have left it."""
    if not identity.known:
        return None
    if identity.corpid == connection.corp_id:
        rows = OwnPerson.objects.filter(
            connection=connection, member_id=identity.userid, gone_at=None
        )
        own = rows.filter(user__kind=User.Kind.STAFF).select_related("user").first()
        return Whom(own.user) if own else None
    return _contact(connection, identity)


def _contact(connection: Connection, identity: Identity) -> Whom | None:
    rows = RemotePerson.objects.filter(
        connection=connection, corp_id=identity.corpid, user_id=identity.userid, gone_at=None
    )
    row = rows.select_related("contact__user").first()
    user = row.contact.user if row else None
    if row is None or user is None or not user.is_external:
        return None
    usable = usable_identities().filter(pk=row.contact_id).exists()
    return Whom(user, row.contact_id, usable)
