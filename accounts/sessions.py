"""Database sessions that know whose they are, where from, and when they were last used (SECURITY T44 to T46)."""

import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from accounts.models import LoginPolicy, Session, User
from core import context, live
from core.fetching import instances

VALID = "a.session_key = %s AND a.expire_date > %s"
# A disabled login has no person: who holds the session is logged out (SECURITY T45).
PERSON = "b.id = a.user_id AND b.is_active"
UNDER_WAY = datetime.timedelta(seconds=10)
SEEN_EVERY = datetime.timedelta(minutes=5)
# What every page asks about who holds the session.
READ = (Session, User, LoginPolicy)


class SessionStore(DatabaseStore):
    """Keeps rows of accounts.Session; a row that was deleted meanwhile is never written again."""

    seen_at: datetime.datetime | None = None
    # Whose the session is, read with it in one query; the pages of this request take him from here.
    person: User | None = None
    # As whom he acts; goes along to a new key, not to another person.
    identity_id: int | None = None
    # The cookie named a key that was replaced a moment ago: it opens nothing, the browser has the new one or soon will.
    replaced: bool = False

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Any:
        row = None
        # A cookie can say anything, also what PostgreSQL takes in no text; ours are letters and digits.
        if self.session_key and self.session_key.isalnum():
            parameters = [self.session_key, timezone.now()]
            row, self.person, policy = instances(READ, (PERSON, "c.id = 1"), VALID, parameters)
            if self.person is not None:
                self.person.login_policy = policy
                self.person.chosen_identity = row.identity_id
        self.replaced = row is not None and row.user_id is None and not row.session_data
        if self.replaced:
            row = None
        if row is None:
            self._session_key = None
        self.seen_at = row.seen_at if row else None
        self.identity_id = row.identity_id if row else None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = int(data["_auth_user_id"]) if data.get("_auth_user_id") else None
        row.ip, row.user_agent = context.current().ip[:45], context.current().user_agent[:200]
        row.identity_id = self.identity_id
        return row

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  Django's signature
        """As in Django, but an existing row keeps the moment it was made."""
        if self.session_key is None or must_create:
            super().save(must_create=must_create)
            return
        data = self._get_session(no_load=False)  # type: ignore[attr-defined]  # private, missing in the stubs
        row = self.create_model_instance(data)
        fields = ("session_data", "expire_date", "user_id", "ip", "user_agent", "seen_at")
        values = {name: getattr(row, name) for name in fields}
        if not Session.objects.filter(pk=self.session_key).update(**values):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """As in Django; the streams of the session end with it (log-out, a new key at log-in)."""
        live.revoke(session_keys=[session_key or self.session_key])
        super().delete(session_key)

    def cycle_key(self) -> None:
        """As in Django; what is under way with the former key is told to come again instead of to log in."""
        former, known = self.session_key, SESSION_KEY in self
        super().cycle_key()
        if former and known:
            Session.objects.create(session_key=former, expire_date=timezone.now() + UNDER_WAY)

    def flush(self) -> None:
        """As in Django; whoever logs in next acts as nobody yet."""
        self.identity_id = None
        super().flush()

    def act_as(self, identity_id: int) -> None:
        """From now on the person acts as this identity in this session. Who may is decided above."""
        self.identity_id = identity_id
        Session.objects.filter(pk=self.session_key).update(identity_id=identity_id)

    def touch(self) -> None:
        """Notes that the session is in use, at most every SEEN_EVERY."""
        now = timezone.now()
        if self.session_key and self.seen_at and now - self.seen_at >= SEEN_EVERY:
            Session.objects.filter(pk=self.session_key, seen_at__lt=now).update(seen_at=now)
            self.seen_at = now
