"""Whether 企业微信 opens the login of somebody outside: whoever maintains his account takes that away or gives it back.

The synchronization goes on with him either way; it does not link him again (SECURITY T71).
"""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.services import access, notices
from contacts.models import Contact
from contacts.services.accounts import with_login
from contacts.services.shared import record
from core.actors import Actor
from core.errors import Conflict
from wecom_sync.models import RemotePerson


@transaction.atomic
def unlink(*, by: Actor, contact: Contact) -> None:
    """Opens nothing and tells him nothing from now on; all his log-ins end. He is told.

    Raises Hidden or Denied unless `by` maintains the account, Conflict without an account or a link.
    """
    fresh, user = with_login(by=by, contact=contact)
    rows = RemotePerson.objects.filter(contact=fresh, unlinked_at=None)
    if not rows.update(unlinked_at=timezone.now()):
        raise Conflict(_("No WeCom account is linked with this login"))
    access.end_others(user, keep=None)
    record(by=by, contact=fresh, action="account.wecom_unlink")
    notices.tell(user, "login.wecom_unlink")


@transaction.atomic
def link(*, by: Actor, contact: Contact) -> None:
    """The member that the synchronization knows as this contact opens its login again. Raises as `unlink`."""
    fresh, user = with_login(by=by, contact=contact)
    rows = RemotePerson.objects.filter(contact=fresh, unlinked_at__isnull=False)
    if not rows.update(unlinked_at=None):
        raise Conflict(_("This was done already"))
    record(by=by, contact=fresh, action="account.wecom_link")
    notices.tell(user, "login.wecom_link")
