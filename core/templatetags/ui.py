"""Template tags of the interface: icons, avatars, status tags, times, masks, marks, addresses."""

from __future__ import annotations

import datetime
import re
import zlib
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.http import HttpRequest
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.reading import is_ideograph
from core.text import highlight_spans, mask_email, mask_mobile
from core.vocabulary import word

register = template.Library()

SPRITE = "vendor/tabler-icons-3.51.0/icons.svg"
COLOURS = 8
_IN_BRACKETS = re.compile(r"[（(].*?[）)]")
_LAST_ID = re.compile(r"\d+$")


@lru_cache(maxsize=1024)
def _icon(name: str, css: str = "") -> SafeString:
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        f"ico {css}".strip(),
        static(SPRITE),
        name,
    )


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of the sprite, hidden from screen readers: the text beside it or a label says it."""
    return _icon(name, css)


class _Token(CsrfTokenNode):
    """Django's token; for an external person also the identity that the page was drawn for (portal.middleware)."""

    def render(self, context: Context) -> SafeString:
        drawn_for = context.get("acting_as")
        token = mark_safe(super().render(context))  # noqa: S308  made by format_html
        if not drawn_for:
            return token
        return format_html('{}<input type="hidden" name="acting_as" value="{}">', token, drawn_for)


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> _Token:
    """In the place of Django's tag of this name."""
    return _Token()


@register.simple_tag
def html_lang() -> str:
    """The language of the page as browsers and screen readers want it."""
    return "en" if (get_language() or "").startswith("en") else "zh-CN"


def avatar_text(name: str) -> str:
    """The last two characters of a Chinese name, two initials of another."""
    plain = _IN_BRACKETS.sub("", name).strip() or name.strip()
    chinese = [char for char in plain if is_ideograph(char)]
    if chinese:
        return "".join(chinese[-2:])
    words = re.findall(r"\w+", plain)
    if not words:
        return "?"
    letters: str = words[0][:2] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()


@register.simple_tag
def avatar(name: str, key: object = "", size: str = "", image: str = "") -> SafeString:
    """Picture of a person: the given image, else letters on a colour that follows from the last id in `key`."""
    css = f"avatar avatar-{size}" if size else "avatar"
    if image:
        return format_html('<img class="{}" src="{}" alt="" loading="lazy">', css, image)
    number = _LAST_ID.search(str(key))
    colour = zlib.crc32((number[0] if number else name).encode()) % COLOURS
    letters = escape(avatar_text(str(name)))  # fifty on a page: format_html costs ten times as much
    # mark_safe() looks for lazy texts first, which these are not.
    return SafeString(f'<span class="{escape(css)} av{colour}" aria-hidden="true">{letters}</span>')


@register.simple_tag
def avatar_icon(name: str, size: str = "") -> SafeString:
    """Square with an icon: departments, organizations, groups, the system."""
    css = f"avatar avatar-org avatar-{size}" if size else "avatar avatar-org"
    return format_html('<span class="{}" aria-hidden="true">{}</span>', css, _icon(name))


@register.simple_tag
def tag(kind: str, value: object) -> SafeString:
    """Status tag of an account, application, job, import, node or source: icon and word."""
    return _tag(kind, str(value), get_language())


@lru_cache(maxsize=1024)
def _tag(kind: str, value: str, _language: str | None) -> SafeString:
    shown = word(kind, value)
    css = f"tag tag-{shown.colour}" if shown.colour else "tag"
    return format_html('<span class="{}">{}{}</span>', css, _icon(shown.icon), shown.label)


@register.simple_tag(takes_context=True)
def query_replace(context: template.Context, **changes: Any) -> str:
    """The query of this address with some keys changed; None or an empty text takes a key away."""
    request: HttpRequest | None = context.get("request")
    query = request.GET.copy() if request else None
    if query is None:
        return ""
    for key, value in changes.items():
        if value is None or value == "":
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}" if query else "?"


def _short(local: datetime.datetime, now: datetime.datetime) -> str:
    days = (now.date() - local.date()).days
    clock = f"{local:%H:%M}"
    if days == 0:
        return _("Today %(time)s") % {"time": clock}
    if days == 1:
        return _("Yesterday %(time)s") % {"time": clock}
    return f"{local:%m-%d %H:%M}" if local.year == now.year else f"{local:%Y-%m-%d}"


@register.filter
def when(value: datetime.datetime | datetime.date | None) -> SafeString | str:
    """今天 10:42, 昨天 17:46, 11-20 16:32, 2025-11-20; the whole time stands in the title."""
    if not value:
        return ""
    if not isinstance(value, datetime.datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), f"{value:%Y-%m-%d}")
    local, now = timezone.localtime(value), timezone.localtime()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%Y-%m-%d %H:%M:%S %Z}",
        _short(local, now),
    )


@register.filter
def masked(value: str | None) -> str:
    """A telephone number or e-mail address as those may see it who have no right to the whole."""
    text = str(value or "")
    if "*" in text:
        return text
    return mask_email(text) if "@" in text else mask_mobile(text)


@register.simple_tag
def highlight(text: object, query: object = "", reading: str | None = None) -> SafeString:
    """`text` with the places marked that `query` finds, by name, pinyin or initials; both are escaped."""
    plain, asked = str(text or ""), str(query or "").strip()
    if not asked:
        return SafeString(escape(plain))
    pieces: list[tuple[SafeString]] = []
    at = 0
    for start, end in highlight_spans(plain, asked, reading=reading):
        pieces.append((conditional_escape(plain[at:start]),))
        pieces.append((format_html("<mark>{}</mark>", plain[start:end]),))
        at = end
    pieces.append((conditional_escape(plain[at:]),))
    return format_html_join("", "{}", pieces)


@register.filter
def css_class(value: object, prefix: str) -> SafeString | str:
    """`prefix` joined with a value that is known to be a plain word or number; else nothing."""
    text = str(value)
    return mark_safe(f"{prefix}{text}") if re.fullmatch(r"[\w-]+", text, re.ASCII) else ""  # noqa: S308  checked above


@register.filter
def get_item(mapping: dict[str, Any] | None, key: str) -> object:
    """`mapping[key]` for keys that are no names in templates; None when it is missing."""
    return mapping.get(key) if mapping else None
