"""Testing a connection: step by step, each with its answer (SPEC WEC-9; matrix row 53)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import audit, secrets
from core.actors import Actor
from core.errors import Invalid
from wecom_sync.access import SHORT, gateway_of
from wecom_sync.gateway import Gateway, Retryable, WeComError
from wecom_sync.models import Chain, Connection, RemotePlace
from wecom_sync.permissions import require_run
from wecom_sync.sync import pull
from wecom_sync.sync.places import LEFT

OK, BAD, LEFT_OUT = "done", "bad", ""


@dataclass(frozen=True, slots=True)
class Step:
    """One question and what came of it: done, bad, or "" where it was not asked any more."""

    label: str | Promise
    state: str
    text: str
    code: int | None = None


def test(*, by: Actor, connection: Connection) -> list[Step]:
    """Asks WeCom from the start and keeps how that ended. The chains it names are known from then on.

    Raises Denied. It speaks to WeCom, so it is no transaction; what it writes at the end is one.
    """
    require_run(by)
    steps = list(_asked(connection))
    wrong = next((one for one in steps if one.state == BAD), None)
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(
            checked_at=timezone.now(), error_code=wrong.code if wrong else 0,
            error=wrong.text[:500] if wrong else "",
        )  # fmt: skip
        answer = {"error": wrong.text} if wrong else {"error": ""}
        audit.record(action="wecom.test", obj=connection, by=by, after=answer)
    return steps


def _asked(connection: Connection) -> Iterator[Step]:
    """Until the first that goes wrong; the others are named."""
    wrong = False
    gateway: Gateway | None = None
    for label, ask in _questions(connection):
        if wrong:
            yield Step(label, LEFT_OUT, "")
            continue
        try:
            gateway = gateway or gateway_of(connection, patience=SHORT)
            step = Step(label, OK, ask(connection, gateway))
        except (WeComError, Invalid, secrets.Unreadable, ValueError) as error:
            step = _refused(label, error)
        wrong = step.state == BAD
        yield step


def _refused(label: str | Promise, error: Exception) -> Step:
    if isinstance(error, secrets.Unreadable):
        text = _("The key of this installation has changed. Enter the secret of the app again")
        return Step(label, BAD, text, -1)
    code = getattr(error, "code", -1)
    text = error.told(by_itself=False) if isinstance(error, Retryable) else str(error)
    return Step(label, BAD, text, code if isinstance(code, int) else -1)


def _app(_connection: Connection, gateway: Gateway) -> str:
    agent = gateway.check()
    return _("Corp ID, agent ID and secret fit: “%(name)s”") % {"name": agent.name}


def _chains(connection: Connection, gateway: Gateway) -> str:
    pull.chains(connection, gateway)
    chains = Chain.objects.filter(connection=connection)
    here = RemotePlace.objects.filter(gone_at=None).exclude(key=LEFT)
    lost = chains.filter(gone_at__isnull=False, pk__in=here.values("chain"))
    if lost:
        text = _(
            "The app does not see the chain “%(names)s” any more, though organizations here come from it: the next run "
            "would take them for gone. See in 企业微信 → 上下游 whether it is still there and the app in its range"
        )
        raise Invalid(text % {"names": _(", ").join(one.name for one in lost)})
    names = chains.filter(gone_at=None).values_list("name", flat=True)
    if not names:
        return _(
            "No chain is visible to the app yet. Create one in 企业微信 → 上下游, or widen the app's range"
        )
    return _(", ").join(names[:10])


def _shares(_connection: Connection, gateway: Gateway) -> str:
    n = len(gateway.shares())
    if not n:
        return _("The app is shared with no corp yet: only organizations come, no people")
    return ngettext("%(n)s corp shares its people", "%(n)s corps share their people", n) % {"n": n}


def _staff(_connection: Connection, gateway: Gateway) -> str:
    n = len(gateway.department_nodes())
    if not n:
        raise Invalid(
            _("The app sees no department of the corp. Set its visible range (可见范围) in the admin console")
        )  # fmt: skip
    return ngettext("%(n)s department is visible", "%(n)s departments are visible", n) % {"n": n}


def _rules(connection: Connection, gateway: Gateway) -> str:
    chains = Chain.objects.filter(connection=connection, gone_at=None, target__isnull=False)
    n = sum(len(gateway.rule_ids(one.chain_id)) for one in chains)
    return ngettext("%(n)s rule can be read", "%(n)s rules can be read", n) % {"n": n}


Ask = Callable[[Connection, Gateway], str]
Question = tuple[str | Promise, Ask]
STEPS: Final[tuple[Question, ...]] = (
    (gettext_lazy("Secret and application"), _app),
    (gettext_lazy("Chains of the corp"), _chains),
    (gettext_lazy("Corps that the application is shared with"), _shares),
)
STAFF: Final[Question] = gettext_lazy("Departments and staff of the corp"), _staff
RULES: Final[Question] = gettext_lazy("Rules (对接规则) become visible ranges"), _rules


def _questions(connection: Connection) -> Iterator[Question]:
    """What every connection needs, and what this one is set to read besides."""
    yield from STEPS
    if connection.sync_staff:
        yield STAFF
    if connection.sync_rules:
        yield RULES
