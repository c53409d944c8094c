"""What accounts asks of apps above it, by dotted paths in settings (DESIGN section 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from accounts.models import User
    from core.ui import Text


@dataclass(frozen=True, slots=True)
class Door:
    """Another way in that an app above keeps: what its button says, and where it leads (with `next` behind it)."""

    label: Text
    url: str


@dataclass(frozen=True, slots=True)
class OwnDoor(Door):
    """The same for who is logged in: as whom it knows him, "" for nobody; it leads to linking or unlinking."""

    linked_as: str


def _hook(name: str) -> Callable[..., Any] | None:
    path = getattr(settings, name, "")
    return import_string(path) if path else None


def external_usable(user: User) -> bool:
    """Whether one identity of an external login is usable (SPEC section 0). EXTERNAL_USABLE: user -> bool."""
    hook = _hook("EXTERNAL_USABLE")
    return bool(hook(user)) if hook else True


def why_unusable(user: User) -> str:
    """A sentence for somebody who gave the right password (SPEC ORG-6). EXTERNAL_WHY: user -> str."""
    hook = _hook("EXTERNAL_WHY")
    sentence = str(hook(user)) if hook else ""
    return sentence or _(
        "Your access is disabled or has ended. Please ask your contact in the company."
    )


def credentials_issued(user_id: int) -> None:
    """Tells the owner of the identity that credentials exist, in the transaction that made them.

    CREDENTIALS_ISSUED: user id -> None; may be called again for the same person.
    """
    hook = _hook("CREDENTIALS_ISSUED")
    if hook:
        hook(user_id)


def credentials_readable(user: User, reader: User) -> bool:
    """Whether `reader` has something to do with an external login now. CREDENTIALS_READABLE: user, reader -> bool."""
    hook = _hook("CREDENTIALS_READABLE")
    return bool(hook(user, reader)) if hook else True


def sessions_ending(user_id: int, **which: Any) -> None:
    """Tells what hangs on sessions that they end: those of `keys`, or all but `keep`. In the transaction that ends
    them, before their rows go. SESSIONS_ENDING: user_id, keys or keep -> None. A session that merely runs out is not
    told.
    """
    hook = _hook("SESSIONS_ENDING")
    if hook:
        hook(user_id=user_id, **which)


def notify(**notice: Any) -> None:
    """A notification. NOTICES: user_ids, card_kind, card_ref, body, dedupe_key -> how many are new."""
    hook = _hook("NOTICES")
    if hook:
        hook(**notice)


def login_doors() -> list[Door]:
    """What the log-in page offers beside the password. LOGIN_DOORS: () -> doors."""
    hook = _hook("LOGIN_DOORS")
    return list(hook()) if hook else []


def own_doors(user: User) -> list[OwnDoor]:
    """What somebody may link with his own login. OWN_DOORS: user -> doors."""
    hook = _hook("OWN_DOORS")
    return list(hook(user)) if hook else []


def held_doors(user: User, identity_id: int | None = None) -> list[OwnDoor]:
    """What somebody else's login is linked with, of an external person through that identity.

    HELD_DOORS: user, identity id or None -> doors, each leading to where it is taken away or given back.
    """
    hook = _hook("HELD_DOORS")
    return list(hook(user, identity_id)) if hook else []
