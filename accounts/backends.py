"""Django's authentication protocol in front of `accounts.services.login`, so that every door has its throttle."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.services import login
from core.fetching import instance


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
        return instance(User, "id = %s AND is_active", [int(user_id)])
