"""Other systems that put items into 个人待办: made, changed and given a new token by who keeps the registry."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit
from core.errors import Hidden, Invalid
from portal import permissions
from portal.models import TodoSystem


def hashed(token: str) -> str:
    """What is kept of a token. It is random and long: nothing slower is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _token() -> str:
    return f"wlt_{secrets.token_urlsafe(32)}"


@transaction.atomic
def create_system(*, by: User, name: str, hosts: Sequence[str]) -> tuple[TodoSystem, str]:
    """A system and its token, which is never shown again. Raises Denied, Invalid("name") for a taken one."""
    permissions.require_registry(by)
    _check_name(name)
    token = _token()
    system = TodoSystem.objects.create(
        name=name, hosts=list(hosts), token_hash=hashed(token), created_by=by
    )
    audit.record(
        action="portal.system_new", obj=system, by=by, after={"name": name, "hosts": list(hosts)}
    )
    return system, token


@transaction.atomic
def edit_system(
    *, by: User, system_id: int, name: str, hosts: Sequence[str], enabled: bool
) -> TodoSystem:
    """Name, hosts, enabled. A disabled one is refused, and its items are not shown. Raises Denied, Hidden, Invalid."""
    permissions.require_registry(by)
    system = _claim(system_id)
    _check_name(name, besides=system_id)
    given = {"name": name, "hosts": list(hosts), "enabled": enabled}
    before, after = audit.changes({key: getattr(system, key) for key in given}, given)
    if after:
        TodoSystem.objects.filter(pk=system_id).update(**after)
        audit.record(action="portal.system", obj=system, by=by, before=before, after=after)
    return system


@transaction.atomic
def roll_token(*, by: User, system_id: int) -> tuple[TodoSystem, str]:
    """A new token; the old one is refused from now on. Raises Denied, Hidden."""
    permissions.require_registry(by)
    system, token = _claim(system_id), _token()
    system.token_hash, system.rolled_at = hashed(token), timezone.now()
    system.save(update_fields=["token_hash", "rolled_at"])
    audit.record(action="portal.system_token", obj=system, by=by)
    return system, token


def _claim(system_id: int) -> TodoSystem:
    system: TodoSystem | None = TodoSystem.objects.select_for_update().filter(pk=system_id).first()
    if system is None:
        raise Hidden(_("There is no such system."))
    return system


def _check_name(name: str, besides: int = 0) -> None:
    if TodoSystem.objects.filter(name=name).exclude(pk=besides).exists():
        raise Invalid(_("There is a system of this name already."), field="name")
