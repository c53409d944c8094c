"""Pages and fragments of messages, for staff under /messages/ and for external people under /portal/messages/.

Whoever arrives here is logged in: views are closed to others unless they say otherwise (accounts.middleware).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from core import htmx
from core.errors import Conflict, Hidden, Invalid
from core.text import clean
from im import files, reach, selectors, services, tables
from im.forms import CursorForm, ListForm, PageForm, ReadForm, SwitchForm, WhoForm, mentions_in
from im.reach import Party
from im.views.frames import framed, vary

if TYPE_CHECKING:
    from im.selectors import Thread
    from im.tables.places import Request

FOUND = 20
# What shows unread counts: the list, the bell, the menu.
SEEN = "#convs,.bell [data-poll],.topnav [data-poll]"


@require_safe
def index(request: Request) -> HttpResponse:
    """The list; as a fragment it answers 204 while it still looks like version `v`."""
    values = ListForm(request.GET).values()
    version = values.pop("v")
    if not htmx.is_fragment(request):
        return framed(request, "im/index.html", {})
    listing = tables.listing(request, **values)
    if listing.version == version:
        return vary(HttpResponse(status=204))
    context = {"listing": listing, "oob": True}
    return vary(render(request, "im/partials/_list.html", context))


@require_safe
def badge(request: Request) -> HttpResponse:
    """How much is unread, for the top bar."""
    count = selectors.unread_total(user=request.user)
    return vary(render(request, "im/partials/_badge.html", {"count": count}))


def _thread_page(
    request: Request,
    thread: Thread,
    *,
    status: int = 200,
    before: int | None = None,
    info: tables.Details | None = None,
    sought: int = 0,
    **more: Any,
) -> HttpResponse:
    page = selectors.page(thread=thread, before=before)
    newest = page.messages if before is None else []
    cursor = selectors.cursor(thread=thread, messages=newest)
    context = tables.thread_context(thread, page, cursor, **more)
    context |= {
        "info": info,
        "upload": files.limits_of(request.user),
        "sought": sought,
        "is_past": bool(page.messages) and page.messages[-1].seq < thread.part.upto,
    }
    return framed(request, "im/thread.html", context, status=status)


@require_safe
def thread(request: Request, pk: int) -> HttpResponse:
    """One conversation; with `before` an older stretch of it."""
    found = selectors.thread(conversation_id=pk, user=request.user)
    form = PageForm(request.GET)
    return _thread_page(request, found, before=form.value(), sought=form.sought())


@require_safe
def details(request: Request, pk: int) -> HttpResponse:
    """The same with who takes part and its settings beside it, or with one member of a group."""
    found = selectors.thread(conversation_id=pk, user=request.user)
    who = WhoForm(request.GET).value()
    return _thread_page(request, found, info=tables.details(request, found, who))


@require_safe
def older(request: Request, pk: int) -> HttpResponse:
    """The stretch before message `before`, to be put in front of it."""
    found = selectors.thread(conversation_id=pk, user=request.user)
    before = PageForm(request.GET).value()
    page = selectors.page(thread=found, before=before)
    context = {"thread": found, "card": found.card, "listing_lines": tables.page_lines(page, found)}
    return vary(render(request, "im/partials/_page.html", context))


@require_safe
def news(request: Request, pk: int) -> HttpResponse:
    """What an open page does not show yet; 204 when that is nothing."""
    found = selectors.thread(conversation_id=pk, user=request.user)
    told = selectors.news(thread=found, since=CursorForm(request.GET).value())
    if not told.changed:
        return vary(HttpResponse(status=204))
    return _news(request, tables.news_context(told, found))


def _news(request: Request, context: dict[str, Any]) -> HttpResponse:
    return vary(render(request, "im/partials/_news.html", context))


@require_POST
def send(request: Request, pk: int) -> HttpResponse:
    """Says something; what is refused comes back with 422 and its words."""
    body, client_id = request.POST.get("body", ""), request.POST.get("client_id", "")
    since, named = CursorForm(request.POST).value(), mentions_in(request.POST)
    try:
        said = services.send(
            conversation_id=pk, body=body, client_id=client_id, by=request.user, mentions=named
        )
    except (Invalid, Conflict) as refused:
        return _refused(request, pk, body, refused)
    if not htmx.is_fragment(request):
        return htmx.done(request, tables.url(request, "thread", pk))
    found = selectors.thread_at(said.seat)
    told = selectors.news(thread=found, since=since)
    response = _news(request, tables.news_context(told, found) | {"sent": True})
    return htmx.trigger(response, refresh="#convs")


def _refused(request: Request, pk: int, body: str, refused: Invalid | Conflict) -> HttpResponse:
    found = selectors.thread(conversation_id=pk, user=request.user)
    if not htmx.is_fragment(request):
        return _thread_page(request, found, status=422, text=body, error=refused.message)
    context = {
        "thread": found,
        "card": found.card,
        "client_id": tables.new_client_id(),
        "text": body,
        "error": refused.message,
        "oob": False,
    }
    response = render(request, "im/partials/_composer.html", context, status=422)
    response["HX-Retarget"], response["HX-Reswap"] = "#composer", "outerHTML"
    return vary(response)


@require_POST
def read(request: Request, pk: int) -> HttpResponse:
    """Notes that everything up to `seq` was seen."""
    moved = services.mark_read(
        conversation_id=pk, seq=ReadForm(request.POST).value(), by=request.user
    )
    response = HttpResponse(status=204)
    return htmx.trigger(response, refresh=SEEN) if moved else response


@require_POST
def recall(request: Request, pk: int, seq: int) -> HttpResponse:
    """Takes an own message back."""
    message = services.recall(conversation_id=pk, seq=seq, by=request.user)
    if not htmx.is_fragment(request):
        return htmx.done(request, tables.url(request, "thread", pk))
    found = selectors.thread(conversation_id=pk, user=request.user)
    line = tables.line(message, found, selectors.faces_of(found, [message]))
    context = {"line": line, "thread": found, "card": found.card}
    response = vary(render(request, "im/partials/_line.html", context))
    return htmx.trigger(response, refresh="#convs")


@require_POST
def pin(request: Request, pk: int) -> HttpResponse:
    """Keeps the conversation at the top, or lets it go."""
    form = SwitchForm(request.POST)
    services.set_pinned(conversation_id=pk, value=form.value(), by=request.user)
    return htmx.done(request, tables.url(request, form.page, pk))


@require_POST
def mute(request: Request, pk: int) -> HttpResponse:
    """Leaves the conversation out of the badge, or takes it back in."""
    form = SwitchForm(request.POST)
    services.set_muted(conversation_id=pk, value=form.value(), by=request.user)
    return htmx.done(request, tables.url(request, form.page, pk))


@require_safe
def find(request: Request) -> HttpResponse:
    """People one may write to."""
    q = clean(request.GET.get("q", "")[:200], 100)
    targets = reach.policy().search(reach.party_of(request.user), q, FOUND)
    context = {"q": q, "targets": targets}
    if htmx.is_fragment(request):
        return vary(render(request, "im/partials/_targets.html", context))
    return framed(request, "im/find.html", context)


@require_POST
def start(request: Request) -> HttpResponse:
    """Opens the conversation with `target` ("12", or "34:56" with an identity) and goes there."""
    other = Party.parse(request.POST.get("target", ""))
    if other is None:
        raise Hidden(services.NOBODY)
    conversation = services.open_direct(by=request.user, other=other)
    return htmx.done(request, tables.url(request, "thread", conversation.pk))
