"""From somebody whom WeCom names to a login of ours, and back (SPEC WEC-7, WEC-8; SECURITY T71)."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q

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
        connection=connection, corp_id=identity.corpid, user_id=identity.userid, gone_at=None, unlinked_at=None
    )  # fmt: skip
    row = rows.select_related("contact__user").first()
    user = row.contact.user if row else None
    if row is None or user is None or not user.is_external:
        return None
    usable = usable_identities().filter(pk=row.contact_id).exists()
    return Whom(user, row.contact_id, usable)


@dataclass(frozen=True, slots=True)
class Addressee:
    """A login as 企业微信 reaches it."""

    connection: Connection
    corp_id: str
    member_id: str

    @property
    def own(self) -> bool:
        """Of the corp itself, so that its own token reaches him."""
        return self.corp_id == self.connection.corp_id


REACHED: Final = {"gone_at": None, "connection__enabled": True, "connection__notify": True}


def reached() -> Q:
    """Whom 企业微信 reaches, as a condition on people."""
    own = OwnPerson.objects.filter(user=OuterRef("pk"), **REACHED)
    partners = RemotePerson.objects.filter(contact__user=OuterRef("pk"), **REACHED, unlinked_at=None)  # fmt: skip
    return Q(Exists(own)) | Q(Exists(partners))


def addressee(user: User) -> Addressee | None:
    """Where somebody is told of things; an external person as one of his identities that may be used now."""
    if not user.is_external:
        own = OwnPerson.objects.filter(user=user, **REACHED).select_related("connection")
        mine = own.order_by("pk").first()
        return Addressee(mine.connection, mine.connection.corp_id, mine.member_id) if mine else None
    identities = usable_identities().filter(user=user)
    rows = RemotePerson.objects.filter(contact__in=identities.values("pk"), **REACHED, unlinked_at=None)  # fmt: skip
    row = rows.select_related("connection").order_by("pk").first()
    return Addressee(row.connection, row.corp_id, row.user_id) if row else None
