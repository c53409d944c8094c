"""个人待办 computed from this product (SPEC POR-4). Every source is named in settings.PORTAL_TODO_SOURCES."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from contacts.models import Contact
from contacts.selectors.identities import offers_to
from im.selectors import unread_total
from portal.models import PushedTodo
from portal.todo_input import allowed

EXPIRES_SOON: Final = datetime.timedelta(days=30)
PUSHED_LIMIT: Final = 500
# What a person is asked to complete about himself.
WANTED: Final = ("mobile", "email", "telephone", "office")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do: `url_name` says where, or `link` in another system; `due` is None when it has no date."""

    key: str
    title: str | Promise
    source: str | Promise
    icon: str
    action: str | Promise
    url_name: str = ""
    note: str | Promise = ""
    due: datetime.datetime | None = None
    link: str = ""

    @property
    def soon(self) -> bool:
        """Due within a week."""
        return self.due is not None and self.due <= timezone.now() + datetime.timedelta(days=7)


Source = Callable[[User, Contact], Iterable[Item]]


def builtin(user: User, identity: Contact) -> Iterator[Item]:
    """New password, expiring account, unread messages, missing fields of the profile; one query."""
    if user.must_change_password:
        yield Item(
            "password",
            _("Change your password"),
            _("Account"),
            "key",
            _("Change"),
            "accounts:password",
        )
    days = days_left(identity)
    if days is not None:
        note = ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days}
        yield Item(
            "expiry", _("Your account ends soon"), _("Account"), "hourglass", _("Ask for more"),
            "portal:people", note, identity.expires_at,
        )  # fmt: skip
    unread = unread_total(user=user)
    if unread:
        title = ngettext("%(n)s unread message", "%(n)s unread messages", unread) % {"n": unread}
        yield Item("messages", title, _("Messages"), "message-circle", _("Read"), "portal-im:index")
    missing = missing_fields(identity)
    if missing:
        note = _("Still missing: %(fields)s") % {"fields": "、".join(missing)}
        yield Item(
            "profile", _("Complete your profile"), _("Profile"), "user-circle", _("Fill in"),
            "portal:profile", note,
        )  # fmt: skip


def questions(user: User, identity: Contact) -> Iterator[Item]:
    """Whether he is somebody else here, too: asked of the login, so under each identity; two queries at most."""
    for offer in offers_to(user):
        where = offer.organization or _("Somebody of no organization")
        yield Item(
            f"identity-{offer.row.pk}",
            _("Is this you, too?"),
            _("Account"),
            "user-check",
            _("Look"),
            "portal:identities",
            where,
            offer.row.expires_at,
        )


def pushed(user: User, identity: Contact) -> Iterator[Item]:
    """What other systems want of this identity: open items of enabled ones; one query.

    A link is looked at again: its host may have been taken from the list meanwhile.
    """
    rows = PushedTodo.objects.filter(contact=identity, done=False, system__enabled=True)
    for row in rows.select_related("system").order_by(F("due").asc(nulls_last=True), "pk")[
        :PUSHED_LIMIT
    ]:
        link = row.link if allowed(row.link, row.system.hosts) else ""
        yield Item(
            f"pushed-{row.pk}",
            row.title,
            row.system.name,
            "clipboard-check",
            pgettext("to-do", "Open"),
            due=row.due,
            link=link,
        )


def days_left(identity: Contact) -> int | None:
    """Whole days until the account ends, when that is within thirty days."""
    if identity.expires_at is None:
        return None
    left = identity.expires_at - timezone.now()
    return max(left.days, 0) if left <= EXPIRES_SOON else None


def missing_fields(identity: Contact) -> list[str]:
    """Labels of what the profile lacks."""
    labels = {
        "mobile": _("Mobile"),
        "email": _("E-mail"),
        "telephone": _("Telephone"),
        "office": _("Office location"),
    }
    return [labels[name] for name in WANTED if not getattr(identity, name)]
