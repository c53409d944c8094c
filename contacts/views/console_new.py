"""新建联系人 in the back office, with the account in the same form (SPEC CON-2, CON-4, ACC-2; matrix rows 21, 41)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contacts import console_page, tables
from contacts.console_forms import NewContactForm, NewPictureForm
from contacts.forms import AccountPartForm, ContactForm, take
from contacts.models import Contact
from contacts.services import people, places
from contacts.services.people import Login
from contacts.views.guards import load, person, viewer
from core import htmx
from core.errors import Conflict, Invalid
from orgs.models import Node
from orgs.views.guards import on_node

EDITABLE = ("GET", "HEAD", "POST")


@require_http_methods(EDITABLE)
@on_node
def console_new(request: HttpRequest, node: Node) -> HttpResponse:
    """The form; a person with the same mobile or e-mail is shown before anything is written."""
    if request.POST.get("same"):
        return _join(request, node)
    form, part = NewContactForm(request.POST or None), AccountPartForm(request.POST or None)
    picture = NewPictureForm(request.POST or None, request.FILES or None)
    known = None
    if request.method == "POST" and all([form.is_valid(), part.is_valid(), picture.is_valid()]):
        known = known_already(request, form)
        made = None if known else _create(request, node, form, part)
        if made is not None:
            return _created(request, made, part, picture)
    wrong = known or form.errors or part.errors or picture.errors
    context = {
        **console_page.new_page(node, form, part),
        **console_page.duplicates(viewer(request), form, known, node),
        "picture": picture,
    }
    status = 422 if wrong else 200
    return render(request, "contacts/console/new.html", context, status=status)


def known_already(request: HttpRequest, form: ContactForm) -> people.Duplicates | None:
    """Whoever has this mobile or e-mail, unless it was said of exactly these that it is somebody else."""
    mobile, email = (form.cleaned_data.get(key) or "" for key in ("mobile", "email"))
    if request.POST.get("different") == console_page.fingerprint(mobile, email):
        return None
    exclude = form.contact.pk if form.contact else None
    return (
        people.find_duplicates(by=person(request), mobile=mobile, email=email, exclude_id=exclude)
        or None
    )


def _create(
    request: HttpRequest, node: Node, form: NewContactForm, part: AccountPartForm
) -> Contact | None:
    """The new contact with its account, in one service; None when it was refused and the forms say why."""
    way, values = part.cleaned_data["way"], part.cleaned_data
    wish = (values["username"], values["password"], values.get("channel", ""))
    login = None if way == "none" else Login(*wish)
    try:
        return people.create(
            by=person(request), node=node, fields=form.fields_for_service(), login=login
        )
    except Invalid as error:
        take(part if error.field in part.fields else form, error)
    except Conflict as error:
        part.add_error("way", str(error))
    return None


def _created(
    request: HttpRequest, made: Contact, part: AccountPartForm, picture: NewPictureForm
) -> HttpResponse:
    """To the page of the contact; with an account to where its first credentials are handed over."""
    if picture.cleaned_data["picture"]:
        file = picture.cleaned_data["picture"]
        people.change_avatar(by=person(request), contact=made, file=file)
    messages.success(request, _("“%(name)s” was created") % {"name": made.name})
    opened = part.cleaned_data["way"] != "none"
    name = "contacts:console-account" if opened else "contacts:console-contact"
    return htmx.done(request, reverse(name, args=[made.pk]))


def _join(request: HttpRequest, node: Node) -> HttpResponse:
    """ "The same person": he gets a further place instead of a second entry."""
    card = load(request, tables.number(request.POST["same"]) or 0)
    contact: Any = card.contact
    places.add_membership(by=person(request), contact=contact, node=node)
    said = _("“%(name)s” now also belongs to “%(node)s”")
    messages.success(request, said % {"name": contact.name, "node": node.name})
    return htmx.done(request, reverse("contacts:console-contact", args=[contact.pk]))
