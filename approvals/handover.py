"""Applications that concern a staff member who is disabled (settings.HAND_OVER; SPEC ACC-6, APR-2)."""

from django.utils.translation import gettext_lazy as _

from accounts.handover import Hanging
from accounts.models import User
from approvals import selectors
from approvals.models import Application
from core.actors import Actor


class Applications:
    """Nothing is handed over: they are routed to whoever may decide."""

    key = label = ""

    def hanging(self, user: User) -> list[Hanging]:
        own = Application.objects.pending().filter(applicant=user).count()
        waiting = selectors.waiting_for(user)
        return [
            Hanging(_("Applications of his own that wait"), own, (), _("They can still be decided.")),
            Hanging(_("Applications that wait for his decision"), waiting, (), _("Others who may decide are asked.")),
        ]  # fmt: skip

    def hand_over(self, *, user: User, to: User, by: Actor) -> int:
        return 0

    def left(self, user: User) -> None:
        """The route asks others within a minute."""
