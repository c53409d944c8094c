"""账号信息: what those who maintain the main dimension do with an account (SPEC ACC-2, ACC-4; matrix rows 6, 41)."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.forms import ChannelForm
from accounts.models import User
from contacts.forms import ExpiryForm, LoginForm, take
from contacts.models import Contact
from contacts.permissions import Role
from contacts.selectors.cards import Card
from contacts.selectors.identities import has_others
from contacts.services import accounts
from contacts.tables import Here
from contacts.views.answers import changed, confirmed
from contacts.views.guards import on_contact, person
from core.errors import Invalid
from core.text import mask_email, mask_mobile
from core.ui import Fact
from orgs.views.asking import form_dialog

EDITABLE = ("GET", "HEAD", "POST")
OPENED = gettext_lazy("The account of %(name)s is opened")
OPENING = gettext_lazy("The account of %(name)s is being opened")


def _back(card: Card) -> str:
    return Here().url(card_id=card.contact.pk, tab="account")


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def open_(request: HttpRequest, card: Card) -> HttpResponse:
    """Opens the account, with an own or a random log-in."""
    form = LoginForm(request.POST or None, **_addresses(card.contact))
    if request.method == "POST" and form.is_valid():
        login = {key: form.cleaned_data.get(key, "") for key in ("username", "password", "channel")}
        try:
            accounts.open_directly(by=person(request), contact=card.contact, **login)
        except Invalid as error:
            take(form, error)
        else:
            said = OPENED if login["password"] else OPENING
            return changed(request, card.contact, said % {"name": card.contact.name}, tab="account")
    title = _("Open the account of %(name)s") % {"name": card.contact.name}
    return form_dialog(request, form, title=title, submit=_("Open"), back_url=_back(card))


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def expiry(request: HttpRequest, card: Card) -> HttpResponse:
    """Until when the account is valid."""
    until = card.contact.expires_at
    initial = {"expires_on": timezone.localtime(until).date() if until else None}
    form = ExpiryForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.set_expiry(by=person(request), contact=card.contact, expires_at=form.moment())
        except Invalid as error:
            form.add_error("expires_on", str(error))
        else:
            return changed(request, card.contact, _("Saved"), tab="account")
    title = _("Validity of the account of %(name)s") % {"name": card.contact.name}
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=_back(card))


def _addresses(who: Contact | User) -> dict[str, bool]:
    """Which ways lead there."""
    return {"email": bool(who.email), "mobile": bool(who.mobile)}


def _ask(request: HttpRequest, card: Card, act: Any, *, said: str, **question: Any) -> HttpResponse:
    return confirmed(
        request, card.contact, lambda: act(by=person(request), contact=card.contact),
        said=said, tab="account", **question,
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def reissue(request: HttpRequest, card: Card) -> HttpResponse:
    """New random credentials."""
    user = card.contact.user
    form = ChannelForm(request.POST or None, **_addresses(user or card.contact))
    return _ask(
        request, card, partial(accounts.reissue, channel=form.chosen),
        form=form, said=_("New credentials are being made"),
        title=_("Reset the password of %(name)s?") % {"name": card.contact.name},
        consequences=[
            _("The former password and all sessions end at once"),
            _("The new log-in is sent as an activation link, or shown to you once"),
        ],
        submit=_("Reset the password"), style="danger",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def address(request: HttpRequest, card: Card) -> HttpResponse:
    """The login is reached where the contact is."""
    contact = card.contact
    return _ask(
        request, card, accounts.take_addresses, said=_("Links and notices go to the contact's addresses now"),
        title=_("Use the contact's e-mail and mobile for the account of %(name)s?") % {"name": contact.name},
        facts=[
            Fact(_("E-mail"), mask_email(contact.email)), Fact(_("Mobile"), mask_mobile(contact.mobile)),
        ],
        consequences=[
            _("Activation links and links for a new password that went to the former addresses end"),
            _("A notice goes to the former addresses"),
        ],
        submit=_("Use them"), style="primary",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def unlock(request: HttpRequest, card: Card) -> HttpResponse:
    """Takes the temporary lock off."""
    return _ask(
        request, card, accounts.unlock, said=_("Unlocked"),
        title=_("Unlock the log-in of %(name)s?") % {"name": card.contact.name},
        text=_("It was locked after too many wrong passwords. Make sure that it is the person who asks."),
        submit=_("Unlock"), style="primary",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def reset_factor(request: HttpRequest, card: Card) -> HttpResponse:
    """The way back in for somebody whose phone and recovery codes are lost."""
    return _ask(
        request, card, accounts.reset_factor, said=_("The second factor is reset"),
        title=_("Reset the second factor of %(name)s?") % {"name": card.contact.name},
        text=_("For somebody who has lost it: make sure who asks. All log-ins end; the password alone opens until "
               "a new second factor is set up."),
        submit=_("Reset the second factor"), style="danger",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def sessions(request: HttpRequest, card: Card) -> HttpResponse:
    """Logs the person out everywhere."""
    return _ask(
        request, card, accounts.end_sessions, said=_("Logged out everywhere"),
        title=_("Log %(name)s out everywhere?") % {"name": card.contact.name},
        submit=_("Log out everywhere"), style="danger",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def close(request: HttpRequest, card: Card) -> HttpResponse:
    """注销."""
    ends = [
        _("The login name is given up for good; the contact stays"),
        _("All sessions end at once"),
    ]
    stays = [
        _("The login stays for the other organizations of this person"),
        _("Whoever uses it as this contact goes on as another one at once"),
    ]
    return _ask(
        request, card, accounts.close, said=_("The account is closed"),
        title=_("Close the account of %(name)s?") % {"name": card.contact.name},
        consequences=[
            *(stays if has_others(card.contact) else ends),
            _("To let the person in again, open a new account"),
        ],
        submit=_("Close the account"), style="danger",
    )  # fmt: skip
