"""People with sessions and conversations for the bench of the live streams."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import Session, User
from accounts.sessions import SessionStore
from bench.own_site import LOGIN
from im import services
from im.models import Conversation, Message
from im.reach import Party
from im.services import groups

COOKIE: str = settings.SESSION_COOKIE_NAME
CSRF: str = settings.CSRF_COOKIE_NAME


def people(count: int) -> list[tuple[int, str]]:
    """(user id, session key): the administrator first, then staff without rights."""
    User.objects.bulk_create(
        [
            User(username=f"live{n}", name=f"同事{n}", password="!", sort_key=f"tongshi{n:06}")
            for n in range(1, count)
        ]
    )
    users = [
        User.objects.get(username=LOGIN),
        *User.objects.filter(username__startswith="live").order_by("pk"),
    ]
    store, until = SessionStore(), timezone.now() + datetime.timedelta(hours=2)
    rows = []
    for user in users:
        data = {
            SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "accounts.backends.LoginBackend",
            HASH_SESSION_KEY: user.get_session_auth_hash(),
        }  # fmt: skip
        key = get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789")
        rows.append(
            Session(
                session_key=key, session_data=store.encode(data), expire_date=until, user_id=user.pk
            )
        )
    Session.objects.bulk_create(rows)
    return [(row.user_id or 0, row.session_key) for row in rows]


def room(members: list[tuple[int, str]]) -> Conversation:
    """A group of all of them."""
    first, *others = [user for user, _ in members]
    wanted = [Party(user) for user in others]
    by = User.objects.get(pk=first)
    return groups.create(by=by, others=wanted, client_id="bench-room", title="三十人群")


def pairs(members: list[tuple[int, str]]) -> dict[int, tuple[int, int]]:
    """A conversation of each two neighbours: id to their places in the list."""
    users = User.objects.in_bulk([user for user, _ in members])
    found = {}
    for first in range(0, len(members) - 1, 2):
        by, other = users[members[first][0]], Party(members[first + 1][0])
        found[int(services.open_direct(by=by, other=other).pk)] = (first, first + 1)
    return found


def sequences(conversations: list[int]) -> dict[int, list[int]]:
    """What stands in the database."""
    rows = Message.objects.filter(conversation_id__in=conversations).order_by("seq")
    found: dict[int, list[int]] = {pk: [] for pk in conversations}
    for pk, seq in rows.values_list("conversation_id", "seq"):
        found[pk].append(seq)
    return found
