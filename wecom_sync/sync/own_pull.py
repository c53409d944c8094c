"""Reading the corp itself: departments, staff, and the rules of its chains (SPEC WEC-6, WEC-7)."""

from collections.abc import Iterable

from django.db import transaction

from wecom_sync.gateway import Gateway, Member, Permanent, Reaction, Rule
from wecom_sync.models import Chain, LogLine, PulledPerson, PulledPlace, PulledRule, Run
from wecom_sync.sync import reading
from wecom_sync.sync.reading import INACTIVE, ROOT

OWN_ROOT = f"o:{ROOT}"


def staff(run: Run, gateway: Gateway) -> None:
    """Departments and people of the corp. Raises WeComError."""
    visible = gateway.departments()
    people: dict[str, Member] = {}
    for department in visible:
        people |= {one.userid: one for one in gateway.members(department.id)}
    rows = [one for one in visible if one.id != ROOT]
    depths = reading.depths({one.id: one.parent for one in rows}, top=ROOT)
    with transaction.atomic():
        PulledPlace.objects.filter(run=run, chain=None).delete()
        PulledPlace.objects.bulk_create(
            PulledPlace(
                run=run, chain=None, key=f"o:{one.id}", depth=depths[one.id], name=reading.name(one.name, one.id),
                parent=f"o:{reading.above(one.id, one.parent, depths)}",
            )
            for one in rows
        )  # fmt: skip
        PulledPerson.objects.filter(run=run, corp_id=run.connection.corp_id).delete()
        PulledPerson.objects.bulk_create(
            PulledPerson(
                run=run, corp_id=run.connection.corp_id, user_id=one.userid,
                name=reading.name(one.name, one.userid), active=one.status not in INACTIVE,
                places=[f"o:{pk}" for pk in reading.departments_of(one, depths)],
            )
            for one in people.values()
        )  # fmt: skip


def rules(run: Run, gateway: Gateway, chains: Iterable[Chain]) -> None:
    """The rules of these chains; where the app may not ask for them, nothing is changed by rules in this run."""
    found: list[tuple[Chain, Rule]] = []
    try:
        for chain in chains:
            ids = gateway.rule_ids(chain.chain_id)
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


def _holders(rule: Rule) -> list[str]:
    return [*(f"o:{pk}" for pk in rule.departments), *(f"u:{pk}" for pk in rule.userids)]


def _places(rule: Rule) -> list[str]:
    return [
        *(f"g:{pk}" if pk != ROOT else "" for pk in rule.groups),
        *(f"c:{pk}" for pk in rule.corpids),
    ]
