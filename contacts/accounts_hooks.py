"""What accounts asks of contacts, by the dotted paths in settings: identities of external logins (SPEC section 0)."""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.models import Contact
from contacts.permissions import Role, active_identity, role_on, viewer_of
from contacts.querysets import ContactQuerySet


def usable_identities() -> ContactQuerySet:
    """Contacts that can be acted as now: enabled under enabled nodes, account opened and not expired."""
    rows: ContactQuerySet = Contact.objects.alive().filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
        live=True,
        account=Contact.Account.ACTIVE,
    )
    return rows


def is_usable(contact: Contact) -> bool:
    """The same for one that was read just now."""
    return bool(
        contact.deleted_at is None and contact.live and contact.account == Contact.Account.ACTIVE
        and (contact.expires_at is None or contact.expires_at > timezone.now())
    )  # fmt: skip


def usable(user: User) -> bool:
    """EXTERNAL_USABLE: whether one identity of this login is usable; what is asked later in the request knows which."""
    user.acts_as = active_identity(user.pk, user.chosen_identity)
    return user.acts_as is not None


def why(user: User) -> str:
    """EXTERNAL_WHY: a sentence for somebody who gave the right password but has no usable identity (SPEC ORG-6)."""
    row = Contact.objects.alive().filter(user=user).order_by("-enabled", "-live", "pk").first()
    if row is None:
        return ""
    if not row.enabled:
        return _("Your access is disabled. Please ask your contact in the company.")
    if not row.live:
        return _("Your organization is disabled. Please ask your contact in the company.")
    if row.expires_at and row.expires_at <= timezone.now():
        return _("Your access has expired. Please ask your contact in the company to extend it.")
    return ""


def credentials_issued(user_id: int) -> None:
    """CREDENTIALS_ISSUED: 开通中 becomes 已开通, in the transaction that made the credentials.

    Services lock the contact and then its login; the job holds the login already. So it does not wait for the contact
    but fails when somebody else has it, and the outbox runs it again.
    """
    rows = Contact.objects.select_for_update(nowait=True, no_key=True).filter(
        user_id=user_id, account=Contact.Account.OPENING
    )
    ids = [row.pk for row in rows.order_by("pk")]
    Contact.objects.filter(pk__in=ids).update(
        account=Contact.Account.ACTIVE, opened_at=timezone.now()
    )


def credentials_readable(user: User, reader: User) -> bool:
    """CREDENTIALS_READABLE: whether `reader` may still edit an identity of this login."""
    viewer = viewer_of(reader)
    identities = Contact.objects.alive().filter(user=user).values_list("pk", flat=True)
    return any(role_on(viewer, pk) >= Role.EDITOR for pk in identities)
