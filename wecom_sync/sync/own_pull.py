"""Reading the corp itself: departments, staff, and the rules of its chains (SPEC WEC-6, WEC-7)."""

from collections.abc import Collection, Iterable
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from wecom_sync.gateway import Gateway, Permanent, Reaction, Rule
from wecom_sync.models import (
    Chain,
    LogLine,
    OwnPerson,
    PulledPerson,
    PulledPlace,
    PulledRule,
    Run,
)
from wecom_sync.sync import reading
from wecom_sync.sync.reading import NOT_THERE, ROOT

OWN_ROOT = f"o:{ROOT}"


def staff(run: Run, gateway: Gateway) -> None:
    """Departments and people of the corp. Raises WeComError."""
    known = OwnPerson.objects.filter(connection=run.connection, gone_at=None)
    found = reading.read(gateway, set(known.values_list("member_id", flat=True)))
    with transaction.atomic():
        PulledPlace.objects.filter(run=run, chain=None).delete()
        PulledPlace.objects.bulk_create(
            PulledPlace(
                run=run, chain=None, key=f"o:{one.id}", depth=found.depths[one.id], name=one.name,
                parent=f"o:{one.parent}",
            )
            for one in found.departments
        )  # fmt: skip
        PulledPerson.objects.filter(run=run, corp_id=run.connection.corp_id).delete()
        PulledPerson.objects.bulk_create(
            PulledPerson(
                run=run, corp_id=run.connection.corp_id, user_id=one.userid, name=one.name, active=one.active,
                places=[f"o:{pk}" for pk in one.departments],
            )
            for one in found.people
        )  # fmt: skip
        Run.objects.filter(pk=run.pk).update(staff_read=not found.unknown)
        if found.unknown:
            LogLine.objects.create(run=run, level=LogLine.Level.WARNING, text=found.unknown[:500])


def rules(run: Run, gateway: Gateway, chains: Iterable[Chain]) -> None:
    """The rules of these chains; where the app may not ask for them, nothing is changed by rules in this run."""
    found: list[tuple[Chain, Rule]] = []
    try:
        for chain in chains:
            ids = gateway.rule_ids(chain.chain_id)
            _really_gone(chain, gateway, ids)
            found += [(chain, gateway.rule(chain.chain_id, one)) for one in ids]
    except Permanent as error:
        if error.reaction == Reaction.BUG:
            raise
        LogLine.objects.create(run=run, level=LogLine.Level.WARNING, text=str(error)[:500])
        return
    with transaction.atomic():
        PulledRule.objects.filter(run=run).delete()
        PulledRule.objects.bulk_create(
            PulledRule(
                run=run, chain=chain, rule_id=one.id, holders=_holders(one), places=_places(one)
            )
            for chain, one in found
        )
        Run.objects.filter(pk=run.pk).update(rules_read=True)


def _really_gone(chain: Chain, gateway: Gateway, listed: Collection[str]) -> None:
    """Asks for each rule of the last time that is missing. Raises Permanent where one is still there."""
    last = Run.objects.filter(connection=chain.connection_id, rules_read=True).order_by("-pk").first()  # fmt: skip
    known = PulledRule.objects.filter(run=last, chain=chain).exclude(rule_id__in=listed)
    for one in known.values_list("rule_id", flat=True):
        if reading.missing(partial(gateway.rule, chain.chain_id, one), *NOT_THERE) is not None:
            text = _(
                "The list of rules has holes: one that is there is missing in it. No range is changed"
            )
            raise reading.holes(text, "corpgroup/rule/list_ids")


def _holders(rule: Rule) -> list[str]:
    return [*(f"o:{pk}" for pk in rule.departments), *(f"u:{pk}" for pk in rule.userids)]


def _places(rule: Rule) -> list[str]:
    return [
        *(f"g:{pk}" if pk != ROOT else "" for pk in rule.groups),
        *(f"c:{pk}" for pk in rule.corpids),
    ]
