"""Telling people about applications: those who may decide, and the applicant. All of it is safe to repeat."""

from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from approvals import selectors
from approvals.models import Application
from core import audit, live
from core.actors import SystemActor
from im.services import notify

CARD: Final = "approvals.application"
# How many waiting applications one round goes over; the rest waits for the next.
ROUND: Final = 500

ASK: Final = gettext_noop("An external account is applied for and waits for your decision")
TOLD: Final = {
    "approved": gettext_noop("Your application for an external account was approved"),
    "refused": gettext_noop("Your application for an external account was refused"),
    "lapsed": gettext_noop("Your application for an external account has lapsed"),
}


def ask(application: Application, *, dedupe_key: str) -> int:
    """Puts the card before everybody who may decide now; returns how many had not seen it under this key.

    It locks their system conversations until the transaction ends: the last thing a service does.
    """
    return _notify(application, selectors.asked_ids(application), ASK, dedupe_key)


def first_key(application: Application) -> str:
    """The key under which everybody is asked for the first time."""
    return f"application:{application.pk}:asked"


def tell(application: Application) -> int:
    """Puts the decision before the applicant, once."""
    words = TOLD[str(application.status)]
    return _notify(
        application, [application.applicant_id], words, f"application:{application.pk}:decided"
    )


def tell_later(*, application_id: int) -> None:
    """The same from the worker. Nothing to do when the application is gone or open."""
    application = Application.objects.filter(pk=application_id, status__in=TOLD).first()
    if application is not None:
        tell(application)
        show(application)


def show(application: Application) -> None:
    """Tells open pages that the card looks different now: of the applicant, of those asked, and of administrators, who
    may decide without being asked.
    """
    admins = User.objects.active().filter(is_superuser=True).values_list("pk", flat=True)
    people = {application.applicant_id, *selectors.asked_ids(application), *admins}
    live.tell(people, "card", card=CARD, ref=application.pk)


def route() -> int:
    """Asks those who may decide only since a contact moved or a right was given (SPEC APR-5); returns how many."""
    waiting = Application.objects.pending().select_related("contact__main_node")
    waiting = waiting.order_by("-id")[:ROUND]
    return sum(_route(row) for row in waiting)


@transaction.atomic
def _route(application: Application) -> int:
    """How many are asked for the first time; it stands in the trail."""
    new = ask(application, dedupe_key=first_key(application))
    if new:
        node = application.contact.main_node
        audit.record(
            action="application.route", obj=application, by=SystemActor("schedule"),
            dimension_id=node.dimension_id, after={"count": new},
        )  # fmt: skip
    return new


def _notify(application: Application, user_ids: list[int], words: str, key: str) -> int:
    # A notification is kept as it was written, so it is written in the language of the installation.
    with translation.override(settings.LANGUAGE_CODE):
        body = f"{gettext(words)} · {application.number}"
    return notify(
        user_ids=user_ids, card_kind=CARD, card_ref=str(application.pk), body=body, dedupe_key=key
    )
