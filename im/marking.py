"""What people write, marked up: addresses become links, names of members stand out. Everything else is escaped.

Nothing is fetched. A link says where it leads: hosts in other scripts are shown as they are asked for (xn--…), so that
no letter passes for another one, and nothing before an @ is taken for a host.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from collections.abc import Mapping

# Chinese writing follows an address without a blank: after the host only what RFC 3986 allows belongs to it.
_LINK: Final = r"https?://(?P<host>[\w.-]++)(?P<rest>(?::\d{1,5})?+(?:[/?#][A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*)?)(?!@)"
# What names all members, in the languages in which it is written (im.bodies.EVERYONE).
EVERYONE_WORDS: Final = ("所有人", "everyone")
_AFTER: Final = ".,;:!?'*)]"
_MIXED: Final = re.compile(r"[A-Za-z0-9-]+")


def marked(text: str, names: Mapping[str, tuple[bool, bool]]) -> SafeString:
    """`text` as HTML. `names`: whom it mentions, with (is the reader, is external)."""
    among = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if name)
    pattern = re.compile(f"(?P<link>{_LINK})|@(?P<name>{among})" if among else f"(?P<link>{_LINK})")
    parts, at = [], 0
    for found in pattern.finditer(text):
        if found["link"]:
            html, used = _link(found)
        else:
            me, external = names[found["name"]]
            html, used = _mention(found["name"], me=me, external=external), len(found[0])
        if html:
            parts += [escape(text[at : found.start()]), html]
            at = found.start() + used
    parts.append(escape(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308  every piece is escaped


def _mention(name: str, *, me: bool, external: bool) -> str:
    mark = f'<span class="ext">{escape(_("External"))}</span>' if external else ""
    return f'<span class="at{" at-me" if me else ""}">@{escape(name)}{mark}</span>'


def _link(found: re.Match[str]) -> tuple[str, int]:
    """The link and how much of the text it takes; "" for what is none."""
    written, rest = found["host"], found["rest"]
    host = _cut(written)
    if host != written:
        rest = ""
    scheme = found["link"].partition("://")[0]
    whole = f"{host}{rest}"
    trimmed = whole.rstrip(_AFTER)
    if ")" in whole[len(trimmed) :] and trimmed.count("(") > trimmed.count(")"):
        trimmed = whole[: len(trimmed) + whole[len(trimmed) :].index(")") + 1]
    if len(trimmed) < len(host):
        host, trimmed = trimmed, trimmed
    asked = _ascii(host)
    if not asked:
        return "", 0
    address = escape(f"{scheme}://{asked}{trimmed[len(host) :]}")
    html = f'<a href="{address}" target="_blank" rel="noopener noreferrer nofollow">{address}</a>'
    return html, len(scheme) + 3 + len(trimmed)


def _cut(host: str) -> str:
    """Without what follows the last label: a.com这个 is a.com; 例子.中国 and bücher.de stay."""
    before, dot, last = host.rpartition(".")
    plain = _MIXED.match(last)
    return f"{before}{dot}{plain[0]}" if plain and not last.isascii() else host


def _ascii(host: str) -> str:
    """The host as it is asked for; "" when it is none."""
    try:
        name = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return name if "." in name.strip(".") or name == "localhost" else ""
