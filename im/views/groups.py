"""Pages of groups: making one, taking people in, who is in it, and what its owner decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import htmx
from core.cleaning import clean
from core.errors import Denied, Hidden, Invalid
from im import reach, selectors, tables
from im.forms import ChosenForm
from im.models import Conversation
from im.selectors import Thread
from im.services import groups
from im.views.frames import framed, vary

if TYPE_CHECKING:
    from im.tables.places import Request

FOUND = 30


def _group(request: Request, pk: int) -> Thread:
    """A group of whoever asks; raises Hidden for anything else."""
    found = selectors.thread(conversation_id=pk, user=request.user)
    if found.conversation.kind != Conversation.Kind.GROUP:
        raise Hidden(_("There is no such group."))
    return found


# --- choosing people --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Request) -> HttpResponse:
    """A new group: its people and, if wanted, its name."""
    groups.require_staff(request.user)
    if request.method != "POST":
        return _choose(request)
    form = ChosenForm(request.POST)
    try:
        made = groups.create(by=request.user, **form.values())
    except Invalid as refused:
        return _choose(request, form=form, error=refused)
    return htmx.done(request, tables.url(request, "thread", made.pk))


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Request, pk: int) -> HttpResponse:
    """Takes more people into a group."""
    found = _group(request, pk)
    groups.require_staff(request.user)
    if request.method != "POST":
        return _choose(request, found)
    form = ChosenForm(request.POST)
    try:
        groups.add(conversation_id=pk, others=form.values()["others"], by=request.user)
    except Invalid as refused:
        return _choose(request, found, form=form, error=refused)
    return htmx.done(request, tables.url(request, "details", pk))


def _choose(
    request: Request,
    thread: Thread | None = None,
    *,
    form: ChosenForm | None = None,
    error: Invalid | None = None,
) -> HttpResponse:
    """The page for choosing; what was chosen stays with what is wrong."""
    me = reach.party_of(request.user)
    context: dict[str, Any] = {
        "group": thread,
        "choices": _found(request, thread),
        "chosen": tables.chosen(me, form.values()["others"] if form else []),
        "title_text": form.values()["title"] if form else "",
        "client_id": form.values()["client_id"] if form else tables.new_client_id(),
        "error": error.message if error else "",
        "people_url": tables.people_url(request, thread),
    }
    return framed(request, "im/choose.html", context, status=422 if error else 200)


@require_safe
def people(request: Request, pk: int | None = None) -> HttpResponse:
    """Who may be chosen for a new group, or taken into this one: the search of the page above."""
    groups.require_staff(request.user)
    thread = _group(request, pk) if pk else None
    q = clean(request.GET.get("q", "")[:200], 100)
    context = {"choices": _found(request, thread, q), "q": q}
    return vary(render(request, "im/partials/_choices.html", context))


def _found(request: Request, thread: Thread | None, q: str = "") -> list[tables.Choice]:
    targets = reach.policy().search(reach.party_of(request.user), q, FOUND)
    return tables.choices(targets, thread)


# --- looking ----------------------------------------------------------------------------------------------------------


@require_safe
def readers(request: Request, pk: int, seq: int) -> HttpResponse:
    """Who has read an own message of a group: for staff, because it says who of the staff was there when."""
    found = _group(request, pk)
    if request.user.is_external:
        raise Denied(_("Who has read a message is shown to staff."))
    unread, read = selectors.readers(found, seq)
    context = {"thread": found, "unread": unread, "read": read}
    if htmx.is_fragment(request):
        return vary(render(request, "im/partials/_readers.html", context))
    return framed(request, "im/readers.html", context)


@require_safe
def members(request: Request, pk: int) -> HttpResponse:
    """Whom a message to this group may mention: the choices of the @ of the composer."""
    found = _group(request, pk)
    context = {
        "people": selectors.mentionable(found),
        "everyone": not request.user.is_external,
    }
    return vary(render(request, "im/partials/_mentionable.html", context))


# --- deciding ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: Request, pk: int) -> HttpResponse:
    """The name of a group."""
    found = _group(request, pk)
    groups.require_staff(request.user)
    title, error = request.POST.get("title", found.conversation.title), ""
    if request.method == "POST":
        try:
            groups.rename(conversation_id=pk, title=title, by=request.user)
        except Invalid as refused:
            error = str(refused.message)
        else:
            return htmx.done(request, tables.url(request, "details", pk))
    context = {"question": tables.naming(request, pk), "title_text": title, "error": error}
    return _asked(request, found, context, status=422 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: Request, pk: int, user_id: int) -> HttpResponse:
    """Takes a member out."""
    found = _group(request, pk)
    if request.method != "POST":
        return _ask(
            request, found, tables.removal(request, found, selectors.member(found, user_id))
        )
    groups.remove(conversation_id=pk, user_id=user_id, by=request.user)
    return htmx.done(request, tables.url(request, "details", pk))


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: Request, pk: int, user_id: int) -> HttpResponse:
    """Makes a member the owner."""
    found = _group(request, pk)
    if request.method != "POST":
        return _ask(
            request, found, tables.handing(request, found, selectors.member(found, user_id))
        )
    groups.hand_over(conversation_id=pk, user_id=user_id, by=request.user)
    return htmx.done(request, tables.url(request, "details", pk))


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: Request, pk: int) -> HttpResponse:
    """Goes out of a group."""
    found = _group(request, pk)
    if request.method != "POST":
        return _ask(request, found, tables.leaving(request, pk))
    groups.leave(conversation_id=pk, by=request.user)
    return htmx.done(request, tables.url(request, "index"))


@require_http_methods(["GET", "HEAD", "POST"])
def dissolve(request: Request, pk: int) -> HttpResponse:
    """Ends a group."""
    found = _group(request, pk)
    if request.method != "POST":
        return _ask(request, found, tables.ending(request, pk))
    groups.dissolve(conversation_id=pk, by=request.user)
    return htmx.done(request, tables.url(request, "details", pk))


def _ask(request: Request, thread: Thread, question: tables.Question) -> HttpResponse:
    if question.owner_only and not selectors.owns(thread):
        raise Denied(_("Only the owner of the group may do this."))
    return _asked(request, thread, {"question": question})


def _asked(
    request: Request, thread: Thread, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The question as a dialog, or as a page of its own."""
    if htmx.is_fragment(request):
        return vary(render(request, "im/partials/_question.html", context, status=status))
    return framed(request, "im/question.html", context | {"thread": thread}, status=status)
