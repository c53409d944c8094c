"""What the audit trail calls the acts of this app, in words for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ACTIONS: dict[str, str | Promise] = {
    "application.create": _("Applied"),
    "application.remind": _("Reminded"),
    "application.withdraw": _("Withdrawn"),
    "application.approve": _("Approved"),
    "application.refuse": _("Refused"),
    "application.route": _("Asked of others, too"),
    "application.export": _("Applications exported"),
    "application.lapse": _("Lapsed"),
}
