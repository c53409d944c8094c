"""What pages of contacts show: addresses, tree lines, tabs, facts and actions as data (nothing is decided here)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.hooks import held_doors
from accounts.mfa import has_factor
from accounts.models import User
from accounts.selectors import logged_in
from contacts.models import Contact
from contacts.permissions import Role
from contacts.querysets import Filters
from contacts.selectors import tree as book
from contacts.selectors.cards import Card
from core.addresses import address
from core.kept import is_kept
from core.phones import display
from core.text import pinyin
from core.ui import Action, Column, Crumb, Fact, Pager, Tab, TreeNode
from orgs.models import Node
from orgs.vocabulary import ICONS

LIST, SLOT = "#people", "#card-slot"
TABS = ("basic", "rights", "account", "history")
STATES = ("none", "pending", "opening", "active", "disabled", "expired")
MAX_ID = 2**62


def number(text: str) -> int | None:
    """A positive id from an address, or None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@dataclass(frozen=True, slots=True)
class Here:
    """Where in the address book a page is: everything its address says, checked."""

    node_id: int | None = None
    q: str = ""
    status: str = ""
    category: int | None = None
    tag: int | None = None
    after: tuple[str, int] | None = None
    before: tuple[str, int] | None = None
    card_id: int | None = None
    tab: str = TABS[0]
    base: str = "contacts:node"

    @classmethod
    def read(
        cls, given: QueryDict, node_id: int | None = None, base: str = "contacts:node"
    ) -> "Here":
        """What a query says; values that mean nothing are dropped."""
        status, tab = given.get("status", ""), given.get("tab", "")
        return cls(
            node_id=node_id, q=given.get("q", "").replace("\0", "")[:100].strip(), base=base,
            status=status if status in STATES else "", category=number(given.get("category", "")),
            tag=number(given.get("tag", "")), after=position(given.get("after", "")),
            before=position(given.get("before", "")), card_id=number(given.get("c", "")),
            tab=tab if tab in TABS else TABS[0],
        )  # fmt: skip

    @property
    def filters(self) -> Filters:
        return Filters(account=self.status, category_id=self.category, tag_id=self.tag)

    @property
    def filtered(self) -> bool:
        return bool(self.status or self.category or self.tag)

    @property
    def path(self) -> str:
        """The address without its query."""
        if self.node_id is None:
            return reverse("contacts:index")
        return reverse(self.base, args=[self.node_id])

    def url(self, **changes: Any) -> str:
        """The address of another page from here, for example url(card_id=5, tab="rights")."""
        there = replace(self, **changes)
        query: list[tuple[str, Any]] = [
            ("q", there.q), ("status", there.status), ("category", there.category), ("tag", there.tag),
            ("after", position_text(there.after)), ("before", position_text(there.before)),
            ("c", there.card_id), ("tab", there.tab if there.card_id and there.tab != TABS[0] else ""),
        ]  # fmt: skip
        said = [(key, value) for key, value in query if value]
        return there.path + (f"?{urlencode(said)}" if said else "")

    @property
    def list_url(self) -> str:
        """This list without the card."""
        return self.url(card_id=None)

    @property
    def row_base(self) -> str:
        """Beginning of the address of a card beside this list: the id follows."""
        url = self.list_url
        return f"{url}{'&' if '?' in url else '?'}c="


def position(text: str) -> tuple[str, int] | None:
    """A keyset position as it stands in addresses ("zhangsan~12")."""
    key, tilde, pk = text.rpartition("~")
    found = number(pk)
    if not tilde or found is None or "\0" in key:
        return None
    return key[:300], found


def position_text(at: tuple[str, int] | None) -> str:
    """A keyset position for an address."""
    return f"{at[0]}~{at[1]}" if at else ""


def people(total: int, cap: int) -> str:
    """How many there are, or more than `cap`."""
    if total > cap:
        return _("more than %(n)s") % {"n": f"{cap:,}"}
    return ngettext("%(n)s person", "%(n)s people", total) % {"n": total}


def pager(here: Here, page: Any, total: int, cap: int) -> Pager:
    """Foot of a list by keyset."""
    blank = {"card_id": None, "after": None, "before": None}
    return Pager(
        total=min(total, cap), capped=total > cap, unit=_("people"), target=LIST,
        previous_url=here.url(**{**blank, "before": page.previous}) if page.previous else "",
        next_url=here.url(**{**blank, "after": page.next}) if page.next else "",
    )  # fmt: skip


def columns(*, with_place: bool) -> list[Column]:
    """Columns of the address book."""
    place = [Column(_("Organization"), "only-d")] if with_place else []
    return [
        Column(pgettext("person", "Name")),
        *place,
        Column(_("Mobile"), "only-d"),
        Column(_("Account state")),
    ]


def whole_tree(level: book.Level, *, current: int | None) -> list[TreeNode]:
    """全部联系人, and the dimensions with what was read below them."""
    everybody = TreeNode(
        id="all", label=_("All contacts"), url=reverse("contacts:index"), icon="users", target=LIST,
        position=1, size=len(level.branches) + 1, current=current is None, pinyin="quanbulianxiren",
    )  # fmt: skip
    dimensions = tree_nodes(level, current=current)
    return [
        everybody,
        *(replace(one, position=one.position + 1, size=one.size + 1) for one in dimensions),
    ]


def tree_nodes(level: book.Level, *, current: int | None, depth: int = 1) -> list[TreeNode]:
    """Lines of the tree with the levels that were read."""
    return [
        _tree_node(branch, place, len(level.branches), current=current, depth=depth)
        for place, branch in enumerate(level.branches, 1)
    ]


def _tree_node(
    branch: book.Branch, place: int, size: int, *, current: int | None, depth: int
) -> TreeNode:
    below = branch.children
    children = None
    if below is not None:
        children = tree_nodes(below, current=current, depth=depth + 1)
    return TreeNode(
        id=str(branch.id), label=branch.name, url=address("contacts:node", branch.id), level=depth,
        position=place, size=size, icon=ICONS[Node.Kind(branch.kind)], count=branch.count, pinyin=branch.sort_key,
        current=branch.id == current, expandable=branch.has_children, children=children or None,
        children_url=address("contacts:children", branch.id), target=LIST, disabled=not branch.live,
        more_url=more_url(branch.id, below.next_offset, children) if below and below.next_offset else "",
    )  # fmt: skip


def level_filter(node_id: int, name: str) -> dict[str, str]:
    """The field that narrows a long level, see orgs/partials/_level_filter.html."""
    url = reverse("contacts:children", args=[node_id])
    return {"level_url": url, "level_target": f"#tg-{node_id}", "level_name": name}


def more_url(
    node_id: int, offset: int, shown: Sequence[TreeNode] | None = None, q: str = ""
) -> str:
    """Where the next hundred children come from; a node that was put behind its level is left out."""
    query: dict[str, int | str] = {"offset": offset}
    if q:
        query["q"] = q
    if shown and len(shown) > book.PAGE:
        query["skip"] = int(shown[-1].id)
    return f"{reverse('contacts:children', args=[node_id])}?{urlencode(query)}"


# --- Card -----------------------------------------------------------------------------------------------------------


def card_tabs(here: Here, card: Card) -> list[Tab]:
    """The areas this viewer may open."""
    allowed = card.allowed
    labels = [("basic", _("Basic information"), True), ("rights", _("Rights and sharing"), allowed.rights),
              ("account", _("Account"), allowed.account), ("history", _("History"), allowed.history)]  # fmt: skip
    return [
        Tab(label, here.url(card_id=card.contact.pk, tab=key), current=here.tab == key, target=SLOT)
        for key, label, open_ in labels
        if open_
    ]


def lines(card: Card) -> list[str]:
    """The lines under the name: position, organization."""
    main = card.main
    position_ = (main.position if main else "") or card.contact.position
    return [position_, main.place.line if main else ""]


def reach_facts(contact: Contact) -> list[Fact]:
    """联系方式 without mobile and e-mail, which are masked and revealed one by one."""
    return [
        Fact(_("Telephone"), contact.telephone, "num"),
        Fact(_("Office location"), contact.office),
    ]


def job_facts(card: Card) -> list[Fact]:
    """任职信息; what only maintainers are concerned with is left out for others."""
    contact = card.contact
    reading = contact.reading or pinyin(contact.name).full
    found = [
        Fact(_("Pinyin"), reading),
        Fact(_("Gender"), contact.get_gender_display() if contact.gender else ""),
        Fact(_("Category"), contact.category.name if contact.category else ""),
        Fact(_("Follower"), contact.follower.name if contact.follower else ""),
        Fact(_("Created by"), contact.created_by.name if contact.created_by else ""),
    ]
    if card.role >= Role.MAINTAINER:
        found += [
            Fact(_("Code"), contact.code),
            Fact(_("Security level"), contact.security_level),
        ]
    return [*found, Fact(_("Remark"), contact.remark, "wide")]


def shown_number(e164: str) -> str:
    """A revealed mobile, grouped."""
    return display(e164)


def dialog(
    label: str, name: str, contact: Contact, icon: str, style: str = "", *args: Any
) -> Action:
    """An action of a contact that opens a dialog."""
    return Action(label, reverse(name, args=[contact.pk, *args]), icon, style, dialog=True)


def card_menu(card: Card) -> list[Action]:
    """Further actions of the card."""
    contact, allowed = card.contact, card.allowed
    seen = Action(_("Who sees it"), reverse("contacts:why", args=[contact.pk]), "user-search")
    if not allowed.manage:
        return [seen] if allowed.explain else []
    switch = (
        dialog(_("Disable"), "contacts:disable", contact, "ban", "bad")
        if contact.enabled
        else dialog(_("Enable"), "contacts:enable", contact, "circle-check")
    )
    move = dialog(_("Move to…"), "contacts:move", contact, "folder-symlink")
    return [
        *([] if is_kept(contact.kept, "place") else [move]),
        dialog(_("Add to another organization"), "contacts:membership-add", contact, "plus"),
        seen,
        switch,
        dialog(_("Delete"), "contacts:delete", contact, "trash", "bad"),
    ]


def account_actions(card: Card, *, locked: bool) -> list[Action]:
    """What those who maintain the main dimension may do with the account now (matrix row 41)."""
    contact = card.contact
    if not card.allowed.manage:
        return []
    if contact.user is None:
        opening = dialog(_("Open the account"), "contacts:account-open", contact, "user-plus", "primary")  # fmt: skip
        same = dialog(_("The same person has an account"), "contacts:account-same", contact, "user-check")  # fmt: skip
        return [opening, same] if contact.live else []
    found = [
        (True, dialog(_("Reset the password"), "contacts:account-reissue", contact, "key")),
        (True, dialog(_("Set the expiry"), "contacts:account-expiry", contact, "calendar")),
        *_where_needed(contact, contact.user, locked=locked),
        (contact.enabled, dialog(_("Disable"), "contacts:disable", contact, "ban", "danger-line")),
        (not contact.enabled, dialog(_("Enable"), "contacts:enable", contact, "circle-check")),
        (True, dialog(_("Close the account"), "contacts:account-close", contact, "user-off", "danger-line")),
    ]  # fmt: skip
    return [action for offered, action in found if offered]


def _where_needed(contact: Contact, user: User, *, locked: bool) -> list[tuple[bool, Action]]:
    """What is offered only while there is something to do."""
    address = _("Use the contact's e-mail and mobile")
    factor, out = _("Reset the second factor"), _("Log out everywhere")
    return [
        (apart(contact, user), dialog(address, "contacts:account-address", contact, "mail")),
        (locked, dialog(_("Unlock"), "contacts:account-unlock", contact, "lock-open")),
        (has_factor(user), dialog(factor, "contacts:account-reset-factor", contact, "fingerprint")),
        (logged_in(user), dialog(out, "contacts:account-sessions", contact, "logout")),
        *((True, Action(one.label, one.url, "brand-wechat", dialog=True)) for one in held_doors(user, contact.pk)),
    ]  # fmt: skip


def apart(contact: Contact, user: User) -> bool:
    """Whether the login is reached elsewhere than the contact (SECURITY T27)."""
    return (user.email, user.mobile) != (contact.email, contact.mobile)


def contact_url(contact: Contact) -> str:
    """The address of a contact, for links from elsewhere."""
    return reverse("contacts:contact", args=[contact.pk])


def edit_url(contact: Contact, here: Here) -> str:
    """The form of a contact, with the list to come back to."""
    query = here.url(card_id=None).partition("?")[2]
    at = f"at={here.node_id}" if here.node_id else ""
    said = "&".join(part for part in (at, query) if part)
    return reverse("contacts:edit", args=[contact.pk]) + (f"?{said}" if said else "")


def new_url(node_id: int | None) -> str:
    """The form for a new contact, in this node if given."""
    return reverse("contacts:new") + (f"?node={node_id}" if node_id else "")


def crumbs(names: Sequence[tuple[int, str]]) -> list[Crumb]:
    """Names above a node, each leading to its list."""
    return [Crumb(name, reverse("contacts:node", args=[pk])) for pk, name in names]
