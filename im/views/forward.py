"""Choosing to whom a message is forwarded, and doing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from core import htmx
from core.text import clean, fold
from core.ui import Picker, PickerItem
from im import reach, selectors, services, tables
from im.models import Conversation

if TYPE_CHECKING:
    from im.reach import Card
    from im.tables.places import Request

RESULTS: Final = 20
LOOKED_AT: Final = 200


@require_http_methods(["GET", "HEAD", "POST"])
def forward(request: Request, pk: int, seq: int) -> HttpResponse:
    """The dialog; and sending to those who were chosen."""
    selectors.message(conversation_id=pk, seq=seq, user=request.user)
    if request.method != "POST":
        return _dialog(request, pk, seq)
    made = services.forward(
        conversation_id=pk,
        seq=seq,
        to=request.POST.getlist("to"),
        client_id=request.GET.get("client_id", ""),
        by=request.user,
    )
    if not htmx.is_fragment(request):
        return htmx.done(request, tables.url(request, "thread", pk))
    said = ngettext("Forwarded", "Forwarded to %(count)s conversations", len(made))
    events = {"dialog-close": True, "refresh": "#convs", "toast": said % {"count": len(made)}}
    return htmx.trigger(HttpResponse(status=204), **events)


def _dialog(request: Request, pk: int, seq: int) -> HttpResponse:
    picker = Picker(
        id="forward",
        title=_("Forward to"),
        search_url=tables.url(request, "forward-find"),
        name="to",
        action=f"{tables.url(request, 'forward', pk, seq)}?client_id={tables.new_client_id()}",
        submit=_("Forward"),
        hint=_("Whoever you choose sees the message or the file as if you sent it now."),
        results=_choices(request, ""),
    )
    return render(request, "components/picker_dialog.html", {"picker": picker})


@require_safe
def find(request: Request) -> HttpResponse:
    """Own conversations and people one may write to, by name."""
    q = clean(request.GET.get("q", "")[:200], 100)
    context = {"results": _choices(request, q), "picker_id": "forward", "q": q}
    return render(request, "components/picker_results.html", context)


def _choices(request: Request, q: str) -> list[PickerItem]:
    rows, _more = selectors.conversations(user=request.user, limit=LOOKED_AT)
    found = [
        PickerItem(f"c{row.conversation.pk}", row.card.name, sub=_second_line(row.card))
        for row in rows
        if row.conversation.kind != Conversation.Kind.SYSTEM and fold(q) in fold(row.card.name)
    ]
    talked_to = {row.party for row in rows}
    people = reach.policy().search(reach.party_of(request.user), q, RESULTS)
    found += [
        PickerItem(str(one.party), one.name, sub=_second_line(one))
        for one in people
        if one.party not in talked_to
    ]
    return found[:RESULTS]


def _second_line(card: Card | reach.Target) -> str:
    return " · ".join(part for part in (_("External") if card.external else "", card.line) if part)
