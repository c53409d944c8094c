"""What the templates of the portal show: rows of the to-do list, tiles, facts. No queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.models import Contact
from contacts.selectors.identities import Identity
from core.ui import AppTile, Fact
from im.reach import Target
from portal.models import App
from portal.rule import Surface
from portal.todo_sources import Item, days_left

# Which app counts which items of the to-do list on its tile.
COUNTED = {"messages": "messages", "profile": "profile"}


@dataclass(frozen=True, slots=True)
class TodoRow:
    """One line of 个人待办."""

    item: Item
    url: str

    @property
    def line(self) -> str:
        return " · ".join(str(part) for part in (self.item.source, self.item.note) if part)


def todo_rows(items: Sequence[Item]) -> list[TodoRow]:
    """Items with the address where each is done."""
    return [
        TodoRow(item, item.link or (reverse(item.url_name) if item.url_name else ""))
        for item in items
    ]


@dataclass(frozen=True, slots=True)
class AppGroup:
    """Tiles of one category."""

    label: str
    tiles: list[AppTile]


def app_groups(apps: Sequence[tuple[App, Surface]], items: Sequence[Item] = ()) -> list[AppGroup]:
    """Tiles by category, one colour each; what cannot be reached is left out: never a dead tile."""
    groups: dict[str, list[AppTile]] = {}
    for app, surface in apps:
        url = _address(app)
        if not url:
            continue
        tiles = groups.setdefault(app.category, [])
        colour = (list(groups).index(app.category) * 2) % 8
        tiles.append(
            AppTile(
                label=app_name(app), url=url, icon=app.icon, colour=colour, badge=_badge(app, items),
                external=app.kind != App.Kind.BUILTIN, css=css_of(surface),
            )
        )  # fmt: skip
    return [AppGroup(label, tiles) for label, tiles in groups.items()]


def css_of(surface: Surface | None) -> str:
    """The class that shows something where an app is open; "" where it is open everywhere or nowhere."""
    if surface is None or (surface.desktop and surface.phone):
        return ""
    return "only-d" if surface.desktop else "only-m"


def _address(app: App) -> str:
    if app.kind != App.Kind.BUILTIN:
        return app.address
    try:
        return reverse(app.url_name)
    except NoReverseMatch:
        return ""


def _badge(app: App, items: Sequence[Item]) -> int:
    if app.key == "todo":
        return len(items)
    wanted = COUNTED.get(app.key)
    return sum(item.key == wanted for item in items) if wanted else 0


def app_name(app: App) -> str:
    """Name in the language of the reader, where there is one."""
    english = (get_language() or "").startswith("en")
    return app.name_en if english and app.name_en else app.name


@dataclass(frozen=True, slots=True)
class Expiry:
    """The banner over a page of an account that ends soon."""

    title: str
    text: str
    target: Target | None


def expiry(identity: Contact, people: Sequence[Target]) -> Expiry | None:
    """None while the account has more than thirty days left."""
    days = days_left(identity)
    if days is None or identity.expires_at is None:
        return None
    values = {"date": f"{timezone.localtime(identity.expires_at):%Y-%m-%d}", "n": days}
    title = ngettext(
        "Your account ends on %(date)s, in %(n)s day",
        "Your account ends on %(date)s, in %(n)s days",
        days,
    )
    text = _("Afterwards you cannot log in; your data stays.")
    return Expiry(title % values, text, people[0] if people else None)


def account_facts(user: User, identity: Contact, label: str) -> list[Fact]:
    """账号与安全 of the first page."""
    return [
        Fact(_("Login name"), user.username, "mono"),
        Fact(_("Identity"), label),
        Fact(_("Valid until"), _day(identity)),
        Fact(_("Last log-in"), _moment(user)),
    ]


def _day(identity: Contact) -> str:
    if identity.expires_at is None:
        return _("No end")
    return f"{timezone.localtime(identity.expires_at):%Y-%m-%d}"


def _moment(user: User) -> str:
    return f"{timezone.localtime(user.last_login):%Y-%m-%d %H:%M}" if user.last_login else ""


def profile_facts(identity: Contact, label: str) -> list[Fact]:
    """What others keep about the person, read-only here."""
    return [
        Fact(_("Name"), identity.name),
        Fact(_("Organization"), label),
        Fact(_("Position"), identity.position),
    ]


def photo_url(identity: Contact) -> str:
    """Address of the own picture; changes with the picture, so that an old one is not shown from the cache."""
    if not identity.avatar:
        return ""
    return f"{reverse('portal:photo')}?v={str(identity.avatar.name)[-16:-5]}"


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One identity in the menu and on its page; `why` says why it cannot be used."""

    identity: Identity
    current: bool
    why: str

    @property
    def organization(self) -> str:
        return self.identity.place.organization

    @property
    def line(self) -> str:
        contact = self.identity.contact
        parts = (contact.name, self.identity.place.department, contact.position)
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class IdentityMenu:
    """As whom somebody acts, and what he can switch to."""

    name: str
    line: str
    rows: list[IdentityRow]

    @property
    def several(self) -> bool:
        return len(self.rows) > 1


def identity_menu(identities: Sequence[Identity], acts_as: int | None) -> IdentityMenu:
    """The menu at the avatar of an external person."""
    rows = [
        IdentityRow(one, one.contact.pk == acts_as, _why(one.why) if one.why else "") for one in identities
    ]  # fmt: skip
    now = next((row.identity for row in rows if row.current), None)
    if now is None:
        return IdentityMenu("", "", rows)
    return IdentityMenu(now.contact.name, now.place.line, rows)


def _why(reason: str) -> str:
    words = {
        "disabled": _("Disabled. Please ask your contact in the company."),
        "organization": _("The organization is disabled. Please ask your contact in the company."),
        "expired": _("Expired. Please ask your contact in the company."),
    }
    return words.get(reason, _("Not open yet"))
