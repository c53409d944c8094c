"""What pages and files say of the items of a plan. No queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from core.ui import Action, Column
from wecom_sync.models import PlanItem, RemotePlace, Run
from wecom_sync.selectors import OWN, Names
from wecom_sync.sync import own_plan
from wecom_sync.sync.own_pull import OWN_ROOT

Status = Run.Status
Stage = PlanItem.Stage
OPEN: Final = PlanItem.Status.OPEN
ITEM_COLUMNS: Final = (
    Column(gettext_lazy("Kind")), Column(gettext_lazy("What")), Column(gettext_lazy("Before → after")),
    Column(gettext_lazy("What is done")),
)  # fmt: skip
_INTERNAL: Final[dict[str, str | Promise]] = {
    "o:": gettext_lazy("Internal department"), "u:": gettext_lazy("Staff"),
}  # fmt: skip
HINTS: Final[dict[str, str | Promise]] = {
    "same_name": gettext_lazy(
        "An organization of this name is here already. They stay separate unless you say that they are one"
    ),
    "maybe_joined": gettext_lazy(
        "It was invited and is not listed any more, while one of its name has joined. "
        "Nothing happens to it unless you say that they are one"
    ),
    "same_person": gettext_lazy(
        "Somebody of this name is in the same organization by another corp"
    ),
    "same_login": gettext_lazy(
        "A login of this name is here already. It is not touched: whoever knows that they are one links them"
    ),
    "privileged": gettext_lazy(
        "Left in WeCom, and has rights here. WeCom opens the login no more; disable it if it is to end"
    ),
    "privileged_back": gettext_lazy(
        "There again in WeCom, and has rights here. The login stays closed to it until an administrator says that "
        "this is the same person"
    ),
    "unlinked": gettext_lazy(
        "Somebody took the link with the login away. Nothing of it follows WeCom until it is linked again"
    ),
    "deleted_here": gettext_lazy(
        "Deleted here and still there in WeCom. Restore the contact from the bin if it is needed"
    ),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what it was, what it becomes."""

    label: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An item of a plan in words."""

    item: PlanItem
    title: str
    where: str
    changes: list[Change]
    done: str
    url: str = ""
    choices: tuple[Action, ...] = ()


def line(run: Run, item: PlanItem, names: Names, *, connects: bool = False) -> Line:
    """What an item would change, or did; `connects`: whoever looks may link logins, too."""
    title = item.name
    if "holder" in item.after:
        title = names.place(item.chain_id, item.after["place"])
    return Line(
        item, title, _where(item, names), changes(item, names), _done(run, item), _url(item, names),
        tuple(_choices(run, item, connects=connects)),
    )  # fmt: skip


def _choices(run: Run, item: PlanItem, *, connects: bool) -> Iterator[Action]:
    """What a person may say to a hint that nobody has answered."""
    if item.stage != Stage.NOTICE or item.status != OPEN:
        return
    url = reverse("wecom_sync:hint", args=[run.pk, item.pk])
    if item.message in ("same_name", "maybe_joined"):
        yield Action(_("They are one…"), url, dialog=True)
    if item.message in own_plan.LOGIN_HINTS and connects:
        yield Action(_("One and the same person…"), url, dialog=True)
    if item.message == "same_person" and item.contact_id:
        merge = reverse("contacts:console-merge", args=[item.after["contact"]])
        yield Action(_("Compare and merge"), f"{merge}?other={item.contact_id}")
    if item.message in ("same_name", "same_person"):
        yield Action(_("They are two…"), f"{url}?answer=two", dialog=True)


def _url(item: PlanItem, names: Names) -> str:
    if item.contact_id and item.message != "deleted_here":
        return reverse("contacts:console-contact", args=[item.contact_id])
    if item.node_id and item.node_id in names.nodes:
        return reverse("orgs:node", args=[item.node_id])
    return ""


def _where(item: PlanItem, names: Names) -> str:
    """The corp that a person or a department is of; what kind of place it is else."""
    chain = item.chain_id
    if item.stage in OWN or item.key.startswith("u:"):
        return (
            str(_INTERNAL[item.key[:2]])
            if "holder" not in item.after
            else _("Visible range by a rule")
        )
    if item.key.startswith("c:"):
        return _("Corp")
    if item.key.startswith("g:"):
        return pgettext("of a chain", "Group")
    if item.key.startswith("d:"):
        return names.place(chain, f"c:{item.key[2:].partition('/')[0]}")
    return names.place(chain, f"c:{item.key.partition('/')[0]}")


def changes(item: PlanItem, names: Names) -> list[Change]:
    """What differs, field by field."""
    if item.stage in OWN:
        return _own_changes(item, names)
    if item.stage == Stage.NOTICE and item.node_id in names.above:
        return [Change(_("The one that is here stands under"), "", names.above[item.node_id])]
    if item.stage == Stage.PLACE_JOIN:
        return [Change(_("Membership"), str(RemotePlace.Share.PENDING.label), _("Joined"))]
    return [*_standing(item, names), *_told(item), *_leaving(item)]


def _standing(item: PlanItem, names: Names) -> Iterator[Change]:
    """Name and places."""
    before, after = item.before, item.after
    if "name" in after:
        label = _("Name") if "/" in item.key and item.key[:2] != "d:" else pgettext("node", "Name")
        yield Change(label, before.get("name", ""), after["name"])
    if "parent" in after:
        above = names.place(item.chain_id, after["parent"])
        yield Change(_("Stands under"), before.get("parent", ""), above)
    if "order" in after and before:
        yield Change(_("Order"), "", _("as in WeCom"))
    if "places" in after:
        old = _(", ").join(names.nodes.get(pk, "?") for pk in before.get("nodes") or ())
        pairs = zip(after.get("chains", ()), after["places"], strict=False)
        yield Change(_("Place"), old, _(", ").join(names.place(*pair) for pair in pairs))


def _told(item: PlanItem) -> Iterator[Change]:
    """What WeCom says of it."""
    before, after = item.before, item.after
    if after.get("share"):
        yield Change(_("Share"), _share(before.get("share", "")), _share(after["share"]))
    if after.get("custom_id"):
        yield Change(_("Number in WeCom"), "", after["custom_id"])
    if after.get("gone") is False:
        yield Change(_("In WeCom"), _("gone"), _("there again"))


def _own_changes(item: PlanItem, names: Names) -> list[Change]:
    """The same on the internal side."""
    before, after = item.before, item.after
    if "holder" in after:
        holder = names.place(0, after["holder"])
        old, new = (
            (holder, _("nobody by a rule")) if item.stage == Stage.RANGE_REMOVE else ("", holder)
        )
        return [Change(_("Sees and is seen"), old, new)]
    found = [Change(_("Name"), before.get("name", ""), after["name"])] if "name" in after else []
    if "parent" in after:
        found.append(
            Change(
                _("Stands under"), _own(before.get("parent"), names), _own(after["parent"], names)
            )
        )
    if "places" in after:
        old, new = (
            _(", ").join(_own(key, names) for key in one.get("places") or ())
            for one in (before, after)
        )
        found.append(Change(_("Department"), old, new))
    return [*found, *_told(item), *_leaving(item)]


def _own(key: str | None, names: Names) -> str:
    if not key:
        return ""
    found = names.place(0, key)
    return _("the corp itself") if found == key == OWN_ROOT else found


def _share(value: str) -> str:
    return str(RemotePlace.Share(value).label) if value in RemotePlace.Share.values else ""


def _leaving(item: PlanItem) -> list[Change]:
    if item.stage not in (Stage.PERSON_LEAVE, Stage.PLACE_LEAVE, Stage.STAFF_LEAVE):
        return []
    gone = Change(_("In WeCom"), _("there"), _("gone"))
    if item.after.get("detached"):
        return [gone, Change(_("Place"), "", _("stays by another corp"))]
    if item.after.get("unlinked"):
        return [gone, Change(_("Log-in with WeCom"), _("Linked"), _("No longer linked"))]
    if item.after.get("enabled") is not False:
        return [gone, Change(_("State"), "", _("stays as it is"))]
    if item.before.get("enabled") is False:
        return [gone, Change(_("State"), "", _("is disabled already"))]
    moved = [Change(_("Place"), "", _("“left”"))] if item.after.get("moved") else []
    return [gone, Change(_("State"), _("Enabled"), _("Disabled")), *moved]


def _done(run: Run, item: PlanItem) -> str:
    if item.after.get("apart"):
        return _("Somebody has said that they are two")
    if item.after.get("linked"):
        return _("Somebody has said that they are one")
    if item.stage == Stage.NOTICE:
        return str(HINTS.get(item.message, item.message))
    if item.message:
        return item.message
    if item.status != OPEN:
        return str(PlanItem.Status(item.status).label)
    spared = run.rest_first and item.stage in PlanItem.LEAVING
    if run.status == Status.APPLYING and not spared:
        return _("Is being written")
    waits = run.status in (Status.READY, Status.APPLYING)
    return _("Waits") if waits else _("Not written")
