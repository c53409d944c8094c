"""What the streams ask the database: who may have one, who may keep it, what was missed. Few queries for all of them.

Everything here runs in the small thread pool of the process; each question is a query of its own, so that no
transaction and no connection is held while a stream is open.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connections
from django.utils.crypto import constant_time_compare

from accounts.models import Session, User
from accounts.sessions import SessionStore
from core.fetching import fetch
from im import reach
from im.live.events import SLACK_MS
from im.models import Participant
from im.parts import closed_to
from im.reach import Party

MISSED: Final = 200
T = TypeVar("T")

# Valid sessions of active people; whether a duty comes first (accounts.middleware); and a mark that changes with
# whatever the session or the login is proved by.
STANDING = """
SELECT s.session_key, u.id, u.kind = 'external', s.identity_id, u.demo, u.must_change_password OR (
         CASE WHEN u.kind = 'external' THEN p.external
              ELSE p.staff OR (u.is_superuser AND p.admins) OR (u.is_holder AND p.holders) END
         AND NOT EXISTS (SELECT FROM mfa_authenticator f WHERE f.user_id = u.id AND f.type IN ('totp', 'webauthn'))
       ) OR (u.kind = 'external' AND EXISTS (
         SELECT FROM accounts_privacynotice n WHERE n.version = (SELECT max(version) FROM accounts_privacynotice)
         AND NOT EXISTS (SELECT FROM accounts_consent c WHERE c.notice_id = n.id AND c.user_id = u.id))),
       encode(sha256(convert_to(concat(s.session_data, u.password, u.session_epoch), 'UTF8')), 'hex')
FROM accounts_session s JOIN accounts_user u ON u.id = s.user_id JOIN accounts_loginpolicy p ON p.id = 1
WHERE s.session_key = ANY(%s::text[]) AND s.expire_date > now() AND u.is_active
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose session it is now. `due`: something comes before any page, so no stream is opened."""

    user_id: int
    identity_id: int | None
    demo: bool
    due: bool
    proof: str

    @property
    def party(self) -> Party:
        return Party(self.user_id, self.identity_id)


def alone(question: Callable[..., T], *arguments: Any) -> T:
    """Asks in a thread of the pool and gives the connection back."""
    try:
        return question(*arguments)
    finally:
        connections.close_all()


def standings(
    keys: Iterable[str], *, known: Mapping[str, str] | None = None
) -> dict[str, Standing]:
    """How these sessions stand now; those that log nobody in any more are left out.

    `known` holds the proofs that were looked into before: only what changed since is read whole.
    """
    rows = fetch(STANDING, [[key for key in keys if key.isalnum()]])
    proofs = known or {}
    changed = [row[0] for row in rows if proofs.get(row[0]) != row[6]]
    opened = _opened(changed) if changed else {}
    outside = {(row[1], row[3]) for row in rows if row[2]}
    identities = reach.policy().identities_of(outside) if outside else {}
    found = {}
    for key, user_id, external, chosen, demo, due, proof in rows:
        shut = opened.get(key, False)
        identity = identities.get((user_id, chosen)) if external else None
        if shut is None or (external and identity is None):
            continue
        found[key] = Standing(user_id, identity, demo, due or shut, proof)
    return found


def _opened(keys: list[str]) -> dict[str, bool | None]:
    """None for each session that does not prove its person; else whether it says that no stream may be opened."""
    rows = list(Session.objects.filter(session_key__in=keys))
    people = User.objects.in_bulk([row.user_id for row in rows if row.user_id])
    found: dict[str, bool | None] = dict.fromkeys(keys)
    for row in rows:
        data, user = SessionStore().decode(row.session_data), people.get(row.user_id or 0)
        if user is not None and _proves(data, user):
            found[row.session_key] = any(key in data for key in settings.LIVE_SHUT_BY)
    return found


def _proves(data: Mapping[str, Any], user: User) -> bool:
    return (
        data.get(SESSION_KEY) == str(user.pk)
        and data.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    )


def missed(party: Party, position: int) -> list[tuple[int, int]] | None:
    """Conversations of this party, as it stands now, in which something was said since; None when they are too many."""
    since = datetime.datetime.fromtimestamp(max(position - SLACK_MS, 0) / 1000, tz=datetime.UTC)
    rows = Participant.objects.of(party).shown().filter(conversation__last_at__gte=since)
    rows = rows.exclude(conversation_id__in=closed_to(party))
    found = rows.order_by("-conversation__last_at").values_list(
        "conversation_id", "conversation__last_seq"
    )
    pairs = list(found[: MISSED + 1])
    return pairs if len(pairs) <= MISSED else None
