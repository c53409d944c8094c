"""Reading WeCom into the rows of a run (SPEC WEC-2; research: wecom-api, 7).

Chains, groups and corps first, all of them or the run ends. Then each corp by itself, in a transaction of its own: one
that cannot be read keeps what we have of it, and a run that was killed goes on with the next one.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.copying import copy_rows
from wecom_sync.gateway import (
    Corp,
    Gateway,
    Permanent,
    Reaction,
    Retryable,
    Share,
    WeComError,
)
from wecom_sync.models import (
    Chain,
    Connection,
    LogLine,
    PulledPerson,
    PulledPlace,
    RemotePerson,
    RemotePlace,
    Run,
)
from wecom_sync.sync import own_pull, reading
from wecom_sync.sync.reading import NOT_THERE, ROOT
from wecom_sync.sync.world import unshared

Shares = RemotePlace.Share
# So many corps in a row that do not answer are an outage, not corps.
OUTAGE: Final = 3

Report = Callable[[int, int], None]
"""Told after each corp how many of how many are read; may raise to stop."""


def run(*, run: Run, gateway: Gateway, report: Report) -> None:
    """Reads everything that the run asks for.

    Raises WeComError when the listing of chains and corps fails, or WeCom as a whole does.
    """
    shares = {one.corpid: one for one in gateway.shares()}
    if run.only_corps:
        corps = set(run.only_corps)
        _some(run, gateway, corps, shares)
    else:
        _all(run, gateway, shares)
        corps = set(shares)
        _own(run, gateway)
    _tell_unshared(run)
    _people(run, gateway, [shares[one] for one in sorted(corps & shares.keys())], report)


def _own(run: Run, gateway: Gateway) -> None:
    if run.connection.sync_staff:
        own_pull.staff(run, gateway)
    if run.connection.sync_rules:
        chains = run.connection.chains.filter(gone_at=None, target__isnull=False)
        own_pull.rules(run, gateway, chains)


def _all(run: Run, gateway: Gateway, shares: dict[str, Share]) -> None:
    for chain in chains(run.connection, gateway):
        groups = gateway.groups(chain.chain_id)
        found = [corp for group in groups for corp in gateway.corps(chain.chain_id, group.id)]
        depths = reading.depths({one.id: one.parent for one in groups if one.id != ROOT}, top=ROOT)
        rows = [
            PulledPlace(
                run=run, chain=chain, key=f"g:{one.id}", depth=depths[one.id], name=reading.name(one.name, one.id),
                parent=_group_key(reading.above(one.id, one.parent, depths)),
            )
            for one in groups if one.id != ROOT
        ]  # fmt: skip
        rows += [_corp(run, chain, one, depths, shares) for one in found]
        _really_gone(chain, gateway, {one.corpid or one.pending_corpid for one in found})
        _keep(run, chain, rows)


def _really_gone(chain: Chain, gateway: Gateway, listed: set[str]) -> None:
    """Asks for each corp that is missing from the list by itself: a list may have holes (SECURITY T72).

    Raises Permanent where one is still there after all.
    """
    known = RemotePlace.objects.filter(chain=chain, gone_at=None, key__startswith="c:").values_list(
        "key", "share"
    )
    for key, share in known:
        corpid = key[2:]
        if corpid in listed:
            continue
        which = {"pending_corpid" if share == Shares.PENDING else "corpid": corpid}
        if reading.missing(partial(gateway.corp, chain.chain_id, **which), *NOT_THERE) is not None:
            text = _(
                "The list of corps has holes: one that is there is not in it. Nothing was changed, try again later"
            )
            raise reading.holes(text, "corpgroup/corp/get_chain_corpinfo_list", corpid)


def _group_key(group: int) -> str:
    return "" if group == ROOT else f"g:{group}"


def chains(connection: Connection, gateway: Gateway) -> list[Chain]:
    """The chains of the corp, those that we know and those that are new; returns the ones that land somewhere.

    Raises WeComError.
    """
    listed = {one.id: reading.name(one.name, one.id) for one in gateway.chains()}
    known = Chain.objects.filter(connection=connection)
    gone = known.exclude(chain_id__in=listed).filter(gone_at=None)
    for chain in gone:
        if reading.missing(partial(gateway.groups, chain.chain_id), *NOT_THERE) is not None:
            text = _(
                "The list of chains has holes: one that is there is not in it. Nothing was changed, try again later"
            )
            raise reading.holes(text, "corpgroup/corp/get_chain_list")
    with transaction.atomic():
        gone.update(gone_at=timezone.now())
        for pk, name in listed.items():
            Chain.objects.update_or_create(
                connection=connection, chain_id=pk, defaults={"name": name, "gone_at": None},
                create_defaults={"name": name, "owned": list(Chain.KEEPS)},
            )  # fmt: skip
    return list(known.filter(chain_id__in=listed, target__isnull=False))


def _corp(
    run: Run, chain: Chain, one: Corp, depths: dict[int, int], shares: dict[str, Share]
) -> PulledPlace:
    share = (
        Shares.PENDING
        if not one.joined
        else Shares.SHARED
        if one.corpid in shares
        else Shares.JOINED
    )
    return PulledPlace(
        run=run, chain=chain, key=f"c:{one.corpid or one.pending_corpid}", depth=depths.get(one.group, 0) + 1,
        parent=_group_key(one.group), name=reading.name(one.name, one.corpid or one.pending_corpid),
        custom_id=one.custom_id, share=share,
    )  # fmt: skip


@transaction.atomic
def _keep(run: Run, chain: Chain, rows: Iterable[PulledPlace]) -> None:
    """Writes what was listed; corps that were read before the run was interrupted stay read."""
    fields = ["parent", "depth", "name", "custom_id", "share"]
    PulledPlace.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["run", "chain", "key"], update_fields=fields,
        batch_size=2000,
    )  # fmt: skip


def _some(run: Run, gateway: Gateway, corps: set[str], shares: dict[str, Share]) -> None:
    """The corps of a narrow run in the chains where we know them; a corp that is gone waits for a full run."""
    places = RemotePlace.objects.filter(
        chain__connection=run.connection, key__in=[f"c:{one}" for one in corps], gone_at=None
    )
    for place in places.select_related("chain"):
        corpid = place.key[2:]
        detail = gateway.corp(place.chain.chain_id, corpid=corpid)
        corp = Corp(detail.name, detail.group, detail.joined, corpid, "", detail.custom_id)
        _keep(run, place.chain, [_corp(run, place.chain, corp, {}, shares)])


def _tell_unshared(run: Run) -> None:
    for name in unshared(run).values_list("name", flat=True).distinct():
        text = _(
            "%(corp)s: the app is not shared with it any more. Its people are kept as they are"
        )
        LogLine.objects.create(run=run, level=LogLine.Level.WARNING, text=text % {"corp": name})


def _people(run: Run, gateway: Gateway, shares: list[Share], report: Report) -> None:
    total, silent = len(shares), 0
    read = set(
        PulledPlace.objects.filter(run=run, complete=True, key__startswith="c:").values_list(
            "key", flat=True
        )
    )
    for number, share in enumerate(shares):
        if f"c:{share.corpid}" not in read:
            silent = _one(run, gateway, share, silent)
        report(number + 1, total)


def _one(run: Run, gateway: Gateway, share: Share, silent: int) -> int:
    """One corp; returns how many in a row did not answer."""
    try:
        _members(run, gateway, share)
    except WeComError as error:
        if _ends_the_run(error) or (isinstance(error, Retryable) and silent + 1 >= OUTAGE):
            raise
        _unreadable(run, share, error)
        return silent + 1 if isinstance(error, Retryable) else 0
    return 0


def _ends_the_run(error: WeComError) -> bool:
    """What is wrong with our app or our question, not with this corp."""
    return isinstance(error, Permanent) and error.reaction in (Reaction.FIX, Reaction.BUG)


@transaction.atomic
def _unreadable(run: Run, share: Share, error: WeComError) -> None:
    places = PulledPlace.objects.filter(run=run, key=f"c:{share.corpid}")
    places.update(share=Shares.REFUSED, message=str(error)[:500])
    LogLine.objects.create(
        run=run, level=LogLine.Level.WARNING, text=f"{share.name}{_(': ')}{error}"[:500]
    )


def _members(run: Run, gateway: Gateway, share: Share) -> None:
    """Departments and people of one corp, in every chain that it stands in."""
    known = RemotePerson.objects.filter(connection=run.connection_id, corp_id=share.corpid, gone_at=None)  # fmt: skip
    found = reading.read(gateway.downstream(share), set(known.values_list("user_id", flat=True)))
    with transaction.atomic():
        places = PulledPlace.objects.select_for_update().filter(run=run, key=f"c:{share.corpid}")
        here = list(places.order_by("pk"))
        if not here:
            return
        copy_rows(PulledPlace, (
            {
                "run_id": run.pk, "chain_id": place.chain_id, "key": f"d:{share.corpid}/{one.id}",
                "parent": found.key(share.corpid, one.parent), "depth": place.depth + found.depths[one.id],
                "name": one.name, "order": one.order, "custom_id": "", "share": "", "complete": False, "message": "",
            }
            for place in here for one in found.departments
        ))  # fmt: skip
        copy_rows(PulledPerson, (
            {
                "run_id": run.pk, "corp_id": share.corpid, "user_id": one.userid, "name": one.name,
                "places": [found.key(share.corpid, pk) for pk in one.departments], "active": one.active,
            }
            for one in found.people
        ))  # fmt: skip
        places.update(complete=not found.unknown, message=found.unknown)
        text = _("%(corp)s: %(departments)s departments, %(people)s people") % {
            "corp": share.name, "departments": len(found.departments), "people": len(found.people),
        }  # fmt: skip
        level = LogLine.Level.WARNING if found.unknown else LogLine.Level.INFO
        LogLine.objects.create(run=run, level=level, text=f"{text} {found.unknown}".strip()[:500])
