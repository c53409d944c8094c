"""Navigation as data: every app names its own entries, the shells show them, templates ask no permission."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.module_loading import import_string

TOP = "top"
CONSOLE = "console"
PORTAL = "portal"
BELL = "bell"
ME = "me"
THEMES = ("light", "dark", "auto")
THEME_COOKIE = "wl-theme"


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of a menu.

    `area` is top (bar of the staff shell, phone tab bar), console (side navigation, in `group`s), portal, bell (the
    bell of the top bar) or me (menu at the avatar; `post=True` makes it a button, as for logging out).
    `badge` is a number known now; `badge_url` answers templates/components/badge.html and is asked again every 30 s.
    `match` names further address beginnings under which the entry is the current one.
    """

    key: str
    label: str | Promise
    url: str
    icon: str
    area: str = TOP
    group: str | Promise = ""
    order: int = 100
    badge: int | None = None
    badge_url: str | None = None
    match: tuple[str, ...] = ()
    post: bool = False
    short: str | Promise = ""
    """Label in the tab bar of phones where the full one is too long."""
    current: bool = False
    hidden: str = ""
    """Set by `build`: missing on desktops ("d") or on phones ("m")."""


@dataclass(frozen=True, slots=True)
class ViewAs:
    """Set as `request.view_as` while a page is shown as somebody else sees it (SPEC VIS-3): the shells say so, and only
    the entries of `menu` are left. `seconds` are left until it ends.
    """

    name: str
    stop_url: str
    seconds: int
    menu: frozenset[str]

    @property
    def clock(self) -> str:
        """What is left as mm:ss."""
        return f"{self.seconds // 60:02}:{self.seconds % 60:02}"


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of the side navigation under one heading."""

    label: str | Promise
    items: Sequence[NavItem]


@dataclass(slots=True)
class Nav:
    """All entries this person has, ready to be shown."""

    top: list[NavItem] = field(default_factory=list)
    console: list[Group] = field(default_factory=list)
    portal: list[NavItem] = field(default_factory=list)
    me: list[NavItem] = field(default_factory=list)
    bell: NavItem | None = None


Provider = Callable[[HttpRequest], Iterable[NavItem]]


@cache
def _providers(names: tuple[str, ...]) -> tuple[Provider, ...]:
    return tuple(import_string(name) for name in names)


def _length_of_match(item: NavItem, path: str) -> int:
    starts = [
        start for start in (item.url.partition("?")[0], *item.match) if path.startswith(start)
    ]
    return max((len(start) for start in starts), default=0)


def _mark_current(items: list[NavItem], path: str) -> list[NavItem]:
    """The entry whose address begins this one's longest; "/" counts only for itself."""
    lengths = [
        _length_of_match(item, path) if item.url != "/" or path == "/" else 0 for item in items
    ]
    best = max(lengths, default=0)
    where = lengths.index(best) if best else -1
    return [replace(item, current=number == where) for number, item in enumerate(items)]


def build(request: HttpRequest) -> Nav:
    """Asks every provider named in NAV_PROVIDERS and sorts what they give by area and order.

    `request.nav_hidden`, where a middleware set it, maps keys of entries to where they are missing: "d", "m" or "all".
    """
    found: dict[str, list[NavItem]] = {}
    view_as: ViewAs | None = getattr(request, "view_as", None)
    hidden: Mapping[str, str] = getattr(request, "nav_hidden", {})
    for provider in _providers(tuple(settings.NAV_PROVIDERS)):
        for item in provider(request):
            if view_as is not None and item.key not in view_as.menu:
                continue
            where = hidden.get(item.key, "")
            if where != "all":
                found.setdefault(item.area, []).append(
                    replace(item, hidden=where) if where else item
                )
    for area, items in found.items():
        found[area] = _mark_current(sorted(items, key=lambda item: item.order), request.path)
    groups: dict[str, list[NavItem]] = {}
    for item in found.get(CONSOLE, []):
        groups.setdefault(str(item.group), []).append(item)
    bells = found.get(BELL, [])
    return Nav(
        top=found.get(TOP, []),
        console=[Group(label, items) for label, items in groups.items()],
        portal=found.get(PORTAL, []),
        me=found.get(ME, []),
        bell=bells[0] if bells else None,
    )


def theme_of(request: HttpRequest) -> str:
    """light, dark or auto: from the profile of who is logged in, else from the cookie."""
    user = getattr(request, "user", None)
    chosen = getattr(user, "theme", "") or request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def context(request: HttpRequest) -> dict[str, object]:
    """Context processor: `nav`, `theme`, where the theme and language switches post to, where pages of somebody listen,
    and the names shown.
    """
    view_as: ViewAs | None = getattr(request, "view_as", None)
    return {
        "nav": SimpleLazyObject(lambda: build(request)),
        "view_as": view_as,
        "theme": theme_of(request),
        "preferences_url": "" if view_as else _url("accounts:preferences"),
        "live_url": "" if view_as else _url("live"),
        "host_name": getattr(settings, "HOST_NAME", ""),
    }
