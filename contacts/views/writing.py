"""New contact, editing, the picture, the full number (SPEC CON-2, CON-4, CON-7; matrix rows 18, 21, 22)."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts import tables
from contacts.forms import ContactForm, PictureForm, take
from contacts.models import Contact
from contacts.permissions import Role, create_role
from contacts.selectors.cards import Card
from contacts.services import people, places
from contacts.services.shared import missing
from contacts.tables import Here
from contacts.views.frames import book
from contacts.views.guards import load, on_contact, person, staff_only, viewer
from core import htmx
from core.errors import Hidden, Invalid
from core.text import candidates, clean, mask_email, mask_mobile, pinyin, tokens_of
from orgs.models import Node

EDITABLE = ("GET", "HEAD", "POST")
FORM = "contacts/partials/_form_pane.html"
REVEALED = {"form": "_revealed_input", "call": "_revealed_call"}


@require_http_methods(EDITABLE)
@staff_only
def new(request: HttpRequest) -> HttpResponse:
    """新建联系人 in the side drawer; without an account part: save, then apply."""
    place = chosen_place(request)
    form = ContactForm(request.POST or None, role=_role(request, place), initial={"node": place})
    form.fields["node"].widget.allowed = place
    duplicates = None
    if request.method == "POST" and form.is_valid():
        if request.POST.get("same"):
            return join(request, form.cleaned_data["node"])
        duplicates = known_already(request, form)
        made = None if duplicates else create(request, form)
        if made:
            return created(request, made)
    here = Here(node_id=place.pk if place and not place.builtin else None)
    context = {"form": form, "pane_title": _("New contact"), "action": request.get_full_path(),
               "submit": _("Create"), "duplicates": duplicates, "close_url": here.list_url,
               "may_join": joinable(request, place, duplicates)}  # fmt: skip
    return book(
        request, here, pane=FORM, context=context, status=422 if duplicates else form.http_status
    )


def joinable(
    request: HttpRequest, place: Node | None, found: people.Duplicates | None
) -> list[int]:
    """Those who may get a further place here: the viewer maintains both ends (matrix row 23)."""
    scope = viewer(request).scope
    if place is None or not scope.maintains(place.dimension_id):
        return []
    return (
        [one.pk for one in found.visible if scope.maintains(one.main_node.dimension_id)]
        if found
        else []
    )


def chosen_place(request: HttpRequest) -> Node | None:
    """Where the form stands or was sent for, if the viewer may create there; plain staff start in the built-in one."""
    asked = request.POST.get("node") or request.GET.get("node") or ""
    if not asked and viewer(request).scope.maintains_any:
        return None
    pk = tables.number(asked)
    rows = Node.objects.filter(pk=pk) if asked else Node.objects.filter(builtin=True)
    node: Node | None = rows.first()
    if node is None or create_role(viewer(request), node) == Role.NONE:
        if asked:
            raise Hidden(_("There is no such organization or department."))
        return None
    return node


def _role(request: HttpRequest, place: Node | None) -> Role:
    return create_role(viewer(request), place) if place else Role.EDITOR


def known_already(request: HttpRequest, form: ContactForm) -> people.Duplicates | None:
    """People with this mobile or e-mail, unless the person said that it is somebody else (SPEC CON-4)."""
    values = form.cleaned_data
    if request.POST.get("different"):
        return None
    exclude = form.contact.pk if form.contact else None
    found = people.find_duplicates(
        by=person(request),
        mobile=values.get("mobile", ""),
        email=values.get("email", ""),
        exclude_id=exclude,
    )
    return found or None


def create(
    request: HttpRequest, form: ContactForm, login: people.Login | None = None
) -> Contact | None:
    """The new contact, or None when the service refused and the form says why."""
    try:
        return people.create(
            by=person(request),
            node=form.cleaned_data["node"],
            fields=form.fields_for_service(),
            login=login,
        )
    except Invalid as error:
        take(form, error)
    return None


def created(request: HttpRequest, contact: Contact) -> HttpResponse:
    """Goes to the card of a new contact."""
    messages.success(request, _("“%(name)s” was created") % {"name": contact.name})
    return htmx.done(request, Here(node_id=contact.main_node_id).url(card_id=contact.pk))


def join(request: HttpRequest, node: Node) -> HttpResponse:
    """ "The same person": he gets a further place instead of a second entry."""
    card = load(request, tables.number(request.POST["same"]) or 0)
    places.add_membership(by=person(request), contact=card.contact, node=node)
    said = _("“%(name)s” now also belongs to “%(node)s”")
    messages.success(request, said % {"name": card.contact.name, "node": node.name})
    return htmx.done(request, Here(node_id=node.pk).url(card_id=card.contact.pk))


@require_http_methods(EDITABLE)
@on_contact(Role.EDITOR, say_why=True)
def edit(request: HttpRequest, card: Card) -> HttpResponse:
    """基本信息 as a form in the pane."""
    form = ContactForm(request.POST or None, role=card.role, contact=card.contact)
    duplicates = None
    if request.method == "POST" and form.is_valid():
        duplicates = (
            known_already(request, form) if {"mobile", "email"} & set(form.changed_data) else None
        )
        if not duplicates and save(request, card, form):
            return saved(request, card)
    here = Here.read(request.GET, tables.number(request.GET.get("at", "")))
    context: dict[str, Any] = {
        "form": form, "pane_title": _("Edit %(name)s") % {"name": card.contact.name}, "submit": _("Save"),
        "action": request.get_full_path(), "duplicates": duplicates, "close_target": tables.SLOT,
        "close_url": here.url(card_id=card.contact.pk), "editing": card.contact,
    }  # fmt: skip
    return book(
        request, here, pane=FORM, context=context, status=422 if duplicates else form.http_status
    )


def save(request: HttpRequest, card: Card, form: ContactForm) -> bool:
    """Whether the service took it; else the form says why not."""
    stamp = form.cleaned_data.get("stamp", "")
    try:
        people.edit(
            by=person(request), contact=card.contact, fields=form.fields_for_service(), stamp=stamp
        )
    except Invalid as error:
        take(form, error)
        return False
    return True


def saved(request: HttpRequest, card: Card) -> HttpResponse:
    """Back to the card."""
    messages.success(request, _("“%(name)s” was saved") % {"name": card.contact.name})
    here = Here.read(request.GET, tables.number(request.GET.get("at", "")))
    return htmx.done(request, here.url(card_id=card.contact.pk))


@require_http_methods(EDITABLE)
@on_contact(Role.EDITOR, say_why=True)
def picture(request: HttpRequest, card: Card) -> HttpResponse:
    """Another picture, or none."""
    given = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = PictureForm(*given, contact=card.contact)
    if request.method == "POST" and form.is_valid():
        try:
            people.change_avatar(
                by=person(request), contact=card.contact, file=form.cleaned_data["picture"]
            )
        except Invalid as error:
            form.add_error("picture", str(error))
        else:
            return htmx.done(request, tables.contact_url(card.contact))
    context = {"form": form, "title": _("Picture of %(name)s") % {"name": card.contact.name}, "multipart": True,
               "action": request.path, "submit": _("Save"), "back_url": tables.contact_url(card.contact)}  # fmt: skip
    full, fragment = "contacts/form_page.html", "components/dialog_form.html"
    return htmx.page(request, full, fragment, context, status=form.http_status)


@require_POST
@on_contact(Role.EDITOR, say_why=True)
def reveal(request: HttpRequest, card: Card, field: str) -> HttpResponse:
    """The full mobile or e-mail for half a minute; written down in the audit trail."""
    value = people.reveal(by=person(request), contact=card.contact, field=field)
    shown = tables.shown_number(value) if field == "mobile" else value
    template = REVEALED.get(request.GET.get("into", ""), "_revealed")
    context = {"contact": card.contact, "field": field, "value": value, "shown": shown,
               "seconds": settings.REVEAL_SECONDS}  # fmt: skip
    response = render(request, f"contacts/partials/{template}.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@on_contact()
def masked(request: HttpRequest, card: Card, field: str) -> HttpResponse:
    """The mask again, when the half minute is over."""
    masks = {"mobile": mask_mobile(card.contact.mobile), "email": mask_email(card.contact.email)}
    if field not in masks:
        raise missing()
    context = {
        "contact": card.contact,
        "field": field,
        "mask": masks[field],
        "may_reveal": card.allowed.reveal,
    }
    return render(request, "contacts/partials/_masked.html", context)


@require_safe
@staff_only
def pinyin_preview(request: HttpRequest) -> HttpResponse:
    """How a name is read, as it is being written: pinyin, initials, other ways to read it."""
    name, reading = (clean(request.GET.get(key, ""), 100) for key in ("name", "reading"))
    found = pinyin(name, reading or None) if name else None
    context = {
        "found": found,
        "candidates": candidates(name, reading or None) if name else [],
        "pieces": len(tokens_of(name)),
        "misfit": bool(reading)
        and found is not None
        and len(found.syllables) != len(tokens_of(name)),
    }
    return render(request, "contacts/partials/_pinyin.html", context)
