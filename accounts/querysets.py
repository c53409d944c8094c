"""Reads on people and internal departments."""

from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import BaseUserManager
from django.db import models
from django.utils import timezone

from accounts.names import columns

if TYPE_CHECKING:
    from accounts.models import User


class UserQuerySet(models.QuerySet["User"]):
    """Chainable reads."""

    def active(self) -> Self:
        return self.filter(is_active=True)

    def staff(self) -> Self:
        return self.filter(kind="staff")

    def external(self) -> Self:
        return self.filter(kind="external")


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # dynamic base class
    """Adds creation by login name, as Django's commands and allauth expect it."""

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(username__iexact=username)
        return user

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """A person; without a password the login is unusable until one is set."""
        user: User = self.model(
            username=username.strip(), **{**columns(str(fields.get("name", ""))), **fields}
        )
        if password:
            user.set_password(password)
        else:
            user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """A system administrator; from now on one has existed (SECURITY T39)."""
        installation = self.model._meta.apps.get_model("accounts", "Installation")
        installation._default_manager.update_or_create(
            id=1, defaults={"first_admin_at": timezone.now()}
        )
        return self.create_user(username, password, is_superuser=True, **fields)


class DepartmentQuerySet(models.QuerySet[Any]):
    """Chainable reads of internal departments."""

    def roots(self) -> Self:
        return self.filter(parent__isnull=True)
