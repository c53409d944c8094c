"""Rows of the address book in one pass: fifty of them through template tags cost several times what the queries do."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from contacts.selectors.lists import Row
from core.templatetags.ui import avatar, highlight, tag

register = template.Library()


@dataclass(frozen=True, slots=True)
class Around:
    """What all rows of a list share: the address of a row up to its id and after it, of a card up to the id."""

    row_url: tuple[str, str]
    card_url: str
    open_id: int | None
    with_place: bool
    searching: bool
    q: str
    states: dict[str, SafeString]  # state → its tag, as far as rows showed it


@register.simple_tag(takes_context=True)
def book_rows(context: template.Context) -> SafeString:
    """Context: rows ([selectors.lists.Row]), here, row_base (a card's address, no id yet), with_place, searching, q."""
    here, q = context["here"], str(context.get("q") or "")
    searching, with_place = bool(context.get("searching")), bool(context.get("with_place"))
    before, _zero, after = reverse("contacts:row", args=[0]).rpartition("0")
    query = f"?at={here.node_id or ''}{'&place=1' if with_place else ''}{f'&q={quote(q)}' if searching else ''}"
    around = Around(
        row_url=(escape(before), escape(after + query)), card_url=escape(context["row_base"]),
        open_id=here.card_id, with_place=with_place, searching=searching, q=q, states={},
    )  # fmt: skip
    return mark_safe("".join(_row(row, around) for row in context["rows"]))  # noqa: S308  every value is escaped


def _row(row: Row, around: Around) -> str:
    before, after = around.row_url
    url = f"{around.card_url}{row.id}"
    if row.state not in around.states:
        around.states[row.state] = tag("account", row.state)
    css, current = (' class="on"', ' aria-current="true"') if row.id == around.open_id else ("", "")
    return (
        f'<tr role="row" data-row id="row-{row.id}"{css} hx-get="{before}{row.id}{after}"'
        ' hx-trigger="refetch" hx-target="this" hx-swap="outerHTML" data-keep-focus>'
        f'<td role="cell"><div class="who">{avatar(row.name, row.id, "", row.image)}<div class="av-t">'
        f'<b><a class="text-reset" href="{url}" data-open hx-get="{url}" hx-target="#card-slot" hx-swap="innerHTML"'
        f' hx-push-url="true" data-focus{current}>'
        f"{highlight(row.name, around.q, row.reading)}</a></b><small>{_under(row, around)}</small></div></div></td>"
        f"{_place(row) if around.with_place else ''}"
        f'<td role="cell" class="num nowrap only-d">{escape(row.mobile)}</td>'
        f'<td role="cell">{around.states[row.state]}</td></tr>\n'
    )


def _under(row: Row, around: Around) -> str:
    """The line under the name: position, and where there is no column for it the place."""
    position = escape(row.position)
    dot = " · " if position else ""
    if around.searching:
        return f"{position}{dot}{highlight(row.place.path, around.q)}"
    if around.with_place and row.place.line:
        return f'{position}<span class="on-m">{dot}{escape(row.place.line)}</span>'
    return position


def _place(row: Row) -> str:
    path, line = escape(row.place.path), escape(row.place.line)
    return f'<td role="cell" class="only-d"><span class="ell" title="{path}">{line}</span></td>'
