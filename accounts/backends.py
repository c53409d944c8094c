"""Django's authentication protocol in front of `accounts.services.login`, so that every door has its throttle."""

from contextvars import ContextVar
from typing import Any

from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.services import login
from core.fetching import instance

_known: ContextVar[User | None] = ContextVar("person of the session", default=None)


class LoginBackend(BaseBackend):
    """Login name (any case) and password. Gives no permission: those come from the grant tables."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **_: Any,
    ) -> User | None:
        """The person, or None for every failure: wrong, locked, disabled alike."""
        if username is None or password is None:
            return None
        return login.check(username=username, password=password, request=request).user

    def get_user(self, user_id: Any) -> User | None:
        """The person of a session; None, and so logged out, as soon as the login is disabled (T45)."""
        known = _known.get()
        if known is not None and known.pk == int(user_id):
            return known
        return instance(User, "id = %s AND is_active", [int(user_id)])


def person_of(request: HttpRequest) -> Any:
    """Who is logged in, as django.contrib.auth.get_user finds him, without reading him again where the session was
    read with him.
    """
    request.session.get(SESSION_KEY)  # reads the session, if it was not read yet
    token = _known.set(getattr(request.session, "person", None))
    try:
        return get_user(request)
    finally:
        _known.reset(token)
