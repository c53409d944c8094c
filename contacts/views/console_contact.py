"""One contact in the back office, area by area; each has its own address (SPEC CON-3; matrix rows 17 to 25, 27, 41).

The areas and what is done in them are those of the card in the address book. Here stand the page around them, and what
only the back office has: the form in its place, position and order in each place, and leaving for the list.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from contacts import console_page
from contacts.console_forms import CredentialsForm, PlaceForm
from contacts.forms import ContactForm, PictureForm, take
from contacts.models import Membership
from contacts.permissions import Role
from contacts.selectors.cards import Card
from contacts.services import accounts, people, places
from contacts.services.shared import missing
from contacts.views.answers import changed, left
from contacts.views.areas import area
from contacts.views.console_guards import on_contact
from contacts.views.console_new import known_already
from contacts.views.guards import person, viewer
from core import htmx
from core.errors import Conflict, Invalid
from orgs.views.asking import ask, form_dialog

EDITABLE = ("GET", "HEAD", "POST")


@require_safe
@on_contact()
def info(request: HttpRequest, card: Card) -> HttpResponse:
    """基本信息, with the places."""
    return _page(request, card, "basic")


@require_safe
@on_contact()
def rights(request: HttpRequest, card: Card) -> HttpResponse:
    """权限设置 and 共享."""
    return _page(request, card, "rights")


@require_safe
@on_contact()
def account(request: HttpRequest, card: Card) -> HttpResponse:
    """账号信息."""
    return _page(request, card, "account")


@require_safe
@on_contact()
def history(request: HttpRequest, card: Card) -> HttpResponse:
    """变更记录."""
    return _page(request, card, "history")


def _page(request: HttpRequest, card: Card, tab: str) -> HttpResponse:
    context = {
        **console_page.page(card, tab), **area(request, card, tab), **console_page.area(card, tab, viewer(request)),
        "page_url": request.get_full_path(),
    }  # fmt: skip
    if tab == "history":
        before = request.GET.get("before", "")
        context["pager"] = console_page.history_pager(card.contact, before, context["older"])
    return htmx.page(
        request, "contacts/console/contact.html", "contacts/console/_contact.html", context
    )


@require_http_methods(EDITABLE)
@on_contact()
def edit(request: HttpRequest, card: Card) -> HttpResponse:
    """基本信息 as a form in its place."""
    form, known = ContactForm(request.POST or None, role=card.role, contact=card.contact), None
    status = form.http_status
    if request.method == "POST" and form.is_valid():
        known = (
            known_already(request, form) if {"mobile", "email"} & set(form.changed_data) else None
        )
        status = 422 if known else _save(request, card, form)
        if status == 200:
            said = _("“%(name)s” was saved") % {"name": form.cleaned_data["name"]}
            return left(request, console_page.url(card.contact), said)
    context = {
        **console_page.page(card, "basic"),
        **console_page.editing(card, form, known, viewer(request)),
    }
    full, fragment = "contacts/console/contact.html", "contacts/console/_contact.html"
    return htmx.page(request, full, fragment, context, status=status)


def _save(request: HttpRequest, card: Card, form: ContactForm) -> int:
    """200 when the service took it; else the form says why not, and keeps what was written."""
    values, stamp = form.fields_for_service(), form.cleaned_data["stamp"]
    try:
        people.edit(by=person(request), contact=card.contact, fields=values, stamp=stamp)
    except Invalid as error:
        take(form, error)
        return error.status
    except Conflict as error:
        form.add_error(None, str(error))
        return error.status
    return 200


@require_http_methods(EDITABLE)
@on_contact()
def place_edit(request: HttpRequest, card: Card, node_id: int) -> HttpResponse:
    """Position and order in one place."""
    row = _membership(card, node_id)
    initial = {"position": row.position, "order": row.order}
    form = PlaceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = form.cleaned_data
        places.edit_membership(by=person(request), contact=card.contact, node=row.node, **values)
        return _changed(request, card, _("Saved"), "basic")
    title = _("%(name)s in “%(node)s”") % {"name": card.contact.name, "node": row.node.name}
    back = console_page.url(card.contact)
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=back)


def _membership(card: Card, node_id: int) -> Membership:
    """A membership that he may know of; raises Hidden for any other."""
    if node_id not in {known.node.pk for known in card.places}:
        raise missing()
    found: Membership = card.contact.memberships.select_related("node").get(node_id=node_id)
    return found


def _changed(request: HttpRequest, card: Card, said: str, tab: str) -> HttpResponse:
    if htmx.is_fragment(request):
        return changed(request, card.contact, said, tab=tab)
    return left(request, console_page.url(card.contact, tab), said)


@require_http_methods(EDITABLE)
@on_contact()
def picture(request: HttpRequest, card: Card) -> HttpResponse:
    """Another picture, or none."""
    sent = request.method == "POST"
    given = (request.POST, request.FILES) if sent else (None, None)
    form = PictureForm(*given, contact=card.contact)
    if sent and form.is_valid():
        file = form.cleaned_data["picture"]
        try:
            people.change_avatar(by=person(request), contact=card.contact, file=file)
        except Invalid as error:
            form.add_error("picture", str(error))
        else:
            return _changed(request, card, _("Saved"), "basic")
    context = console_page.picture_dialog(card.contact, form)
    full, fragment = "contacts/form_page.html", "components/dialog_form.html"
    return htmx.page(request, full, fragment, context, status=form.http_status)


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def credentials(request: HttpRequest, card: Card) -> HttpResponse:
    """An own login name and first password for an account that exists."""
    contact = card.contact
    form = CredentialsForm(request.POST or None, initial=_login_name(card))
    if request.method == "POST" and form.is_valid():
        try:
            accounts.set_credentials(by=person(request), contact=contact, **form.cleaned_data)
        except Invalid as error:
            take(form, error)
        else:
            return _changed(request, card, _("The log-in was changed"), "account")
    title = _("Log-in of %(name)s") % {"name": contact.name}
    back = console_page.url(contact, "account")
    return form_dialog(request, form, title=title, submit=_("Set the log-in"), back_url=back)


def _login_name(card: Card) -> dict[str, str]:
    user = card.contact.user
    if user is None:
        raise accounts.no_account(card.contact)
    return {"username": user.username}


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def delete(request: HttpRequest, card: Card) -> HttpResponse:
    """Into the bin, and back to the list."""
    contact = card.contact
    if request.method == "POST":
        people.delete(by=person(request), contact=contact)
        url = reverse("contacts:console-list", args=[contact.main_node_id])
        said = _("%(name)s is in the bin for 30 days") % {"name": contact.name}
        return left(request, url, said)
    return ask(request, console_page.delete_question(contact))
