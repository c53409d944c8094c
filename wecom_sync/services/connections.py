"""Connecting a corp of ours, and what of it lands where (SPEC WEC-1; matrix row 54; SECURITY T68).

A secret goes in and never comes out again: neither to a page, nor into the trail. Where it is used for changes only
together with the secret itself, so that nobody can have it sent elsewhere.
"""

import secrets
import string
from collections.abc import Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import audit
from core.actors import Actor
from core.errors import Hidden, Invalid
from orgs.models import Node
from wecom_sync.models import (
    Chain,
    Connection,
    OwnDepartment,
    OwnPerson,
    RemotePerson,
    RemotePlace,
    Run,
)
from wecom_sync.permissions import require_connect
from wecom_sync.services import runs
from wecom_sync.sync import kept

ALPHABET: Final = string.ascii_letters + string.digits
TOKEN_LENGTH: Final = 32
KEY_LENGTH: Final = 43


@transaction.atomic
def create(*, by: Actor, name: str, corp_id: str, agent_id: int, secret: str) -> Connection:
    """A new connection. Raises Denied, Invalid("corp_id") for a corp that is connected already."""
    require_connect(by)
    connection = Connection(name=name, corp_id=corp_id, agent_id=agent_id)
    connection.keep_secret(secret)
    _save(connection)
    audit.record(action="wecom.connect", obj=connection, by=by, after=_told(connection))
    return connection


@transaction.atomic
def edit(
    *, by: Actor, connection: Connection, name: str, corp_id: str, agent_id: int, secret: str = ""
) -> Connection:
    """Changes a connection; an empty secret stays. Raises Denied, Hidden, Invalid with its field.

    Another corp or application asks for its secret, and another corp only comes where nothing is linked yet: plans
    and hints that say something of the former one are outdated. Raises Conflict while that one is read.
    """
    fresh = _claim(by, connection)
    before = _told(fresh)
    if (corp_id, agent_id) != (fresh.corp_id, fresh.agent_id) and not secret:
        raise Invalid(_("Another corp or application: enter its secret"), field="secret")
    if corp_id != fresh.corp_id and _linked(fresh):
        raise Invalid(
            _("Organizations and people are linked with this corp. Make a new connection for another one"),
            field="corp_id",
        )  # fmt: skip
    if corp_id != fresh.corp_id:
        runs.forget(fresh)
    fresh.name, fresh.corp_id, fresh.agent_id = name, corp_id, agent_id
    if secret:
        fresh.keep_secret(secret)
    if secret or agent_id != before["agent_id"]:
        fresh.checked_at, fresh.error_code, fresh.error = None, None, ""
    _save(fresh)
    old, new = audit.changes(before, _told(fresh))
    if secret:
        new["secret"] = True  # the trail shows no more than that there is a new one
    if new:
        audit.record(action="wecom.edit", obj=fresh, by=by, before=old, after=new)
    return fresh


@transaction.atomic
def set_enabled(*, by: Actor, connection: Connection, enabled: bool) -> bool:
    """Switches a connection on, or off with what is under way. False when it is so already. Raises Denied, Hidden."""
    fresh = _claim(by, connection)
    if fresh.enabled == enabled:
        return False
    if not enabled:
        for run in Run.objects.filter(connection=fresh, status__in=runs.STOPPABLE):
            runs.cancel(by=by, run=run)
    fresh.enabled = enabled
    fresh.save(update_fields=["enabled"])
    audit.record(
        action="wecom.enable" if enabled else "wecom.disable", obj=fresh, by=by,
        before={"enabled": not enabled}, after={"enabled": enabled},
    )  # fmt: skip
    return True


@transaction.atomic
def delete(*, by: Actor, connection: Connection) -> None:
    """Forgets a connection with its runs. Raises Denied, Hidden, Invalid where something is linked with it."""
    fresh = _claim(by, connection)
    if _linked(fresh):
        raise Invalid(
            _("Organizations and people come from this connection: switch it off instead of deleting it")
        )  # fmt: skip
    audit.record(action="wecom.delete", obj=fresh, by=by, before=_told(fresh))
    fresh.delete()


@transaction.atomic
def roll_callback(*, by: Actor, connection: Connection) -> tuple[str, str]:
    """New token and EncodingAESKey of the callbacks: given back this one time. Raises Denied, Hidden."""
    fresh = _claim(by, connection)
    token, key = _random(TOKEN_LENGTH), _random(KEY_LENGTH)
    fresh.keep_callback(token, key)
    fresh.save(update_fields=["callback_token_cipher", "callback_key_cipher"])
    audit.record(action="wecom.callback", obj=fresh, by=by)
    return token, key


@transaction.atomic
def set_doors(*, by: Actor, connection: Connection, login: bool, notify: bool) -> Connection:
    """Whether its people log in with 企业微信, and are told of things there. Raises Denied, Hidden."""
    fresh = _claim(by, connection)
    before = {"login": fresh.login, "notify": fresh.notify}
    old, new = audit.changes(before, {"login": login, "notify": notify})
    if new:
        fresh.login, fresh.notify = login, notify
        fresh.save(update_fields=["login", "notify"])
        audit.record(action="wecom.doors", obj=fresh, by=by, before=old, after=new)
    return fresh


@transaction.atomic
def set_policy(
    *, by: Actor, chain: Chain, target: Node | None, leavers: str, owned: Sequence[str],
    brake_percent: int, brake_people: int,
) -> Chain:  # fmt: skip
    """Where a chain lands, who owns which field, what becomes of people who left, and when a run waits for a person.

    Plans that were made before are outdated by it. Raises Denied, Hidden, Conflict while a run writes, Invalid.
    """
    connection = _claim(by, chain.connection)
    fresh = Chain.objects.select_for_update(of=("self",)).select_related("target").get(pk=chain.pk)
    _check_target(fresh, target)
    if connection.runs.filter(status=Run.Status.APPLYING).exists():
        raise runs.under_way()
    given: dict[str, Any] = {
        "target": target, "leavers": leavers, "brake_percent": brake_percent, "brake_people": brake_people,
        "owned": [name for name in Chain.KEEPS if name in owned],
    }  # fmt: skip
    before, after = audit.changes({name: getattr(fresh, name) for name in given}, given)
    if not after:
        return fresh
    for name, value in given.items():
        setattr(fresh, name, value)
    fresh.policy_at = timezone.now()
    fresh.save(update_fields=[*given, "policy_at"])
    kept.refresh(connection)
    audit.record(
        action="wecom.policy", obj=connection, by=by, before={"chain": fresh.name, **before},
        after={"chain": fresh.name, **after},
    )  # fmt: skip
    return fresh


def _check_target(chain: Chain, target: Node | None) -> None:
    if target is not None and target.kind == Node.Kind.DEPARTMENT:
        raise Invalid(_("Choose a dimension or an organization"), field="target")
    if target is None and chain.target_id and chain.places.exists():
        raise Invalid(
            _("What this chain brought stands there. Choose another place, or switch the connection off"),
            field="target",
        )  # fmt: skip
    if target and chain.places.filter(node__in=target.ancestor_ids, gone_at=None).exists():
        raise Invalid(
            _("This place comes from the chain itself. Choose another one"), field="target"
        )


def _told(connection: Connection) -> dict[str, Any]:
    return {
        "name": connection.name,
        "corp_id": connection.corp_id,
        "agent_id": connection.agent_id,
    }


def _claim(by: Actor, connection: Connection) -> Connection:
    require_connect(by)
    fresh = Connection.objects.select_for_update().filter(pk=connection.pk).first()
    if fresh is None:
        raise Hidden(_("There is no such connection."))
    return fresh


def _save(connection: Connection) -> None:
    try:
        with transaction.atomic():
            connection.save()
    except IntegrityError as error:
        raise Invalid(_("This corp is connected already"), field="corp_id") from error


def _linked(connection: Connection) -> bool:
    places = RemotePlace.objects.filter(chain__connection=connection)
    rest = (RemotePerson, OwnPerson, OwnDepartment)
    return places.exists() or any(
        model.objects.filter(connection=connection).exists() for model in rest
    )


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _place in range(length))
