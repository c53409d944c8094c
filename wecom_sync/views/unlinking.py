"""Back office: taking somebody else's link with 企业微信 away (SPEC WEC-7; matrix rows 41, 58)."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.views.guards import person
from accounts.views.shared import ask
from contacts.permissions import Role
from contacts.selectors.cards import Card
from contacts.views.answers import confirmed
from contacts.views.guards import on_contact
from core import htmx
from core.errors import UserError
from wecom_sync.models import Connection
from wecom_sync.services import own_links, partner_links
from wecom_sync.views.guards import connection_of, connectors_only

EDITABLE = ("GET", "HEAD", "POST")


@require_http_methods(EDITABLE)
@connectors_only
def staff(request: HttpRequest, pk: int, user_id: int) -> HttpResponse:
    """Of a member of staff."""
    connection, user = connection_of(pk), get_object_or_404(User.objects.staff(), pk=user_id)
    if request.method != "POST":
        return ask(request, _question(connection, user))
    try:
        own_links.unlink_staff(by=person(request), user=user, connection=connection)
    except UserError as error:
        return ask(request, _question(connection, user), error)
    messages.success(request, _("Unlinked"))
    return htmx.done(request, reverse("accounts:staff-page", args=[user.pk]))


def _question(connection: Connection, user: User) -> dict[str, Any]:
    row = own_links.linked(user, connection)
    said = _(
        "“%(account)s” of %(connection)s opens this login no more. All log-ins of %(name)s end."
    )
    return {
        "title": _("Unlink WeCom from the login of %(name)s?") % {"name": user.name},
        "text": said % {"account": row.member_id, "connection": connection.name, "name": user.name},
        "action": reverse("wecom_sync:staff-unlink", args=[connection.pk, user.pk]),
        "submit": _("Unlink"), "style": "danger", "back_url": reverse("accounts:staff-page", args=[user.pk]),
    }  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def contact(request: HttpRequest, card: Card) -> HttpResponse:
    """Of an external person."""
    act = partial(partner_links.unlink, by=person(request), contact=card.contact)
    return confirmed(
        request, card.contact, act, said=_("Unlinked"), tab="account",
        title=_("Unlink WeCom from the login of %(name)s?") % {"name": card.contact.name},
        consequences=[
            _("WeCom opens this login no more and brings it no notifications; all log-ins end"),
            _("The synchronization goes on with the contact and does not link it again"),
        ],
        submit=_("Unlink"), style="danger",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def contact_again(request: HttpRequest, card: Card) -> HttpResponse:
    """Gives the link back."""
    act = partial(partner_links.link, by=person(request), contact=card.contact)
    return confirmed(
        request, card.contact, act, said=_("Linked"), tab="account",
        title=_("Link WeCom with the login of %(name)s again?") % {"name": card.contact.name},
        text=_("The member whom the synchronization knows as this contact can log in with WeCom. Make sure that it is "
               "the same person."),
        submit=_("Link again"), style="primary",
    )  # fmt: skip
