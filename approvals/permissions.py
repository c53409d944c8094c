"""Who decides an application (SPEC APR-2; SECURITY T32; matrix rows 37 to 39)."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from contacts.permissions import Role, role_on, viewer_of
from core.errors import Denied, Hidden

if TYPE_CHECKING:
    from approvals.models import Application


def entitled(user: Any, contact_id: int) -> bool:
    """Whether `user`, as he is now, decides applications for this contact: active, and holder, administrator or
    maintainer of one of its dimensions. Two or three queries.
    """
    return role_on(viewer_of(user), contact_id) >= Role.MAINTAINER


def may_decide(user: Any, application: "Application") -> bool:
    """`entitled`, and neither applicant nor beneficiary; administrators are no exception."""
    own = user.pk in (application.applicant_id, application.contact.user_id)
    return not own and entitled(user, application.contact_id)


def require_decider(user: Any, application: "Application") -> None:
    """Raises Hidden for those without the right (any more), Denied for the applicant and the beneficiary."""
    if not entitled(user, application.contact_id):
        raise missing()
    if user.pk in (application.applicant_id, application.contact.user_id):
        raise Denied(
            _("Nobody decides an application of his own; somebody else has to do it."), code="own"
        )


def missing() -> Hidden:
    """The one answer for an application that is not there and for one that may not be seen (T13)."""
    return Hidden(_("There is no such application."))
