"""A press on a card decides, by the same service as everywhere, as the person whose card it is (SPEC WEC-8; T32)."""

from typing import Final

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import factor_due
from accounts.services.login import may_enter
from approvals import services as approvals
from contacts.services.shared import dimension_of
from core import audit, outbox, secrets
from core.errors import UserError
from wecom_sync.models import Callback, SentCard
from wecom_sync.services.cards import APPROVE, linked

MAX_SAID: Final = 200


@transaction.atomic
def decide(*, callback_id: int) -> None:
    """Carries one press out, once. Whatever stands against it is said on the card; nothing else happens then.

    The right, the state and the version that the card showed are looked at by the service, under its locks.
    """
    rows = Callback.objects.select_for_update(of=("self",)).select_related("connection")
    event = rows.filter(pk=callback_id, handled_at=None).first()
    if event is None:
        return
    event.handled_at = timezone.now()
    event.save(update_fields=["handled_at"])
    if event.data.get("key") != APPROVE or event.corp_id != event.connection.corp_id:
        return
    card = _card(event)
    if card is None or not linked(card):
        _void(event, card)
        return
    with translation.override(card.user.language):
        code, said = _decided(card)
    card.said, card.state = said[:MAX_SAID], SentCard.State.SENT
    card.keep_code(secrets.decrypt(str(event.data["response_code"]).encode()))
    card.save(update_fields=["said", "state", "code_cipher"])
    audit.record(
        action="wecom.press", obj=card.application, by=card.user, after={"status": code},
        dimension_id=dimension_of(card.application.contact),
    )  # fmt: skip
    outbox.enqueue(task="wecom_sync.show_cards", application_id=card.application_id)


def _card(event: Callback) -> SentCard | None:
    """The card that was pressed, by the very member it was sent to (T71)."""
    rows = SentCard.objects.select_for_update(of=("self",)).select_related(
        "user", "application__contact"
    )
    return rows.filter(
        connection=event.connection, task_id=event.data.get("task_id", ""), member_id=event.data.get("sender", "")
    ).first()  # fmt: skip


def _void(event: Callback, card: SentCard | None) -> None:
    """The card decides nothing any more and says so, unless it is somebody else's."""
    if card is None and SentCard.objects.filter(task_id=event.data.get("task_id", "")).exists():
        return
    if card is not None:
        card.state, card.code_cipher = SentCard.State.OVER, None
        card.save(update_fields=["state", "code_cipher"])
    outbox.enqueue(task="wecom_sync.void_card", callback_id=event.pk)


def _decided(card: SentCard) -> tuple[str, str]:
    """A word for the trail, and what the card says where nothing was decided; "" where it was, by him or before."""
    if barred := _barred(card.user):
        return "barred", barred
    try:
        with transaction.atomic():
            approvals.decide(
                application_id=card.application_id, approve=True, version=card.version, by=card.user
            )
    except UserError as error:
        return error.code, "" if error.code == "decided" else str(error)
    return "approved", ""


def _barred(user: User) -> str:
    """What keeps him out of the product keeps his presses out, too (SECURITY T47)."""
    outcome = may_enter(user, None)
    if outcome.user is None:
        return str(outcome.message)
    if user.must_change_password or factor_due(user):
        return _("Log in once first: something has to be set up before you can decide.")
    return ""
