"""Search in one's own messages, and the files of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from core import htmx
from core.text import clean
from im import search_rows, selectors, tables
from im.forms import PageForm, SearchForm
from im.views.frames import framed
from im.words import MAX_QUERY

if TYPE_CHECKING:
    from im.tables.places import Request


@require_safe
def search(request: Request) -> HttpResponse:
    """What was found: a page, what follows it, or the hits alone while somebody types."""
    form = SearchForm(request.GET).values()
    q, inside = clean(request.GET.get("q", "")[:400], MAX_QUERY), form["conversation"]
    thread = selectors.thread(conversation_id=inside, user=request.user) if inside else None
    found = selectors.search(user=request.user, q=q, conversation_id=inside, before=form["before"])
    context = {
        "q": q,
        "inside": thread,
        "found": found,
        "hits": search_rows.hits(request, found),
        "more_url": search_rows.more_url(request, q, inside, found),
    }
    if htmx.is_fragment(request):
        response = render(request, "im/partials/_hits.html", context)
        patch_vary_headers(response, ["HX-Request"])
        return response
    return framed(request, "im/search.html", context)


@require_safe
def shared(request: Request, pk: int) -> HttpResponse:
    """The files of a conversation, newest first: a page of its own, or a piece of the pane beside the thread."""
    thread = selectors.thread(conversation_id=pk, user=request.user)
    before = PageForm(request.GET).value()
    context = {"shared": tables.shared_files(thread, request.user, before), "shared_thread": thread}
    if htmx.is_fragment(request):
        response = render(request, "im/partials/_shared_files.html", context)
        patch_vary_headers(response, ["HX-Request"])
        return response
    return framed(request, "im/shared.html", context | {"card": thread.card})
