"""Approval cards in 企业微信: sent to deciders, changed once it is decided, by whomever (SPEC WEC-8, APR-3 to APR-5).

Nothing here runs inside a transaction but `ask_to_show`. A card is known by its number: what may have arrived is sent
again under the same one, and 42014 then says that it had.
"""

import logging
from typing import Any, Final

from django.conf import settings
from django.utils import timezone, translation
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from approvals import permissions
from approvals.jobs import CARD
from approvals.models import Application
from approvals.selectors import place_of, readable
from core import outbox, secrets
from core.secrets import Unreadable
from im.channels import News, Refused, Summary
from wecom_sync.access import SHORT, gateway_of
from wecom_sync.addresses import card_page
from wecom_sync.gateway import Button, Card, Directory, Permanent, Retryable
from wecom_sync.models import Callback, OwnPerson, SentCard
from wecom_sync.whose import Addressee

log = logging.getLogger(__name__)
State = SentCard.State
Status = Application.Status
APPROVE: Final = "approve"
SENT_BEFORE: Final = 42014


def send(gateway: Directory, to: Addressee, user: User, summary: Summary) -> list[News]:
    """Sends a card for each application among the news that `user` may decide now; returns what else there is to say.

    None where callbacks are not set up: nobody would hear a press. Raises WeComError, Refused; repeated with the same
    mark it sends only what is missing.
    """
    if not (to.own and to.connection.callback_token_cipher):
        return list(summary.news)
    return [one for one in summary.news if not _carded(gateway, to, user, one, summary.mark)]


def _carded(gateway: Directory, to: Addressee, user: User, one: News, mark: str) -> bool:
    if one.kind != CARD or not one.ref.isdecimal():
        return False
    found = _applications().filter(pk=int(one.ref)).first()
    if found is None or found.status != Status.PENDING or not permissions.may_decide(user, found):
        return False
    row, _new = SentCard.objects.get_or_create(
        application=found, user=user,
        defaults={
            "connection": to.connection, "member_id": to.member_id, "task_id": get_random_string(32),
            "version": found.contact.version, "telling": mark,
        },
    )  # fmt: skip
    if row.state == State.SENDING:
        _address(row, to)
        _send(gateway, row, found)
        return True
    return row.telling == mark


def _address(row: SentCard, to: Addressee) -> None:
    """To whom the login belongs now: who was linked with it when the card was first tried gets no second one (T71)."""
    if (row.connection_id, row.member_id) != (to.connection.pk, to.member_id):
        row.connection, row.member_id = to.connection, to.member_id
        row.task_id = get_random_string(32)
        row.save(update_fields=["connection", "member_id", "task_id"])


def _send(gateway: Directory, row: SentCard, application: Application) -> None:
    values: dict[str, Any] = {"state": State.SENT}
    try:
        sent = gateway.send_card((row.member_id,), asking(row, application))
    except Permanent as error:
        if error.code != SENT_BEFORE:
            raise
    else:
        if sent.missed:
            raise Refused
        row.keep_code(sent.response_code)
        values |= {"code_cipher": row.code_cipher, "version": application.contact.version}
    # A press may have been faster: it has the newer code.
    SentCard.objects.filter(pk=row.pk, state=State.SENDING).update(**values)
    if not Application.objects.pending().filter(pk=application.pk).exists():
        ask_to_show(application_id=application.pk)


def ask_to_show(*, application_id: int) -> None:
    """Once this is committed the worker shows on the cards that are out how it ended."""
    if SentCard.objects.filter(application_id=application_id).exclude(state=State.OVER).exists():
        outbox.enqueue(task="wecom_sync.show_cards", application_id=application_id)


def show(*, application_id: int) -> None:
    """Shows on every card that can still be changed how the application ended, or why a press decided nothing.

    Safe to repeat: a code works once. Raises Retryable when some card has to wait, after all others were tried.
    """
    application = _applications().filter(pk=application_id).first()
    rows = SentCard.objects.filter(application_id=application_id, state=State.SENT)
    waits: Retryable | None = None
    for row in rows.exclude(code_cipher=None).select_related("connection", "user"):
        if application is None or (application.status == Status.PENDING and not row.said):
            continue
        try:
            _show(row, application)
        except Retryable as error:
            waits = error
            continue
        except (Permanent, Unreadable, ValueError) as error:
            log.warning("card %s shows no end: %s", row.pk, error)
        mine = SentCard.objects.filter(pk=row.pk, code_cipher=row.code_cipher)
        mine.update(state=State.OVER, code_cipher=None)
    if waits is not None:
        raise waits


def _show(row: SentCard, application: Application) -> None:
    gateway = gateway_of(row.connection, patience=SHORT)
    with translation.override(row.user.language):
        word, card = ended(row, application)
        gateway.update_card(row.code, (row.member_id,), done=word, card=card)


def void(*, callback_id: int) -> None:
    """Says on a card that was pressed that it decides nothing any more: its application is gone, or the member opens no
    login here. Safe to repeat. Raises Retryable.
    """
    event = Callback.objects.select_related("connection").get(pk=callback_id)
    task_id, sender = event.data["task_id"], event.data["sender"]
    with translation.override(settings.LANGUAGE_CODE):
        if SentCard.objects.filter(task_id=task_id).exists():
            text = _("This WeCom account is not linked with a login here any more.")
        else:
            text = _("This application is not there any more.")
        try:
            code = secrets.decrypt(event.data["response_code"].encode())
            word, card = _bare(task_id, _("Not decided"), text)
            gateway_of(event.connection, patience=SHORT).update_card(
                code, (sender,), done=word, card=card
            )
        except (Permanent, Unreadable, ValueError) as error:
            log.warning("the card of callback %s shows no end: %s", callback_id, error)


def linked(row: SentCard) -> bool:
    """Whether the member that a card was sent to is still the login that it was for (T71)."""
    people = OwnPerson.objects.filter(connection=row.connection_id, member_id=row.member_id)
    return people.filter(user=row.user_id, gone_at=None).exists()


def _applications() -> Any:
    return Application.objects.select_related("contact__main_node__parent", "applicant", "decided_by")  # fmt: skip


# --- what they say: names of those concerned and what was asked, no number, no address


def asking(row: SentCard, application: Application) -> Card:
    """Approving is one press; refusing needs a reason, so that it opens the page."""
    page = card_page(row.connection, CARD, application.pk)
    return Card(
        task_id=row.task_id, source=_("Wailian"), title=_("An external account is applied for"),
        description=application.number, lines=_lines(application), link=(_("Look at it"), page),
        buttons=(Button(_("Approve"), key=APPROVE), Button(_("Refuse…"), url=page, style=2)),
    )  # fmt: skip


def ended(row: SentCard, application: Application) -> tuple[str, Card]:
    """The word on the grey button, and the card around it: a bare one for who may not see the application any more."""
    if not (linked(row) and readable(row.user, [application.pk])):
        return _bare(row.task_id, _("Not decided") if row.said else _("Over"), row.said)
    page, lines, text = card_page(row.connection, CARD, application.pk), _lines(application), ""
    word = str(application.get_status_display())
    if application.status == Status.PENDING:
        word, text = _("Not decided"), row.said
    elif application.decided_at:
        who = application.decided_by.name if application.decided_by else ""
        when = f"{timezone.localtime(application.decided_at):%m-%d %H:%M}"
        end = " · ".join(part for part in (word, who, when) if part)
        lines = (*lines, (pgettext("card", "End"), end))
    card = Card(
        task_id=row.task_id, source=_("Wailian"), title=_("An external account is applied for"),
        description=application.number, text=text, lines=lines, link=(_("Look at it"), page),
        buttons=(Button(word, key="over", style=4),),
    )  # fmt: skip
    return word, card


def _bare(task_id: str, word: str, text: str) -> tuple[str, Card]:
    title = _("An external account is applied for")
    button = Button(word, key="over", style=4)
    return word, Card(task_id, title, source=_("Wailian"), text=text, buttons=(button,))


def _lines(application: Application) -> tuple[tuple[str, str], ...]:
    contact = application.contact
    return (
        (pgettext("card", "Whom"), contact.name),
        (pgettext("card", "Where"), place_of(contact)),
        (pgettext("card", "By"), application.applicant.name),
        (pgettext("card", "Why"), application.remark),
    )
